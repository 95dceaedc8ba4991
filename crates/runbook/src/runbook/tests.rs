//! A house with a conflict that is mended in two seconds, and a program that is killed wherever it can be. A life is a runtime: at
//! its end everything that runs in it is gone, and the disk stays.

use std::collections::BTreeSet;
use std::time::Duration;

use hearthline_core::{ManualClock, MemFs};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::time::{sleep, timeout};

use super::report::Mark;
use super::*;
use crate::doctor::{self, Depth, Finding, Severity};
use crate::repair::testing::{Dying, House, NIGHT};
use crate::repair::{Engine, Kind, Restart, State};
use crate::status::{Criterion, Part};
use crate::verify::{self, Carried, Carry, Change, Leg, Trouble};

const DATA: &str = "/data";
/// What a run of it takes at most, on the clock of a life.
const LONG: Duration = Duration::from_secs(600);
/// The lines of a run, in their order.
const LINES: [&str; 9] =
    ["document", "settings", "schema", "quarantine", "restart", "healthy", "canary", "monitor", "criteria"];

/// What outlives a life.
#[derive(Clone)]
struct World {
    disk: MemFs,
    /// The disk, as the program of this life has it.
    fs: Arc<dyn Fs>,
    house: Arc<House>,
    conflict: Arc<Mutex<Conflict>>,
    /// How the canary ends.
    canary: Arc<Mutex<Result<(Duration, String), Trouble>>>,
}

/// A field that has another type.
#[derive(Clone, Debug, Default)]
struct Conflict {
    mended: bool,
    /// How often the step was begun, and taken back.
    begun: u32,
    undone: u32,
    /// Why it cannot be mended.
    stands: Option<RepairError>,
}

impl World {
    fn new() -> Self {
        let house = House::new();
        let mut status = house.status.lock();
        status.parts = ["log", "store", "home_assistant"].map(|part| Part::new(part, "healthy")).into();
        status.criteria = vec![criterion("connection", Some(true)), criterion("persistence", Some(true))];
        drop(status);
        let disk = MemFs::default();
        Self {
            fs: Arc::new(disk.clone()),
            disk,
            house,
            conflict: Arc::default(),
            canary: Arc::new(Mutex::new(Ok((Duration::from_millis(5), "there".into())))),
        }
    }

    fn fs(&self) -> Arc<dyn Fs> {
        Arc::clone(&self.fs)
    }

