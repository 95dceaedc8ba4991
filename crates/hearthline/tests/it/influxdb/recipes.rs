//! The queries of `docs/recipes/grafana.md`, and those of the dashboard beside it, asked of a real InfluxDB that has a house.

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use serde_json::Value;

use super::Rig;
use super::peer::InfluxDb;
use crate::recipes::docs;
use crate::wait::within_a_day;

/// What the test may take.
const LASTING: Duration = Duration::from_secs(300);

/// What each language of a block is asked of.
const DATABASES: [(&str, &str); 2] = [("influxql", "house"), ("influxql-ha", "ha")];

/// What Grafana puts into a query before it sends it.
fn filled(query: &str) -> String {
    query.replace("$timeFilter", "time >= now() - 1h AND time <= now()").replace("$__interval", "10s")
}

/// Language, heading and text of each block.
fn blocks(page: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap();
        for block in section.split("\n```").skip(1).step_by(2) {
            let (language, text) = block.split_once('\n').unwrap();
            found.push((language.to_owned(), heading.to_owned(), text.to_owned()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn each_query_of_the_recipes_and_of_the_dashboard_is_answered_with_what_the_house_said() {
    within_a_day(LASTING).await; // energy is counted by the day
    let server = InfluxDb::running().await;
    let url = server.url();
    // An empty house: what is found is what is set here, and nothing that it had said before.
    let rig = Rig::new(&format!(
        "[weather]\nprovider = \"home_assistant\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"native\"\nurl = \"{url}\"\ndatabase = \"house\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"ha\"\nurl = \"{url}\"\ndatabase = \"ha\"\nlayout = \"ha\"\n"
    ))
    .await;
    let outdoors = r#"{"temperature":4.5,"temperature_unit":"°C","humidity":80}"#;
    rig.house.set_state("weather.home", "cloudy", outdoors);
    let mut run = rig.hearthline.start();
    run.connected().await;
    run.within(super::DELIVERED, "it knows the weather", |status| {
        let parts = status.at("/parts").as_array().unwrap();
        parts.iter().any(|part| part["name"] == "weather" && part["state"] == "healthy")
    })
    .await;
    for n in 0..5 {
        let temperature = r#"{"unit_of_measurement":"°C","device_class":"temperature"}"#;
        rig.house.set_state("sensor.kitchen_temperature", &format!("2{n}.5"), temperature);
        let energy = r#"{"unit_of_measurement":"kWh","device_class":"energy"}"#;
        rig.house.set_state("sensor.house_energy", &format!("100{n}"), energy);
        let motion = if n % 2 == 0 { "on" } else { "off" };
        rig.house.set_state("binary_sensor.hall_motion", motion, r#"{"device_class":"motion"}"#);
        rig.house.set_state("light.kitchen_ceiling", "on", &format!(r#"{{"brightness":{}}}"#, 100 + n));
    }
    rig.delivered(&mut run).await;
    // A meter that stood at another value the day before.
    let day_ago = SystemClock::new().now().0 * 1000 - 86_400_000_000_000;
    let before = format!(
        "home_assistant_events,device_class=energy,domain=sensor,entity_id=sensor.house_energy value=990 {day_ago}"
    );
    server.write(&before).await.unwrap();

    let page = std::fs::read_to_string(docs().join("grafana.md")).unwrap();
    let blocks = blocks(&page);
    assert_eq!(blocks.len(), 9);
    for (language, heading, query) in &blocks {
        let (_, database) = DATABASES.into_iter().find(|(known, _)| known == language).unwrap();
        let query = match &**heading {
            "Energy of each day" => query.replace("$timeFilter", "time >= now() - 3d AND time <= now()"),
            _ => filled(query),
        };
        let rows = server.asked_of(database, &query).await;
        let values: Vec<&Value> =
            rows.iter().map(|(_, row)| &row[1]).filter(|value| !value.is_null()).collect();
        let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
        let highest = numbers.iter().copied().fold(f64::MIN, f64::max);
        let right = match &**heading {
            "A sensor" | "Every sensor of a kind" | "In the layout of Home Assistant's integration" => {
                (20.5..=24.5).contains(&highest) || numbers.iter().any(|mean| (20.5..=24.5).contains(mean))
            }
            "States as a timeline" => {
                values.iter().any(|state| *state == "on") && values.iter().any(|state| *state == "off")
            }
            "Energy of each day" => highest == 1004.0 - 990.0,
            "An attribute" => highest == 104.0,
            "The temperature outdoors" => numbers.contains(&4.5),
            "A list to choose from" => values.iter().any(|name| *name == "sensor.kitchen_temperature"),
            other => panic!("nothing is known of {other}"),
        };
        assert!(right, "{heading}: {query}\n{rows:?}");
    }

    let board = std::fs::read_to_string(docs().join("grafana.json")).unwrap();
    let board: Value = serde_json::from_str(&board).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 5);
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        let query = target["query"].as_str().unwrap();
        let query = if query.contains("time(1d)") {
            query.replace("$timeFilter", "time >= now() - 3d AND time <= now()")
        } else {
            filled(query)
        };
        let rows = server.asked_of("house", &query).await;
        assert!(rows.iter().any(|(_, row)| !row[1].is_null()), "{query}");
    }
    assert_eq!(run.stop().await.code(), Some(0));
}
