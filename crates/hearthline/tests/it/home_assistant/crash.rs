//! Killed without warning, again and again, while events stream in.

use std::collections::BTreeSet;

use hearthline_core::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::peer::HomeAssistant;
use super::witness::{Change, Witness};
use super::{duckdb, recorder_of};
use crate::hearthline::{Hearthline, Run, Status};

const DRIVEN: &str = "entity_id like 'sensor.stream_%'";

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn what_was_logged_before_a_kill_is_stored_once() {
    let house = HomeAssistant::running().await;
    let witness = Witness::of(&house).await;
    let hearthline = recorder_of(&house);
    let mut first = hearthline.start();
    first.connected().await;
    let (ending, ended) = watch::channel(false);
    let (killed, ()) = tokio::join!(kill_three_times(&hearthline, first, ending), stream(&house, ended));
    let (recorded, mut run) = killed;
    house.set("sensor.stream_end", "here", &json!({})).await;
    run.has("sensor.stream_end", "here").await;

    let stored = duckdb::stored(&hearthline, DRIVEN).await;
    let identities: BTreeSet<(&str, i64)> = stored.iter().map(Change::identity).collect();
    assert_eq!(identities.len(), stored.len(), "no row is there twice");
    for change in &recorded {
        assert!(
            identities.contains(&change.identity()),
            "was recorded before a kill, is not now: {change:?}"
        );
    }
    let status = run.until("the counters add up", Status::adds_up).await;
    let seen = witness.seen("sensor.stream_");
    for change in &seen {
        let known =
            identities.contains(&change.identity()) || status.covers(&change.entity_id, Timestamp(change.ts));
        assert!(known, "neither stored nor in a gap: {change:?}\n{}", status.at("/gaps"));
    }
}

/// Answers with what was recorded at the time of the last kill, and with the run that came after it.
async fn kill_three_times(
    hearthline: &Hearthline,
    mut run: Run,
    ending: watch::Sender<bool>,
) -> (Vec<Change>, Run) {
    let mut recorded: Vec<Change> = Vec::new();
    for _ in 0..3 {
        let start = run.status().await.count("/events/logged");
        run.until("events stream in", |status| status.count("/events/logged") >= start + 100).await;
        let before = recorded;
        recorded = duckdb::exported(hearthline, DRIVEN).await;
        for change in &before {
            assert!(recorded.contains(change), "was recorded before the kill before, is not now: {change:?}");
        }
        let logged = run.status().await.count("/events/logged");
        run.kill().await;
        run = hearthline.start();
        let goes_on = run.connected().await.count("/events/logged");
        assert!(goes_on >= logged, "the counters go on where they were: {goes_on} after {logged}");
    }
    ending.send(true).unwrap();
    (recorded, run)
}

/// Changes ten entities without a pause until told to stop.
async fn stream(house: &HomeAssistant, ended: watch::Receiver<bool>) {
    for step in 0_u64.. {
        if *ended.borrow() {
            return;
        }
        house.set(&format!("sensor.stream_{}", step % 10), &step.to_string(), &json!({})).await;
    }
}
