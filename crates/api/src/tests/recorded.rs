use super::*;

fn house() -> House {
    let house = House::new();
    house.write(vec![
        state(300, "sensor.hall", "20"),
        state(240, "sensor.hall", "21"),
        state(200, "sensor.door_battery", "80"),
        state(180, "sensor.hall", "unavailable"),
    ]);
    house.store.flush().unwrap();
    house.write(vec![state(60, "sensor.hall", "22.5"), state(30, "light.hall", "")]);
    house
}

#[tokio::test]
async fn every_entity_has_its_latest_state_and_the_rule_that_keeps_it() {
    insta::assert_snapshot!(pretty(&house().document("/api/v1/entities").await));
}

#[tokio::test]
async fn entities_asked_for_by_name_are_answered_also_when_never_recorded() {
    let answer = house().document("/api/v1/entities?ids=light.absent,%20sensor.hall").await;
    let entities: Vec<_> = answer["entities"].as_array().unwrap().iter().collect();
    assert_eq!(entities.len(), 2);
    assert_eq!((&entities[0]["entity_id"], &entities[0]["latest"]), (&json!("light.absent"), &Value::Null));
    assert_eq!(entities[1]["latest"]["state"], "22.5");
}

#[tokio::test]
async fn a_history_is_oldest_first_from_files_and_memory() {
    let house = house();
    let answer = house.document("/api/v1/entities/sensor.hall/history").await;
    let states: Vec<_> =
        answer["states"].as_array().unwrap().iter().map(|state| state["state"].as_str().unwrap()).collect();
    assert_eq!((states, &answer["more"]), (vec!["20", "21", "unavailable", "22.5"], &json!(false)));
    let answer =
        house.document("/api/v1/entities/sensor.hall/history?limit=2&from=2026-11-23T11:56:00Z").await;
    assert_eq!(answer["states"][0]["state"], "21");
    assert_eq!((answer["states"].as_array().unwrap().len(), &answer["more"]), (2, &json!(true)));
}

#[tokio::test]
async fn buckets_have_figures_of_the_numbers_alone() {
    let path = "/api/v1/entities/sensor.hall/history?bucket=2m&fill=null&from=2026-11-23T11:54:00Z";
    insta::assert_snapshot!(pretty(&house().document(path).await));
}

#[tokio::test]
async fn an_export_has_the_rows_in_each_format() {
    let house = house();
    let csv = house.get("/api/v1/export?entities=sensor.hall").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.text().lines().count(), 5, "a header and the rows: {}", csv.text());
    assert!(csv.text().starts_with("ts,"));

    let ndjson = house.get("/api/v1/export?format=ndjson&from=2026-11-23T11:59:00Z").await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    let rows: Vec<Value> = ndjson.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| &row["entity_id"]).collect::<Vec<_>>(), ["light.hall", "sensor.hall"]);

    let parquet = house.get("/api/v1/export?format=parquet").await;
    assert_eq!(parquet.header("content-type"), "application/vnd.apache.parquet");
    assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
}

#[tokio::test]
async fn the_list_of_files_is_exact() {
    let house = house();
    let files = house.document("/api/v1/export?files=true").await;
    let listed: Vec<_> = house.store.files().iter().map(|file| json!(file.path)).collect();
    assert_eq!((files, listed.len()), (Value::Array(listed), 1));
}

#[tokio::test]
async fn what_was_not_understood_is_listed_with_its_bytes_newest_first() {
    let house = House::new();
    house.write(vec![
        quarantined(60, "not a time: \"yesterday\"", b"{\"time_fired\":\"yesterday\"}"),
        quarantined(30, "not UTF-8", &[b'a', 0xff, b'b']),
        quarantined(10, "no JSON", &[b'x'; 5000]),
    ]);
    let answer = house.document("/api/v1/quarantine").await;
    let newest = &answer["quarantined"][0];
    assert_eq!((newest["bytes"].as_u64(), newest["raw"].as_str().unwrap().len()), (Some(5000), 2000));
    insta::assert_snapshot!(pretty(&house.document("/api/v1/quarantine?to=2026-11-23T11:59:45Z").await));
    let one = house.document("/api/v1/quarantine?limit=1").await;
    assert_eq!((&one["quarantined"][0]["reason"], &one["more"]), (&json!("no JSON"), &json!(true)));
}
