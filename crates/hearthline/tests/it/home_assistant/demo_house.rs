//! Home Assistant's own demonstration house: a hundred entities of thirty domains, most of them on devices, and weather of
//! its own in units that are not stored.

use std::time::Duration;

use serde_json::{Value, json};

use super::peer::HomeAssistant;
use super::recorder_of;
use super::rows::{exported, one_key, print, shown};
use crate::hearthline::Run;
use crate::wait::until;

/// A number of the demonstration that a person sets, and its device.
const SET: &str = "number.temperature_setting";
const DEVICE: &str = "Temperature setting";
/// Its name after it was renamed.
const RENAMED: &str = "number.set_point";
const SENSOR: &str = "sensor.outside_temperature";
/// The first of its two weather entities, which says -12 °F and 4.8 mph in °C and km/h.
const WEATHER: &str = "weather.demo_weather_north";

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn rows_of_the_demo_house_before_and_after_a_device_is_moved_an_entity_renamed_and_given_another_unit()
{
    let mut house = HomeAssistant::absent();
    house.configure("demo:\n");
    house.start().await;
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    run.connected().await;
    run.has(SET, "22").await;
    run.until("its weather is known", |status| !status.at("/weather/observation").is_null()).await;

    let (cellar, attic) = (area(&house, "Cellar").await, area(&house, "Attic").await);
    let device = device(&house, DEVICE).await;
    for (area, name, state) in [(&cellar, "Cellar", 23), (&attic, "Attic", 24)] {
        let place = json!({"type": "config/device_registry/update", "device_id": device, "area_id": area});
        house.command(place).await;
        knows(&mut run, SET, "area", name).await;
        set(&house, SET, state).await;
        run.has(SET, &format!("{state}.0")).await;
    }
    update(&house, SET, json!({"new_entity_id": RENAMED})).await;
    run.has(RENAMED, "24.0").await;
    set(&house, RENAMED, 25).await;
    run.has(RENAMED, "25.0").await;
    for (entity_id, domain, state) in [(RENAMED, "number", "77.0"), (SENSOR, "sensor", "60.1")] {
        let fahrenheit = json!({"unit_of_measurement": "°F"});
        update(&house, entity_id, json!({"options_domain": domain, "options": fahrenheit})).await;
        run.has(entity_id, state).await;
    }
    set(&house, RENAMED, 79).await;
    run.has(RENAMED, "79.0").await;

    let rows = exported(&hearthline).await;
    let moved = |row: &&Value| [SET, RENAMED].map(Value::from).contains(&row["entity_id"]);
    let sensed = |row: &&Value| row["entity_id"] == SENSOR;
    print(rows.iter().filter(|row| moved(row) || sensed(row)));
    let of = |which: &dyn Fn(&&Value) -> bool| rows.iter().filter(which).map(shown).collect::<Vec<_>>();
    assert_eq!(
        of(&moved),
        [
            [SET, "22", "°C", "-", DEVICE],
            [SET, "23.0", "°C", "Cellar", DEVICE],
            [SET, "24.0", "°C", "Attic", DEVICE],
            [SET, "-", "-", "Attic", DEVICE],
            [RENAMED, "24.0", "°C", "Attic", DEVICE],
            [RENAMED, "25.0", "°C", "Attic", DEVICE],
            [RENAMED, "77.0", "°F", "Attic", DEVICE],
            [RENAMED, "79.0", "°F", "Attic", DEVICE],
        ]
    );
    let outside = "Outside Temperature";
    assert_eq!(of(&sensed), [[SENSOR, "15.6", "°C", "-", outside], [SENSOR, "60.1", "°F", "-", outside]]);
    let key = one_key(rows.iter().filter(moved));
    assert_ne!(key, one_key(rows.iter().filter(sensed)));
    has_its_weather(rows.iter().filter(|row| moved(row) && row["state"] != "22"));

    let with = |column: &str| rows.iter().filter(|row| !row[column].is_null()).count();
    println!("{} rows: {} with a unit, {} with a device", rows.len(), with("unit"), with("device"));
    assert!(rows.len() > 90 && with("device") > 40 && with("unit") > 10);
    let status = run.until("the counters add up", |status| status.adds_up()).await;
    assert_eq!(status.count("/events/quarantined"), 0);
    assert_eq!(status.at("/weather/source"), WEATHER);
    assert!(run.stop().await.success());
}

/// In the units that are stored, whatever the house shows.
fn has_its_weather<'r>(rows: impl Iterator<Item = &'r Value>) {
    let mut count = 0;
    for row in rows {
        let near = |column: &str, value: f64| (row[column].as_f64().unwrap_or_default() - value).abs() < 0.06;
        assert!(near("weather_temperature", -24.4) && near("weather_wind_speed", 2.14), "{row}");
        assert_eq!((&row["weather_condition"], &row["weather_humidity"]), (&json!("rainy"), &json!(54.0)));
        count += 1;
    }
    assert!(count >= 6, "{count} rows");
}

async fn area(house: &HomeAssistant, name: &str) -> Value {
    house.command(json!({"type": "config/area_registry/create", "name": name})).await["area_id"].clone()
}

async fn device(house: &HomeAssistant, name: &str) -> Value {
    let devices = house.command(json!({"type": "config/device_registry/list"})).await;
    let device = devices.as_array().unwrap().iter().find(|device| device["name"] == name);
    device.unwrap_or_else(|| panic!("no device {name}: {devices}"))["id"].clone()
}

async fn update(house: &HomeAssistant, entity_id: &str, more: Value) {
    let mut command = json!({"type": "config/entity_registry/update", "entity_id": entity_id});
    command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    house.command(command).await;
}

async fn set(house: &HomeAssistant, entity_id: &str, value: u32) {
    house.call("number/set_value", json!({"entity_id": entity_id, "value": value})).await;
}

/// Waits until the program knows it: the lists are asked for again once a second at most.
async fn knows(run: &mut Run, entity_id: &str, what: &str, value: &str) {
    until(&format!("{what} of {entity_id} is {value}"), Duration::from_secs(60), async || {
        let answer = run.get(&format!("/api/v1/entities?ids={entity_id}")).await;
        let entities: Value = serde_json::from_str(&answer).unwrap();
        (entities["entities"][0][what] == value).then_some(())
    })
    .await;
}