    /// The same world under a program that dies at something it puts in place, which `left` says.
    fn dying(&self, left: u64) -> Self {
        Self { fs: Arc::new(Dying::new(&self.disk, left)), ..self.clone() }
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::at(NIGHT))
    }

    /// The repairs of a life.
    fn repairs(&self) -> Repairs {
        let (house, conflict) = (Arc::clone(&self.house), Arc::clone(&self.conflict));
        let make = move |kind: &'static Kind, options: &Options| -> Result<Box<dyn Repair>, Refused> {
            match kind.name {
                "schema" => Ok(Box::new(Mend(Arc::clone(&conflict)))),
                "restart" => Ok(Box::new(Restart::new(Arc::clone(&house) as Arc<dyn Program>, options))),
                "quarantine" => Err(RepairError::Later("the store is being read".into()).into()),
                _ => {
                    Ok(Box::new(Mend(Arc::new(Mutex::new(Conflict { mended: true, ..Conflict::default() })))))
                }
            }
        };
        let engine =
            Engine::new(self.fs(), Self::clock(), Path::new(DATA), Arc::new(Vec::new), Arc::new(make));
        Repairs::new(Arc::new(engine.with_sinks(vec!["influxdb".into()])), Handle::current())
    }

    /// The runbook of a life, whose repairs go on with what was killed.
    fn engine(&self) -> Arc<Engine> {
        let program = Arc::clone(&self.house) as Arc<dyn Program>;
        self.engine_ending(reporting(program, (self.fs(), Self::clock()), Path::new(DATA)))
    }

    /// One that is followed by this.
    fn engine_ending(&self, at_end: AtEnd) -> Arc<Engine> {
        let repairs = self.repairs();
        repairs.go_on();
        let program = Arc::clone(&self.house) as Arc<dyn Program>;
        let settings = Settings {
            sinks: vec!["influxdb".into()],
            keep: Arc::new(|_| Ok(Kept { copy: None, lines: vec!["data folder: /data (default)".into()] })),
        };
        let (fs, clock) = (self.fs(), Self::clock());
        let means = Means {
            program,
            repairs,
            doctor: doctor(),
            verify: verify(Arc::clone(&self.canary), Arc::clone(&fs)),
            maintenance: self.maintenance(),
            settings,
            fs: Arc::clone(&fs),
            clock: Arc::clone(&clock),
        };
        let make = move |_: &'static Kind, options: &Options| {
            Ok(Box::new(Runbook::new(means.clone(), options)?) as Box<dyn Repair>)
        };
        let dir = Path::new(DATA);
        let watch = Arc::clone(&self.house);
        let watch = Arc::new(move || watch.status().criteria);
        let engine = Engine::new(Arc::clone(&fs), clock, dir, watch, Arc::new(make));
        Arc::new(engine.of(lines::CATALOGUE, receipts(fs, dir)).at_end(at_end))
    }

    fn maintenance(&self) -> Maintenance {
        Maintenance::open(self.fs(), Self::clock(), Path::new(DATA))
    }

    /// Begins a run, which is killed after so long. Its receipt, if it came to an end.
    fn begin(&self, killed_after: Duration) -> Option<Receipt> {
        self.begin_as(&json!({ "monitor_s": 3 }), killed_after)
    }

    fn begin_as(&self, asked: &Value, killed_after: Duration) -> Option<Receipt> {
        live(async {
            let job = self.engine().begin(lines::NAME, asked, None).await.ok()?;
            timeout(killed_after, job.run()).await.ok()?.ok()
        })
    }

    /// The last run, as its receipt has it.
    fn last(&self) -> Option<Receipt> {
        receipts(self.fs(), Path::new(DATA)).list().unwrap().receipts.pop()
    }

    /// The line at which the run that was killed stands, once it is at one.
    fn killed_at(&self) -> Option<String> {
        let run = self.last()?;
        let begun = run.steps.iter().rposition(|step| step.started.is_some())?;
        Some(run.plan.steps[begun].kind.clone())
    }

    /// One run, met, in which each line mended once, whenever it was killed.
    fn assert_mended_once(&self, receipt: &Receipt, killed: &str) {
        assert_eq!(
            (receipt.state, Outcome::of(receipt)),
            (State::Done, Outcome::Met),
            "{killed}: {receipt:?}"
        );
        assert_eq!((self.begun("/schema (influxdb)"), self.begun("/restart")), (1, 1), "{killed}");
        assert!(self.conflict.lock().mended && self.report(receipt).contains("are met"), "{killed}");
    }

    /// Starts the program, which goes on with what was killed and is killed after so long.
    fn go_on(&self, killed_after: Duration) -> Option<Receipt> {
        live(async {
            let engine = self.engine();
            let id = engine.unfinished().unwrap().pop()?;
            let job = engine.resume(&id).unwrap();
            timeout(killed_after, job.run()).await.ok().map(Result::unwrap)
        })
    }

    /// How often this line has begun a repair.
    fn begun(&self, line: &str) -> usize {
        let receipts = Receipts::new(self.fs(), &Path::new(DATA).join("repairs")).list().unwrap().receipts;
        let of_line = |receipt: &&Receipt| receipt.line.as_deref().is_some_and(|of| of.ends_with(line));
        receipts.iter().filter(of_line).count()
    }

    fn report(&self, receipt: &Receipt) -> String {
        let reports = Reports::new(self.fs(), Path::new(DATA));
        let text = reports.read(&crate::reports::name_of(&receipt.id)).unwrap();
        String::from_utf8(text.expect("there is a report")).unwrap()
    }
}

