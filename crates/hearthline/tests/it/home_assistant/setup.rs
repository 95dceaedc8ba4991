//! The steps of the page with a real house.

use serde_json::{Value, json};

use super::peer::HomeAssistant;
use crate::setup::{records, send, unset};

const WRONG: &str = "eyJhbGciOiJIUzI1NiJ9.bm9ib2R5LWhhcy10aGlz.c2V0LXVwLWJ5LW5vYm9keQ";

fn ids(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|found| found["id"].as_str()).collect()
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn a_house_is_set_up_with_the_token_of_somebody_who_is_no_administrator_and_recorded() {
    let house = HomeAssistant::running().await;
    let hearthline = unset();
    let mut run = hearthline.start();
    let wrong = json!({ "url": house.url(), "token": WRONG });
    let (_, report) = send(&mut run, "/api/v1/setup/test", &wrong).await;
    assert!(ids(&report).contains(&"ha-token-refused"), "{report}");
    let right = json!({ "url": house.url(), "token": house.reader() });
    let (_, report) = send(&mut run, "/api/v1/setup/test", &right).await;
    assert!(ids(&report).contains(&"ha-rights-limited") && report["counts"]["fault"] == 0, "{report}");
    for found in report["findings"].as_array().unwrap() {
        println!("{}: {} ({} ms)", found["id"], found["says"], found["took_ms"]);
    }
    let (status, begun) = send(&mut run, "/api/v1/setup", &right).await;
    assert!(status.is_success(), "{begun}");
    records(&mut run).await;
    house.set("sensor.set_up", "21.5", &json!({})).await;
    run.has("sensor.set_up", "21.5").await;
    assert!(run.stop().await.success());
    assert!(!run.said().contains(WRONG) && !run.said().contains(house.reader()), "{}", run.said());
}
