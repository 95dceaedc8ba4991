//! Rows know the name that stays, the room, the device and the unit of their own time, and the house's own weather.

use std::time::Duration;

use serde_json::{Value, json};

use super::peer::HomeAssistant;
use super::recorder_of;
use super::rows::{exported, one_key, outdoors, print, shown};
use crate::wait::until;

/// A thermometer that follows another, in degrees that its settings can change; the sun, which is a device; and weather in
/// units that are not stored.
const MORE: &str = r#"
sun:
template:
  - sensor:
      - name: Thermometer
        unique_id: thermometer
        device_class: temperature
        unit_of_measurement: "°C"
        state: "{{ states('sensor.raw') | float(0) }}"
weather:
  - platform: template
    name: Garden
    unique_id: garden
    condition_template: "cloudy"
    temperature_unit: "°F"
    temperature_template: "{{ 50 }}"
    humidity_template: "{{ 81 }}"
"#;

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn rows_before_and_after_an_entity_is_moved_renamed_and_given_another_unit() {
    let mut house = HomeAssistant::absent();
    house.configure(MORE);
    house.start().await;
    house.set("sensor.raw", "20", &json!({})).await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;
    let attic = house.command(json!({"type": "config/area_registry/create", "name": "Attic"})).await;
    let update = |more: Value| {
        let mut command = json!({"type": "config/entity_registry/update", "entity_id": "sensor.thermometer"});
        command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        command
    };
    house.set("sensor.raw", "21", &json!({})).await;
    run.has("sensor.thermometer", "21.0").await;

    house.command(update(json!({"area_id": attic["area_id"]}))).await;
    // The lists are asked for again once a second at most.
    until("the thermometer is known to be in the attic", Duration::from_secs(60), async || {
        let answer = run.get("/api/v1/entities?ids=sensor.thermometer").await;
        let entities: Value = serde_json::from_str(&answer).unwrap();
        (entities["entities"][0]["area"] == "Attic").then_some(())
    })
    .await;
    house.set("sensor.raw", "22", &json!({})).await;
    run.has("sensor.thermometer", "22.0").await;

    house.command(update(json!({"new_entity_id": "sensor.attic"}))).await;
    house.set("sensor.raw", "23", &json!({})).await;
    run.has("sensor.attic", "23.0").await;

    let fahrenheit = json!({"unit_of_measurement": "°F"});
    let unit = json!({"entity_id": "sensor.attic", "options_domain": "sensor", "options": fahrenheit});
    house.command(update(unit)).await;
    house.set("sensor.raw", "25", &json!({})).await;
    run.has("sensor.attic", "77.0").await;

    let rows = exported(&hearthline).await;
    let of = |id: &str| rows.iter().filter(|row| row["entity_id"] == id).map(shown).collect::<Vec<_>>();
    print(rows.iter().filter(|row| row["entity_id"] != "sensor.raw"));
    let before = of("sensor.thermometer");
    assert!(before.contains(&["sensor.thermometer", "21.0", "°C", "-", "-"].map(Into::into)), "{before:?}");
    assert!(
        before.contains(&["sensor.thermometer", "22.0", "°C", "Attic", "-"].map(Into::into)),
        "{before:?}"
    );
    let after = of("sensor.attic");
    assert!(after.contains(&["sensor.attic", "23.0", "°C", "Attic", "-"].map(Into::into)), "{after:?}");
    assert!(after.contains(&["sensor.attic", "77.0", "°F", "Attic", "-"].map(Into::into)), "{after:?}");
    let ours =
        |row: &&Value| ["sensor.thermometer", "sensor.attic"].map(Value::from).contains(&row["entity_id"]);
    one_key(rows.iter().filter(ours));
    let last = rows.iter().rfind(|row| row["entity_id"] == "sensor.attic").unwrap();
    assert_eq!((outdoors(last), last["weather_condition"].as_str()), ("10.0 °C".into(), Some("cloudy")));
    let weather = &run.status().await.at("/weather").clone();
    assert_eq!(
        (&weather["provider"], &weather["source"]),
        (&json!("home_assistant"), &json!("weather.garden"))
    );
    let dawn = of("sensor.sun_next_dawn");
    assert!(!dawn.is_empty() && dawn.iter().all(|row| row[4] == "Sun"), "{dawn:?}");
    assert!(run.status().await.adds_up());
    assert!(run.stop().await.success());
}
