//! Days that are too old.

use super::*;

const DAY: u64 = 86_400;

fn house() -> House {
    let house = House::new();
    house.write(vec![state(3 * DAY, "a.a", "1"), state(2 * DAY, "a.a", "2"), state(60, "a.a", "3")]);
    house.store.flush().unwrap();
    house
}

#[tokio::test]
async fn without_a_retention_a_plan_says_that_everything_is_kept() {
    let plan = house().document("/api/v1/retention").await;
    assert_eq!((&plan["keep_s"], &plan["days"]), (&Value::Null, &json!([])));
    assert_eq!((&plan["all"]["days"], &plan["all"]["rows"]), (&json!(3), &json!(3)));
    let house = house();
    let done = house.change("/api/v1/retention").await.json();
    assert_eq!((&done["receipt"], house.store.stats().rows), (&Value::Null, 3));
}

#[tokio::test]
async fn a_plan_names_each_day_and_a_drop_leaves_its_receipt() {
    let house = house();
    let plan = house.document("/api/v1/retention?keep=2d").await;
    assert_eq!((&plan["days"][0]["day"], &plan["days"][0]["rows"]), (&json!("2026-11-20"), &json!(1)));
    assert_eq!((&plan["dropped"]["rows"], &plan["receipt"]), (&json!(1), &Value::Null));
    assert_eq!(house.store.stats().rows, 3, "a plan changes nothing");

    let done = house.change("/api/v1/retention?keep=2d").await.json();
    assert_eq!((&done["receipt"]["outcome"], &done["receipt"]["rows"]), (&json!("dropped"), &json!(1)));
    assert_eq!(done["receipt"]["why"], "asked for, with keep = 2d");
    assert_eq!(house.store.stats().rows, 2);
    let receipts = house.document("/api/v1/retention/receipts").await;
    assert_eq!(receipts["receipts"], json!([done["receipt"]]));
}

#[tokio::test]
async fn a_day_that_is_held_says_why() {
    let house = house();
    house.store.protect(|| hearthline_store::Protection {
        sinks: Vec::new(),
        gaps: vec![(NOON.minus(72 * HOUR), Some(NOON.minus(71 * HOUR)))],
    });
    let done = house.change("/api/v1/retention?keep=1d").await.json();
    let held = done["days"][0]["held"].as_str().unwrap();
    assert_eq!(held, "a gap from 2026-11-20T12:00:00.000000Z to 2026-11-20T13:00:00.000000Z is not closed");
    assert_eq!((&done["dropped"]["days"], &done["receipt"]["days"]), (&json!(1), &json!(["2026-11-21"])));
}
