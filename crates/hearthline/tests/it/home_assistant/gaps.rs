//! What happened while the program or Home Assistant was away, from the history of a real recorder.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::peer::HomeAssistant;
use super::witness::{Change, Witness};
use super::{duckdb, recorder_of};
use crate::hearthline::{Run, Status};
use crate::wait::is_whole;

/// What the recorder's commit and the questions to it may take.
const FILLED: Duration = Duration::from_secs(150);

/// The newest gap, once it is closed.
async fn closed(run: &mut Run) -> Status {
    run.within(FILLED, "the gap is closed", |status| {
        status.count("/gaps/open") == 0 && status.count("/gaps/filled") + status.count("/gaps/partly") > 0
    })
    .await
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn a_stop_while_states_change_is_filled_exactly() {
    let house = HomeAssistant::running().await;
    let witness = Witness::of(&house).await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;
    for entity in 0..10 {
        house.set(&format!("sensor.away_{entity}"), "before", &json!({ "unit_of_measurement": "W" })).await;
    }
    run.has("sensor.away_9", "before").await;
    assert!(run.stop().await.success());

    let away = Duration::from_secs(if is_whole() { 120 } else { 12 });
    let began = Instant::now();
    let mut step = 0;
    while began.elapsed() < away {
        let entity = format!("sensor.away_{}", step % 10);
        if step % 25 == 24 {
            house.remove(&entity).await;
        } else {
            // Now and then only an attribute changes, so that `last_changed` stays.
            let state = if step % 7 == 0 { "same".into() } else { step.to_string() };
            house.set(&entity, &state, &json!({ "unit_of_measurement": "W", "step": step })).await;
        }
        step += 1;
        sleep(Duration::from_millis(20)).await;
    }
    let missed = witness.has_seen("sensor.away_", 10 + step).await.len() - 10;
    let mut run = hearthline.start();
    run.connected().await;
    house.set("sensor.away_end", "here", &json!({})).await;
    run.has("sensor.away_end", "here").await;
    let status = closed(&mut run).await;
    let gap = status.at("/gaps/recent/0");
    assert_eq!((&gap["state"], gap["kind"].as_str()), (&json!("filled"), Some("stopped")), "{gap}");
    assert_eq!(gap["recovered"], missed, "{gap}");

    let seen = witness.seen("sensor.away_");
    let stored = duckdb::stored(&hearthline, "entity_id like 'sensor.away_%'").await;
    assert_eq!(stored.len(), seen.len(), "all of them, once");
    for (stored, seen) in stored.iter().zip(&seen) {
        assert_eq!(stored, seen);
    }
    let sentence = status.at("/kept/sentence").as_str().unwrap();
    assert!(sentence.contains("1 stop of Hearthline"), "{sentence}");
    println!("{missed} changes while it was away; {sentence}");
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn what_a_killed_home_assistant_had_not_committed_was_received_live() {
    let mut house = HomeAssistant::running().await;
    let witness = Witness::of(&house).await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;
    let began = Instant::now();
    let mut step = 0;
    while began.elapsed() < Duration::from_secs(8) {
        house.set(&format!("sensor.doomed_{}", step % 10), &step.to_string(), &json!({})).await;
        step += 1;
    }
    let seen = witness.has_seen("sensor.doomed_", step).await;
    house.kill().await;
    house.start().await;
    run.connected().await;
    house.set("sensor.doomed_end", "here", &json!({})).await;
    run.has("sensor.doomed_end", "here").await;
    closed(&mut run).await;

    let kept = house.history_of("sensor.doomed_0", seen[0].ts).await;
    let of_one = seen.iter().filter(|change| change.entity_id == "sensor.doomed_0").count();
    assert!(kept < of_one, "the recorder lost the last seconds: it has {kept} of {of_one}");
    let stored = duckdb::stored(&hearthline, "entity_id like 'sensor.doomed_%'").await;
    let of = |change: &Change| stored.iter().filter(|row| row.identity() == change.identity()).count();
    for change in &seen {
        assert_eq!(of(change), 1, "{change:?}");
    }
    println!("{step} changes before the kill, all stored; of one entity history has {kept} of {of_one}");
}
