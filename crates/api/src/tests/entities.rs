use super::*;

#[tokio::test]
async fn who_says_most_is_counted() {
    let house = House::new();
    house.write(vec![
        state(4000, "sensor.hall", "19"),
        state(1800, "sensor.hall", "20"),
        state(310, "light.hall", "on"),
        state(10, "sensor.hall", "21"),
    ]);
    let answer = house.document("/api/v1/entities/talkers").await;
    let talker = |entity_id: &str, states: u64, per_hour: f64| json!({ "entity_id": entity_id, "states": states, "per_hour": per_hour });
    assert_eq!(answer["talkers"], json!([talker("sensor.hall", 2, 2.0), talker("light.hall", 1, 1.0)]));
    assert_eq!((&answer["states"], &answer["from"]), (&json!(3), &json!("2026-11-23T11:00:00.000000Z")));
    let last = house.document("/api/v1/entities/talkers?from=2026-11-23T11:50:00Z&limit=1").await;
    assert_eq!(last["talkers"], json!([talker("light.hall", 1, 6.0)]));
    assert_eq!(last["states"], 2, "all are counted");
}

#[tokio::test]
async fn what_is_left_out_is_told_with_the_rule_that_decided() {
    let answer = House::new().document("/api/v1/entities/left_out").await;
    let one = json!({
        "entity_id": "sensor.remote_battery", "rule": "sensor.*_battery", "events": 3, "last": "2026-11-23T11:59:55.000000Z",
    });
    assert_eq!(answer, json!({ "entities": [one] }));
}