fn criterion(id: &str, met: Option<bool>) -> Criterion {
    let (label, value) = (id.to_owned(), Some(1.0));
    Criterion { id: id.into(), label, met, value, target: 1.0, unit: String::new(), window_s: 0, note: None }
}

fn live<T>(story: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(story)
}

fn doctor() -> Doctor {
    let examine = || {
        let found = Finding::of(doctor::catalogue::CONFLICTS_UNMAPPED, "1 field has another type");
        let report = doctor::Report {
            version: "0",
            at: NIGHT.to_string(),
            took_ms: 1.0,
            depth: Depth::Look,
            running: true,
            worst: Severity::Warning,
            verdict: "1 warning".into(),
            counts: doctor::report::Counts { warning: 1, ..Default::default() },
            findings: vec![found.todo("`hearthline repair schema`")],
            skipped: Vec::new(),
        };
        Box::pin(std::future::ready(Ok(report))) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    Doctor::new(Arc::new(examine), World::clock())
}

/// Follows a canary to the store.
fn verify(ends: Arc<Mutex<Result<(Duration, String), Trouble>>>, fs: Arc<dyn Fs>) -> Verify {
    let carry: Carry = Arc::new(move |round, _| {
        let leg = Leg::of("store", verify::Step::Stored, ends.lock().clone());
        let (entity_id, state) = ("sensor.canary".to_owned(), Some("1".to_owned()));
        let change = Change {
            round,
            kind: verify::Kind::Text,
            entity_id,
            state,
            at: None,
            seq: None,
            legs: vec![leg],
        };
        Box::pin(std::future::ready(Carried { instead: None, changes: vec![change] }))
    });
    let kept = Arc::new(verify::Kept::open(fs, Path::new(DATA)));
    Verify::new(carry, kept, World::clock(), Handle::current(), None)
}

/// Mends the conflict in two seconds.
struct Mend(Arc<Mutex<Conflict>>);

impl Repair for Mend {
    fn plan(&mut self) -> Doing<'_, Plan> {
        let step = Step { kind: "copy".into(), what: "copy 12 rows".into(), undo: true, ..Step::default() };
        let steps = if self.0.lock().mended { Vec::new() } else { vec![step] };
        let finding = if steps.is_empty() { "no field has another type" } else { "1 field has another type" };
        let plan = Plan { repair: "schema".into(), finding: finding.into(), steps, ..Plan::default() };
        Box::pin(std::future::ready(Ok(plan)))
    }

    fn apply<'a>(&'a mut self, _: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        self.0.lock().begun += 1;
        Box::pin(async {
            scribe.progress(6, Some(12), "rows");
            sleep(Duration::from_secs(2)).await;
            if let Some(why) = self.0.lock().stands.clone() {
                return Err(why);
            }
            self.0.lock().mended = true;
            Ok(Done { says: "12 rows are copied".into(), data: Value::Null })
        })
    }

    fn undo<'a>(&'a mut self, _: &'a Step, _: &'a Scribe) -> Doing<'a, Done> {
        let mut conflict = self.0.lock();
        (conflict.undone, conflict.mended) = (conflict.undone + 1, false);
        Box::pin(std::future::ready(Ok(Done { says: "as before".into(), data: Value::Null })))
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(std::future::ready(Ok(Done { says: "counted".into(), data: Value::Null })))
    }
}

fn marks(receipt: &Receipt) -> Vec<(&str, &'static str)> {
    let steps = receipt.plan.steps.iter().zip(&receipt.steps);
    steps.map(|(step, was)| (&*step.kind, Mark::of(was).sign())).collect()
}

