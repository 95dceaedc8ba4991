use hearthline_runbook::status::Overall;

use super::*;

#[tokio::test]
async fn the_status_document_is_given_as_it_is() {
    let document = House::new().document("/api/v1/status").await;
    assert_eq!(serde_json::from_value::<Status>(document).unwrap(), status());
}

#[tokio::test]
async fn health_is_503_only_when_data_is_being_lost_at_every_address() {
    for (overall, code) in [(Overall::Healthy, 200), (Overall::Degraded, 200), (Overall::Unhealthy, 503)] {
        let house = House::with(Status { overall, ..status() }, Ok(Seq::ZERO));
        for path in ["/healthz", "/health", "/api/v1/health"] {
            let answer = house.get(path).await;
            assert_eq!(answer.status.as_u16(), code, "{path}");
            let expected =
                json!({ "overall": overall.as_str(), "verdict": "Recording. The store is behind." });
            assert_eq!(answer.json(), expected);
        }
        assert_eq!(house.get("/livez").await.text(), "ok\n");
    }
}

#[tokio::test]
async fn it_is_ready_when_no_part_is_starting() {
    let mut starting = status();
    assert_eq!(House::new().get("/readyz").await.json(), json!({ "ready": true, "starting": [] }));
    starting.parts[1].state = "starting".into();
    let answer = House::with(starting, Ok(Seq::ZERO)).get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json(), json!({ "ready": false, "starting": ["store"] }));
}

#[tokio::test]
async fn a_flush_answers_with_the_last_record_or_the_reason() {
    let flushed = House::new().answer(Method::POST, "/api/v1/flush").await;
    assert_eq!(flushed.json(), json!({ "committed_seq": 7 }));
    let failed =
        House::with(status(), Err("no space left".into())).answer(Method::POST, "/api/v1/flush").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(failed.json()["error"]["why"], "no space left");
    assert_eq!(House::new().get("/api/v1/flush").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn only_a_fault_that_there_is_is_caused() {
    let house = House::new();
    let caused = house.answer(Method::POST, "/api/v1/demo/faults/drop").await;
    assert_eq!(caused.json(), json!({ "name": "drop", "says": "the connection breaks" }));
    let refused = house.answer(Method::POST, "/api/v1/demo/faults/fire").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_can_be_caused_is_listed_with_what_the_old_way_lost() {
    let listed = House::new().document("/api/v1/demo/faults").await;
    assert_eq!(listed["faults"], json!([{ "name": "drop", "says": "the connection breaks" }]));
    let lost = json!([{ "words": "field type conflict", "events": 3 }]);
    assert_eq!((&listed["naive"]["lost"], &listed["naive"]["refused"]), (&json!(3), &lost), "{listed}");
}

#[tokio::test]
async fn the_former_statistics_are_figures_of_the_status_and_the_store() {
    let house = House::new();
    house.write(vec![state(2, "light.hall", "on"), state(1, "light.hall", "off")]);
    insta::assert_snapshot!(pretty(&house.document("/api/v1/stats").await));
}
