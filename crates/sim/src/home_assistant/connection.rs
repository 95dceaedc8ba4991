//! One connection, from the request to the end.

use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::http::{self, Head};
use super::line::Line;
use super::message::quoted;
use super::outbox::{Out, Outbox};
use super::world::World;
use super::{Ending, HomeAssistant, commands, rest};

/// Silence in the phase of authentication.
const AUTH_TIME: Duration = Duration::from_secs(10);
/// After this long without a word from the client it is sent a ping …
const PING_AFTER: Duration = Duration::from_secs(55);
/// … and dropped this much later.
const PONG_TIME: Duration = Duration::from_millis(27_500);
/// How long the answer to a close frame is waited for.
const CLOSE_TIME: Duration = Duration::from_secs(10);
const MAX_AUTH: usize = 64 * 1024;
const MAX_MESSAGE: usize = 4 << 20;

/// Takes the client off the list however its connection ends.
struct Registered<'a>(&'a HomeAssistant, u64);

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.0.0.world.lock().peers.remove(&self.1);
    }
}

impl HomeAssistant {
    /// Serves one connection until it ends. Waits follow tokio's time.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        let Some((id, outbox)) = self.0.world.lock().admit() else { return };
        let registered = Registered(self, id);
        let mut line = Line::new(stream, self.0.valve.clone(), self.0.bytes_sent.clone());
        if let Err(error) = self.converse(&mut line, id, &outbox).await {
            tracing::debug!(%error, "a connection broke");
        }
        drop(registered);
        // A dead line does not tell its end either.
        self.0.valve.open().await;
    }

    async fn converse<S>(&self, line: &mut Line<S>, id: u64, outbox: &Outbox) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let upgraded = tokio::select! {
            biased;
            upgraded = self.upgrade(line) => upgraded?,
            _ = outbox.ended() => return Ok(()),
        };
        let Some(rest) = upgraded else { return Ok(()) };
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let mut socket = WebSocketStream::from_partially_read(line, rest, Role::Server, Some(config)).await;
        let ending = tokio::select! {
            biased;
            ending = outbox.ended() => ending,
            ending = self.session(&mut socket, id, outbox) => ending?,
        };
        if ending == Ending::Close {
            // Who does not read cannot be told.
            let _ = timeout(CLOSE_TIME, close(&mut socket)).await;
        }
        Ok(())
    }

    /// Answers the request. Returns what came after it if it was an upgrade that is granted.
    async fn upgrade<S>(&self, line: &mut Line<S>) -> Result<Option<Vec<u8>>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (head, rest) = Head::read(line).await?;
        let date = self.0.world.lock().house.stamp(self.now());
        let headers = format!("Date: {}\r\n", date.to_http());
        if let Some(entity_id) = head.path.strip_prefix(rest::STATES) {
            let body = http::body(line, &head, rest, rest::MAX_BODY).await?;
            let (status, answer) = self.state_of(&head, entity_id, &body);
            return Ok(http::respond_with(line, status, &headers, &answer).await.map(|()| None)?);
        }
        match self.route(&head) {
            Ok(key) => http::switch_protocols(line, &key, &headers).await?,
            Err((status, body)) => {
                return Ok(http::respond_with(line, status, &headers, body).await.map(|()| None)?);
            }
        }
        Ok(Some(rest))
    }

    /// The key of an upgrade that is granted, or status and body of any other answer.
    fn route(&self, head: &Head) -> Result<String, (&'static str, &'static str)> {
        let mut world = self.0.world.lock();
        if let Some(refusal) = world.refusal() {
            return Err(refusal);
        }
        match head.path.as_str() {
            "/api/websocket" => {
                world.counted.user_agent = head.header("user-agent").map(str::to_owned);
                let key = head.header("sec-websocket-key").map(str::to_owned);
                key.ok_or(("400 Bad Request", "No WebSocket UPGRADE hdr: None"))
            }
            "/api/" => {
                if self.login(&mut world, head.bearer()) {
                    Err(("200 OK", r#"{"message":"API running."}"#))
                } else {
                    Err(("401 Unauthorized", "401: Unauthorized"))
                }
            }
            _ => Err(("404 Not Found", "404: Not Found")),
        }
    }

    /// Whether the token is right, counted.
    fn login(&self, world: &mut World, token: Option<&str>) -> bool {
        let right = self.is_right(world, token);
        world.login(right, self.0.options.login_attempts_threshold);
        right
    }

    /// Whether the token is right.
    pub(super) fn is_right(&self, world: &World, token: Option<&str>) -> bool {
        let wanted = &*self.0.options.token;
        !world.lasting.token_revoked && token.is_some_and(|token| wanted.is_empty() || token == wanted)
    }

    async fn session<S>(
        &self,
        socket: &mut WebSocketStream<S>,
        id: u64,
        outbox: &Outbox,
    ) -> Result<Ending, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if !self.authenticate(socket).await? {
            return Ok(Ending::Close);
        }
        let (mut sink, mut source) = socket.split();
        let soon = self.0.world.lock().lasting.close_after_auth;
        // In this order each time, so that a simulation runs the same twice.
        tokio::select! {
            biased;
            () = outbox.overrun() => {
                tracing::warn!("client unable to keep up with pending messages");
                self.0.world.lock().counted.cut_off += 1;
                outbox.end(Ending::Close);
                Ok(Ending::Close)
            }
            () = tokio::time::sleep(Duration::from_millis(500)), if soon => Ok(Ending::Close),
            ending = self.read(&mut source, id, outbox) => ending,
            ending = self.write(&mut sink, outbox) => ending,
        }
    }

    /// The phase of authentication. False when the connection is to be closed.
    async fn authenticate<S>(&self, socket: &mut WebSocketStream<S>) -> Result<bool, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let version = quoted(&self.0.options.version);
        socket.send(format!(r#"{{"type":"auth_required","ha_version":{version}}}"#).into()).await?;
        let Ok(said) = timeout(AUTH_TIME, socket.next()).await else { return Ok(false) };
        let Some(Message::Text(said)) = said.transpose()? else { return Ok(false) };
        let short = Some(said).filter(|said| said.len() <= MAX_AUTH);
        let said = short.and_then(|said| serde_json::from_str::<serde_json::Value>(&said).ok());
        let Some(said) = said else { return Ok(false) };
        let problem = match said.as_object() {
            Some(keys) if keys.get("type").is_none_or(|t| t != "auth") || keys.len() > 2 => {
                Some("Auth message incorrectly formatted: not a valid value at 'type'")
            }
            _ => {
                let token = said.get("access_token").and_then(|t| t.as_str());
                let right = self.login(&mut self.0.world.lock(), token);
                (!right).then_some("Invalid access token or password")
            }
        };
        let answer = match problem {
            Some(message) => format!(r#"{{"type":"auth_invalid","message":{}}}"#, quoted(message)),
            None => format!(r#"{{"type":"auth_ok","ha_version":{version}}}"#),
        };
        socket.send(answer.into()).await?;
        Ok(problem.is_none())
    }

    /// Takes commands. Every word from the client, of whatever kind, is a sign of life.
    async fn read(
        &self,
        source: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
        id: u64,
        outbox: &Outbox,
    ) -> Result<Ending, Error> {
        loop {
            let said = match timeout(PING_AFTER, source.next()).await {
                Ok(said) => said,
                Err(_) => {
                    outbox.push(Out::Ping);
                    let Ok(said) = timeout(PONG_TIME, source.next()).await else { return Ok(Ending::Eof) };
                    said
                }
            };
            match said.transpose()? {
                None => return Ok(Ending::Eof),
                Some(Message::Text(text)) => {
                    let slow = self.0.world.lock().lasting.slow_pong;
                    tokio::time::sleep(slow).await;
                    let now = self.now();
                    let mut world = self.0.world.lock();
                    if !commands::answer(&mut world, id, &text, &self.0.options, now) {
                        return Ok(Ending::Close);
                    }
                }
                Some(_) => {}
            }
        }
    }

    async fn write(
        &self,
        sink: &mut (impl Sink<Message, Error = Error> + Unpin),
        outbox: &Outbox,
    ) -> Result<Ending, Error> {
        loop {
            outbox.filled().await;
            let bursts = self.0.world.lock().lasting.bursts;
            if !bursts.is_zero() {
                tokio::time::sleep(bursts).await;
            }
            let message = match outbox.take().await {
                Out::Text(text) | Out::Alone(text) => Message::Text(text.into()),
                Out::Binary(bytes) => Message::Binary(bytes.into()),
                Out::Ping => Message::Ping(Vec::new().into()),
            };
            sink.send(message).await?;
        }
    }
}

/// Sends close 1000 and waits for the client's.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Result<(), Error> {
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await?;
    while socket.next().await.transpose()?.is_some() {}
    Ok(())
}
