use hearthline_pipeline::gaps::{Cause, Gap, Outcome, State};
use hearthline_pipeline::orders::Order;

use super::*;

/// Asks, and answers as the recorder.
async fn with_recorder(mut house: House, path: &str, recorder: impl FnOnce(Order)) -> Answer {
    let mut asked = house.orders.take().unwrap();
    let (answer, ()) = tokio::join!(house.answer(Method::POST, path), async {
        recorder(asked.recv().await.unwrap());
    });
    answer
}

#[tokio::test(start_paused = true)]
async fn gaps_are_listed_and_one_is_shown_alone_also_while_the_recorder_does_not_answer() {
    let house = House::new();
    let listed = house.document("/api/v1/gaps").await;
    assert_eq!(listed, serde_json::to_value(status().gaps).unwrap());
    let id = listed["recent"][0]["id"].as_u64().unwrap();
    assert_eq!(house.document(&format!("/api/v1/gaps/{id}")).await, listed["recent"][0]);
    let absent = house.get("/api/v1/gaps/4711").await;
    assert_eq!(
        (absent.status, absent.json()["error"]["why"].as_str().unwrap().contains("4711")),
        (StatusCode::NOT_FOUND, true)
    );
}

#[tokio::test]
async fn the_list_has_every_gap_that_the_recorder_remembers() {
    let mut house = House::new();
    let mut asked = house.orders.take().unwrap();
    let gap = |id| Gap {
        id,
        from: NOON.minus(HOUR),
        to: Some(NOON),
        cause: Cause::PowerCut,
        detail: String::new(),
        entities: Vec::new(),
        state: State::Filled,
        recovered: 3,
        without_attributes: 0,
        through: None,
        closings: 1,
        result: Outcome::default(),
    };
    let (listed, ()) = tokio::join!(house.document("/api/v1/gaps"), async {
        let Order::ListGaps(reply) = asked.recv().await.unwrap() else { panic!("not asked for a list") };
        reply.send(Ok((1..=300).rev().map(gap).collect())).unwrap();
    });
    let recent = listed["recent"].as_array().unwrap();
    assert_eq!((recent.len(), &recent[0]["id"], &recent[0]["kind"]), (300, &json!(300), &json!("power_cut")));
    assert_eq!(listed["filled"], json!(1), "counts are the status's");
}

#[tokio::test]
async fn trying_gaps_again_is_the_recorders_business() {
    for (path, wanted, found, code) in [
        ("/api/v1/gaps/retry", None, 2, 200),
        ("/api/v1/gaps/retry?gap=7", Some(7), 1, 200),
        ("/api/v1/gaps/retry?gap=7", Some(7), 0, 404),
    ] {
        let answer = with_recorder(House::new(), path, |order| {
            let Order::RetryGaps(gap, reply) = order else { panic!("{order:?}") };
            assert_eq!(gap, wanted);
            reply.send(Ok(found)).unwrap();
        })
        .await;
        assert_eq!(answer.status.as_u16(), code, "{}", answer.text());
    }
}

#[tokio::test]
async fn the_past_is_asked_for_since_an_instant_of_the_past() {
    let answer = with_recorder(House::new(), "/api/v1/backfill?from=2026-11-01T00:00:00Z", |order| {
        let Order::Backfill(from, reply) = order else { panic!("{order:?}") };
        assert_eq!(from.to_string(), "2026-11-01T00:00:00.000000Z");
        reply.send(Ok(5)).unwrap();
    })
    .await;
    assert_eq!(answer.json(), json!({ "gap": 5 }));
    for from in ["2099-01-01T00:00:00Z", "yesterday"] {
        let refused = House::new().answer(Method::POST, &format!("/api/v1/backfill?from={from}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{from}");
    }
    let mut house = House::new();
    house.orders.take().unwrap().close();
    let refused = house.answer(Method::POST, "/api/v1/gaps/retry").await;
    assert!(refused.text().contains("stopping"), "{}", refused.text());
}
