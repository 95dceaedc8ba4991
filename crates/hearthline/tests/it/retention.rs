//! Days that are too old, from the command line: on the data folder alone and with the program running.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, EntityId, Origin, RealFs, Row, Seq, StateRow, SystemClock, Timestamp};
use hearthline_log::{LogConfig, LogWriter, SyncPolicy};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::Ingest;
use hearthline_pipeline::sources::home_assistant::wire::parse_event;
use hearthline_sim::House;
use hearthline_store::{Store, StoreConfig};
use serde_json::{Value, json};

use crate::hearthline::{Answer, Hearthline};
use crate::simulated::recorded;

const DAY: Duration = Duration::from_secs(86_400);

/// A log whose stream ended three days ago, and was never had again.
fn gap(hearthline: &Hearthline) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let config = LogConfig {
        dir: hearthline.data().join("log"),
        sync: SyncPolicy::Always,
        max_bytes: 1 << 30,
        min_free: 0,
        reserve_bytes: 0,
        queue_bytes: 1 << 20,
        ring_bytes: 0,
    };
    let (mut writer, _) = LogWriter::open(Arc::new(RealFs), Arc::clone(&clock), config, Seq(6)).unwrap();
    let mut ingest = Ingest::open(writer.log(), Arc::clone(&clock), Arc::new(Filter::default())).unwrap();
    let fired = Timestamp::start_of_day(clock.now().minus(3 * DAY).day()).plus(DAY / 2);
    let raw = format!(r#"{{"event_type":"a","data":{{}},"time_fired":"{fired}"}}"#);
    ingest.accept(&parse_event(&raw).unwrap(), fired).unwrap();
    ingest.disconnected("gone");
    writer.step().unwrap();
    writer.close().unwrap();
}

/// A store with one state a day for five days, the last of them today.
fn past(hearthline: &Hearthline) {
    let config = StoreConfig {
        dir: hearthline.data().join("store"),
        flush_rows: 1000,
        flush_interval: DAY,
        retention: None,
        context_ids: false,
    };
    let clock = Arc::new(SystemClock::new());
    let now = clock.now();
    let store = Store::open(Arc::new(RealFs), clock, config).unwrap();
    let days = (1..=5).zip([4, 3, 2, 1, 0]);
    let rows = days.map(|(seq, ago)| Row::State(state(seq, now.minus(DAY * ago)))).collect();
    store.write(&Batch { first: Seq(1), last: Seq(5), rows }).unwrap();
    store.flush().unwrap();
}

fn state(seq: u64, ts: Timestamp) -> StateRow {
    StateRow {
        seq: Seq(seq),
        ts,
        tie: 0,
        site: "home".into(),
        entity_id: EntityId::from("sensor.a"),
        entity_key: "sensor.a".into(),
        state: Some("1".into()),
        value: Some(1.0),
        unit: None,
        device_class: None,
        last_changed: ts,
        received_delay_ms: None,
        origin: Origin::Live,
        restored: false,
        attributes: None,
        context_id: None,
        area: None,
        device: None,
        weather: None,
    }
}

impl Hearthline {
    async fn retention(&self, arguments: &[&str]) -> Answer {
        let answer = self.command(&[&["retention"], arguments].concat()).await;
        assert_eq!(answer.code, 0, "{answer:?}");
        answer
    }

    async fn retention_json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.retention(&[arguments, &["--json"]].concat()).await.stdout).unwrap()
    }

    async fn rows(&self) -> usize {
        self.command(&["export", "--format", "ndjson"]).await.stdout.lines().count()
    }
}

#[tokio::test]
async fn old_days_are_named_dropped_and_receipted_with_and_without_a_running_program() {
    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    past(&hearthline);
    let for_ever = hearthline.retention(&[]).await.stdout;
    assert!(for_ever.starts_with("kept for ever: 5 days, 5 rows"), "{for_ever}");
    let plan = hearthline.retention_json(&["--dry-run", "--keep", "3d"]).await;
    assert_eq!((&plan["dropped"]["days"], &plan["receipt"]), (&json!(1), &Value::Null));
    assert_eq!(hearthline.rows().await, 5, "a plan drops nothing");
    let alone = hearthline.retention_json(&["--keep", "3d"]).await;
    assert_eq!((&alone["receipt"]["outcome"], hearthline.rows().await), (&json!("dropped"), 4));

    let mut run = hearthline.start();
    run.connected().await;
    let plan = hearthline.retention(&["--dry-run", "--keep", "2d"]).await.stdout;
    assert!(plan.contains("would be dropped: 1 day, 1 row, "), "{plan}");
    let done = hearthline.retention(&["--keep", "2d"]).await.stdout;
    assert!(done.contains("dropped: 1 day, 1 row, ") && done.ends_with("(receipt 2)\n"), "{done}");
    assert_eq!(hearthline.rows().await, 3);
    let receipts = hearthline.retention_json(&["--receipts"]).await;
    let why: Vec<_> =
        receipts["receipts"].as_array().unwrap().iter().map(|receipt| &receipt["why"]).collect();
    assert_eq!(why, ["hearthline retention --keep 3d", "asked for, with keep = 2d"]);
    assert_eq!(run.stop().await.code(), Some(0));
    assert!(
        hearthline.retention(&["--receipts"]).await.stdout.lines().count() == 3,
        "a head and two receipts"
    );
    assert_eq!(hearthline.rows().await, 3);
}

#[tokio::test]
async fn days_with_a_gap_that_is_not_closed_stay_with_and_without_a_running_program() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "nobody");
    past(&hearthline);
    gap(&hearthline);
    let held = |answer: &Value| -> Vec<bool> {
        answer["days"].as_array().unwrap().iter().map(|day| !day["held"].is_null()).collect()
    };
    let plan = hearthline.retention_json(&["--dry-run", "--keep", "1d"]).await;
    assert_eq!(held(&plan), [false, true, true], "{plan}");

    let mut run = hearthline.start();
    run.address().await;
    let done = hearthline.retention_json(&["--keep", "1d"]).await;
    assert_eq!((held(&done), &done["receipt"]["rows"]), (vec![false, true, true], &json!(1)), "{done}");
    let words = done["days"][1]["held"].as_str().unwrap();
    assert!(words.starts_with("a gap since ") && words.ends_with(" is not closed"), "{words}");
    assert_eq!(hearthline.rows().await, 4);
    assert_eq!(run.stop().await.code(), Some(0));
}
