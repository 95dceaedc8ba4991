//! What a person excludes is nowhere on disk.

use std::path::PathBuf;

use serde_json::json;

use super::peer::HomeAssistant;
use super::{duckdb, recorder_of};

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn an_excluded_domain_is_counted_and_is_nowhere_on_disk() {
    let house = HomeAssistant::running().await;
    house.set("lock.there_before_private", "locked", &json!({ "friendly_name": "private" })).await;
    let hearthline = recorder_of(&house).with_settings("[filter]\nexclude = [\"lock\"]\n");
    let mut run = hearthline.start();
    run.connected().await;
    for state in ["locked", "unlocked", "jammed"] {
        house.set("lock.front_door_private", state, &json!({ "friendly_name": "private" })).await;
    }
    house.set("light.front_door_public", "on", &json!({})).await;
    run.has("light.front_door_public", "on").await;
    assert!(run.status().await.count("/events/filtered") >= 3, "what is left out is counted");

    let why = hearthline.command(&["entities", "--why", "lock.front_door_private"]).await;
    assert_eq!(why.code, 0);
    assert!(why.stdout.contains("no: exclude \"lock\""), "{}", why.stdout);
    let rows = duckdb::stored(&hearthline, "entity_id like '%front_door%'").await;
    let ids: Vec<&str> = rows.iter().map(|row| row.entity_id.as_str()).collect();
    assert_eq!(ids, ["light.front_door_public"]);
    assert_eq!(duckdb::stored(&hearthline, "domain = 'lock'").await, Vec::new());

    let status = run.until("the counters add up", |status| status.adds_up()).await;
    assert!(run.stop().await.success());
    let on_disk = |text: &str| hearthline.files_with(text.as_bytes());
    assert_eq!(on_disk("private"), Vec::<PathBuf>::new(), "{status:?}");
    assert_ne!(on_disk("front_door_public"), Vec::<PathBuf>::new(), "what is kept would be found");
}
