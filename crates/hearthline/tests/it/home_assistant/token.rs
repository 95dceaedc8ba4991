//! What the token is worth, and that it is told to nobody.

use std::path::PathBuf;

use serde_json::json;

use super::duckdb;
use super::peer::HomeAssistant;
use crate::hearthline::Hearthline;

const WRONG: &str = "eyJhbGciOiJIUzI1NiJ9.bm9ib2R5LWhhcy10aGlz.c2lnbmVkLWJ5LW5vYm9keQ";
/// What Home Assistant's own log says of each wrong token.
const REFUSED: &str = "Login attempt or request with invalid authentication";

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn a_wrong_token_is_tried_once_and_the_program_says_what_to_do() {
    let house = HomeAssistant::running().await;
    let hearthline = Hearthline::new(&house.url(), WRONG);
    let mut run = hearthline.start();
    let parked = run.until("parked", |status| status.connection() == "parked").await;
    // The first retry of another error comes within a second.
    let later = parked.count("/uptime_s") + 5;
    let status = run.until("it stays parked", |status| status.count("/uptime_s") >= later).await;
    assert_eq!(status.connection(), "parked");
    assert_eq!(status.count("/home_assistant/attempts"), 1);
    let log = house.log();
    let named: Vec<&str> = log.lines().filter(|line| line.contains(REFUSED)).collect();
    assert!(
        matches!(*named, [line] if line.contains("hearthline/")),
        "Home Assistant's log names it once: {named:?}"
    );
    assert_eq!(status.at("/overall"), "unhealthy");

    let todo = "make a new long-lived token";
    assert!(status.at("/home_assistant/reason").as_str().unwrap().contains(todo));
    assert!(status.at("/verdict").as_str().unwrap().contains(todo));
    let shown = hearthline.command(&["status"]).await;
    assert_eq!(shown.code, 1, "data is being lost");
    assert!(shown.stdout.contains(todo), "{shown:?}");
    let checked = hearthline.command(&["check"]).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(format!("{checked:?}").contains(todo), "{checked:?}");
    let metrics = run.get("/metrics").await;

    let status = format!("{status:?}");
    assert!(run.stop().await.success());
    assert!(run.said().contains(todo), "its log says it too");
    let said = [run.said(), status, metrics, format!("{shown:?}"), format!("{checked:?}")];
    for said in &said {
        assert!(!said.contains(WRONG), "the token is told: {said}");
    }
    assert_eq!(hearthline.files_with(WRONG.as_bytes()), Vec::<PathBuf>::new());
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn somebody_who_is_no_administrator_can_record_states() {
    let house = HomeAssistant::running().await;
    let hearthline = Hearthline::new(&house.url(), house.reader());
    let checked = hearthline.command(&["check"]).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    let mut run = hearthline.start();
    run.connected().await;
    house.set("sensor.of_the_reader", "21.5", &json!({})).await;
    run.has("sensor.of_the_reader", "21.5").await;
    let rows = duckdb::stored(&hearthline, "entity_id = 'sensor.of_the_reader'").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
}
