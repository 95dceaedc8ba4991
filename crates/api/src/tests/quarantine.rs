//! Records that were set aside: looked at, retried, dropped.

use hearthline_core::{SettledRow, Settlement};
use hearthline_pipeline::orders::Order;
use hearthline_pipeline::quarantine::{Outcome, Settled, understand};

use super::*;

const EVENT: &str = r#"{"event_type":"a","data":{},"time_fired":"2026-11-23T11:00:00+00:00"}"#;

impl House {
    /// Does in the place of the recorder what is ordered, and gives the store what follows from it.
    pub(super) fn carry_out_orders(&mut self) {
        let mut incoming = self.orders.take().unwrap();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            while let Some(order) = incoming.recv().await {
                let (settle, reply) = match order {
                    Order::Quarantine(settle, reply) => (settle, reply),
                    Order::ListGaps(reply) => {
                        reply.send(Err("nothing is remembered here".into())).unwrap();
                        continue;
                    }
                    Order::RetryGaps(_, reply) => {
                        reply.send(Ok(1)).unwrap();
                        continue;
                    }
                    Order::Backfill(_, reply) => {
                        reply.send(Ok(1)).unwrap();
                        continue;
                    }
                    Order::Damaged(.., reply) => {
                        reply.send(Ok(true)).unwrap();
                        continue;
                    }
                    Order::Weather(..) => panic!("nothing here observes the weather"),
                    Order::Refilter(..) | Order::ListLive(_) => {
                        panic!("the settings are not read again here")
                    }
                };
                assert!(settle.rows.len() <= 100, "an order is short");
                let settled = settle.rows.iter().map(|row| {
                    let outcome = match (settle.how, understand(&row.raw)) {
                        (Settlement::Dropped, _) => Outcome::Dropped,
                        (Settlement::Retried, Ok(_)) => Outcome::Recorded,
                        (Settlement::Retried, Err(_)) => Outcome::Kept,
                    };
                    if outcome != Outcome::Kept {
                        let seq = store.stats().settled + 100_000;
                        let (of, ts, site) = (row.seq, row.ts, "home".into());
                        let row = SettledRow { seq: Seq(seq), of, ts, site, how: settle.how, at: NOON };
                        let batch = Batch { first: Seq(seq), last: Seq(seq), rows: vec![Row::Settled(row)] };
                        store.write(&batch).unwrap();
                    }
                    Settled { seq: row.seq, outcome, reason: None }
                });
                drop(reply.send(Ok(settled.collect())));
            }
        });
    }

    async fn waiting(&self) -> Vec<u64> {
        let answer = self.document("/api/v1/quarantine").await;
        let waiting = answer["quarantined"].as_array().unwrap().iter();
        waiting.map(|one| one["seq"].as_u64().unwrap()).collect()
    }
}