#[test]
fn every_line_is_done_in_order_with_its_evidence_and_its_own_receipt() {
    let world = World::new();
    let receipt = world.begin(LONG).unwrap();
    let wanted = LINES.map(|kind| (kind, if kind == "quarantine" { "–" } else { "✓" }));
    assert_eq!(marks(&receipt), wanted);
    assert_eq!((receipt.state, Outcome::of(&receipt)), (State::Done, Outcome::Met));
    assert_eq!(*world.house.restarted.lock(), [None]);
    let says = |kind: &str| {
        let at = LINES.iter().position(|of| *of == kind).unwrap();
        receipt.steps[at].done.clone().unwrap().says
    };
    assert_eq!(says("document"), "healthy; the doctor finds 0 faults, 1 warning. Recording.");
    assert_eq!(says("schema"), "12 rows are copied; counted");
    assert_eq!(says("quarantine"), "whether it is called for is not known: the store is being read");
    assert_eq!(says("criteria"), "2 of 2 criteria are met");
    assert!(says("monitor").starts_with("every criterion held at 3 looks"), "{}", says("monitor"));
    assert_eq!((world.begun("/schema (influxdb)"), world.begun("/restart")), (1, 1));
    let report = world.report(&receipt);
    assert!(report.contains("**All 2 criteria are met.**"), "{report}");
    assert!(report.contains("12 rows are copied; counted | 2026-11-26T00-41-07Z-schema |"), "{report}");
}

#[test]
fn killed_at_any_moment_it_goes_on_and_no_line_mends_twice() {
    let mut killed_at = BTreeSet::new();
    for eighths in 0..96 {
        let world = World::new();
        let after = Duration::from_millis(125) * eighths;
        let receipt = world.begin(after).unwrap_or_else(|| {
            killed_at.extend(world.killed_at());
            // And once more at what comes a second later.
            world.go_on(Duration::from_secs(1)).or_else(|| world.go_on(LONG)).unwrap()
        });
        world.assert_mended_once(&receipt, &format!("after {after:?}"));
    }
    assert!(
        killed_at.is_superset(&["schema", "monitor"].map(Into::into).into()),
        "those that wait: {killed_at:?}"
    );
}

#[test]
fn killed_before_or_after_each_receipt_it_goes_on_and_no_line_mends_twice() {
    let mut killed_at = BTreeSet::new();
    for left in 1.. {
        let world = World::new();
        let whole = world.dying(left).begin(LONG);
        let receipt = whole.clone().unwrap_or_else(|| {
            killed_at.extend(world.killed_at());
            // Nothing is to be gone on with where not even the first receipt is there, or the last one is.
            world.go_on(LONG).or_else(|| world.last()).or_else(|| world.begin(LONG)).unwrap()
        });
        world.assert_mended_once(&receipt, &format!("at {left}"));
        if whole.is_some() {
            break;
        }
    }
    assert_eq!(killed_at, LINES.map(Into::into).into());
}

#[test]
fn a_line_that_fails_ends_it_with_a_report_and_it_goes_on_there_once_the_cause_is_gone() {
    let world = World::new();
    world.conflict.lock().stands = Some(RepairError::Person("the key is refused".into()));
    let receipt = world.begin(LONG).unwrap();
    assert_eq!(Outcome::of(&receipt), Outcome::Failed);
    assert_eq!(marks(&receipt)[2..4], [("schema", "✗"), ("quarantine", " ")]);
    let report = world.report(&receipt);
    assert!(
        report.contains("**It stands at line 3: 2026-11-26T00-41-07Z-schema stands: the key is refused.**"),
        "{report}"
    );
    assert!(world.house.restarted.lock().is_empty(), "what comes behind it is not done");

    world.conflict.lock().stands = None;
    let again = live(async { world.engine().resume(&receipt.id).unwrap().run().await.unwrap() });
    assert_eq!(Outcome::of(&again), Outcome::Met);
    assert_eq!((world.begun("/schema (influxdb)"), world.conflict.lock().begun), (1, 2));
    assert!(world.report(&again).contains("are met"), "the report is written anew");
}

