//! Three weeks of a house at simulated servers, cleared and brought back, killed wherever a request is.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use hearthline_core::{Clock, Fs, ManualClock, MemFs, SystemClock};
use hearthline_pipeline::sinks::influxdb::ServerConfig;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_sim::{Access, FieldKind, InfluxDb, InfluxVersion};
use serde_json::json;

use super::*;
use crate::repair::testing::{Case, NIGHT, killed};
use crate::repair::{Engine, Kind, Receipt, State};

const HOUSE: &str = "house";
const M: &str = "home_assistant_events";
/// A Monday's noon, 2023-11-13; each week is a shard.
const BEGIN: i64 = 1_699_876_800_000_000_000;
const WEEK: i64 = 7 * 86_400 * 1_000_000_000;
const ROWS: i64 = 6;
/// The type of `attr_dynamics` in each week.
const WEEKS: [&str; 3] = ["\"none\"", "true", "\"colour\nloop\""];

type Counts = BTreeMap<(String, FieldKind), u64>;

struct World {
    server: InfluxDb,
    sink: MendedSink,
    disk: MemFs,
}

impl World {
    /// A server on which an older system has been; version 3 has one type for all times.
    async fn lived_in(version: InfluxVersion) -> Self {
        let server = InfluxDb::new(version, Access::Open, Arc::new(SystemClock::new()));
        let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        server.create(HOUSE, None);
        for (week, dynamics) in (0..).zip(WEEKS) {
            let dynamics = if version == InfluxVersion::V3 { WEEKS[0] } else { dynamics };
            let line = |n: i64| {
                format!(
                    "{M},entity_id=light.{},domain=light state=\"on\",value={n}.5,attr_dynamics={dynamics},attr_n={n}i,\
                     attr_brightness=\"{n}\" {}\n",
                    n % 2,
                    BEGIN + week * WEEK + n * 1_000_000_000
                )
            };
            server.seed(HOUSE, &(0..ROWS).map(line).collect::<String>()).unwrap();
        }
        let disk = MemFs::default();
        let sink = MendedSink {
            name: "influxdb".into(),
            dir: "/data/sinks/influxdb".into(),
            server: ServerConfig {
                org: Some("home".into()),
                ..ServerConfig::new(format!("http://{address}/").parse().unwrap(), HOUSE)
            },
            view: None,
            fs: Arc::new(disk.clone()),
            clock: Arc::new(ManualClock::at(NIGHT)),
        };
        Self { server, sink, disk }
    }

    /// An engine as a new program has it.
    fn engine(&self) -> Arc<Engine> {
        let sink = self.sink.clone();
        let make = move |_: &'static Kind, options: &Options| {
            let clear = Clear::new(sink.clone(), layout(), ClearOptions::read(options).unwrap());
            Ok(Box::new(clear) as Box<dyn Repair>)
        };
        let fs: Arc<dyn Fs> = Arc::new(self.disk.clone());
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NIGHT));
        Arc::new(Engine::new(fs, clock, Path::new("/data"), Arc::new(Vec::new), Arc::new(make)))
    }

    fn counts(&self) -> Counts {
        self.server.counts(HOUSE, M).into_iter().filter(|(_, values)| *values > 0).collect()
    }

    async fn cleared(&self, options: Value) -> Receipt {
        let job = self.engine().begin("schema", &options, Some(M)).await.unwrap();
        job.run().await.unwrap()
    }

    async fn undone(&self, id: &str) -> Receipt {
        self.engine().undo(id).unwrap().run().await.unwrap()
    }

    /// Carries on whatever is not over, as a program does when it starts.
    async fn gone_on_with(&self, id: &str) -> Receipt {
        let engine = self.engine();
        for id in engine.unfinished().unwrap() {
            engine.resume(&id).unwrap().run().await.unwrap();
        }
        engine.show(id).unwrap().receipt
    }

    /// Whether a value of that type is taken at a time; it stays there.
    fn takes(&self, field: &str, value: &str, at: i64) -> bool {
        self.server.seed(HOUSE, &format!("{M},entity_id=tried {field}={value} {at}")).is_ok()
    }
}

fn layout() -> NativeLayout {
    NativeLayout::new(M, Attributes::All)
}

pub(in crate::repair) async fn case() -> Case {
    let world = World::lived_in(InfluxVersion::V1).await;
    let (disk, sink) = (world.disk.clone(), world.sink.clone());
    let made = move |options: &Options| {
        let clear = Clear::new(sink.clone(), layout(), ClearOptions::read(options).unwrap());
        Box::new(clear) as Box<dyn Repair>
    };
    Case { disk, made: Arc::new(made), there: Box::new(move || format!("{:?}", by_type(&world.counts()))) }
}