fn house() -> House {
    let mut house = House::new();
    house.carry_out_orders();
    house.write(vec![
        quarantined(60, "not a time", br#"{"time_fired":"yesterday"}"#),
        quarantined(30, "an older release", EVENT.as_bytes()),
        quarantined(10, "not UTF-8", b"a\xffb"),
    ]);
    house
}

#[tokio::test]
async fn one_record_is_shown_with_all_its_bytes_and_what_this_release_says_of_it() {
    let house = house();
    let text = house.document("/api/v1/quarantine/1").await;
    assert_eq!((&text["text"], &text["base64"]), (&json!(r#"{"time_fired":"yesterday"}"#), &Value::Null));
    assert_eq!((&text["reason"], &text["now"]), (&json!("not a time"), &json!("event without event_type")));
    let bytes = house.document("/api/v1/quarantine/3").await;
    assert_eq!(
        (&bytes["text"], &bytes["base64"], &bytes["bytes"]),
        (&Value::Null, &json!("Yf9i"), &json!(3))
    );
    let understood = house.document("/api/v1/quarantine/2").await;
    assert_eq!((&understood["reason"], &understood["now"]), (&json!("an older release"), &Value::Null));

    let list = house.document("/api/v1/quarantine").await;
    let says = |n: usize| list["quarantined"][n]["understood"].as_bool().unwrap();
    assert_eq!([says(0), says(1), says(2)], [false, true, false]);
    let absent = house.get("/api/v1/quarantine/4").await;
    assert_eq!(
        (absent.status, absent.json()["error"]["what"].as_str()),
        (StatusCode::NOT_FOUND, Some("not found"))
    );
}

#[tokio::test]
async fn what_is_retried_or_dropped_leaves_the_list_and_is_shown_with_all() {
    let house = house();
    let retried = house.change("/api/v1/quarantine/retry?seqs=1,2").await;
    assert_eq!(retried.status, StatusCode::OK, "{}", retried.text());
    let (recorded, kept) = (retried.json()["recorded"].clone(), retried.json()["kept"].clone());
    assert_eq!((recorded, kept, house.waiting().await), (json!(1), json!(1), vec![3, 1]));
    let dropped = house.change("/api/v1/quarantine/drop?seqs=1").await.json();
    assert_eq!((&dropped["dropped"], house.waiting().await), (&json!(1), vec![3]));

    let all = house.document("/api/v1/quarantine?all=true").await;
    assert_eq!((&all["waiting"], &all["settled"]), (&json!(1), &json!(2)));
    let how: Vec<_> =
        all["quarantined"].as_array().unwrap().iter().map(|one| &one["settled"]["how"]).collect();
    assert_eq!(how, [&Value::Null, &json!("retried"), &json!("dropped")]);
    assert_eq!(house.document("/api/v1/quarantine/1").await["settled"]["how"], "dropped");
}

#[tokio::test]
async fn all_are_retried_some_at_a_time() {
    let house = house();
    house.write(
        (0..250)
            .map(|n| quarantined(1000 + n / 20, "x", if n % 2 == 0 { b"x" } else { EVENT.as_bytes() }))
            .collect(),
    );
    let answer = house.change("/api/v1/quarantine/retry?all=true").await.json();
    assert_eq!((&answer["recorded"], &answer["kept"]), (&json!(126), &json!(127)));
    assert_eq!(answer["settled"].as_array().unwrap().len(), 253);
    assert_eq!(house.document("/api/v1/quarantine").await["waiting"], 127);
}

#[tokio::test]
async fn nothing_is_changed_where_one_of_the_records_cannot_be() {
    let house = house();
    house.change("/api/v1/quarantine/drop?seqs=1").await;
    for (path, status) in [
        ("drop?seqs=3,9", StatusCode::NOT_FOUND),
        ("drop?seqs=3,1", StatusCode::CONFLICT),
        ("retry?seqs=1", StatusCode::CONFLICT),
        ("drop?seqs=3,x", StatusCode::BAD_REQUEST),
        ("drop?seqs=", StatusCode::BAD_REQUEST),
        ("drop", StatusCode::BAD_REQUEST),
        ("drop?all=true", StatusCode::BAD_REQUEST),
    ] {
        let refused = house.change(&format!("/api/v1/quarantine/{path}")).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text());
        assert!(!refused.json()["error"]["do"].as_str().unwrap().is_empty());
    }
    assert_eq!(house.waiting().await, [3, 2]);
}

#[tokio::test]
async fn what_changes_rows_needs_the_token_also_from_this_machine() {
    let house = house();
    for path in ["/api/v1/quarantine/retry?all=true", "/api/v1/quarantine/drop?seqs=1", "/api/v1/retention"] {
        let refused = house.answer(Method::POST, path).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        let wrong = Answer::of(house.ask_with(Method::POST, path, Some("wrong")).await).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(house.waiting().await.len(), 3);
    house.document("/api/v1/retention").await;
}

#[tokio::test]
async fn when_nobody_carries_it_out_it_is_said() {
    let mut house = House::new();
    drop(house.orders.take());
    house.write(vec![quarantined(60, "x", b"x")]);
    let refused = house.change("/api/v1/quarantine/drop?seqs=1").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.json()["error"]["why"].as_str().unwrap().contains("stopping"));
}