#[test]
fn a_criterion_that_is_not_met_fails_it_and_a_part_that_is_late_makes_it_degraded() {
    let world = World::new();
    world.house.status.lock().criteria[1].met = Some(false);
    let receipt = world.begin(LONG).unwrap();
    assert_eq!(marks(&receipt)[7..], [("monitor", "✗"), ("criteria", " ")]);
    assert!(receipt.why().unwrap().contains("\"persistence\" was not met for 3 of 3 s"), "{receipt:?}");

    let world = World::new();
    world.house.status.lock().parts[1] = Part::new("store", "degraded");
    world.house.status.lock().overall = Overall::Degraded;
    world.house.status.lock().criteria.push(criterion("parts", Some(false)));
    let receipt = world.begin(LONG).unwrap();
    assert_eq!(Outcome::of(&receipt), Outcome::Degraded);
    assert!(receipt.steps[5].done.as_ref().unwrap().says.starts_with("store is degraded"), "{receipt:?}");
    let last = receipt.steps[8].done.clone().unwrap();
    assert_eq!(
        (last.data["late"].clone(), last.says.starts_with("2 of 3 criteria are met")),
        (json!(["parts"]), true)
    );

    let world = World::new();
    world.house.status.lock().parts[1] = Part::new("store", "unhealthy");
    let receipt = world.begin(LONG).unwrap();
    assert_eq!((Outcome::of(&receipt), marks(&receipt)[4]), (Outcome::Failed, ("restart", "✗")));
}

#[test]
fn a_canary_that_does_not_arrive_fails_it_and_one_that_is_late_makes_it_degraded() {
    let world = World::new();
    *world.canary.lock() = Err(Trouble::Differs("the store has 2".into()));
    let receipt = world.begin(LONG).unwrap();
    assert_eq!(marks(&receipt)[6..8], [("canary", "✗"), ("monitor", " ")]);
    assert!(receipt.why().unwrap().contains("the store has 2"), "{receipt:?}");

    let world = World::new();
    *world.canary.lock() = Err(Trouble::Away("no answer".into()));
    let receipt = world.begin(LONG).unwrap();
    assert_eq!((marks(&receipt)[6], Outcome::of(&receipt)), (("canary", "✓"), Outcome::Degraded));
    assert_eq!(receipt.steps[6].done.as_ref().unwrap().data["late"], json!(["canary"]));
}

#[test]
fn what_its_lines_have_mended_is_taken_back() {
    let world = World::new();
    let receipt = world.begin(LONG).unwrap();
    let back = live(async { world.engine().undo(&receipt.id).unwrap().run().await.unwrap() });
    assert_eq!((back.state, Outcome::of(&back)), (State::Undone, Outcome::Undone));
    assert_eq!(marks(&back)[2], ("schema", "↶"));
    let Conflict { undone, mended, .. } = *world.conflict.lock();
    assert_eq!((undone, mended), (1, false));
}

#[test]
fn a_report_that_cannot_be_written_is_said() {
    let world = World::new();
    let receipt = live(async {
        let engine = world.engine_ending(Arc::new(|_: &Receipt| Err("no room".into())));
        let job = engine.begin(lines::NAME, &json!({ "monitor_s": 3 }), None).await.unwrap();
        job.run().await.unwrap()
    });
    assert_eq!((Outcome::of(&receipt), receipt.error.as_deref()), (Outcome::Failed, Some("no room")));
    let again = live(async { world.engine().resume(&receipt.id).unwrap().run().await.unwrap() });
    assert_eq!((Outcome::of(&again), again.error), (Outcome::Met, None));
}

#[test]
fn it_is_watched_for_a_day_at_most() {
    let world = World::new();
    for seconds in [0, 86_401] {
        let asked = json!({ "monitor_s": seconds });
        let refused = live(async { world.engine().plan(lines::NAME, &asked).await.unwrap_err() });
        assert!(matches!(&refused, Refused::Options(_)), "{refused}");
    }
}

#[test]
fn maintenance_goes_on_while_it_runs_and_ends_with_it_also_if_it_is_killed() {
    let asked = json!({ "monitor_s": 3, "maintenance": true });
    let world = World::new();
    assert!(world.begin_as(&asked, Duration::from_secs(2)).is_none(), "killed while it watches");
    assert_eq!(world.maintenance().now().and_then(|period| period.why).as_deref(), Some("the runbook"));
    let receipt = world.go_on(Duration::from_hours(1)).unwrap();
    assert!(receipt.ended.is_some());
    assert_eq!(world.maintenance().now(), None);
}
