use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{Client, quiet, state_of};
use crate::{Ending, Fault, Garbage, Options};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn refused_means_dropped_unread_until_healed() {
    let server = quiet(Options::default());
    let mut before = Client::subscribed(&server).await;
    server.cause(Fault::Refuse);
    assert!(Client::upgrade(&server, 4096).await.is_none());
    server.set_state("sensor.a", "1", "{}");
    assert_eq!(state_of(&before.next().await.unwrap()), ("sensor.a", "1"), "who is there stays");
    assert_eq!(server.counters().connections_ever, 1);
    server.heal();
    Client::authenticated(&server).await;
}

#[tokio::test(start_paused = true)]
async fn a_half_open_line_says_nothing_not_even_its_end() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::HalfOpen);
    server.set_state("sensor.a", "1", "{}");
    client.send(json!({"id": 2, "type": "ping"})).await;
    assert!(timeout(300 * SECOND, client.next()).await.is_err(), "silence for minutes");
    assert!(timeout(60 * SECOND, Client::upgrade(&server, 4096)).await.is_err(), "a new one is not answered");
    assert_eq!(server.counters().connections, 1, "the server gave the first one up by itself");
    server.heal();
    assert_eq!(client.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn connections_end_now_or_soon_after_auth_or_with_the_token() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::Drop(Ending::Close));
    assert!(matches!(client.frame().await, Some(Message::Close(_))));
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::Drop(Ending::Eof));
    assert_eq!(client.frame().await, None);

    server.cause(Fault::CloseAfterAuth);
    let mut client = Client::authenticated(&server).await;
    let start = Instant::now();
    assert!(matches!(client.frame().await, Some(Message::Close(_))));
    assert!(start.elapsed() < SECOND);
    server.heal();

    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::RevokeToken);
    assert!(matches!(client.frame().await, Some(Message::Close(_))));
    let mut again = Client::upgrade(&server, 4096).await.unwrap();
    again.next().await.unwrap();
    again.send(json!({"type": "auth", "access_token": "simulated-token"})).await;
    assert_eq!(again.next().await.unwrap()["type"], "auth_invalid");
    server.heal();
    Client::authenticated(&server).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_down_then_partial_then_running_with_every_state_new() {
    let server = quiet(Options::default());
    let ids: Vec<_> = (0..9).map(|n| format!("sensor.s{n}")).collect();
    ids.iter().for_each(|id| drop(server.set_state(id, "20", r#"{"u":1}"#)));
    let before = server.ledger().last().unwrap().time_fired;
    let mut old = Client::subscribed(&server).await;
    server.cause(Fault::Restart { down: 3 * SECOND, starting: 4 * SECOND, killed: false });
    assert!(matches!(old.frame().await, Some(Message::Close(_))));
    assert!(Client::upgrade(&server, 4096).await.is_none());

    tokio::time::sleep(4 * SECOND).await;
    let mut client = Client::subscribed(&server).await;
    let state = client.call(json!({"type": "get_config"})).await["result"]["state"].clone();
    let states = client.call(json!({"type": "get_states"})).await;
    assert_eq!((state, &states["result"]), (json!("NOT_RUNNING"), &json!([])));

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let state = client.call(json!({"type": "get_config"})).await["result"]["state"].clone();
    let partial = client.call(json!({"type": "get_states"})).await["result"].as_array().unwrap().len();
    assert_eq!((state, partial), (json!("STARTING"), 3));

    tokio::time::sleep(3 * SECOND).await;
    assert_eq!(client.call(json!({"type": "get_config"})).await["result"]["state"], "RUNNING");
    let states = client.call(json!({"type": "get_states"})).await;
    let states = states["result"].as_array().unwrap();
    assert_eq!(states.len(), ids.len());
    assert!(states.iter().all(|s| s["state"] == "20" && s["attributes"] == json!({"u": 1})));
    let refired: Vec<_> = server.ledger().into_iter().filter(|f| f.time_fired > before).collect();
    assert_eq!(refired.iter().filter(|f| f.old_state.is_none()).count(), ids.len());
    let unavailable = |f: &&crate::Fired| &*f.new_state.as_ref().unwrap().state == "unavailable";
    assert_eq!(refired.iter().filter(unavailable).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_restart_within_a_restart_begins_again() {
    let server = quiet(Options::default());
    server.set_state("sensor.a", "1", "{}");
    server.cause(Fault::Restart { down: SECOND, starting: 10 * SECOND, killed: false });
    tokio::time::sleep(2 * SECOND).await;
    server.cause(Fault::Restart { down: 5 * SECOND, starting: 10 * SECOND, killed: true });
    tokio::time::sleep(4 * SECOND).await;
    assert!(Client::upgrade(&server, 4096).await.is_none(), "the first start does not go on");
    tokio::time::sleep(20 * SECOND).await;
    let mut client = Client::authenticated(&server).await;
    assert_eq!(client.call(json!({"type": "get_states"})).await["result"][0]["state"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_long_start_is_half_not_running_and_half_starting_for_its_90_s() {
    let server = quiet(Options::default());
    server.set_state("sensor.a", "1", "{}");
    server.cause(Fault::parse("starting").unwrap());
    for (after, state) in
        [(4, "NOT_RUNNING"), (47, "NOT_RUNNING"), (49, "STARTING"), (92, "STARTING"), (94, "RUNNING")]
    {
        let at = super::start_time().plus(after * SECOND);
        tokio::time::sleep(at.since(server.now())).await;
        let mut client = Client::authenticated(&server).await;
        let config = client.call(json!({"type": "get_config"})).await;
        assert_eq!(config["result"]["state"], state, "after {after} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_storm_is_as_many_restarts_as_it_says_and_then_it_stays() {
    let server = quiet(Options::default());
    server.set_state("sensor.a", "1", "{}");
    server.cause(Fault::RestartStorm { times: 3, every: 8 * SECOND });
    let mut ends = 0;
    let began = Instant::now();
    while began.elapsed() < 60 * SECOND {
        tokio::time::sleep(SECOND / 2).await;
        let Some(mut client) = Client::upgrade(&server, 4096).await else { continue };
        client.next().await.unwrap();
        client.send(json!({"type": "auth", "access_token": "simulated-token"})).await;
        let life = timeout(10 * SECOND, async { while client.next().await.is_some() {} });
        ends += u32::from(life.await.is_ok());
    }
    assert_eq!(ends, 2, "the first was before anybody came");
    let mut client = Client::authenticated(&server).await;
    assert_eq!(client.call(json!({"type": "get_config"})).await["result"]["state"], "RUNNING");
    assert_eq!(client.call(json!({"type": "get_states"})).await["result"][0]["state"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_no_json_is_swallowed_with_the_one_after_it() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    let write = |n: u32| server.set_state("sensor.bad", &n.to_string(), "{}");
    write(1);
    server.cause(Fault::Swallow("sensor.bad".into()));
    write(2);
    server.set_state("sensor.good", "1", "{}");
    let get_states = json!({"type": "get_states"});
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.bad", "1"));
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.good", "1"));
    let listed = client.call(get_states.clone()).await;
    assert_eq!(listed["result"].as_array().unwrap().len(), 1, "it is left out meanwhile");
    write(3);
    write(4);
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.bad", "4"));
    assert_eq!(client.call(get_states).await["result"][0]["state"], "4");
    assert_eq!(server.ledger().len(), 5, "all of them were fired");
    tokio::time::sleep(10 * SECOND).await;
    let rows = client
        .call(json!({"type": "history/history_during_period", "start_time": "2026-11-23T11:49:00+00:00",
            "entity_ids": ["sensor.bad"], "significant_changes_only": false, "include_start_time_state": false}))
        .await;
    let known: Vec<_> =
        rows["result"]["sensor.bad"].as_array().unwrap().iter().map(|r| r["s"].clone()).collect();
    assert_eq!(known, ["1", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_the_same_event_once_more() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::Duplicate);
    server.set_state("sensor.a", "1", "{}");
    server.set_state("sensor.a", "2", "{}");
    let (first, second) = (client.next().await.unwrap(), client.next().await.unwrap());
    assert_eq!(first, second);
    assert_eq!(state_of(&client.next().await.unwrap()).1, "2");
    assert_eq!(server.ledger().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_storm_has_as_many_events_as_it_says() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::Storm { per_second: 250, lasting: 4 * SECOND, attribute_bytes: 2_000 });
    let mut seen = 0;
    while let Ok(event) = timeout(SECOND, client.next()).await {
        let attributes = &event.unwrap()["event"]["data"]["new_state"]["attributes"];
        assert_eq!(attributes["blob"].as_str().unwrap().len(), 2_000);
        seen += 1;
    }
    assert_eq!(seen, 1_000);
    assert!(server.counters().bytes_sent > 2 * 2_000_000);
}

#[tokio::test(start_paused = true)]
async fn garbage_comes_between_good_events() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    for garbage in [Garbage::NotJson, Garbage::NoEntityId, Garbage::BadTime, Garbage::Binary] {
        server.cause(Fault::Garbage(garbage));
    }
    server.set_state("sensor.a", "1", "{}");
    let Some(Message::Text(text)) = client.frame().await else { panic!("no text") };
    assert!(serde_json::from_str::<Value>(&text).is_err());
    let no_entity = client.next().await.unwrap();
    assert_eq!(no_entity["event"]["data"]["entity_id"], Value::Null);
    let bad_time = client.next().await.unwrap();
    assert_eq!(bad_time["event"]["data"]["new_state"]["last_updated"], "yesterday");
    assert!(matches!(client.frame().await, Some(Message::Binary(_))));
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.a", "1"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_answers_late_and_a_20_mb_attribute_is_one_frame() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::SlowPong(7 * SECOND));
    let start = Instant::now();
    client.call(json!({"type": "ping"})).await;
    assert_eq!((start.elapsed(), server.counters().pings), (7 * SECOND, 1));
    server.cause(Fault::LargeAttribute { bytes: 20_000_000 });
    let Some(Message::Text(text)) = client.frame().await else { panic!("no event") };
    assert!(text.len() > 20_000_000);
}

#[tokio::test(start_paused = true)]
async fn odd_order_and_unknown_keys_change_the_text_and_not_the_meaning() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::OddKeyOrder);
    server.cause(Fault::UnknownKeys);
    server.set_state("sensor.a", "1", r#"{"z":1,"a":2}"#);
    let Some(Message::Text(text)) = client.frame().await else { panic!("no event") };
    assert!(
        text.starts_with(r#"{"from_the_future":"#) && text.contains(r#""id":1,"event":{"from_the_future""#)
    );
    assert!(text.contains(r#"{"z":1,"a":2}"#), "attributes are as they were written");
    let event: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(state_of(&event), ("sensor.a", "1"));
}

#[tokio::test]
async fn over_tcp_the_port_closes_and_is_the_same_one_afterwards() {
    let server = quiet(Options::default());
    let address = server.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let connect = || tokio::net::TcpStream::connect(address);
    let upgrade = |stream| tokio_tungstenite::client_async(format!("ws://{address}/api/websocket"), stream);
    let (socket, _) = upgrade(connect().await.unwrap()).await.unwrap();
    server.cause(Fault::Refuse);
    while connect().await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.heal();
    let stream = loop {
        match connect().await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    upgrade(stream).await.unwrap();
    drop(socket);
}

#[tokio::test]
async fn over_tcp_a_half_open_line_stays_established_and_silent() {
    let server = quiet(Options::default());
    let address = server.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let upgraded = tokio_tungstenite::client_async(format!("ws://{address}/api/websocket"), stream).await;
    let (mut socket, _) = upgraded.unwrap();
    socket.next().await.unwrap().unwrap();
    server.cause(Fault::HalfOpen);
    let auth = json!({"type": "auth", "access_token": "simulated-token"}).to_string();
    socket.send(auth.into()).await.expect("the socket takes it");
    assert!(timeout(SECOND / 4, socket.next()).await.is_err(), "neither an answer nor an end");
    server.heal();
    let answer = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(answer.contains("auth_ok"), "the same connection goes on: {answer}");
}
