//! One connection to Home Assistant, from the handshake to its end. It never reconnects itself: its owner does.
//!
//! # Liveness
//!
//! A ping is sent every `ping_interval` (10 s). If one is unanswered and no byte has arrived for [`DEADLINE`], the
//! connection is dead: half-open, or a peer that hangs. Bytes count and not frames, because one frame can be 64 MiB.
//! Home Assistant itself notices a dead client only after 83 s.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hashbrown::HashMap;
use hearthline_core::{Secret, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::{DATE, USER_AGENT};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::command::{Command, auth};
use super::heard::{Heard, Hearing};
use super::wire::{self, Message};
use super::{Address, SessionError};
use crate::watch::ticking;

/// The largest frame, in bytes: `get_states` of a whole house is one.
pub const FRAME: usize = 64 << 20;
/// How long handshake and authentication may take. Home Assistant gives a client 10 s.
const OPENING: Duration = Duration::from_secs(15);
/// How long the peer may be silent with a ping unanswered: with a ping each 10 s and a look each half second, a dead
/// connection is known within 25 s.
const DEADLINE: Duration = Duration::from_secs(14);
/// How long a refused client waits for the other side to close: one that is gone at once is in no log of Home Assistant.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long an answer may take. One that never comes would leave states uncompared for ever.
const ANSWER: Duration = Duration::from_secs(60);
/// A peer that takes so long to answer a ping is slow.
const SLOW: Duration = Duration::from_secs(5);
/// How often liveness is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What a session needs to know.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Where the peer is; for the handshake and for words.
    pub address: Address,
    /// Between two pings.
    pub ping_interval: Duration,
}

/// One connection to Home Assistant.
pub struct Session<S> {
    socket: WebSocketStream<Hearing<S>>,
    ha_version: String,
    opening: Opening,
    /// When the peer granted the WebSocket.
    granted: Instant,
    last_id: u64,
    asked: HashMap<u64, (Command, Instant)>,
    address: String,
    life: Life,
}

/// How it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// From the request to the WebSocket.
    pub upgrade: Duration,
    /// From there until we were let in.
    pub greeting: Duration,
    /// When the peer granted the WebSocket, by its own clock, to the second; none where it does not say.
    pub date: Option<Timestamp>,
}

/// What shows that the peer is there.
struct Life {
    heard: Heard,
    /// At the last look.
    bytes: u64,
    /// When bytes were last seen to have arrived.
    at: Instant,
    looks: Interval,
    ping_interval: Duration,
    next_ping: Instant,
    /// The ping that is on its way.
    asked: Option<(u64, Instant)>,
    answered_in: Option<Duration>,
}

/// What [`Session::next`] brings.
#[derive(Debug)]
pub enum Incoming {
    /// A frame of text.
    Text(Utf8Bytes),
    /// A frame of bytes, which Home Assistant sends only to those who asked for it.
    Binary(Bytes),
    /// Half a second has passed.
    Tick,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Opens the WebSocket on a stream and authenticates.
    ///
    /// # Errors
    /// When the peer is not Home Assistant, does not take the token or does not answer.
    pub async fn open(stream: S, config: &SessionConfig, token: &Secret) -> Result<Self, SessionError> {
        let address = config.address.authority();
        let late = |_| SessionError::Late { address, what: "let us in", within: OPENING };
        timeout(OPENING, Self::authenticate(stream, config, token)).await.map_err(late)?
    }

