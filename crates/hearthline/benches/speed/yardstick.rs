//! The yardstick: the least that a client on the same WebSocket crate can do and still keep what it hears. It receives,
//! parses with types (attributes stay text), and appends each frame, as received, with length and CRC-32 to a file that
//! is synced every 1,000 events. It knows no duplicates, no gaps, no filters and no secrets.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message as Frame, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::measure::{Figures, Watch};

const SYNC_EVERY: u64 = 1000;

#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    event: Event<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read of an event is part of the work that is measured")]
struct Event<'a> {
    event_type: &'a str,
    #[serde(borrow)]
    data: Data<'a>,
    time_fired: &'a str,
    #[serde(borrow)]
    context: Context<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read of an event is part of the work that is measured")]
struct Data<'a> {
    entity_id: &'a str,
    #[serde(borrow)]
    old_state: Option<State<'a>>,
    #[serde(borrow)]
    new_state: Option<State<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read of an event is part of the work that is measured")]
struct State<'a> {
    entity_id: &'a str,
    state: &'a str,
    #[serde(borrow)]
    attributes: &'a RawValue,
    last_changed: &'a str,
    last_updated: &'a str,
    #[serde(borrow)]
    context: Context<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read of an event is part of the work that is measured")]
struct Context<'a> {
    id: &'a str,
}

/// Parses one frame; answers with the number of its events.
pub(crate) fn parse(frame: &str) -> Result<u64> {
    let messages: Vec<Message<'_>> = serde_json::from_str(frame)?;
    let changes = messages.iter().filter(|message| message.event.event_type == "state_changed");
    Ok(changes.count() as u64)
}

/// Takes in so many events.
pub(crate) async fn run(address: SocketAddr, events: u64, dir: &Path) -> Result<Figures> {
    let mut file = File::create(dir.join("yardstick"))?;
    let stream = TcpStream::connect(address).await?;
    let (mut socket, _) = client_async(format!("ws://{address}/api/websocket"), stream).await?;
    next(&mut socket).await?;
    socket.send(Frame::text(r#"{"type":"auth","access_token":"t"}"#)).await?;
    next(&mut socket).await?;
    let watch = Watch::start();
    socket.send(Frame::text(r#"{"id":1,"type":"get_states"}"#)).await?;
    next(&mut socket).await?;
    let (mut read, mut synced) = (0, 0);
    let mut record = Vec::new();
    while read < events {
        let frame = next(&mut socket).await?;
        read += parse(&frame)?;
        record.clear();
        record.extend_from_slice(&u32::try_from(frame.len())?.to_le_bytes());
        record.extend_from_slice(&crc32fast::hash(frame.as_bytes()).to_le_bytes());
        record.extend_from_slice(frame.as_bytes());
        file.write_all(&record)?;
        if read - synced >= SYNC_EVERY {
            file.sync_data()?;
            synced = read;
        }
    }
    file.sync_data()?;
    ensure!(read == events, "{read} of {events} events");
    watch.stop(events)
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Result<Utf8Bytes> {
    match socket.next().await.context("the stream has ended")?? {
        Frame::Text(text) => Ok(text),
        other => anyhow::bail!("not a text: {other:?}"),
    }
}
