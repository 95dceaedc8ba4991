use serde_json::{Value, json};

use super::*;

fn entity(document: &Value) -> Entity {
    let mut whole = json!({
        "entity_id": "sensor.new", "key": "k", "name": null, "area": null, "area_id": null, "floor": null,
        "device": null, "device_id": null, "manufacturer": null, "model": null, "integration": null, "labels": [],
        "names": [{ "entity_id": "sensor.new", "from": null, "to": null }], "silent": null, "kept": true, "rule": null,
        "latest": null,
    });
    whole.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
    serde_json::from_str(&whole.to_string()).unwrap()
}

fn known() -> Entity {
    let renamed = "2026-11-23T11:58:20.000000Z";
    entity(&json!({
        "name": "Hall temperature", "area": "Hall", "area_id": "hall", "floor": "Ground floor", "device": "Hue lamp",
        "device_id": "d1", "manufacturer": "Signify", "model": "LCT001", "integration": "hue",
        "labels": ["Warm", "Night"], "silent": { "since": "2026-11-23T11:00:00.000000Z", "usual_s": 30.0 },
        "names": [
            { "entity_id": "sensor.old", "from": null, "to": renamed },
            { "entity_id": "sensor.new", "from": renamed, "to": null },
        ],
        "latest": {
            "entity_id": "sensor.new", "ts": "2026-11-23T11:59:00.000000Z", "state": "21.5", "value": 21.5,
            "unit": "°C", "device_class": "temperature", "last_changed": "2026-11-23T11:59:00.000000Z",
            "origin": "live", "restored": false, "attributes": null, "area": "Hall", "device": "Hue lamp",
        },
    }))
}

#[test]
fn all_that_is_known_of_one_is_said() {
    insta::assert_snapshot!(one::render(&known()));
    insta::assert_snapshot!("of_one_never_recorded", one::render(&entity(&json!({}))));
}

#[test]
fn entities_are_listed_with_their_area_and_their_silence() {
    insta::assert_snapshot!(render(&[known(), entity(&json!({ "entity_id": "light.a" }))], false));
}

#[test]
fn changes_are_listed_and_more_is_told() {
    assert_eq!(changes::render(&EntityChanges { changes: Vec::new(), more: false }), "nothing changed\n");
    let changes: EntityChanges = serde_json::from_value(json!({
        "changes": [
            {
                "at": "2026-11-23T11:58:20.000000Z", "entity_id": "sensor.new", "key": "k", "name": null, "area": null,
                "what": "unit", "from": "°C", "to": "°F",
            },
            {
                "at": "2026-11-23T11:58:00.000000Z", "entity_id": "sensor.new", "key": "k", "name": null, "area": null,
                "what": "area", "from": null, "to": "Kitchen",
            },
        ],
        "more": true,
    }))
    .unwrap();
    insta::assert_snapshot!(changes::render(&changes));
}
