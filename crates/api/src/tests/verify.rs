//! A house in which every canary gets through, but for the point that a sink has to wait for.

use std::time::Duration;

use hearthline_core::MemFs;
use hearthline_runbook::verify::{Carried, Change, Kept, Kind, Leg, Step, Trouble, Verify};
use tokio::runtime::Handle;

use super::*;

pub(super) fn house() -> Verify {
    let carry = |rounds, progress: hearthline_runbook::verify::Progress| {
        progress(rounds);
        let change = |kind| Change {
            round: rounds,
            kind,
            entity_id: "sensor.hearthline_canary".into(),
            state: Some("4711".into()),
            at: Some("2026-11-23T12:00:00.000000Z".into()),
            seq: Some(9),
            legs: vec![
                Leg::of("log", Step::Logged, Ok((Duration::from_micros(2500), "record 9".into()))),
                Leg::of("influxdb", Step::Delivered, Err(Trouble::Away("wrong password".into()))),
            ],
        };
        let changes = vec![change(Kind::Text), change(Kind::Boolean)];
        let carried = Carried { instead: None, changes };
        Box::pin(std::future::ready(carried)) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    let kept = Arc::new(Kept::open(Arc::new(MemFs::default()), std::path::Path::new("/data")));
    let clock = Arc::new(ManualClock::at(NOON));
    Verify::new(Arc::new(carry), kept, clock, Handle::current(), Some(HOUR))
}

/// The answer once nothing is under way.
async fn done(house: &House) -> Value {
    loop {
        let known = house.document("/api/v1/verify").await;
        if known["running"].is_null() && known["results"][0].is_object() {
            return known;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_verification_is_begun_with_the_token_alone_and_its_result_is_kept() {
    let house = House::new();
    let known = house.document("/api/v1/verify").await;
    assert_eq!(
        (&known["running"], &known["results"], &known["every_s"]),
        (&json!(null), &json!([]), &json!(3600))
    );
    assert_eq!(house.answer(Method::POST, "/api/v1/verify").await.status, StatusCode::UNAUTHORIZED);

    let begun = house.change("/api/v1/verify").await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let known = done(&house).await;
    let result = &known["results"][0];
    assert_eq!(result["id"], begun.json()["id"]);
    assert_eq!((&result["outcome"], &result["through"]), (&json!("degraded"), &json!(false)));
    let says = result["says"].as_str().unwrap();
    assert!(says.contains("2 of 2 changes of sensor.hearthline_canary not delivered (influxdb)"), "{says}");
    assert_eq!(result["passages"][0]["median_ms"], 2.5);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words() {
    let house = House::new();
    for (body, says) in [
        (r#"{"rounds":0}"#, "0 rounds cannot be done at once"),
        (r#"{"rounds":101}"#, "101 rounds cannot be done at once"),
        (r#"{"round":1}"#, "unknown field"),
    ] {
        let answer = repairs::post(&house, "/api/v1/verify", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.text().contains(says), "{body}: {}", answer.text());
    }
    let first = house.change("/api/v1/verify").await;
    assert_eq!(first.status, StatusCode::OK);
    let second = house.change("/api/v1/verify").await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert!(second.text().contains("a verification is under way since"), "{}", second.text());
    done(&house).await;
}
