//! The little of HTTP that there is: the upgrade, `GET /api/`, a state that is set or removed, and refusals.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const MAX_HEAD: usize = 16 * 1024;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads one; also returns what came after it.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Self, Vec<u8>)> {
        let mut bytes = Vec::with_capacity(1024);
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let rest = bytes.split_off(end + 4);
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(key, value)| (key.to_lowercase(), value.trim().to_owned())).collect();
        Ok((Self { method, path, headers }, rest))
    }

    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The token.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization").and_then(|header| header.strip_prefix("Bearer "))
    }
}

/// The body of a request, of which `begun` came with its head. It has a length, and no more than `most`.
pub(crate) async fn body(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    head: &Head,
    begun: Vec<u8>,
    most: usize,
) -> io::Result<Vec<u8>> {
    let length = head.header("content-length").map_or(Ok(0), str::parse::<usize>);
    let length = length.ok().filter(|length| (begun.len()..=most).contains(length));
    let length = length.filter(|_| head.header("transfer-encoding").is_none());
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    if head.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let (read, mut body) = (begun.len(), begun);
    body.resize(length, 0);
    stream.read_exact(body.get_mut(read..).unwrap_or_default()).await?;
    Ok(body)
}

/// Answers an upgrade. `headers` are more lines of the head, each with its end.
pub(crate) async fn switch_protocols(
    stream: &mut (impl AsyncWrite + Unpin),
    key: &str,
    headers: &str,
) -> io::Result<()> {
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
         {headers}Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await
}

/// Answers anything else, and is done with the connection. `headers` are more lines of the head, each with its end.
pub(crate) async fn respond_with(
    stream: &mut (impl AsyncWrite + Unpin),
    status: &str,
    headers: &str,
    body: &str,
) -> io::Result<()> {
    let kind = if body.starts_with('{') { "application/json" } else { "text/plain; charset=utf-8" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{headers}\
         Connection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.flush().await
}
