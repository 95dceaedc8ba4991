use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Client, quiet, start_time, state_of};
use crate::recording::{Direction, Frame, Recording, Said, header};
use crate::{Fault, Garbage, HomeAssistant, Options, TokioClock};

const SECOND: Duration = Duration::from_secs(1);

/// A client that writes down what it says and hears.
struct Scribe {
    client: Client,
    began: Instant,
    lines: String,
}

impl Scribe {
    async fn of(server: &HomeAssistant) -> Self {
        let lines = header("2024.3.3", Timestamp(0), "a test") + "\n";
        Self { client: Client::authenticated(server).await, began: Instant::now(), lines }
    }

    fn note(&mut self, direction: Direction, said: Said) {
        let t = self.began.elapsed().as_secs_f64();
        self.lines += &(Frame { t, direction, said }.to_line(0) + "\n");
    }

    async fn ask(&mut self, mut command: Value) {
        self.client.send_command(command.clone()).await;
        command["id"] = self.client.id.into();
        self.note(Direction::Out, Said::Text(command.to_string()));
        self.hear().await;
    }

    async fn hear(&mut self) {
        let said = match self.client.frame().await {
            Some(Message::Text(text)) => Said::Text(text.to_string()),
            Some(Message::Binary(bytes)) => Said::Binary(bytes.to_vec()),
            Some(Message::Close(frame)) => Said::End(frame.map(|frame| frame.code.into())),
            _ => Said::End(None),
        };
        self.note(Direction::In, said);
    }
}

