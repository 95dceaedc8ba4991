//! `repair schema` at a real 1.6.7 that an older system wrote: typed counts, and each point, before and after, there and back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, Fs, RealFs, SystemClock};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::server::{EVER, Reader};
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use hearthline_pipeline::sinks::influxdb::{ServerConfig, Version};
use hearthline_runbook::repair::schema::{MendedSink, SchemaCopy};
use hearthline_runbook::repair::{Engine, Receipt, Repair, State};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, conflicts, reader, sink};

const DAY: i64 = 86_400 * 1_000_000_000;
const WEEK: i64 = 7 * DAY;
/// Of the older system, in each of its weeks.
const ROWS: i64 = 3_000;
const CHANGES: u64 = 50;

type Counts = BTreeMap<(String, String), u64>;

/// What an older system left: three weeks of texts, in the last of which `attr_dynamics` was a boolean, as raw JSON has it.
async fn left_behind(server: &InfluxDb, now: i64) {
    // A shard begins on a Monday; the first day of 1970 is a Thursday.
    let monday = now - (now + 3 * DAY).rem_euclid(WEEK);
    for week in 1..=3 {
        let lines = (0..ROWS).map(|n| {
            let time = monday - week * WEEK + DAY + n * 1_000_000_000;
            let dynamics = if week == 1 { (n % 2 == 0).to_string() } else { format!("\"none {n}\"") };
            let count = if week == 2 { format!("{n}i") } else { format!("{n}.5") };
            format!(
                "{MEASUREMENT},entity_id=light.old_{},domain=light state=\"on\",attr_dynamics={dynamics},\
                 attr_brightness=\"{n}\",attr_color_temp={count},attr_friendly_name=\"Old\\\\, \\\"{n}\\\"\n\" {time}",
                n % 20
            )
        });
        server.write(&lines.collect::<Vec<_>>().join("\n")).await.unwrap();
    }
}

async fn counts(server: &InfluxDb) -> Counts {
    let mut reading = reader::server(&server.url());
    let table = reading.table(Version::V1, MEASUREMENT).await.unwrap();
    let mut counts = Counts::new();
    for (field, kind) in table.columns() {
        let values = reading.count(&table, field, kind, &EVER).await.unwrap();
        if values > 0 {
            counts.insert((field.to_owned(), kind.to_string()), values);
        }
    }
    counts
}

async fn points(server: &InfluxDb) -> Vec<StoredPoint> {
    let mut reading = reader::server(&server.url());
    let table = reading.table(Version::V1, MEASUREMENT).await.unwrap();
    let columns: Vec<_> = table.columns().map(|(field, kind)| (field.to_owned(), kind)).collect();
    let (mut reader, mut points) = (Reader::new(&table, &columns, EVER), Vec::new());
    while let Some(page) = reader.next(&mut reading).await.unwrap() {
        points.extend(page);
    }
    points
}

/// A folder and the repairs in it.
struct Repairs {
    folder: tempfile::TempDir,
    sink: MendedSink,
}

fn layout() -> NativeLayout {
    NativeLayout::new(MEASUREMENT, Attributes::Default)
}

impl Repairs {
    fn of(server: &InfluxDb) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sink = MendedSink {
            name: "influxdb".into(),
            dir: folder.path().join("sinks/influxdb"),
            server: ServerConfig::new(server.url().parse().unwrap(), "house"),
            view: None,
            fs: Arc::new(RealFs),
            clock: Arc::new(SystemClock::new()),
        };
        Self { folder, sink }
    }

    fn engine(&self) -> Arc<Engine> {
        let sink = self.sink.clone();
        let make = move |_: &_, _: &_| {
            Ok(Box::new(SchemaCopy::new(sink.clone(), layout(), false)) as Box<dyn Repair>)
        };
        let fs: Arc<dyn Fs> = self.sink.fs.clone();
        let (clock, folder) = (self.sink.clock.clone(), self.folder.path());
        Arc::new(Engine::new(fs, clock, folder, Arc::new(Vec::new), Arc::new(make)))
    }

    async fn apply(&self) -> Receipt {
        self.engine().begin("schema", &Value::Null, None).await.unwrap().run().await.unwrap()
    }

    /// Goes on with whatever was killed.
    async fn go_on(&self, id: &str) -> Receipt {
        for id in self.engine().unfinished().unwrap() {
            self.engine().resume(&id).unwrap().run().await.unwrap();
        }
        self.engine().show(id).unwrap().receipt
    }

    fn beside(&self, id: &str) -> PathBuf {
        Path::new(self.folder.path()).join("repairs").join(id)
    }
}