fn by_type(counts: &Counts) -> BTreeMap<FieldKind, u64> {
    let mut by_type = BTreeMap::new();
    for ((_, kind), values) in counts {
        *by_type.entry(*kind).or_default() += values;
    }
    by_type
}

#[tokio::test]
async fn each_version_says_before_what_its_command_frees_and_takes_the_refused_type_afterwards() {
    for version in [InfluxVersion::V1, InfluxVersion::V2, InfluxVersion::V3] {
        let world = World::lived_in(version).await;
        let before = world.counts();
        let plan = world.engine().plan("schema", &json!({ "mode": "clear" })).await.unwrap();
        insta::with_settings!({ snapshot_suffix => format!("{version:?}") }, {
            insta::assert_snapshot!("plan", told(&plan));
        });
        assert!(!world.takes("attr_brightness", "1", BEGIN + 5), "{version:?}");

        let receipt = world.cleared(json!({ "mode": "clear" })).await;
        assert_eq!(receipt.state, State::Done, "{version:?}: {receipt:#?}");
        assert_eq!(world.counts(), Counts::new(), "{version:?}");
        insta::with_settings!({ snapshot_suffix => format!("{version:?}") }, {
            insta::assert_snapshot!("receipt", done(&receipt));
        });
        for week in 0..3 {
            assert!(world.takes("attr_brightness", "1", BEGIN + week * WEEK), "{version:?}");
            let other = if WEEKS[usize::try_from(week).unwrap()] == "true" { "\"text\"" } else { "true" };
            let is_text = version == InfluxVersion::V3 && week == 1;
            assert!(
                is_text || world.takes("attr_dynamics", other, BEGIN + week * WEEK),
                "{version:?} {week}"
            );
        }
        let tried = world.counts();
        let receipt = world.undone(&receipt.id).await;
        assert_eq!(receipt.state, State::Undone, "{version:?}: {receipt:#?}");
        let mut back = by_type(&world.counts());
        for (kind, values) in by_type(&tried) {
            *back.get_mut(&kind).unwrap() -= values;
        }
        back.retain(|_, values| *values > 0);
        assert_eq!(back, by_type(&before), "{version:?}");
    }
}

fn told(plan: &Plan) -> String {
    let steps = plan.steps.iter().map(|step| {
        format!(
            "{}: {} | {} | {:?} rows, {:?} bytes\n",
            step.kind, step.what, step.touches, step.rows, step.bytes
        )
    });
    format!(
        "{}\n{}type {:?}\n{}\n",
        plan.finding,
        steps.collect::<String>(),
        plan.confirm,
        plan.notes.join("\n")
    )
}

fn done(receipt: &Receipt) -> String {
    let steps = receipt.plan.steps.iter().zip(&receipt.steps);
    let says = |done: &Option<Done>| {
        let says = done.as_ref().unwrap().says.clone();
        let says = says.split_once("; SHA-256 ").map_or(says.clone(), |(says, _)| says.to_owned());
        says.split_once(" (")
            .filter(|(_, rest)| rest.ends_with(" bytes)"))
            .map_or(says.clone(), |(says, _)| says.into())
    };
    let steps = steps.map(|(step, was)| format!("{}: {}\n", step.kind, says(&was.done)));
    format!("{}verify: {}\n", steps.collect::<String>(), receipt.verified.as_ref().unwrap().says)
}

#[tokio::test]
async fn nothing_is_done_where_every_field_has_the_type_that_is_written_to_it() {
    let world = World::lived_in(InfluxVersion::V1).await;
    let plan = world.engine().plan("schema", &json!({ "measurement": "other" })).await.unwrap();
    assert_eq!((&*plan.finding, plan.steps.len()), ("house has nothing of other", 0));
    world.server.seed(HOUSE, "other a=1,value=2i 5").unwrap();
    let plan = world.engine().plan("schema", &json!({ "measurement": "other" })).await.unwrap();
    assert!(plan.finding.starts_with("every field of other has one type"), "{}", plan.finding);
}

