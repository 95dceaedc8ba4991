//! Who is not let in, and commands that do not get their answer.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Client, quiet};
use crate::{Ending, Fault, HomeAssistant, Options};

async fn status_of_upgrade(server: &HomeAssistant) -> u16 {
    let (here, there) = tokio::io::duplex(4096);
    let server = server.clone();
    tokio::spawn(async move { server.serve(there).await });
    match tokio_tungstenite::client_async("ws://house/api/websocket", here).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

fn subscribe() -> Value {
    json!({"type": "subscribe_events", "event_type": "state_changed"})
}

#[tokio::test(start_paused = true)]
async fn a_ban_and_a_bad_gateway_are_told_by_http_until_they_end() {
    let server = quiet(Options::default());
    let mut before = Client::authenticated(&server).await;
    for (fault, status) in [(Fault::Ban, 403), (Fault::BadGateway, 502)] {
        server.cause(fault.clone());
        assert_eq!(status_of_upgrade(&server).await, status);
        server.end(&fault);
        assert_eq!(status_of_upgrade(&server).await, 101);
    }
    assert_eq!(before.call(json!({"type": "ping"})).await["type"], "pong", "who is there stays");
}

#[tokio::test(start_paused = true)]
async fn the_connection_ends_in_place_of_the_answer_once() {
    let server = quiet(Options::default());
    for ending in [Ending::Eof, Ending::Close] {
        server.cause(Fault::DropOn { command: "subscribe_events".into(), ending });
        let mut client = Client::authenticated(&server).await;
        assert_eq!(client.call(json!({"type": "get_config"})).await["success"], true);
        client.send_command(subscribe()).await;
        let last = client.frame().await;
        assert_eq!(matches!(last, Some(Message::Close(_))), ending == Ending::Close, "{last:?}");
        Client::subscribed(&server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn commands_are_refused_or_never_answered_and_the_connection_goes_on() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    server.cause(Fault::RefuseCommand("subscribe_events".into()));
    server.cause(Fault::IgnoreCommand("get_states".into()));
    assert_eq!(client.call(subscribe()).await["error"]["code"], "unauthorized");
    client.send_command(json!({"type": "get_states"})).await;
    assert_eq!(client.call(json!({"type": "ping"})).await["type"], "pong");
    assert_eq!(server.counters().subscriptions, 0);
    server.end(&Fault::RefuseCommand("subscribe_events".into()));
    assert_eq!(client.call(subscribe()).await["success"], true);
    server.heal();
    assert_eq!(client.call(json!({"type": "get_states"})).await["result"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn one_good_id_is_said_to_be_used_already() {
    let server = quiet(Options::default());
    let mut client = Client::authenticated(&server).await;
    server.cause(Fault::IdReuse);
    assert_eq!(client.call(subscribe()).await["error"]["code"], "id_reuse");
    assert_eq!(client.call(subscribe()).await["success"], true);
}
