//! What the house does that a client does not expect.

use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::history::history;
use super::{Client, quiet, state_of};
use crate::{Fault, House, Options};

const SECOND: Duration = Duration::from_secs(1);

fn time_of(event: &Value) -> Timestamp {
    Timestamp::parse(event["event"]["time_fired"].as_str().unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_stamps_events_and_history_with_the_time_it_shows() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    let mut times = Vec::new();
    for (n, micros) in [0, 3_600_000_000, -60_000_000, 0].into_iter().enumerate() {
        tokio::time::sleep(10 * SECOND).await;
        server.cause(Fault::ClockSkew { micros });
        server.set_state("sensor.a", &n.to_string(), "{}");
        let event = client.next().await.unwrap();
        let at = time_of(&event);
        assert_eq!(event["event"]["data"]["new_state"]["last_updated"], event["event"]["time_fired"]);
        times.push(at.0 - micros);
    }
    assert!(
        times.is_sorted() && times[3] - times[0] == 30_000_000,
        "the house lives in true time: {times:?}"
    );
    tokio::time::sleep(10 * SECOND).await;
    let end = json!({"end_time": "2026-11-23T14:00:00+00:00"});
    let answer = history(&mut client, &["sensor.a"], end).await;
    let states: Vec<_> = answer["result"]["sensor.a"].as_array().unwrap().iter().map(|r| &r["s"]).collect();
    assert_eq!(states, ["2", "0", "3", "1"], "by the times in the rows");
    let answer = history(&mut client, &["sensor.a"], json!({})).await;
    assert_eq!(answer["result"]["sensor.a"].as_array().unwrap().len(), 3, "one is in the future");
}

#[tokio::test(start_paused = true)]
async fn attributes_change_their_types_and_nothing_else() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.set_state("light.a", "on", r#"{"n":1.5,"text":"none","truth":false,"nothing":null,"list":[1]}"#);
    client.next().await.unwrap();
    server.cause(Fault::TypeFlip("light.a".into()));
    let event = client.next().await.unwrap();
    assert_eq!(state_of(&event), ("light.a", "on"));
    let attributes = &event["event"]["data"]["new_state"]["attributes"];
    let flipped = json!({"n": "1.5", "text": true, "truth": "false", "nothing": 0, "list": "[1]"});
    assert_eq!(*attributes, flipped);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_entity_is_one_in_the_registry_and_takes_its_history_along() {
    let clock = std::sync::Arc::new(crate::TokioClock::starting_at(super::start_time()));
    let house = House::new(1, super::start_time());
    let server = crate::HomeAssistant::new(house, clock, Options::default());
    tokio::time::sleep(60 * SECOND).await;
    server.advance();
    let mut client = Client::authenticated(&server).await;
    client.call(json!({"type": "subscribe_events"})).await;
    let (old, new) = ("sensor.kitchen_temperature", "sensor.cellar_temperature");
    let registry = async |client: &mut Client| {
        let answer = client.call(json!({"type": "config/entity_registry/list"})).await;
        let list = answer["result"].as_array().unwrap().clone();
        let named = |name| list.iter().find(|e| e["entity_id"] == name).map(|e| e["id"].clone());
        (named(old), named(new))
    };
    let (id, none) = registry(&mut client).await;
    assert_eq!(none, None);
    let held =
        server.ledger().iter().rfind(|f| f.entity_id.as_str() == old).unwrap().new_state.clone().unwrap();

    server.cause(Fault::Rename { from: old.into(), to: new.into() });
    let (updated, removed, appeared) =
        (client.next().await.unwrap(), client.next().await.unwrap(), client.next().await.unwrap());
    assert_eq!(updated["event"]["data"]["old_entity_id"], old);
    assert_eq!(removed["event"]["data"]["new_state"], Value::Null);
    assert_eq!(state_of(&appeared), (new, &*held.state));
    assert_eq!(registry(&mut client).await, (None, id));

    tokio::time::sleep(300 * SECOND).await;
    server.advance();
    let later: Vec<_> = server.ledger().into_iter().filter(|f| f.time_fired > time_of(&appeared)).collect();
    assert!(
        later.iter().any(|f| f.entity_id.as_str() == new)
            && later.iter().all(|f| f.entity_id.as_str() != old)
    );
    let mut client = Client::authenticated(&server).await;
    let answer = history(&mut client, &[old, new], json!({})).await;
    let rows = |id: &str| answer["result"][id].as_array().unwrap().clone();
    assert_eq!(rows(old).iter().map(|r| r["s"].clone()).collect::<Vec<_>>(), [Value::Null]);
    assert_eq!(
        rows(new)[0]["s"],
        *server
            .ledger()
            .iter()
            .find(|f| f.entity_id.as_str() == old)
            .unwrap()
            .new_state
            .clone()
            .unwrap()
            .state
    );
}

#[tokio::test(start_paused = true)]
async fn an_entity_goes_away_and_another_changes_twice_in_one_microsecond() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.set_state("sensor.a", "1", "{}");
    client.next().await.unwrap();
    server.cause(Fault::SameInstant("sensor.a".into()));
    let (first, second) = (client.next().await.unwrap(), client.next().await.unwrap());
    assert_eq!((state_of(&first).1, state_of(&second).1), ("unavailable", "1"));
    assert_eq!(time_of(&first), time_of(&second));
    server.set_state("sensor.a", "2", "{}");
    assert!(time_of(&client.next().await.unwrap()) > time_of(&second));
    server.cause(Fault::Remove("sensor.a".into()));
    assert_eq!(client.next().await.unwrap()["event"]["data"]["new_state"], Value::Null);
    tokio::time::sleep(10 * SECOND).await;
    let rows = history(&mut client, &["sensor.a"], json!({})).await["result"]["sensor.a"].clone();
    let rows: Vec<_> = rows.as_array().unwrap().iter().map(|r| r["s"].clone()).collect();
    assert_eq!(rows, [json!("1"), json!("unavailable"), json!("1"), json!("2"), Value::Null]);
}

#[tokio::test(start_paused = true)]
async fn all_states_are_one_frame_of_40_mb() {
    let server = quiet(Options::default());
    server.cause(Fault::LargeStates { bytes: 40_000_000 });
    let mut client = Client::authenticated(&server).await;
    client.send_command(json!({"type": "get_states"})).await;
    let Some(Message::Text(text)) = client.frame().await else { panic!("no answer") };
    assert!((40_000_000..42_000_000).contains(&text.len()), "{}", text.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_reported_without_a_change_is_in_no_state_and_in_a_template() {
    const TEMPLATE: &str = "now={{ as_timestamp(utcnow()) | int }} {% for s in states if \
        (s.last_reported - s.last_updated).total_seconds() > 10 %}{{ s.entity_id }}={{ as_timestamp(s.last_reported) | int }} {% endfor %}";
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.set_state("sensor.same", "1", "{}");
    server.set_state("sensor.once", "1", "{}");
    tokio::time::sleep(20 * SECOND).await;
    server.set_state("sensor.same", "1", "{}");
    let states = client.call(json!({"type": "get_states"})).await;
    for state in states["result"].as_array().unwrap() {
        assert_eq!(state["last_reported"], state["last_updated"], "it is the text of when it was fired");
    }
    let other = client.call(json!({"type": "render_template", "template": "{{ now() }}"})).await;
    assert_eq!(other["error"]["code"], "template_error");
    let answer = client.call(json!({"type": "render_template", "template": TEMPLATE})).await;
    assert_eq!(answer["success"], true);
    let rendered = client.next().await.unwrap();
    let now = super::start_time().plus(20 * SECOND).0 / 1_000_000;
    assert_eq!(rendered["event"]["result"], format!("now={now} sensor.same={now}"));
    let (subscription, end) = (answer["id"].clone(), "unsubscribe_events");
    for success in [true, false] {
        let ended = client.call(json!({"type": end, "subscription": subscription})).await;
        assert_eq!(ended["success"], success);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_falls_silent_reports_nothing_until_that_is_healed() {
    let start = super::start_time();
    let clock = std::sync::Arc::new(crate::TokioClock::starting_at(start));
    let server = crate::HomeAssistant::new(House::new(1, start), clock, Options::default());
    let reported = |what: &str| {
        let id = format!("sensor.{what}");
        server.states().iter().find(|state| *state.entity_id.as_str() == id).unwrap().last_reported
    };
    let freezer = || (reported("freezer_temperature"), reported("freezer_battery"));
    let live = async || {
        tokio::time::sleep(120 * SECOND).await;
        server.advance();
    };
    live().await;
    let (before, other) = (freezer(), reported("house_power"));
    server.cause(Fault::Silence("sensor.freezer_temperature".into()));
    live().await;
    assert_eq!(freezer(), before, "all that is of the device");
    assert!(reported("house_power") > other);
    server.heal();
    live().await;
    assert!(freezer().0 > before.0 && freezer().1 > before.1);
}
