//! What Home Assistant says is in the store: all of it, once, as it was said.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::peer::HomeAssistant;
use super::witness::Witness;
use super::{duckdb, recorder_of};

const ENTITIES: usize = 100;
const STEPS: usize = 20;
/// In this step of each entity it is removed; the next brings it back.
const REMOVAL: usize = 11;

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn two_thousand_changes_are_stored_once_each_as_they_were_said() {
    let house = HomeAssistant::running().await;
    let witness = Witness::of(&house).await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;

    // Eight entities at a time, each of them step by step.
    join_all((0..8).map(async |lane| {
        for entity in (lane..ENTITIES).step_by(8) {
            for step in 0..STEPS {
                change(&house, entity, step).await;
            }
        }
    }))
    .await;

    let seen = witness.has_seen("", ENTITIES * STEPS).await;
    let seen: Vec<_> = seen.into_iter().filter(|change| change.entity_id.contains("proof")).collect();
    assert_eq!(seen.len(), ENTITIES * STEPS, "every change was one event");
    house.set("sensor.end", "here", &json!({})).await;
    run.has("sensor.end", "here").await;

    let stored = duckdb::stored(&hearthline, "entity_id like '%proof%'").await;
    assert_eq!(stored.len(), seen.len(), "rows of the changes");
    for (stored, seen) in stored.iter().zip(&seen) {
        assert_eq!(stored, seen);
    }
    let status = run.until("the counters add up", |status| status.adds_up()).await;
    for none in ["duplicate", "filtered", "unlogged", "quarantined"] {
        assert_eq!(status.count(&format!("/events/{none}")), 0, "{none}");
    }
    assert_eq!(status.count("/sinks/0/pending"), 0);
    assert_eq!(hearthline.files_with(house.owner().as_bytes()), Vec::<std::path::PathBuf>::new());
}

/// Every step changes something that Home Assistant takes for a change.
async fn change(house: &HomeAssistant, entity: usize, step: usize) {
    let even = step.is_multiple_of(2);
    let (entity_id, state, attributes) = match entity % 6 {
        0 => (
            format!("sensor.proof_number_{entity}"),
            format!("{}.{step}", step * entity),
            json!({ "unit_of_measurement": "°C", "state_class": "measurement" }),
        ),
        1 => (
            format!("sensor.proof_text_{entity}"),
            "Grüße, 世界 🌡 \u{202e}\u{5e9}\"\\\n".into(),
            every_type(step),
        ),
        2 => (
            format!("binary_sensor.proof_{entity}"),
            if even { "on" } else { "off" }.into(),
            json!({ "device_class": "door" }),
        ),
        3 => (format!("sensor.{entity}_proof_of_digits"), "x".repeat(255), json!({ "step": step })),
        4 => (
            format!("light.proof_{entity}"),
            "on".into(),
            // One name with two types, as a lamp and a room of one maker have it.
            json!({ "step": step, "dynamics": if even { json!("none") } else { json!(false) } }),
        ),
        _ => (
            format!("sensor.proof_availability_{entity}"),
            ["0", "1", "unknown", "unavailable", "NaN", "-1e-7", ""][step % 7].into(),
            json!({}),
        ),
    };
    if step == REMOVAL {
        house.remove(&entity_id).await;
    } else {
        house.set(&entity_id, &state, &attributes).await;
    }
}

fn every_type(step: usize) -> Value {
    json!({
        "integer": i64::MAX,
        "float": 0.1,
        "whole": 5.0,
        "text": "ÄÖ=, \n",
        "boolean": step.is_multiple_of(2),
        "nothing": null,
        "list": [1, "two", [3.5, null], { "four": true }],
        "object": { "a": { "b": [] }, "": 0 },
        "a name, with = and spaces": step,
        "": "no name",
    })
}
