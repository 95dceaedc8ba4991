//! Questions over HTTP/1.1 to one peer, over one connection that is kept.
//!
//! A [`Peer`] is stepped by its caller: it never tries again by itself, but for a kept connection that the peer has closed
//! meanwhile, which is no failure. No error holds an address with its query, a header or a body, so none holds a secret.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::sources::home_assistant::{Address, Dial, SessionError};
use crate::watch::ticking;

/// What is borne from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a connection may take, encryption included.
    pub connect: Duration,
    /// How long a whole answer may take.
    pub answer: Duration,
    /// The largest answer that is read, in bytes.
    pub largest: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(30), largest: 16 << 20 }
    }
}

/// One peer, and the connection to it if there is one.
pub struct Peer {
    address: Address,
    dial: Dial,
    limits: Limits,
    kept: Option<Kept>,
}

/// A connection that takes one question after another.
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    /// Carries the bytes; ends with the connection.
    carrier: JoinHandle<()>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// How.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// What is said beside it; host and user agent are said anyway.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent.
    pub body: Bytes,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What is said beside it.
    pub headers: HeaderMap,
    /// What it says.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// There is no connection.
    #[error("{0}")]
    Unreachable(String),
    /// Its certificate is not taken, or it speaks no TLS.
    #[error("no TLS connection to {address} ({why})")]
    Tls {
        /// Host and port.
        address: String,
        /// In the library's words.
        why: String,
    },
    /// Nothing was said in time. The question may have been carried out.
    #[error("{address} did not answer within {} s", within.as_secs())]
    Late {
        /// Host and port.
        address: String,
        /// How long was waited.
        within: Duration,
    },
    /// The connection broke. The question may have been carried out.
    #[error("the connection to {address} broke before the answer was complete ({why})")]
    Broken {
        /// Host and port.
        address: String,
        /// In the library's words.
        why: String,
    },
    /// The question cannot be put.
    #[error("the address cannot be asked for ({0})")]
    Question(String),
    /// The answer is larger than an answer is.
    #[error("{address} answered more than {} MiB", largest >> 20)]
    TooLarge {
        /// Host and port.
        address: String,
        /// What is read, in bytes.
        largest: usize,
    },
}

impl Answer {
    /// The header of that name, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Peer {
    /// Connects when it is asked for the first time.
    #[must_use]
    pub const fn new(address: Address, dial: Dial, limits: Limits) -> Self {
        Self { address, dial, limits, kept: None }
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// When there is none. The connection is given up then.
    pub async fn ask(&mut self, question: &Question) -> Result<Answer, HttpError> {
        if let Some(kept) = self.kept.take() {
            match self.exchange(kept, question).await {
                // The peer has closed it while nothing was asked.
                Err((HttpError::Broken { .. }, Nothing::Said)) => {}
                Err((error, _)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        let fresh = self.connect().await?;
        self.exchange(fresh, question).await.map_err(|(error, _)| error)
    }

    async fn connect(&self) -> Result<Kept, HttpError> {
        let stream = match ticking(timeout(self.limits.connect, (self.dial)())).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(SessionError::Tls { address, source })) => {
                return Err(HttpError::Tls { address, why: source.to_string() });
            }
            Ok(Err(error)) => return Err(HttpError::Unreachable(error.to_string())),
            Err(_) => {
                let (address, within) = (self.address.authority(), self.limits.connect.as_secs());
                return Err(HttpError::Unreachable(format!("cannot connect to {address} within {within} s")));
            }
        };
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|why| self.broken(&why))?;
        let carrier = tokio::spawn(async move {
            drop(connection.await); // how it ended is told to whoever asked
        });
        Ok(Kept { sender, carrier })
    }

    /// Asks over this connection and keeps it.
    async fn exchange(
        &mut self,
        mut kept: Kept,
        question: &Question,
    ) -> Result<Answer, (HttpError, Nothing)> {
        let request = self.request(question).map_err(|error| (error, Nothing::Said))?;
        let asked = async {
            let response = match kept.sender.try_send_request(request).await {
                Ok(response) => response,
                Err(mut failed) => {
                    let said = if failed.take_message().is_some() { Nothing::Said } else { Nothing::Known };
                    return Err((self.broken(failed.error()), said));
                }
            };
            let (head, body) = response.into_parts();
            let body = Limited::new(body, self.limits.largest).collect().await.map_err(|error| {
                let error = match error.downcast::<hyper::Error>() {
                    Ok(error) => self.broken(&error),
                    Err(_) => {
                        let (address, largest) = (self.address.authority(), self.limits.largest);
                        HttpError::TooLarge { address, largest }
                    }
                };
                (error, Nothing::Known)
            })?;
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
        };
        let within = self.limits.answer;
        let answer = ticking(timeout(within, asked)).await.map_err(|_| {
            let late = HttpError::Late { address: self.address.authority(), within };
            (late, Nothing::Known)
        })??;
        if !kept.sender.is_closed() {
            self.kept = Some(kept);
        }
        Ok(answer)
    }

    fn request(&self, question: &Question) -> Result<Request<Full<Bytes>>, HttpError> {
        let request = Request::builder()
            .method(question.method.clone())
            .uri(&question.target)
            .header(HOST, self.address.authority())
            .header(USER_AGENT, concat!("hearthline/", env!("CARGO_PKG_VERSION")));
        let headers = question.headers.iter().cloned();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let request = request.body(Full::new(question.body.clone()));
        request.map_err(|error| HttpError::Question(error.to_string()))
    }

    fn broken(&self, why: &hyper::Error) -> HttpError {
        HttpError::Broken { address: self.address.authority(), why: why.to_string() }
    }
}

/// What is known of a question without an answer.
enum Nothing {
    /// It was not sent.
    Said,
    /// It may have been carried out.
    Known,
}

#[cfg(test)]
mod tests;
