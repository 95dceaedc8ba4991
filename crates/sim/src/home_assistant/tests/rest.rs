//! States over REST.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Client, quiet};
use crate::{Fault, HomeAssistant, Options};

/// Status and body of the answer.
async fn ask(server: &HomeAssistant, method: &str, token: &str, body: &str) -> (u16, String) {
    let (mut here, there) = tokio::io::duplex(4096);
    let server = server.clone();
    tokio::spawn(async move { server.serve(there).await });
    let length = body.len();
    let request = format!(
        "{method} /api/states/sensor.a HTTP/1.1\r\nHost: house\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    here.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    here.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_administrator_sets_changes_and_removes_a_state_and_each_is_an_event() {
    let (server, right) = (quiet(Options::default()), "simulated-token");
    let mut client = Client::subscribed(&server).await;
    let state = |text: &str, dynamics: Value| {
        json!({"state": text, "attributes": {"dynamics": dynamics}}).to_string()
    };
    assert_eq!(ask(&server, "GET", right, "").await.0, 404);
    for (method, body, status) in [
        ("POST", state("1", json!("none")), 201),
        ("POST", state("2", json!(true)), 200),
        ("GET", String::new(), 200),
        ("DELETE", String::new(), 200),
        ("DELETE", String::new(), 404),
        ("POST", "{".into(), 400),
        ("POST", "{}".into(), 400),
        ("PUT", String::new(), 405),
    ] {
        assert_eq!(ask(&server, method, right, &body).await.0, status, "{method} {body}");
    }
    let data = async |client: &mut Client| client.next().await.unwrap()["event"]["data"].take();
    let (set, changed, removed) = (data(&mut client).await, data(&mut client).await, data(&mut client).await);
    assert_eq!((&set["new_state"]["state"], &set["old_state"]), (&json!("1"), &json!(null)));
    assert_eq!(changed["new_state"]["attributes"], json!({"dynamics": true}));
    assert_eq!((&removed["entity_id"], &removed["new_state"]), (&json!("sensor.a"), &json!(null)));
}

#[tokio::test(start_paused = true)]
async fn who_is_no_administrator_reads_alone_and_each_try_counts_as_a_wrong_login() {
    let server = quiet(Options { login_attempts_threshold: Some(2), ..Options::default() });
    server.set_state("sensor.a", "1", "{}");
    server.cause(Fault::NoAdmin);
    assert_eq!(ask(&server, "GET", "simulated-token", "").await.0, 200);
    for (token, failures) in [("simulated-token", 1), ("wrong", 2)] {
        assert_eq!(ask(&server, "POST", token, r#"{"state":"2"}"#).await.0, 401);
        assert_eq!(server.counters().auth_failures, failures);
    }
    assert_eq!(ask(&server, "GET", "simulated-token", "").await.0, 403);
    assert_eq!(&*server.state("sensor.a").unwrap().state, "1");
}
