use super::*;

#[tokio::test]
async fn states_are_counted_by_five_minutes_of_the_last_day_unless_asked_otherwise() {
    let house = House::new();
    house.write(vec![
        state(600, "sensor.hall", "20"),
        state(310, "light.hall", "on"),
        state(10, "sensor.hall", "21"),
    ]);
    let answer = house.document("/api/v1/rate").await;
    assert_eq!((&answer["every_s"], &answer["from"]), (&json!(300.0), &json!("2026-11-22T12:00:00.000000Z")));
    let piece = |start: &str, live: u64| json!({ "start": format!("2026-11-23T{start}:00.000000Z"), "live": live, "afterwards": 0 });
    assert_eq!(answer["pieces"], json!([piece("11:50", 2), piece("11:55", 1)]));
    let last = house.document("/api/v1/rate?every=1m&from=2026-11-23T11:55:00Z").await;
    assert_eq!(last["pieces"], json!([piece("11:59", 1)]));
    assert_eq!(house.get("/api/v1/rate?every=1s").await.status, StatusCode::BAD_REQUEST, "too many pieces");
}