    async fn authenticate(stream: S, config: &SessionConfig, token: &Secret) -> Result<Self, SessionError> {
        let address = config.address.to_string();
        let mut request = address.as_str().into_client_request().map_err(|e| handshake_error(&address, e))?;
        let agent = HeaderValue::from_static(concat!("hearthline/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let limits = WebSocketConfig::default().max_message_size(Some(FRAME)).max_frame_size(Some(FRAME));
        let (stream, heard) = Hearing::new(stream);
        let began = Instant::now();
        let (socket, granted) = client_async_with_config(request, stream, Some(limits))
            .await
            .map_err(|error| handshake_error(&address, error))?;
        let now = Instant::now();
        let date = granted.headers().get(DATE).and_then(|date| Timestamp::parse_http(date.to_str().ok()?));
        let opening = Opening { upgrade: now - began, greeting: Duration::ZERO, date };
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (ping_interval, next_ping) = (config.ping_interval, now + config.ping_interval);
        let life = Life {
            heard,
            bytes: 0,
            at: now,
            looks,
            ping_interval,
            next_ping,
            asked: None,
            answered_in: None,
        };
        let mut session = Self {
            socket,
            ha_version: String::new(),
            opening,
            granted: now,
            last_id: 0,
            asked: HashMap::new(),
            address: config.address.authority(),
            life,
        };
        session.greet(&address, token).await?;
        session.opening.greeting = now.elapsed();
        Ok(session)
    }

    async fn greet(&mut self, address: &str, token: &Secret) -> Result<(), SessionError> {
        let stranger =
            |detail: &str| SessionError::NotHomeAssistant { address: address.into(), detail: detail.into() };
        let first = self.next_text().await?;
        match wire::parse_message(&first) {
            Ok(Message::AuthRequired { ha_version }) => self.ha_version = ha_version.into_owned(),
            _ => return Err(stranger("it did not ask for a token")),
        }
        self.send(auth(token)).await?;
        let answer = self.next_text().await?;
        match wire::parse_message(&answer) {
            Ok(Message::AuthOk) => Ok(()),
            Ok(Message::AuthInvalid { message }) => {
                let closed = async { while self.next().await.is_ok() {} };
                let _ = timeout(FAREWELL, closed).await;
                Err(SessionError::AuthInvalid(message.into_owned()))
            }
            _ => Err(stranger("it neither took nor refused the token")),
        }
    }

    /// As it said before it asked for the token.
    #[must_use]
    pub fn ha_version(&self) -> &str {
        &self.ha_version
    }

    /// How it was opened.
    #[must_use]
    pub const fn opening(&self) -> &Opening {
        &self.opening
    }

    /// What time it is by the peer's clock, or up to a second later than that; none where it does not say.
    #[must_use]
    pub fn peer_time(&self) -> Option<Timestamp> {
        Some(self.opening.date?.plus(Duration::from_secs(1) + self.granted.elapsed()))
    }

    /// What the last answered ping took.
    #[must_use]
    pub const fn ping(&self) -> Option<Duration> {
        self.life.answered_in
    }

    /// What the last ping took, or the one on its way has taken, where that is long.
    #[must_use]
    pub fn slow(&self) -> Option<Duration> {
        let waits = self.life.asked.map(|(_, sent)| sent.elapsed());
        waits.max(self.life.answered_in).filter(|took| *took >= SLOW)
    }

    /// Sends a command under the next id.
    ///
    /// # Errors
    /// When the stream does not take it.
    pub async fn ask(&mut self, command: Command) -> Result<u64, SessionError> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(command.to_json(id)).await?;
        self.asked.insert(id, (command, Instant::now()));
        Ok(id)
    }

    /// The command that an answer with this id will belong to.
    pub fn asked(&self, id: u64) -> Option<&Command> {
        self.asked.get(&id).map(|(command, _)| command)
    }

    /// The command that an answer with this id belongs to; each is answered once.
    pub fn answered(&mut self, id: u64) -> Option<Command> {
        if let Some((_, sent)) = self.life.asked.take_if(|(asked, _)| *asked == id) {
            self.life.answered_in = Some(sent.elapsed());
        }
        self.asked.remove(&id).map(|(command, _)| command)
    }

    /// The next frame. Pings and answers to pings are sent meanwhile. May be dropped and called again.
    ///
    /// # Errors
    /// When the stream ends, breaks or is silent for too long. The session is over then.
    pub async fn next(&mut self) -> Result<Incoming, SessionError> {
        loop {
            // In this order each time, so that a simulation runs the same twice; and no stream keeps us from looking.
            let frame = tokio::select! {
                biased;
                _ = self.life.looks.tick() => {
                    self.look_alive().await?;
                    return Ok(Incoming::Tick);
                }
                frame = self.socket.next() => frame,
            };
            match frame {
                Some(Ok(tungstenite::Message::Text(text))) => return Ok(Incoming::Text(text)),
                Some(Ok(tungstenite::Message::Binary(bytes))) => return Ok(Incoming::Binary(bytes)),
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    let _ = self.socket.flush().await; // our half of the close, without which the peer waits
                    return Err(SessionError::Closed { code: frame.map(|frame| frame.code.into()) });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(stream_error(error)),
                None => return Err(SessionError::Closed { code: None }),
            }
        }
    }

    /// Says goodbye; waits no longer than a second for it to leave.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }

    async fn next_text(&mut self) -> Result<Utf8Bytes, SessionError> {
        loop {
            if let Incoming::Text(text) = self.next().await? {
                return Ok(text);
            }
        }
    }

    async fn look_alive(&mut self) -> Result<(), SessionError> {
        let now = Instant::now();
        // Whoever asks history or registries waits for the answer himself; a ping has a deadline of its own.
        let waits = |command: &Command| {
            !matches!(command, Command::History(_) | Command::Registry(_) | Command::Ping)
        };
        if self.asked.values().any(|(command, sent)| waits(command) && now - *sent > ANSWER) {
            let address = self.address.clone();
            return Err(SessionError::Late { address, what: "answer a question", within: ANSWER });
        }
        let bytes = self.life.heard.bytes();
        if bytes != self.life.bytes {
            (self.life.bytes, self.life.at) = (bytes, now);
        }
        match self.life.asked {
            Some((_, sent)) => {
                let silent = now - self.life.at.max(sent);
                if silent >= DEADLINE { Err(SessionError::Silent(silent)) } else { Ok(()) }
            }
            None if now >= self.life.next_ping && !self.ha_version.is_empty() => {
                self.life.next_ping = now + self.life.ping_interval;
                let id = self.ask(Command::Ping).await?;
                self.life.asked = Some((id, now));
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn send(&mut self, text: String) -> Result<(), SessionError> {
        let sending = self.socket.send(tungstenite::Message::text(text));
        ticking(timeout(DEADLINE, sending))
            .await
            .map_err(|_| SessionError::Silent(DEADLINE))?
            .map_err(stream_error)
    }
}

fn handshake_error(address: &str, error: tungstenite::Error) -> SessionError {
    match error {
        tungstenite::Error::Http(response) => match response.status() {
            StatusCode::FORBIDDEN => SessionError::Banned,
            status if status.is_server_error() => SessionError::Away(status.as_u16()),
            status => {
                SessionError::NotHomeAssistant { address: address.into(), detail: format!("HTTP {status}") }
            }
        },
        tungstenite::Error::Io(_) | tungstenite::Error::ConnectionClosed => stream_error(error),
        error => SessionError::NotHomeAssistant { address: address.into(), detail: error.to_string() },
    }
}

fn stream_error(error: tungstenite::Error) -> SessionError {
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    match error {
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ResetWithoutClosingHandshake) => SessionError::Closed { code: None },
        error => SessionError::Broken(error.to_string()),
    }
}
