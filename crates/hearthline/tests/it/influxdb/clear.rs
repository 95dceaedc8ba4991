//! `repair schema --clear` at a real 1.6.7 whose measurement has both types of a field, each in shards of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, RealFs, SystemClock};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_pipeline::sinks::influxdb::{ServerConfig, Version};
use hearthline_runbook::repair::schema::MendedSink;
use hearthline_runbook::repair::{Clear, ClearOptions, Engine, Kind, Options, Receipt, Repair, State};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, conflicts, sink};

/// 2023-11-14T22:13:20Z; each week is a shard.
const BEGIN: i64 = 1_700_000_000_000_000_000;
const WEEK: i64 = 7 * 86_400 * 1_000_000_000;
const ROWS: i64 = 400;
/// The type of `attr_dynamics` in each week.
const WEEKS: [&str; 3] = ["text", "bool", "text"];

type Counts = BTreeMap<(String, String), u64>;

/// A house's three weeks, with all that is hard to carry.
async fn lived_in() -> InfluxDb {
    let server = InfluxDb::running().await;
    for (week, kind) in (0..).zip(WEEKS) {
        let mut lines = String::new();
        for n in 0..ROWS {
            let entity = if n % 2 == 0 { "light.hue_lamp" } else { "light.hue\\ röom" };
            let dynamics = match kind {
                "text" => format!("\"n one\\\"\n{n}\""),
                _ => (n % 3 == 0).to_string(),
            };
            let at = BEGIN + week * WEEK + n * 1_000_000_000;
            lines += &format!(
                "{MEASUREMENT},entity_id={entity},domain=light state=\"on\",value={n}.5,attr_dynamics={dynamics},\
                 attr_count={}i,attr_brightness=\"{n}\" {at}\n",
                9_007_199_254_740_993_i64 + n
            );
        }
        server.write(&lines).await.unwrap();
    }
    server
}

async fn counts(server: &InfluxDb) -> Counts {
    let mut counts = Counts::new();
    for (field, kind) in server.fields(MEASUREMENT).await {
        let values = server.count(MEASUREMENT, &field, &kind).await;
        if values > 0 {
            counts.insert((field, kind), values);
        }
    }
    counts
}

/// Whether a text and a boolean are taken in each week.
async fn taken(server: &InfluxDb) -> Vec<(bool, bool)> {
    let mut taken = Vec::new();
    for week in 0..WEEKS.len() {
        let at = BEGIN + i64::try_from(week).unwrap() * WEEK + 5;
        let mut is = [false; 2];
        for (is, value) in is.iter_mut().zip(["\"t\"", "true"]) {
            let line = format!("{MEASUREMENT},entity_id=tried attr_dynamics={value} {at}");
            *is = server.answer("house", &line).await.unwrap().0 == 204;
        }
        taken.push((is[0], is[1]));
    }
    server.query(&format!("DROP SERIES FROM \"{MEASUREMENT}\" WHERE entity_id = 'tried'")).await;
    taken
}

fn by_type(counts: &Counts) -> BTreeMap<&str, u64> {
    let mut by_type = BTreeMap::new();
    for ((_, kind), values) in counts {
        *by_type.entry(kind.as_str()).or_default() += values;
    }
    by_type
}

fn layout() -> NativeLayout {
    NativeLayout::new(MEASUREMENT, Attributes::All)
}

fn engine(data: &Path, url: &str) -> Arc<Engine> {
    let (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(RealFs), Arc::new(SystemClock::new()));
    let sink = MendedSink {
        name: "influxdb".into(),
        dir: data.join("sinks/influxdb"),
        server: ServerConfig {
            version: Some(Version::V1),
            ..ServerConfig::new(url.parse().unwrap(), "house")
        },
        view: None,
        fs: Arc::clone(&fs),
        clock: Arc::clone(&clock),
    };
    let make = move |_: &'static Kind, options: &Options| {
        let options = ClearOptions::read(options).unwrap();
        Ok(Box::new(Clear::new(sink.clone(), layout(), options)) as Box<dyn Repair>)
    };
    Arc::new(Engine::new(fs, clock, data, Arc::new(Vec::new), Arc::new(make)))
}

fn told(receipt: &Receipt) {
    for (step, was) in receipt.plan.steps.iter().zip(&receipt.steps) {
        let says = was.done.as_ref().map(|done| &*done.says);
        println!("  {:8} {:>6} ms  {}", step.kind, was.took_ms, says.or(was.error.as_deref()).unwrap_or("-"));
    }
}

