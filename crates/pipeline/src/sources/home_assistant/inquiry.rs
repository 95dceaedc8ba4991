//! Questions to Home Assistant one after the other, by whoever wants to know how it is and records nothing.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Secret, Timestamp};
use hyper::Method;
use hyper::body::Bytes;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::command::Command;
use super::session::{Incoming, Opening, Session, SessionConfig};
use super::wire::{self, Message};
use super::{Address, Dial, Io, SessionError};
use crate::http::{HttpError, Limits, Peer, Question};

/// What answers HTTP at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Its status.
    pub status: u16,
    /// What it calls itself.
    pub server: Option<String>,
    /// Its clock, to the second.
    pub date: Option<Timestamp>,
}

/// Asks for the WebSocket's own address without a WebSocket, over this stream. Home Assistant answers 400 to that and does not
/// count it as a wrong login, as it does any request without a token elsewhere.
///
/// # Errors
/// When nothing there speaks HTTP.
pub async fn greet(address: &Address, stream: Box<dyn Io>) -> Result<Greeting, HttpError> {
    let stream = Mutex::new(Some(stream));
    let dial: Dial = Arc::new(move || {
        let taken = stream.lock().take();
        Box::pin(async move { taken.ok_or(SessionError::Closed { code: None }) })
    });
    let target = address.path.clone();
    let question = Question { method: Method::GET, target, headers: Vec::new(), body: Bytes::new() };
    let limits = Limits { answer: Duration::from_secs(10), ..Limits::default() };
    let answer = Peer::new(address.clone(), dial, limits).ask(&question).await?;
    Ok(Greeting {
        status: answer.status,
        server: answer.header("server").map(str::to_owned),
        date: answer.header("date").and_then(Timestamp::parse_http),
    })
}

/// A session that is asked one question after the other.
pub struct Inquiry {
    session: Session<Box<dyn Io>>,
    address: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answer as received, or why there is none, in Home Assistant's words.
    pub outcome: Result<String, String>,
    /// How long it took.
    pub took: Duration,
    /// The size of the frame in which it came, in bytes.
    pub frame: usize,
}

impl Inquiry {
    /// As [`Session::open`].
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open(
        stream: Box<dyn Io>,
        config: &SessionConfig,
        token: &Secret,
    ) -> Result<Self, SessionError> {
        let session = Session::open(stream, config, token).await?;
        Ok(Self { session, address: config.address.authority() })
    }

    /// How it was opened.
    #[must_use]
    pub const fn opening(&self) -> &Opening {
        self.session.opening()
    }

    /// As Home Assistant said before it asked for the token.
    #[must_use]
    pub fn ha_version(&self) -> &str {
        self.session.ha_version()
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the stream ends, or no answer comes within that time.
    pub async fn ask(&mut self, command: Command, within: Duration) -> Result<Answered, SessionError> {
        let late = SessionError::Late { address: self.address.clone(), what: "answer a question", within };
        timeout(within, self.exchange(command)).await.map_err(|_| late)?
    }

    async fn exchange(&mut self, command: Command) -> Result<Answered, SessionError> {
        let began = Instant::now();
        let asked = self.session.ask(command).await?;
        loop {
            let Incoming::Text(frame) = self.session.next().await? else { continue };
            for message in wire::messages(&frame) {
                match message {
                    Message::Result { id, outcome } if id == asked => {
                        self.session.answered(id);
                        let outcome = match outcome {
                            Ok(answer) => Ok(answer.to_owned()),
                            Err(words) => Err(words.into_owned()),
                        };
                        return Ok(Answered { outcome, took: began.elapsed(), frame: frame.len() });
                    }
                    Message::Pong { id } => drop(self.session.answered(id)),
                    _ => {}
                }
            }
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.session.close().await;
    }
}
