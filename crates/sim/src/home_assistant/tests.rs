//! A small client over a duplex stream, in paused time.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use hearthline_core::Timestamp;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{HomeAssistant, Options};
use crate::{House, TokioClock};

mod chaos;
mod control;
mod faults;
mod history;
mod house;
mod line;
mod protocol;
mod refusals;
mod replay;
mod rest;

fn start_time() -> Timestamp {
    Timestamp::parse("2026-11-23T11:49:43.000001+00:00").unwrap()
}

/// A server whose house does nothing by itself.
fn quiet(options: Options) -> HomeAssistant {
    let clock = Arc::new(TokioClock::starting_at(start_time()));
    HomeAssistant::new(House::empty(1, start_time()), clock, options)
}

struct Client {
    socket: WebSocketStream<DuplexStream>,
    pending: VecDeque<Value>,
    /// Lengths of the frames that were arrays.
    arrays: Vec<usize>,
    id: u64,
}

impl Client {
    async fn upgrade(server: &HomeAssistant, buffer: usize) -> Option<Self> {
        let (here, there) = tokio::io::duplex(buffer);
        let server = server.clone();
        tokio::spawn(async move { server.serve(there).await });
        let config = WebSocketConfig::default().max_frame_size(Some(64 << 20));
        let url = "ws://house/api/websocket";
        let upgraded = tokio_tungstenite::client_async_with_config(url, here, Some(config)).await;
        let (socket, _) = upgraded.ok()?;
        Some(Self { socket, pending: VecDeque::new(), arrays: Vec::new(), id: 0 })
    }

    async fn authenticated(server: &HomeAssistant) -> Self {
        let mut client = Self::upgrade(server, 64 * 1024).await.unwrap();
        assert_eq!(client.next().await.unwrap()["type"], "auth_required");
        let token = &server.0.options.token;
        client.send(json!({"type": "auth", "access_token": token})).await;
        assert_eq!(client.next().await.unwrap()["type"], "auth_ok");
        client
    }

    async fn subscribed(server: &HomeAssistant) -> Self {
        let mut client = Self::authenticated(server).await;
        let answer = client.call(json!({"type": "subscribe_events", "event_type": "state_changed"})).await;
        assert_eq!(answer["success"], true);
        client
    }

    async fn send(&mut self, message: Value) {
        self.socket.send(message.to_string().into()).await.unwrap();
    }

    /// The next message; none at a close frame or the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.pending.pop_front() {
                return Some(message);
            }
            match self.socket.next().await? {
                Ok(Message::Text(text)) => match serde_json::from_str(&text).unwrap() {
                    Value::Array(messages) => {
                        self.arrays.push(messages.len());
                        self.pending.extend(messages);
                    }
                    message => self.pending.push_back(message),
                },
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame as it came.
    async fn frame(&mut self) -> Option<Message> {
        self.socket.next().await?.ok()
    }

    /// Sends a command under the next id.
    async fn send_command(&mut self, mut command: Value) {
        self.id += 1;
        command["id"] = self.id.into();
        self.send(command).await;
    }

    /// Sends a command and waits for its answer; what comes before that is passed over.
    async fn call(&mut self, command: Value) -> Value {
        self.send_command(command).await;
        loop {
            let message = self.next().await.expect("an answer");
            if message["id"] == self.id && message["type"] != "event" {
                return message;
            }
        }
    }
}

fn state_of(event: &Value) -> (&str, &str) {
    let new = &event["event"]["data"]["new_state"];
    (new["entity_id"].as_str().unwrap(), new["state"].as_str().unwrap())
}