fn table(rows: &[(&str, &Counts)]) {
    println!("  {:44} {:>8} {:>8} {:>8} {:>8}", "values by type", "string", "boolean", "float", "integer");
    for (what, counts) in rows {
        let by_type = by_type(counts);
        let of = |kind| by_type.get(kind).copied().unwrap_or(0);
        println!(
            "  {what:44} {:>8} {:>8} {:>8} {:>8}",
            of("string"),
            of("boolean"),
            of("float"),
            of("integer")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn three_shards_with_both_types_are_exported_cleared_and_brought_back() {
    let server = lived_in().await;
    let before = counts(&server).await;
    assert_eq!(taken(&server).await, [(true, false), (false, true), (true, false)]);
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path(), &server.url());
    let plan = engine.plan("schema", &json!({ "mode": "clear" })).await.unwrap();
    println!("{}\n{:#?}", plan.finding, plan.notes);
    assert_eq!(plan.confirm.as_deref(), Some(MEASUREMENT));

    let job = engine.begin("schema", &json!({ "mode": "clear" }), Some(MEASUREMENT)).await.unwrap();
    let id = job.id().to_owned();
    let receipt = job.run().await.unwrap();
    told(&receipt);
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let cleared = counts(&server).await;
    assert_eq!(cleared, Counts::new());

    // Another program makes the shards anew with the type that they refused.
    for (week, kind) in (0..).zip(WEEKS) {
        let value = if kind == "text" { "true" } else { "\"text\"" };
        let at = BEGIN + week * WEEK + 5;
        server.write(&format!("{MEASUREMENT},entity_id=other attr_dynamics={value} {at}")).await.unwrap();
    }
    let others = counts(&server).await;
    assert_eq!(taken(&server).await, [(false, true), (true, false), (false, true)]);

    let receipt = engine.undo(&id).unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Undone, "{receipt:#?}");
    println!("  undone: {}", receipt.steps[2].undone.as_ref().unwrap().says);
    server.query(&format!("DROP SERIES FROM \"{MEASUREMENT}\" WHERE entity_id = 'other'")).await;
    let after = counts(&server).await;
    table(&[("before", &before), ("cleared", &cleared), ("written by another", &others), ("undone", &after)]);
    for ((field, kind), values) in &after {
        println!("    {field}::{kind} {values}");
    }
    assert_eq!(by_type(&after), by_type(&before));
    assert_eq!(after[&("attr_dynamics_str".into(), "string".into())], 800);
    assert_eq!(after[&("attr_dynamics_bool".into(), "boolean".into())], 400);
    let folder = data.path().join("repairs").join(&id);
    imported_by_hand(&folder, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn what_the_deletion_would_reach_beside_the_export_stops_it() {
    let server = lived_in().await;
    server.query("CREATE RETENTION POLICY \"long\" ON \"house\" DURATION INF REPLICATION 1").await;
    let query = format!("SELECT \"value\" INTO \"long\".\"{MEASUREMENT}\" FROM \"{MEASUREMENT}\" GROUP BY *");
    server.query(&query).await;
    let before = counts(&server).await;
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path(), &server.url());
    let job = engine.begin("schema", &json!({ "mode": "clear" }), Some(MEASUREMENT)).await.unwrap();
    let receipt = job.run().await.unwrap();
    assert_eq!(receipt.state, State::Failed, "{receipt:#?}");
    let error = receipt.steps[0].error.as_ref().unwrap();
    assert!(error.contains("other retention policies of house (long)"), "{error}");
    println!("  {error}");
    assert_eq!(counts(&server).await, before);
}

/// The file alone is enough for a person, and for a server that has never heard of us.
async fn imported_by_hand(folder: &Path, before: &Counts) {
    let file: PathBuf = folder.join(format!("{MEASUREMENT}-1.lp.gz"));
    let manifest = std::fs::read(folder.join(format!("{MEASUREMENT}-1.json"))).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let said = std::process::Command::new("sha256sum").arg(&file).output().unwrap().stdout;
    assert_eq!(String::from_utf8(said).unwrap().split(' ').next(), manifest["sha256"].as_str());
    let other = InfluxDb::running().await;
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.post(format!("{}/write?db=house", other.url())).header("content-encoding", "gzip");
    let answer = request.body(std::fs::read(&file).unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(&counts(&other).await, before);
    println!("  {} bytes imported by another server as they are: every count equal", manifest["bytes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn rows_outside_the_asked_week_are_written_back_at_once() {
    let server = lived_in().await;
    let before = counts(&server).await;
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path(), &server.url());
    // The second week alone.
    let options = json!({ "mode": "clear", "from": "2023-11-20T00:00:00Z", "to": "2023-11-27T00:00:00Z" });
    let job = engine.begin("schema", &options, Some(MEASUREMENT)).await.unwrap();
    let id = job.id().to_owned();
    let receipt = job.run().await.unwrap();
    told(&receipt);
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let kept = counts(&server).await;
    assert_eq!(kept[&("state".into(), "string".into())], 800);
    assert_eq!(kept.get(&("attr_dynamics_bool".into(), "boolean".into())), None);
    let receipt = engine.undo(&id).unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Undone, "{receipt:#?}");
    let after = counts(&server).await;
    table(&[("before", &before), ("one week cleared", &kept), ("undone", &after)]);
    assert_eq!(by_type(&after), by_type(&before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn killed_at_any_time_no_value_is_lost_and_it_goes_on() {
    let (mut kills, mut states) = (0, BTreeMap::<&str, u32>::new());
    for n in 0..25 {
        let server = lived_in().await;
        let before = counts(&server).await;
        let data = tempfile::tempdir().unwrap();
        let first = engine(data.path(), &server.url());
        let options = json!({ "mode": "clear", "to": "2023-11-20T00:00:00Z" });
        let job = first.begin("schema", &options, Some(MEASUREMENT)).await.unwrap();
        let id = job.id().to_owned();
        let killed = timeout(Duration::from_millis(n * 12), job.run()).await.is_err();
        kills += u32::from(killed);
        if killed && n % 2 == 0 {
            // What comes before it is gone on with is not lost either.
            let late = format!("{MEASUREMENT},entity_id=late state=\"late\" {BEGIN}");
            server.write(&late).await.unwrap();
        }
        let second = engine(data.path(), &server.url());
        for id in second.unfinished().unwrap() {
            let receipt = second.resume(&id).unwrap().run().await.unwrap();
            assert_eq!(receipt.state, State::Done, "killed after {n}: {receipt:#?}");
        }
        let seen = second.show(&id).unwrap().receipt;
        let step = seen.steps.iter().position(|step| step.done.is_none()).map_or("none", |_| "some");
        *states.entry(step).or_default() += 1;
        let job = second.undo(&id).unwrap();
        // The way back is killed too.
        drop(timeout(Duration::from_millis(n * 5), job.run()).await);
        let third = engine(data.path(), &server.url());
        for id in third.unfinished().unwrap() {
            third.resume(&id).unwrap().run().await.unwrap();
        }
        assert_eq!(third.show(&id).unwrap().receipt.state, State::Undone);
        server.query(&format!("DROP SERIES FROM \"{MEASUREMENT}\" WHERE entity_id = 'late'")).await;
        let after = counts(&server).await;
        assert_eq!(by_type(&after), by_type(&before), "killed after {n}");
    }
    println!("  killed {kills} times of 25 in its midst, every value back each time: {states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn what_is_recorded_while_it_is_cleared_waits_in_the_log_and_arrives() {
    let server = lived_in().await;
    let before = counts(&server).await;
    let rig = Rig::new(&format!(
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\nattributes = \"all\"\n",
        server.url()
    ))
    .await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    let change = |n: u64| {
        let attributes = json!({ "dynamics": n.is_multiple_of(2), "brightness": n, "count": n }).to_string();
        rig.house.set_state("light.hue_room", &format!("on {n}"), &attributes);
    };
    (0..50).for_each(change);
    rig.delivered(&mut run).await;
    assert_ne!(conflicts(&mut run).await["conflicts"].as_array().unwrap().len(), 0);

    let arguments = ["repair", "schema", "--apply", "--clear", "--to", "2024-01-01T00:00:00Z", "--yes"];
    let mut repair = std::pin::pin!(rig.hearthline.command(&arguments));
    let mut n = 50;
    let answer = loop {
        tokio::select! {
            answer = &mut repair => break answer,
            () = tokio::time::sleep(Duration::from_millis(20)) => change(n),
        }
        n += 1;
    };
    println!("{}", answer.stdout);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let status = rig.delivered(&mut run).await;
    assert_eq!(sink(&status, "influxdb")["quarantined"], 0);
    assert_same(&server.states(MEASUREMENT).await, &rig.fired());
    let fields = server.fields(MEASUREMENT).await;
    for (field, kind) in
        [("attr_brightness", "float"), ("attr_count", "float"), ("attr_dynamics_bool", "boolean")]
    {
        assert!(fields.contains(&(field.into(), kind.into())), "{field} is free for us: {fields:?}");
    }
    println!("  {n} changes meanwhile and before, each stored once; {} fields", fields.len());

    let listed = rig.hearthline.command(&["repair", "--list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let id = listed["receipts"][0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned();
    let answer = rig.hearthline.command(&["repair", "--undo", &id]).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    rig.delivered(&mut run).await;
    let after = counts(&server).await;
    let new = rig.fired().len() as u64;
    assert_eq!(after[&("state".into(), "string".into())], new + before[&("state".into(), "string".into())]);
    assert_eq!(after[&("attr_dynamics_str".into(), "string".into())], 800);
    assert_eq!(after[&("attr_brightness_str".into(), "string".into())], 1200);
    // Our own numbers were in attr_count_num before.
    assert_eq!(after[&("attr_count_num2".into(), "integer".into())], 1200);
}