/// Three entities: one changes before the snapshot, one after it, one never; with garbage, a removal and a new one.
async fn recorded() -> String {
    let server = quiet(Options::default());
    for id in ["sensor.early", "sensor.late", "sensor.never"] {
        server.set_state(id, "0", r#"{"b":1.50,"a":"°"}"#);
    }
    let mut scribe = Scribe::of(&server).await;
    scribe.ask(json!({"type": "get_config"})).await;
    scribe.ask(json!({"type": "subscribe_events", "event_type": "state_changed"})).await;
    tokio::time::sleep(SECOND).await;
    server.set_state("sensor.early", "1", "{}");
    scribe.hear().await;
    scribe.ask(json!({"type": "get_states"})).await;
    tokio::time::sleep(SECOND).await;
    server.set_state("sensor.late", "1", "{}");
    scribe.hear().await;
    server.cause(Fault::Garbage(Garbage::NotJson));
    scribe.hear().await;
    tokio::time::sleep(SECOND).await;
    server.remove("sensor.early");
    scribe.hear().await;
    server.set_state("sensor.new", "1", "{}");
    scribe.hear().await;
    scribe.ask(json!({"type": "no/such/command"})).await;
    server.cause(Fault::Drop(crate::Ending::Close));
    scribe.hear().await;
    scribe.lines
}

fn replayed(text: &str) -> HomeAssistant {
    let recording = Recording::parse(text).unwrap();
    let clock = Arc::new(TokioClock::starting_at(start_time()));
    HomeAssistant::replaying(&recording, clock, Options { token: String::new(), ..Options::default() })
}

fn texts(answer: &Value) -> Vec<(&str, &str)> {
    let states = answer["result"].as_array().unwrap();
    states.iter().map(|s| (s["entity_id"].as_str().unwrap(), s["state"].as_str().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_answered_and_played_as_it_was_with_the_ids_of_today() {
    let text = recorded().await;
    let server = replayed(&text);
    let replaying = tokio::spawn({
        let server = server.clone();
        async move { server.replay(2.0).await }
    });
    let mut client = Client::upgrade(&server, 64 * 1024).await.unwrap();
    assert_eq!(client.next().await.unwrap()["ha_version"], "2024.3.3");
    client.send(json!({"type": "auth", "access_token": "any"})).await;
    assert_eq!(client.next().await.unwrap()["type"], "auth_ok");
    client.id = 40;
    client.call(json!({"type": "supported_features", "features": {"coalesce_messages": 1}})).await;
    let get_states = || json!({"type": "get_states"});
    tokio::time::sleep(5 * SECOND).await;
    let before = client.call(get_states()).await;
    assert_eq!(texts(&before), [("sensor.early", "0"), ("sensor.late", "0"), ("sensor.never", "0")]);

    let start = Instant::now();
    client.call(json!({"type": "subscribe_events", "event_type": "state_changed"})).await;
    for _ in 0..2 {
        let config = client.call(json!({"type": "get_config"})).await;
        assert_eq!(config["result"]["state"], "RUNNING", "the last answer holds");
    }
    let refused = client.call(json!({"type": "no/such/command"})).await;
    assert_eq!(refused["error"]["code"], "unknown_command");
    let event = client.next().await.unwrap();
    assert_eq!((state_of(&event), &event["id"]), (("sensor.early", "1"), &json!(43)));
    assert_eq!(start.elapsed().as_millis(), 500, "twice as fast");
    let now = client.call(get_states()).await;
    assert_eq!(texts(&now), [("sensor.early", "1"), ("sensor.late", "0"), ("sensor.never", "0")]);

    let Some(Message::Text(frame)) = client.frame().await else { panic!("no event") };
    let old = r#""old_state":{"entity_id":"sensor.late","state":"0","attributes":{"b":1.50,"a":"°"}"#;
    assert!(frame.contains(old), "byte for byte: {frame}");
    let Some(Message::Text(frame)) = client.frame().await else { panic!("no garbage") };
    assert!(serde_json::from_str::<Value>(&frame).is_err());
    assert_eq!(client.next().await.unwrap()["event"]["data"]["new_state"], Value::Null);
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.new", "1"));
    assert_eq!(client.next().await, None, "it ends where the recording ends");
    replaying.await.unwrap();

    let mut again = Client::upgrade(&server, 64 * 1024).await.unwrap();
    again.next().await.unwrap();
    again.send(json!({"type": "auth", "access_token": "any"})).await;
    again.next().await.unwrap();
    let after = again.call(get_states()).await;
    assert_eq!(texts(&after), [("sensor.late", "1"), ("sensor.never", "0"), ("sensor.new", "1")]);
    assert_eq!(again.call(json!({"type": "ping"})).await["type"], "pong");
    assert_eq!(server.counters().fired, 4);
}

#[tokio::test(start_paused = true)]
async fn what_was_no_json_stays_alone_and_without_a_configuration_the_house_runs() {
    let mut lines = header("1", Timestamp(0), "") + "\n";
    let mut note = |direction, text: &str| {
        lines += &(Frame { t: 1.0, direction, said: Said::Text(text.into()) }.to_line(0) + "\n");
    };
    note(Direction::Out, r#"[{"id":7,"type":"subscribe_events"}]"#);
    let event = r#"{"type":"event","event":{"event_type":"tick","data":{}},"id":7}"#;
    for text in [event, event, "{", event] {
        note(Direction::In, text);
    }
    let server = replayed(&lines);
    let mut client = Client::authenticated(&server).await;
    client.call(json!({"type": "supported_features", "features": {"coalesce_messages": 1}})).await;
    assert_eq!(client.call(json!({"type": "get_config"})).await["result"]["state"], "RUNNING");
    client.call(json!({"type": "subscribe_events"})).await;
    server.replay(1.0).await;
    let mut frames = Vec::new();
    for _ in 0..3 {
        let Some(Message::Text(text)) = client.frame().await else { panic!("no frame") };
        frames.push(text.to_string());
    }
    let event = event.replace(r#""id":7"#, r#""id":3"#);
    assert_eq!(frames, [format!("[{event},{event}]"), "{".into(), event]);
}

#[tokio::test(start_paused = true)]
async fn a_fast_replay_cuts_nobody_off() {
    let server = quiet(Options::default());
    let mut scribe = Scribe::of(&server).await;
    scribe.ask(json!({"type": "subscribe_events", "event_type": "state_changed"})).await;
    for n in 0..6_000 {
        server.set_state("sensor.a", &n.to_string(), "{}");
        scribe.hear().await;
    }
    let server = replayed(&scribe.lines);
    let mut client = Client::subscribed(&server).await;
    let replaying = server.clone();
    tokio::spawn(async move { replaying.replay(1e6).await });
    for n in 0..6_000 {
        assert_eq!(state_of(&client.next().await.unwrap()).1, n.to_string());
    }
    assert_eq!(server.counters().cut_off, 0);
}
