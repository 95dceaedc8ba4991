use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Client, quiet, start_time, state_of};
use crate::{Fault, HomeAssistant, House, Options, TokioClock, Write};

#[tokio::test(start_paused = true)]
async fn the_server_speaks_first_and_an_event_has_the_keys_of_the_recordings() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.set_state("input_number.lab", "21.5", r#"{"min":0.0,"n":9223372036854775807}"#);
    let Some(Message::Text(text)) = client.frame().await else { panic!("no event") };
    let id = server.ledger()[0].context.id.clone();
    let expected = format!(
        concat!(
            r#"{{"type":"event","event":{{"event_type":"state_changed","data":{{"entity_id":"input_number.lab","#,
            r#""old_state":null,"new_state":{{"entity_id":"input_number.lab","state":"21.5","#,
            r#""attributes":{{"min":0.0,"n":9223372036854775807}},"#,
            r#""last_changed":"2026-11-23T11:49:43.000001+00:00","last_reported":"2026-11-23T11:49:43.000001+00:00","#,
            r#""last_updated":"2026-11-23T11:49:43.000001+00:00","#,
            r#""context":{{"id":"{id}","parent_id":null,"user_id":null}}}}}},"origin":"LOCAL","#,
            r#""time_fired":"2026-11-23T11:49:43.000001+00:00","#,
            r#""context":{{"id":"{id}","parent_id":null,"user_id":null}}}},"id":1}}"#,
        ),
        id = id
    );
    assert_eq!(text.as_str(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_invalid_then_closed_and_the_last_try_bans_the_address() {
    let server = quiet(Options { login_attempts_threshold: Some(2), ..Options::default() });
    for _ in 0..2 {
        let mut client = Client::upgrade(&server, 4096).await.unwrap();
        client.next().await.unwrap();
        client.send(json!({"type": "auth", "access_token": "wrong"})).await;
        assert_eq!(client.next().await.unwrap()["type"], "auth_invalid");
        let Some(Message::Close(Some(frame))) = client.frame().await else { panic!("no close") };
        assert_eq!(u16::from(frame.code), 1000);
    }
    assert!(Client::upgrade(&server, 4096).await.is_none(), "a banned address is refused");
    assert_eq!(request(&server, "/api/", Some("simulated-token")).await, 403);
    let counters = server.counters();
    assert_eq!((counters.auth_attempts, counters.auth_failures), (2, 2));
    server.heal();
    Client::authenticated(&server).await;
}

#[tokio::test(start_paused = true)]
async fn silence_or_no_json_in_place_of_a_token_is_closed_without_a_word() {
    let server = quiet(Options::default());
    let start = Instant::now();
    let mut silent = Client::upgrade(&server, 4096).await.unwrap();
    silent.next().await.unwrap();
    assert!(matches!(silent.frame().await, Some(Message::Close(_))));
    assert_eq!(start.elapsed(), Duration::from_secs(10));

    let mut garbled = Client::upgrade(&server, 4096).await.unwrap();
    garbled.next().await.unwrap();
    garbled.socket_send("{").await;
    assert!(matches!(garbled.frame().await, Some(Message::Close(_))));

    let mut hasty = Client::upgrade(&server, 4096).await.unwrap();
    hasty.next().await.unwrap();
    hasty.send(json!({"id": 1, "type": "get_states"})).await;
    let said = hasty.next().await.unwrap();
    assert!(said["message"].as_str().unwrap().starts_with("Auth message incorrectly formatted"));
}

impl Client {
    async fn socket_send(&mut self, text: &str) {
        use futures_util::SinkExt;
        self.socket.send(text.into()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn bad_commands_are_answered_as_the_real_one_does_and_the_connection_goes_on() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    let cases = [
        (r#"{"id":5,"type":"ping"}"#, json!(5), Value::Null),
        (r#"{"id":5,"type":"ping"}"#, json!(5), json!("id_reuse")),
        (r#"{"id":3,"type":"ping"}"#, json!(3), json!("id_reuse")),
        (r#"{"id":6,"type":"no_such_command"}"#, json!(6), json!("unknown_command")),
        (r#"{"id":7,"type":"subscribe_events","event_type":5}"#, json!(7), json!("invalid_format")),
        (r#"{"id":8,"type":"subscribe_events","unknown_key":1}"#, json!(8), json!("invalid_format")),
        (r#"{"id":0,"type":"ping"}"#, json!(0), json!("invalid_format")),
        (r#"{"type":"ping"}"#, Value::Null, json!("invalid_format")),
        (r#"{"id":"9","type":"ping"}"#, json!("9"), json!("invalid_format")),
        (r#"{"id":2.5,"type":"ping"}"#, json!(2.5), json!("invalid_format")),
        (r#"{"id":-1,"type":"ping"}"#, json!(-1), json!("invalid_format")),
        (r#"{"id":10}"#, json!(10), json!("invalid_format")),
        (r#""a JSON string""#, json!(0), json!("invalid_format")),
        (r#"{"id":11,"type":"unsubscribe_events","subscription":4}"#, json!(11), json!("not_found")),
        (
            r#"{"id":12,"type":"subscribe_events","event_type":"state_reported"}"#,
            json!(12),
            json!("home_assistant_error"),
        ),
        (r#"{"id":9007199254740994,"type":"ping"}"#, json!(9_007_199_254_740_994_u64), Value::Null),
    ];
    for (sent, id, code) in cases {
        client.socket_send(sent).await;
        let answer = client.next().await.unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &code), "{sent}");
    }
    client.socket_send(r#"{"id": 1, "type": "#).await;
    assert!(matches!(client.frame().await, Some(Message::Close(_))));
}

#[tokio::test(start_paused = true)]
async fn messages_come_alone_until_coalescing_is_asked_for_and_then_in_arrays() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    let burst = |from: usize| {
        (from..from + 30).for_each(|n| drop(server.set_state("sensor.burst", &n.to_string(), "{}")));
    };
    burst(0);
    for n in 0..30 {
        assert_eq!(state_of(&client.next().await.unwrap()).1, n.to_string());
    }
    assert_eq!(client.arrays, Vec::<usize>::new());

    client.call(json!({"type": "supported_features", "features": {"coalesce_messages": 1}})).await;
    burst(30);
    for n in 30..60 {
        assert_eq!(state_of(&client.next().await.unwrap()).1, n.to_string());
    }
    assert_eq!(client.arrays, [30]);
    server.set_state("sensor.burst", "alone", "{}");
    client.next().await.unwrap();
    assert_eq!(client.arrays, [30], "one message alone is an object");

    client.socket_send(r#"[{"id":10,"type":"ping"},{"id":11,"type":"get_config"}]"#).await;
    assert_eq!(client.next().await.unwrap(), json!({"id": 10, "type": "pong"}));
    assert_eq!(client.next().await.unwrap()["result"]["state"], "RUNNING");
}

#[tokio::test(start_paused = true)]
async fn one_service_call_is_one_context_and_a_removal_has_no_new_state() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.call_service(
        Some("alex"),
        vec![Write::new("light.a", "on", "{}"), Write::new("light.b", "on", "{}")],
    );
    let (a, b) = (client.next().await.unwrap(), client.next().await.unwrap());
    assert_eq!(a["event"]["context"], b["event"]["context"]);
    assert_eq!(a["event"]["context"]["user_id"], "alex");
    server.remove("light.a");
    let removal = client.next().await.unwrap();
    assert_eq!(removal["event"]["data"]["new_state"], Value::Null);
    assert_eq!(removal["event"]["data"]["old_state"], a["event"]["data"]["new_state"]);

    server.fire("lab_event", r#"{"a":1}"#);
    assert_eq!(client.call(json!({"type": "unsubscribe_events", "subscription": 1})).await["success"], true);
    client.call(json!({"type": "subscribe_events"})).await;
    server.fire("lab_event", r#"{"a":2}"#);
    assert_eq!(client.next().await.unwrap()["event"]["data"]["a"], 2);
    let counters = server.counters();
    assert_eq!((counters.subscriptions, counters.subscriptions_ever, counters.fired), (1, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn who_is_no_administrator_may_have_state_changes_only() {
    let server = quiet(Options { admin: false, ..Options::default() });
    let mut client = Client::subscribed(&server).await;
    for refused in
        [json!({"type": "subscribe_events"}), json!({"type": "subscribe_events", "event_type": "x"})]
    {
        assert_eq!(client.call(refused).await["error"]["code"], "unauthorized");
    }
    assert_eq!(client.call(json!({"type": "auth/current_user"})).await["result"]["is_admin"], false);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_listens_gets_a_whole_house_as_it_happens() {
    let clock = Arc::new(TokioClock::starting_at(start_time()));
    let server = HomeAssistant::new(House::new(1, start_time()), clock, Options::default());
    let living = tokio::spawn({
        let server = server.clone();
        async move { server.run().await }
    });
    let mut client = Client::subscribed(&server).await;
    let mut seen = Vec::new();
    let end = Instant::now() + Duration::from_secs(600);
    while let Ok(event) = tokio::time::timeout_at(end, client.next()).await {
        seen.push(event.unwrap()["event"]["time_fired"].as_str().unwrap().to_owned());
    }
    living.abort();
    let fired: Vec<_> = server.ledger().iter().map(|f| crate::house::iso(f.time_fired)).collect();
    assert_eq!(seen, fired);
    assert!(seen.len() > 300, "{} events in ten minutes", seen.len());

    let states = client.call(json!({"type": "get_states"})).await;
    let areas = client.call(json!({"type": "config/area_registry/list"})).await;
    assert!(states["result"].as_array().unwrap().len() > 60);
    assert_eq!(areas["result"].as_array().unwrap().len(), 8);
}

#[test]
fn the_same_seed_and_the_same_faults_make_the_same_bytes_twice() {
    let run = || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(TokioClock::starting_at(start_time()));
            let server = HomeAssistant::new(House::new(7, start_time()), clock, Options::default());
            let living = server.clone();
            tokio::spawn(async move { living.run().await });
            let second = Duration::from_secs(1);
            let mut client = Client::subscribed(&server).await;
            server.cause(Fault::Storm { per_second: 50, lasting: 20 * second, attribute_bytes: 100 });
            let mut frames = Vec::new();
            let end = Instant::now() + 10 * second;
            while let Ok(frame) = tokio::time::timeout_at(end, client.frame()).await {
                frames.push(frame.unwrap());
            }
            server.cause(Fault::Restart { down: 3 * second, starting: 30 * second, killed: true });
            tokio::time::sleep(60 * second).await;
            (server.ledger(), frames, server.counters())
        })
    };
    let first = run();
    assert!(
        first.0.len() > 700 && first.1.len() > 500,
        "{} fired, {} received",
        first.0.len(),
        first.1.len()
    );
    assert_eq!(first, run());
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_pinged_after_55_s_and_one_that_does_not_answer_is_dropped() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    let start = Instant::now();
    assert!(matches!(client.frame().await, Some(Message::Ping(_))));
    assert_eq!(start.elapsed(), Duration::from_secs(55));
    // The pong is written with the next read, so this one is alive for another round.
    assert!(matches!(client.frame().await, Some(Message::Ping(_))));
    assert_eq!(start.elapsed(), Duration::from_secs(110));

    let dead = Client::authenticated(&server).await;
    tokio::time::sleep(Duration::from_millis(82_499)).await;
    let before = server.counters().connections;
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!((before, server.counters().connections), (1, 0));
    drop(dead);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off_at_4096_or_after_the_peak_time_and_what_waits_is_lost() {
    for (events, cut_after) in [(5_000, 0), (2_000, 10)] {
        let server = quiet(Options::default());
        let mut client = Client::subscribed(&server).await;
        let start = Instant::now();
        for n in 0..events {
            server.set_state("sensor.fast", &n.to_string(), "{}");
            tokio::task::yield_now().await;
        }
        while server.counters().cut_off == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(start.elapsed().as_secs(), cut_after);
        let mut read = 0;
        while client.next().await.is_some() {
            read += 1;
        }
        assert!(0 < read && read < 1_000, "{read} of {events} were readable");
    }
    let server = quiet(Options::default());
    let client = Client::subscribed(&server).await;
    (0..1_000).for_each(|n| drop(server.set_state("sensor.fast", &n.to_string(), "{}")));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(server.counters().cut_off, 0, "a thousand may wait");
    drop(client);
}

async fn request(server: &HomeAssistant, path: &str, token: Option<&str>) -> u16 {
    let (mut here, there) = tokio::io::duplex(4096);
    let authorization = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    here.write_all(format!("GET {path} HTTP/1.1\r\nHost: house\r\n{authorization}\r\n").as_bytes())
        .await
        .unwrap();
    server.serve(there).await;
    let mut answer = String::new();
    here.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn over_plain_http_there_is_little() {
    let server = quiet(Options::default());
    assert_eq!(request(&server, "/api/", Some("simulated-token")).await, 200);
    assert_eq!(request(&server, "/api/", Some("wrong")).await, 401);
    assert_eq!(request(&server, "/api/websocket", None).await, 400);
    assert_eq!(request(&server, "/api/states", None).await, 404);
    assert_eq!(server.counters().auth_failures, 1);
}
