//! Stopped in order, and started again.

use hearthline_core::Timestamp;
use serde_json::json;

use super::peer::HomeAssistant;
use super::{duckdb, recorder_of};

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn stopping_puts_every_row_into_files_and_the_pause_is_a_named_gap() {
    let house = HomeAssistant::running().await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;
    for step in 0..200 {
        house.set("sensor.before_the_stop", &step.to_string(), &json!({})).await;
    }
    run.has("sensor.before_the_stop", "199").await;
    let stopped = run.stop().await;
    assert_eq!(stopped.code(), Some(0), "within 10 s");
    assert!(!hearthline.data().join("run.json").exists(), "nobody runs here any more");
    let rows = duckdb::in_files(&hearthline, "entity_id = 'sensor.before_the_stop'").await;
    assert_eq!(rows.len(), 200, "in files without the program");
    let last = rows.last().unwrap().ts;

    house.set("sensor.while_it_was_away", "1", &json!({})).await;
    let mut run = hearthline.start();
    run.connected().await;
    house.set("sensor.after_the_start", "1", &json!({})).await;
    let gap = run
        .until("the pause is a gap with both ends", |status| status.at("/gaps/recent/0/to").is_string())
        .await;
    let gap = gap.at("/gaps/recent/0");
    let time = |end: &str| Timestamp::parse(gap[end].as_str().unwrap()).unwrap().0;
    assert!(time("from") <= last && last < time("to"), "{gap}");
    let listed = hearthline.command(&["gaps"]).await;
    assert_eq!(listed.code, 0);
    assert!(listed.stdout.contains("hearthline was stopped"), "{listed:?}");
    assert!(run.stop().await.success());
    let rows = duckdb::in_files(&hearthline, "entity_id = 'sensor.while_it_was_away'").await;
    assert_eq!(rows.len(), 1, "its state is known from the snapshot: {rows:?}");
}
