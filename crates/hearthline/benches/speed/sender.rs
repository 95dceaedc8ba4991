//! Home Assistant's side, as fast as it can be: frames made beforehand, written in large pieces.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use anyhow::Result;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::{Message, accept};

use crate::events;

/// Bytes that are written at once.
const PIECE: usize = 256 << 10;

/// Serves one client after the other.
pub(crate) fn serve(events: u64) -> Result<()> {
    let frames = events::frames(events);
    let mut stream = Vec::with_capacity(frames.iter().map(|frame| frame.len() + 10).sum());
    frames.iter().for_each(|frame| put_frame(frame, &mut stream));
    drop(frames);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    for client in listener.incoming() {
        if let Err(error) = client.map_err(anyhow::Error::from).and_then(|client| attend(client, &stream)) {
            eprintln!("sender: {error:#}");
        }
    }
    Ok(())
}

/// One text frame of a server: final, not masked.
fn put_frame(text: &str, out: &mut Vec<u8>) {
    out.push(0x81);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(len), _) if len < 126 => out.push(len),
        (_, Ok(len)) => {
            out.push(126);
            out.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

#[derive(Deserialize)]
struct Command {
    #[serde(default)]
    id: u64,
    #[serde(rename = "type")]
    kind: String,
}

/// Answers what a client asks; behind the answer to `get_states` come all frames.
fn attend(client: TcpStream, stream: &[u8]) -> Result<()> {
    client.set_nodelay(true)?;
    let mut socket = accept(client).map_err(|error| anyhow::anyhow!("no handshake: {error}"))?;
    socket.send(Message::text(r#"{"type":"auth_required","ha_version":"2026.11.0"}"#))?;
    loop {
        let text = match socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(Message::Close(_)) | Err(_) => return Ok(()),
            Ok(_) => continue,
        };
        let Command { id, kind } = serde_json::from_str(&text)?;
        let result = match kind.as_str() {
            "auth" => {
                socket.send(Message::text(r#"{"type":"auth_ok","ha_version":"2026.11.0"}"#))?;
                continue;
            }
            "get_config" => r#"{"version":"2026.11.0","location_name":"House","state":"RUNNING"}"#,
            "get_states" => "[]",
            _ => "null",
        };
        socket.send(Message::text(format!(
            r#"{{"id":{id},"type":"result","success":true,"result":{result}}}"#
        )))?;
        if result == "[]" {
            stream.chunks(PIECE).try_for_each(|piece| socket.get_mut().write_all(piece))?;
        }
    }
}
