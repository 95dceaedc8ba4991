use super::*;

#[tokio::test]
async fn the_criteria_hold_together_only_if_each_is_known_to_hold() {
    let house = House::new();
    let document = house.document("/api/v1/criteria").await;
    assert_eq!(document["met"], Value::Null, "one is not known");
    assert_eq!(document["overall"], "degraded");
    assert_eq!(document["criteria"], house.document("/api/v1/status").await["criteria"]);
}
