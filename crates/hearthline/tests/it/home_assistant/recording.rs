use std::time::Duration;

use serde_json::{Value, json};

use super::{HomeAssistant, recorder_of};
use crate::hearthline::Hearthline;
use crate::sim::address;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);

/// Time and text of every state of an entity.
async fn states(hearthline: &Hearthline, entity_id: &str) -> Vec<(Value, Value)> {
    let exported = hearthline.command(&["export", "--format", "ndjson", "--entity", entity_id]).await;
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let rows = exported.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["ts"].clone(), row["state"].clone())).collect()
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn what_a_real_house_says_is_recorded_without_secrets_and_makes_the_same_rows_when_it_is_replayed() {
    let house = HomeAssistant::running().await;
    house.set("sensor.before", "1", &json!({ "api_key": "not-for-others" })).await;
    let (recorder, original) = (recorder_of(&house), recorder_of(&house));
    let file = recorder.path("session.ndjson");
    let recorded = || std::fs::read_to_string(&file).unwrap_or_default();
    let mut record = recorder.spawn(&["record", "--out", file.to_str().unwrap()]);
    let mut run = original.start();
    run.has("sensor.before", "1").await;
    until("the states are written down", SOON, async || recorded().contains("sensor.before").then_some(()))
        .await;
    for n in 0..50 {
        let attributes = json!({ "n": n, "unit_of_measurement": "°C", "text": "\"quoted\" \u{202e}" });
        house.set("sensor.real", &n.to_string(), &attributes).await;
    }
    house.remove("sensor.before").await;
    house.set("sensor.end", "here", &json!({ "entity_picture": "/api/image?token=5ecret" })).await;
    run.has("sensor.end", "here").await;
    until("the end is written down", SOON, async || recorded().contains("sensor.end").then_some(())).await;
    assert_eq!(record.terminate(SOON).await.code(), Some(0));
    for secret in [house.owner(), "not-for-others", "5ecret"] {
        assert!(!recorded().contains(secret), "{secret} is in the recording");
    }

    let replay =
        recorder.spawn(&["replay", file.to_str().unwrap(), "--listen", "127.0.0.1:0", "--speed", "10"]);
    let replayed = Hearthline::new(&format!("http://{}", address(&replay, "is at http://").await), "any");
    let mut again = replayed.start();
    again.has("sensor.end", "here").await;
    for entity_id in ["sensor.real", "sensor.before", "sensor.end"] {
        let (first, second) = (states(&original, entity_id).await, states(&replayed, entity_id).await);
        assert_eq!(first, second, "{entity_id}");
    }
    assert_eq!(states(&replayed, "sensor.real").await.len(), 50);
    assert_eq!(states(&replayed, "sensor.before").await.last().unwrap().1, Value::Null, "its removal");
    assert_eq!((run.stop().await.code(), again.stop().await.code()), (Some(0), Some(0)));
}
