use std::collections::HashMap;
use std::time::Duration;

use hearthline_core::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Client, quiet, start_time};
use crate::home_assistant::recorder::float_seconds;
use crate::{Fault, HomeAssistant, Options};

fn command(entity_ids: &[&str], more: &Value) -> Value {
    let mut command = json!({
        "type": "history/history_during_period", "start_time": "2026-11-23T11:49:00+00:00", "entity_ids": entity_ids,
        "significant_changes_only": false, "include_start_time_state": false,
    });
    command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    command
}

pub(super) async fn history(client: &mut Client, entity_ids: &[&str], more: Value) -> Value {
    client.call(command(entity_ids, &more)).await
}

/// A row by the text of its numbers: what `serde_json` makes of a double may be beside it in the last bit.
#[derive(Deserialize)]
struct Row {
    s: Option<String>,
    a: Box<RawValue>,
    lc: Option<Box<RawValue>>,
    lu: Box<RawValue>,
}

fn time(number: &RawValue) -> Timestamp {
    Timestamp::from_float_seconds(number.get().parse().unwrap()).unwrap()
}

async fn rows(client: &mut Client, entity_id: &str) -> Vec<Row> {
    #[derive(Deserialize)]
    struct Answer {
        result: HashMap<String, Vec<Row>>,
    }
    client.send_command(command(&[entity_id], &json!({}))).await;
    let Some(Message::Text(text)) = client.frame().await else { panic!("no answer") };
    serde_json::from_str::<Answer>(&text).unwrap().result.remove(entity_id).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_row_is_there_after_the_commit_with_its_time_exact_to_the_microsecond() {
    let server = quiet(Options { commit_interval: Duration::from_secs(3), ..Options::default() });
    let mut client = Client::authenticated(&server).await;
    for n in 0..1_000 {
        tokio::time::advance(Duration::from_micros(1_357)).await;
        server.set_state("sensor.storm", &(n / 2).to_string(), &format!(r#"{{"n":{n}}}"#));
    }
    let fired = server.ledger();
    let answer = history(&mut client, &["sensor.storm"], json!({})).await;
    assert_eq!(answer["result"], json!({}), "nothing is committed yet");

    tokio::time::sleep(Duration::from_secs(3)).await;
    let rows = rows(&mut client, "sensor.storm").await;
    assert_eq!(rows.len(), fired.len());
    for (row, fired) in rows.iter().zip(&fired) {
        let state = fired.new_state.as_ref().unwrap();
        assert_eq!(time(&row.lu), state.last_updated);
        assert_eq!(row.lc.as_deref().map_or(state.last_updated, time), state.last_changed);
        assert_eq!((row.s.as_deref(), row.a.get()), (Some(&*state.state), &*state.attributes));
    }
}

#[test]
fn float_times_come_back_exactly_and_not_by_plain_rounding() {
    let times: Vec<_> = (0..20_000).map(|n| Timestamp(start_time().0 + n * 7_919_113)).collect();
    for &at in &times {
        assert_eq!(Timestamp::from_float_seconds(float_seconds(at)), Ok(at));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the naive way back, to show that it is wrong")]
    let naive = |at: Timestamp| Timestamp((float_seconds(at) * 1e6).round() as i64);
    let wrong = times.iter().filter(|&&at| naive(at) != at).count();
    assert!(wrong > 1_000, "{wrong} of 20,000 go wrong by rounding");
}

#[tokio::test(start_paused = true)]
async fn removals_large_attributes_excluded_entities_and_the_state_at_the_start() {
    let server = quiet(Options { excluded: vec!["sensor.excluded".into()], ..Options::default() });
    let mut client = Client::authenticated(&server).await;
    server.set_state("sensor.gone", "1", r#"{"n":1}"#);
    server.set_state("sensor.excluded", "1", "{}");
    server.set_state("sensor.large", "1", &format!(r#"{{"x":"{}"}}"#, "x".repeat(16_384)));
    tokio::time::sleep(Duration::from_secs(60)).await;
    server.remove("sensor.gone");
    tokio::time::sleep(Duration::from_secs(10)).await;

    let all = ["sensor.gone", "sensor.excluded", "sensor.large", "sensor.never"];
    let answer = history(&mut client, &all, json!({})).await;
    let result = answer["result"].as_object().unwrap();
    assert_eq!(result.keys().collect::<Vec<_>>(), ["sensor.gone", "sensor.large"]);
    assert_eq!(result["sensor.large"][0]["a"], json!({}));
    assert_eq!(result["sensor.gone"][1]["s"], Value::Null);
    let removal = rows(&mut client, "sensor.gone").await.pop().unwrap();
    assert_eq!((removal.s, time(&removal.lu)), (None, server.ledger()[3].time_fired));

    let from = json!({"start_time": "2026-11-23T11:50:00+00:00", "include_start_time_state": true});
    let answer = history(&mut client, &all, from).await;
    let rows = answer["result"]["sensor.gone"].as_array().unwrap();
    assert_eq!(rows[0], json!({"s": "1", "a": {"n": 1}, "lu": 1_795_434_600.0}));
    assert_eq!(rows.len(), 2);

    let future = json!({"start_time": "2027-01-01T00:00:00+00:00", "include_start_time_state": true});
    assert_eq!(history(&mut client, &all, future).await["result"], json!({}));
    let unreadable = history(&mut client, &all, json!({"start_time": "soon"})).await;
    assert_eq!(unreadable["error"]["code"], "invalid_start_time");
    let start = "2026-11-23T11:50:00+00:00";
    let bare = client.call(json!({"type": "history/history_during_period", "start_time": start})).await;
    assert_eq!(bare["error"]["code"], "invalid_format");
}

#[tokio::test(start_paused = true)]
async fn by_default_only_changes_of_the_text_are_significant() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    for (id, n) in [("sensor.a", 1), ("sensor.a", 2), ("climate.a", 1), ("climate.a", 2)] {
        server.set_state(id, "same", &format!(r#"{{"n":{n}}}"#));
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let answer =
        history(&mut client, &["sensor.a", "climate.a"], json!({"significant_changes_only": true})).await;
    let rows = |id: &str| answer["result"][id].as_array().unwrap().len();
    assert_eq!((rows("sensor.a"), rows("climate.a")), (1, 2));
    let bare = json!({"minimal_response": true, "no_attributes": true});
    let answer = history(&mut client, &["sensor.a"], bare).await;
    assert!(answer["result"]["sensor.a"][0].get("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_committed_when_the_process_was_killed_is_never_in_history() {
    let server = quiet(Options::default());
    server.set_state("sensor.a", "committed", "{}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.set_state("sensor.a", "lost", "{}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    restart_killed(&server).await;
    let mut client = Client::authenticated(&server).await;
    let answer = history(&mut client, &["sensor.a"], json!({})).await;
    let states: Vec<_> =
        answer["result"]["sensor.a"].as_array().unwrap().iter().map(|r| r["s"].as_str().unwrap()).collect();
    assert_eq!(states, ["committed", "unavailable", "lost"], "the last is what it says after the start");
    assert_eq!(server.ledger().len(), 4);
}

async fn restart_killed(server: &HomeAssistant) {
    let second = Duration::from_secs(1);
    server.cause(Fault::Restart { down: second, starting: second, killed: true });
    tokio::time::sleep(Duration::from_secs(20)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_recorder_there_is_no_history_and_what_is_fired_meanwhile_is_never_in_it() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    let second = Duration::from_secs(1);
    for (state, fault) in [("before", Some(Fault::NoRecorder)), ("without", None), ("after", None)] {
        server.set_state("sensor.a", state, "{}");
        tokio::time::sleep(10 * second).await;
        match fault {
            Some(fault) => server.cause(fault),
            None => server.heal(),
        }
        if state == "before" {
            for command in [json!({"type": "recorder/info"}), command(&["sensor.a"], &json!({}))] {
                assert_eq!(client.call(command).await["error"]["code"], "unknown_command");
            }
        }
    }
    let answer = history(&mut client, &["sensor.a"], json!({})).await;
    let rows: Vec<_> = answer["result"]["sensor.a"].as_array().unwrap().iter().map(|r| &r["s"]).collect();
    assert_eq!(rows, ["before", "after"]);
    let entries = server.ledger_entries();
    assert_eq!(entries.iter().map(|e| e.in_history).collect::<Vec<_>>(), [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn slow_history_lets_other_answers_pass() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    server.cause(Fault::SlowHistory(Duration::from_secs(20)));
    let start = tokio::time::Instant::now();
    client.send_command(command(&["sensor.a"], &json!({}))).await;
    assert_eq!(client.call(json!({"type": "ping"})).await["type"], "pong");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(client.next().await.unwrap()["result"], json!({}));
    assert_eq!(start.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn history_of_a_storm_is_one_large_frame_with_a_row_for_each_event() {
    let server = quiet(Options::default());
    server.cause(Fault::Storm { per_second: 1000, lasting: Duration::from_secs(10), attribute_bytes: 2_000 });
    tokio::time::sleep(Duration::from_secs(20)).await;
    let mut client = Client::authenticated(&server).await;
    let ids: Vec<_> = (0..50).map(|n| format!("sensor.storm_{n:05}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    client.send_command(command(&ids, &json!({}))).await;
    let Some(Message::Text(text)) = client.frame().await else { panic!("no answer") };
    assert!(text.len() > 20_000_000, "{}", text.len());
    assert_eq!(text.matches(r#""lu":"#).count(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn the_ledger_says_of_each_event_whether_history_has_it() {
    let server = quiet(Options { excluded: vec!["sensor.excluded".into()], ..Options::default() });
    server.set_state("sensor.a", "1", r#"{"b":2}"#);
    server.set_state("sensor.excluded", "1", "{}");
    server.cause(Fault::Swallow("sensor.bad".into()));
    server.set_state("sensor.bad", "1", "{}");
    server.remove("sensor.a");
    let known = |server: &HomeAssistant| -> Vec<_> {
        server.ledger_entries().iter().map(|entry| entry.in_history).collect()
    };
    assert_eq!(known(&server), [false; 4], "nothing is committed yet");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(known(&server), [true, false, false, true]);
    server.set_state("sensor.late", "1", "{}");
    server.cause(Fault::Restart { down: Duration::from_secs(60), starting: Duration::ZERO, killed: true });
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(known(&server), [true, false, false, true, false]);

    let lines = server.ledger_lines();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = server.ledger()[0].time_fired.0;
    assert_eq!(
        lines[0],
        json!({"order": 1, "entity_id": "sensor.a", "last_updated": first, "last_changed": first, "state": "1",
            "attributes": "1544961c05a7222f", "delivered": true, "in_history": true})
    );
    let removal = (&lines[3]["state"], &lines[3]["attributes"], &lines[3]["last_changed"]);
    assert_eq!(removal, (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(lines[2]["delivered"], false);
}
