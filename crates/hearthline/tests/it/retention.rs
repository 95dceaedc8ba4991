//! Days that are too old, from the command line: on the data folder alone and with the program running.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, EntityId, Origin, RealFs, Row, Seq, StateRow, SystemClock, Timestamp};
use hearthline_sim::House;
use hearthline_store::{Store, StoreConfig};
use serde_json::{Value, json};

use crate::hearthline::{Answer, Hearthline};
use crate::simulated::recorded;

const DAY: Duration = Duration::from_secs(86_400);

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
    let rows = (0..5).map(|day| Row::State(state(day + 1, now.minus(DAY * (4 - day as u32))))).collect();
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
