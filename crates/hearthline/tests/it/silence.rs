//! A sensor that falls silent is named, and one whose value stands still is not: in the demonstration, whose house has sensors
//! of both kinds.

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::hearthline::{Hearthline, Run};

/// A sensor is called silent after some missed reports.
const NOTICED: Duration = Duration::from_secs(240);
/// What the ids of its sensors begin with: all of the device fall silent.
const FREEZER: &str = "sensor.freezer_";

#[tokio::test]
async fn a_sensor_that_falls_silent_is_named_and_one_whose_value_stands_still_is_not() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "none");
    let data = hearthline.data().display().to_string();
    // As lively as this, the freezer reports often enough to be missed within a minute or two.
    let mut run = hearthline.start_with(&["demo", "--hours", "2", "--rate", "4", "--data-dir", &data]);
    run.connected().await;
    let status = run.until("the looks of the past are known", |status| status.at("/silent/count") == 0).await;
    assert_eq!(status.at("/silent/items"), &json!([]));
    run.cause("freezer").await;
    let silenced = SystemClock::new().now();
    run.within(NOTICED, "somebody is silent", |status| status.count("/silent/count") > 0).await;

    let told = hearthline.command(&["status", "--json"]).await;
    let status: Value = serde_json::from_str(&told.stdout).unwrap_or_else(|_| panic!("{told:?}"));
    let silent = &status["silent"];
    let freezer = &silent["items"][0];
    assert_eq!((&silent["count"], &freezer["device"]), (&json!(1), &json!("Freezer")), "{silent}");
    let entities = freezer["entities"].as_array().unwrap();
    assert!(entities.iter().all(|entity| entity.as_str().unwrap().starts_with(FREEZER)), "{silent}");
    let since = Timestamp::parse(freezer["since"].as_str().unwrap()).unwrap();
    assert!(since <= silenced, "since its last report: {freezer}");
    println!("{}", freezer["sentence"].as_str().unwrap());

    // Others have not changed for longer than it, and report as often: other batteries, for one.
    let unchanged = unchanged_since(&mut run, since).await;
    assert!(unchanged.iter().any(|entity| entity.ends_with("_battery")), "{unchanged:?}");
    println!("unchanged for longer, and not silent: {}", unchanged.join(", "));
    assert_ne!(status["overall"], "unhealthy", "a silent sensor is no fault of ours");
    assert!(run.stop().await.success());
}

/// Sensors with a number whose value has not changed since.
async fn unchanged_since(run: &mut Run, since: Timestamp) -> Vec<String> {
    let entities: Value = serde_json::from_str(&run.get("/api/v1/entities").await).unwrap();
    let entities = entities["entities"].as_array().unwrap().clone();
    let stands = |entity: &&Value| {
        let latest = &entity["latest"];
        let id = entity["entity_id"].as_str().unwrap();
        id.starts_with("sensor.")
            && !id.starts_with(FREEZER)
            && latest["state"].as_str().is_some_and(|s| s.parse::<f64>().is_ok())
            && latest["ts"].as_str().is_some_and(|ts| Timestamp::parse(ts).unwrap() < since)
    };
    entities.iter().filter(stands).map(|entity| entity["entity_id"].as_str().unwrap().to_owned()).collect()
}