#[tokio::test]
async fn rows_outside_the_asked_time_are_written_back_and_all_of_them_where_that_is_wanted() {
    let world = World::lived_in(InfluxVersion::V1).await;
    let before = world.counts();
    let receipt = world
        .cleared(json!({ "mode": "clear", "from": "2023-11-20T00:00:00Z", "to": "2023-11-27T00:00:00Z" }))
        .await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let kept = world.counts();
    let of = |counts: &Counts, field: &str, kind| counts.get(&(field.to_owned(), kind)).copied().unwrap_or(0);
    assert_eq!(of(&kept, "state", FieldKind::Text), 12);
    assert_eq!(of(&kept, "attr_dynamics_str", FieldKind::Text), 12);
    assert_eq!(of(&kept, "attr_brightness_str", FieldKind::Text), 12);
    assert_eq!(of(&kept, "attr_dynamics_bool", FieldKind::Bool), 0);
    world.undone(&receipt.id).await;
    assert_eq!(by_type(&world.counts()), by_type(&before));
    assert_eq!(of(&world.counts(), "attr_dynamics_bool", FieldKind::Bool), 6);

    let world = World::lived_in(InfluxVersion::V1).await;
    let receipt = world.cleared(json!({ "mode": "clear", "restore": true })).await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    assert_eq!(by_type(&world.counts()), by_type(&before));
    assert_eq!(of(&world.counts(), "attr_brightness", FieldKind::Text), 0);
}

#[tokio::test]
async fn killed_at_every_request_no_value_is_lost_and_it_goes_on() {
    // Every request of the one that real servers are like, every second or third of the others.
    for (version, each) in [(InfluxVersion::V1, 1), (InfluxVersion::V2, 3), (InfluxVersion::V3, 2)] {
        let mut kills = 0;
        for n in (1..).step_by(each) {
            let world = World::lived_in(version).await;
            let before = world.counts();
            let options = json!({ "mode": "clear", "to": "2023-11-20T00:00:00Z" });
            let job = world.engine().begin("schema", &options, Some(M)).await.unwrap();
            let id = job.id().to_owned();
            let ended = killed(&world.server, n, job.run()).await.is_some();
            // What another program writes until it is gone on with is not lost either.
            let late = format!("{M},entity_id=late state=\"late\" {BEGIN}");
            world.server.seed(HOUSE, &late).unwrap();
            let receipt = world.gone_on_with(&id).await;
            assert_eq!(receipt.state, State::Done, "{version:?} killed at {n}: {receipt:#?}");

            let job = world.engine().undo(&id).unwrap();
            killed(&world.server, n % 9 + 1, job.run()).await;
            let receipt = world.gone_on_with(&id).await;
            assert_eq!(receipt.state, State::Undone, "{version:?} killed at {n}: {receipt:#?}");
            let mut back = by_type(&world.counts());
            *back.get_mut(&FieldKind::Text).unwrap() -= 1;
            assert_eq!(back, by_type(&before), "{version:?} killed at {n}: {:?}", world.counts());
            if ended {
                break;
            }
            kills += 1;
        }
        assert!(kills * each > 40, "{version:?}: {kills}");
        println!("{version:?}: killed {kills} times");
    }
}

/// Polls something, and does something else each time.
struct Meanwhile<F, E>(F, E);

impl<F: Future + Unpin, E: FnMut() + Unpin> Future for Meanwhile<F, E> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        (self.1)();
        Pin::new(&mut self.0).poll(context)
    }
}

#[tokio::test]
async fn another_program_that_does_not_stop_is_named_and_no_row_of_before_is_lost() {
    for (once_deleted, words) in [(false, "stop that program, then go on"), (true, "stop the other program")]
    {
        let world = World::lived_in(InfluxVersion::V1).await;
        let before = world.counts();
        let job = world.engine().begin("schema", &json!({ "mode": "clear" }), Some(M)).await.unwrap();
        let id = job.id().to_owned();
        let (server, disk, mut n) = (world.server.clone(), world.disk.clone(), 0);
        let spent = format!("/data/repairs/{id}/{M}-1.spent");
        let old_program = move || {
            let is_spent = (&disk as &dyn Fs).read(spent.as_ref()).is_ok();
            if is_spent == once_deleted && (!once_deleted || server.points(HOUSE, M).is_empty()) {
                n += 1;
                drop(server.seed(HOUSE, &format!("{M},entity_id=old attr_brightness=\"old\" {}", BEGIN + n)));
            }
        };
        let receipt = Meanwhile(pin!(job.run()), old_program).await.unwrap();
        assert_eq!(receipt.state, State::Failed, "{receipt:#?}");
        let error = receipt.steps.iter().find_map(|step| step.error.clone()).unwrap();
        assert!(error.contains(words), "{error}");
        if !once_deleted {
            for (of, values) in &before {
                assert!(world.counts()[of] >= *values, "{of:?}: {:?}", world.counts());
            }
            continue;
        }
        let receipt = world.undone(&id).await;
        assert_eq!(receipt.state, State::Undone, "{receipt:#?}");
        let after = by_type(&world.counts());
        for (kind, values) in by_type(&before) {
            assert!(after[&kind] >= values, "{kind:?}: {after:?}");
        }
        // The old program has gone, and what it wrote goes with the rest.
        let receipt = world.cleared(json!({ "mode": "clear" })).await;
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        assert_eq!(world.counts(), Counts::new());
    }
}