fn table(before: &Counts, after: &Counts, undone: &Counts) {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    println!("{:<28} {:<8} {:>8} {:>8} {:>8}", "field", "type", "before", "repaired", "undone");
    for name in names {
        let of = |counts: &Counts| counts.get(name).copied().unwrap_or(0);
        println!("{:<28} {:<8} {:>8} {:>8} {:>8}", name.0, name.1, of(before), of(after), of(undone));
    }
}

/// A lamp whose `dynamics` is a text and a room whose `dynamics` is a boolean, recorded by the program.
async fn lamp_and_room(server: &InfluxDb) {
    let settings =
        format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n", server.url());
    let rig = Rig::new(&settings).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    for n in 0..CHANGES {
        let lamp = json!({ "dynamics": "none", "brightness": n * 5 + 1 }).to_string();
        let room =
            json!({ "dynamics": n % 2 == 0, "brightness": n * 5 + 2, "is_hue_group": true }).to_string();
        rig.house.set_state("light.hue_lamp", "on", &lamp);
        rig.house.set_state("light.hue_room", "on", &room);
    }
    let status = rig.delivered(&mut run).await;
    let (told, logged) = (sink(&status, "influxdb"), status.count("/events/logged"));
    assert_eq!((&told["delivered"], &told["quarantined"]), (&json!(logged), &json!(0)), "{told}");
    let mut stored = server.states(MEASUREMENT).await;
    stored.retain(|(entity_id, ..)| !entity_id.starts_with("light.old"));
    assert_same(&stored, &rig.fired());
    let status = run.until("all is well", |status| status.at("/overall") == "healthy").await;
    println!("{logged} events logged, {logged} delivered, 0 refused: {}", status.at("/verdict"));
    for conflict in conflicts(&mut run).await["conflicts"].as_array().unwrap() {
        println!(
            "{} is {} there: {} rows in {}",
            conflict["field"], conflict["server"], conflict["rows"], conflict["goes_to"]
        );
    }
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_lamp_and_a_room_beside_what_an_older_system_left_are_delivered_and_its_values_are_copied_and_taken_back()
 {
    let mut server = InfluxDb::running().await;
    let now = SystemClock::new().now().0 * 1000;
    left_behind(&server, now).await;
    // In the shard of today, both names are texts.
    let old = |n: i64| {
        let (dynamics, brightness) = ("attr_dynamics=\"none\"", "attr_brightness=\"12\"");
        format!(
            "{MEASUREMENT},entity_id=light.old_1,domain=light state=\"on\",{dynamics},{brightness} {}",
            now + n
        )
    };
    server.write(&[old(1), old(2)].join("\n")).await.unwrap();
    let left = points(&server).await;
    lamp_and_room(&server).await;

    let repairs = Repairs::of(&server);
    let (before, whole) = (counts(&server).await, points(&server).await);
    let still_there = |now: &[StoredPoint]| {
        left.iter().all(|old| now.iter().any(|is| (is.time, &is.tags) == (old.time, &old.tags)))
    };
    assert!(still_there(&whole), "no row of the older system was deleted");
    let receipt = repairs.apply().await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    println!("{}", receipt.plan.finding);
    for (step, done) in receipt.plan.steps.iter().zip(&receipt.steps) {
        println!(
            "{} (planned {:?} s, took {} ms)",
            done.done.as_ref().unwrap().says,
            step.seconds,
            done.took_ms
        );
    }
    println!("{}", receipt.verified.as_ref().unwrap().says);
    let after = counts(&server).await;
    let rows = u64::try_from(ROWS).unwrap();
    let mut expected = before.clone();
    let mut add = |field: &str, kind: FieldType, values: u64| {
        *expected.entry((field.to_owned(), kind.to_string())).or_default() += values;
    };
    add("attr_dynamics_str", FieldType::Text, 2 * rows + 2);
    add("attr_dynamics_bool", FieldType::Bool, rows);
    add("attr_brightness_str", FieldType::Text, 3 * rows + 2);
    add("attr_color_temp_num", FieldType::Float, 3 * rows);
    assert_eq!(after, expected);

    let undone = repairs.engine().undo(&receipt.id).unwrap().run().await.unwrap();
    assert_eq!(undone.state, State::Undone, "{undone:#?}");
    for step in undone.steps.iter().filter_map(|step| step.undone.as_ref()) {
        println!("{}", step.says);
    }
    let back = counts(&server).await;
    table(&before, &after, &back);
    assert_eq!(back, before);
    assert!(points(&server).await == whole, "each point is as it was");
    // What was deleted stays deleted, and what was written back stays.
    server.stop().await;
    server.start().await;
    assert_eq!(counts(&server).await, before);
    assert!(points(&server).await == whole, "each point is as it was, after a start of the server");
    let exports = std::fs::read_dir(repairs.beside(&receipt.id)).unwrap().count();
    assert!(exports > 10, "what was done is beside the receipt: {exports} files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn killed_at_any_time_on_either_way_the_counts_of_each_type_end_the_same() {
    let server = InfluxDb::running().await;
    left_behind(&server, SystemClock::new().now().0 * 1000).await;
    let (before, whole) = (counts(&server).await, points(&server).await);
    let mut after = None;
    let (mut there, mut back) = (0, 0);
    // How long each way takes on this machine.
    let repairs = Repairs::of(&server);
    let began = Instant::now();
    let receipt = repairs.apply().await;
    let way_there = began.elapsed();
    repairs.engine().undo(&receipt.id).unwrap().run().await.unwrap();
    let way_back = began.elapsed() - way_there;
    for n in 0..8 {
        let repairs = Repairs::of(&server);
        let job = repairs.engine().begin("schema", &Value::Null, None).await.unwrap();
        let id = job.id().to_owned();
        there += u32::from(timeout(way_there * n / 8, job.run()).await.is_err());
        let receipt = repairs.go_on(&id).await;
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        let now = counts(&server).await;
        assert_eq!(after.get_or_insert_with(|| now.clone()), &now, "there, {n}");
        let job = repairs.engine().undo(&id).unwrap();
        back += u32::from(timeout(way_back * n / 8, job.run()).await.is_err());
        let receipt = repairs.go_on(&id).await;
        assert_eq!(receipt.state, State::Undone, "{receipt:#?}");
        assert_eq!(counts(&server).await, before, "back, {n}");
        assert!(points(&server).await == whole, "each point is as it was, {n}");
    }
    println!("killed {there} times on the way there and {back} times on the way back, of 8 each");
    assert!(there > 1 && back > 1, "{there} and {back}");
}

/// Carries out a command while the house changes. Answers with how many changes there were.
async fn meanwhile(rig: &Rig, arguments: &[&str]) -> u64 {
    let mut command = std::pin::pin!(rig.hearthline.command(arguments));
    let mut changes = 0;
    let answer = loop {
        tokio::select! {
            answer = &mut command => break answer,
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                let attributes = json!({ "dynamics": changes % 2 == 0, "brightness": changes }).to_string();
                rig.house.set_state("light.hue_room", &format!("on {changes}"), &attributes);
            }
        }
        changes += 1;
    };
    println!("hearthline {}:\n{}", arguments.join(" "), answer.stdout);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    changes
}

async fn newest(rig: &Rig) -> String {
    let listed = rig.hearthline.command(&["repair", "--list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    listed["receipts"][0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_house_goes_on_while_its_fields_are_copied_its_measurement_is_written_anew_and_both_are_taken_back()
{
    let server = InfluxDb::running().await;
    left_behind(&server, SystemClock::new().now().0 * 1000).await;
    let (left, whole) = (counts(&server).await, points(&server).await);
    let settings =
        format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n", server.url());
    let rig = Rig::new(&settings).await;
    let mut run = rig.hearthline.start();
    run.connected().await;

    let mut changes = meanwhile(&rig, &["repair", "schema", "--apply"]).await;
    let copied = newest(&rig).await;
    changes += meanwhile(&rig, &["repair", "--undo", &copied]).await;
    let status = rig.delivered(&mut run).await;
    assert_eq!(sink(&status, "influxdb")["quarantined"], 0);
    let mut stored = server.states(MEASUREMENT).await;
    stored.retain(|(entity_id, ..)| !entity_id.starts_with("light.old"));
    assert_same(&stored, &rig.fired());
    let old = |points: &[StoredPoint]| -> Vec<StoredPoint> {
        let is_old = |point: &&StoredPoint| {
            point.tags.iter().any(|(tag, value)| tag == "entity_id" && value.starts_with("light.old"))
        };
        points.iter().filter(is_old).cloned().collect()
    };
    assert!(old(&points(&server).await) == whole, "each old point is as it was");

    changes += meanwhile(&rig, &["repair", "schema", "--apply", "--rewrite"]).await;
    let rewritten = newest(&rig).await;
    let new = format!("{MEASUREMENT}_2");
    rig.house.set_state("light.hue_room", "after the switch", r#"{"dynamics":true,"brightness":1}"#);
    rig.delivered(&mut run).await;
    let mut stored = server.states(&new).await;
    stored.retain(|(entity_id, ..)| !entity_id.starts_with("light.old"));
    assert_same(&stored, &rig.fired());
    let rows = u64::try_from(ROWS).unwrap();
    assert_eq!(server.count(&new, "attr_color_temp", "float").await, 3 * rows);
    assert_eq!(server.count(&new, "attr_friendly_name_str", "string").await, 3 * rows);
    let types = server.fields(&new).await;
    let names: std::collections::BTreeSet<_> = types.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), types.len(), "one type for each name: {types:?}");
    let told = run.get("/api/v1/sinks/influxdb").await;
    assert!(told.contains(&format!("\"measurement\":\"{new}\"")), "{told}");
    let said = rig.hearthline.command(&["check"]).await;
    assert!(said.stdout.contains(&new), "{}{}", said.stdout, said.stderr);

    // It is where the sink writes after a start, too, until that is taken back.
    assert_eq!(run.stop().await.code(), Some(0));
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.house.set_state("light.hue_room", "after a start", r#"{"dynamics":true,"brightness":2}"#);
    rig.delivered(&mut run).await;
    let mut stored = server.states(&new).await;
    stored.retain(|(entity_id, ..)| !entity_id.starts_with("light.old"));
    assert_same(&stored, &rig.fired());
    changes += meanwhile(&rig, &["repair", "--undo", &rewritten]).await;
    rig.house.set_state("light.hue_room", "after it was taken back", r#"{"dynamics":true,"brightness":3}"#);
    rig.delivered(&mut run).await;
    let mut stored = server.states(MEASUREMENT).await;
    stored.retain(|(entity_id, ..)| !entity_id.starts_with("light.old"));
    assert_same(&stored, &rig.fired());
    assert!(old(&points(&server).await) == whole, "each old point is as it was");
    let now = counts(&server).await;
    for (name, values) in &left {
        assert!(now.get(name).is_some_and(|now| now >= values), "{name:?}");
    }
    println!("{changes} changes meanwhile, each stored once in whatever was written to");
}
