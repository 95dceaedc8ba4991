//! Its side of Home Assistant's WebSocket API: let in, subscribed to `state_changed`, then one message after the other.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

/// How long connecting, being let in and subscribing may take together.
const OPENING: Duration = Duration::from_secs(15);
/// The largest message.
const LARGEST: usize = 64 << 20;

pub(super) struct Connection {
    socket: WebSocketStream<TcpStream>,
}

/// What a message was.
pub(super) enum Heard {
    /// The event in it.
    Event(Value),
    /// Nothing for it.
    Other,
    /// The last one.
    End,
}

impl Connection {
    /// Connects, is let in and subscribes.
    pub(super) async fn open(url: &Url, token: &str) -> Result<Self, String> {
        let opening = timeout(OPENING, Self::subscribed(url, token)).await;
        opening.unwrap_or_else(|_| Err(format!("{url} did not let it in within {} s", OPENING.as_secs())))
    }

    async fn subscribed(url: &Url, token: &str) -> Result<Self, String> {
        let stream = dial(url).await?;
        let authority = authority(url)?;
        let path = url.path().trim_end_matches('/');
        let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let request = format!("ws://{authority}{path}/api/websocket");
        let upgraded = client_async_with_config(request, stream, Some(limits)).await;
        let (socket, _) = upgraded.map_err(|error| format!("{url} is no Home Assistant ({error})"))?;
        let mut connection = Self { socket };
        connection.expect("auth_required").await?;
        connection.say(&json!({ "type": "auth", "access_token": token })).await?;
        connection.expect("auth_ok").await?;
        connection
            .say(&json!({ "id": 1, "type": "subscribe_events", "event_type": "state_changed" }))
            .await?;
        connection.expect("result").await?;
        Ok(connection)
    }

    /// Waits for the next message.
    pub(super) async fn next(&mut self) -> Result<Heard, String> {
        let said = match self.socket.next().await {
            None => return Ok(Heard::End),
            Some(said) => said.map_err(broken)?,
        };
        let text = match said {
            Message::Text(text) => text,
            Message::Close(_) => return Ok(Heard::End),
            _ => return Ok(Heard::Other),
        };
        let mut message: Value = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
        match message.get_mut("event") {
            Some(event) => Ok(Heard::Event(event.take())),
            None => Ok(Heard::Other),
        }
    }

    async fn say(&mut self, message: &Value) -> Result<(), String> {
        self.socket.send(Message::text(message.to_string())).await.map_err(broken)
    }

    /// Waits for a message of that type.
    async fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let said = self.socket.next().await.ok_or("Home Assistant closed the connection")?.map_err(broken)?;
        let said = said.into_text().map_err(broken)?;
        let message: Value = serde_json::from_str(&said).unwrap_or_default();
        let refused = message.get("success").is_some_and(|success| success == false);
        match message.get("type").and_then(Value::as_str) {
            Some(found) if found == wanted && !refused => Ok(()),
            _ => Err(format!("Home Assistant said {said} in place of {wanted}")),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn broken(error: tokio_tungstenite::tungstenite::Error) -> String {
    format!("the connection to Home Assistant broke ({error}), and it is not made again")
}

/// A connection to the host of an address that is not encrypted.
pub(super) async fn dial(url: &Url) -> Result<TcpStream, String> {
    if !["http", "ws"].contains(&url.scheme()) {
        return Err(format!("{url} is encrypted, which the naive writer is not made for"));
    }
    let host = url.host_str().ok_or_else(|| format!("{url} names no host"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    TcpStream::connect((host, port)).await.map_err(|error| format!("cannot connect ({error})"))
}

/// Host and port.
pub(super) fn authority(url: &Url) -> Result<String, String> {
    let host = url.host_str().ok_or_else(|| format!("{url} names no host"))?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
