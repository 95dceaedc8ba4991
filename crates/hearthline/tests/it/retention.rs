//! Days that are too old, from the command line: on the data folder alone and with the program running.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, RealFs, Seq, SystemClock, Timestamp};
use hearthline_pipeline::sources::home_assistant::wire::parse_event;
use hearthline_sim::House;
use serde_json::{Value, json};

use crate::alone;
use crate::hearthline::{Answer, Hearthline};
use crate::simulated::recorded;
use crate::wait::within_a_day;

const DAY: Duration = Duration::from_secs(86_400);
/// What a test may take.
const LASTING: Duration = Duration::from_secs(120);

/// A log whose stream ended three days ago, and was never had again.
fn gap(hearthline: &Hearthline) {
    alone::log(&hearthline.data(), Seq(6), |ingest, now| {
        let fired = Timestamp::start_of_day(now.minus(3 * DAY).day()).plus(DAY / 2);
        let raw = format!(r#"{{"event_type":"a","data":{{}},"time_fired":"{fired}"}}"#);
        ingest.accept(&parse_event(&raw).unwrap(), fired).unwrap();
        ingest.disconnected("gone");
    });
}

/// A store with one state a day for five days, the last of them today.
fn past(hearthline: &Hearthline) {
    let now = SystemClock::new().now();
    let days = [4, 3, 2, 1, 0].into_iter().map(|ago| now.minus(DAY * ago));
    alone::store(Arc::new(RealFs), &hearthline.data(), "sensor.a", days);
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
    within_a_day(LASTING).await;
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
    within_a_day(LASTING).await;
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
