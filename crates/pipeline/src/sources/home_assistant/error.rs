//! Why a connection could not be made or has ended, in words for the person who has to act, and what follows from it.

use std::time::Duration;

use super::wire::WireError;
use crate::ingest::IngestError;

/// How long a banned or unauthenticated app waits before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// Why a connection could not be made or has ended. None of its words holds a token.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The name is not known.
    #[error(
        "the name {host} is not known ({}){}", plain(source),
        if *local { "; a .local name needs multicast DNS, use the address instead, as in http://192.168.1.10:8123" }
        else { "; check the address" }
    )]
    Resolve {
        /// As written.
        host: String,
        /// It ends in `.local`.
        local: bool,
        /// In the system's words.
        source: std::io::Error,
    },
    /// No TCP connection.
    #[error("cannot connect to {address} ({})", plain(source))]
    Connect {
        /// Host and port.
        address: String,
        /// In the system's words.
        source: std::io::Error,
    },
    /// No answer in time.
    #[error("{address} did not {what} within {} s", within.as_secs())]
    Late {
        /// Host and port.
        address: String,
        /// What it did not do.
        what: &'static str,
        /// How long was waited.
        within: Duration,
    },
    /// No encrypted stream.
    #[error("no TLS connection to {address} ({}){}", plain(source),
        if is_certificate(source) { "; name its authority with ca_file under [home_assistant], or set tls_verify = false" } else { "" })]
    Tls {
        /// Host and port.
        address: String,
        /// In the library's words.
        source: std::io::Error,
    },
    /// The address is banned. Home Assistant answers so also to the right token, until a person lifts it.
    #[error(
        "home assistant has banned this machine's address (HTTP 403); take it out of ip_bans.yaml in its \
         configuration folder and restart home assistant"
    )]
    Banned,
    /// A proxy or supervisor answers in place of Home Assistant.
    #[error("home assistant is away: what stands before it answers HTTP {0}")]
    Away(u16),
    /// Another program answers.
    #[error("something answers at {address}, but it is not home assistant's WebSocket API ({detail})")]
    NotHomeAssistant {
        /// The whole address.
        address: String,
        /// What it said.
        detail: String,
    },
    /// The token is wrong, expired or revoked. Trying it again gets the address banned.
    #[error(
        "home assistant refused the access token ({0}); make a new long-lived token in home assistant (your profile, \
         Security) and set it as HOME_ASSISTANT_TOKEN or in token_file"
    )]
    AuthInvalid(String),
    /// No subscription, so no events.
    #[error("home assistant refused to send events of type {event_type} ({message})")]
    SubscriptionRefused {
        /// As in the settings.
        event_type: String,
        /// In Home Assistant's words.
        message: String,
    },
    /// The peer ended the stream.
    #[error("home assistant closed the connection{}", code.map(|code| format!(" (code {code})")).unwrap_or_default())]
    Closed {
        /// Of the close frame, if there was one.
        code: Option<u16>,
    },
    /// A person wants another connection.
    #[error("the connection was closed because a person asked for another one")]
    Asked,
    /// Half open: nothing arrives and nothing tells us so.
    #[error("nothing was heard for {} s and no ping was answered", .0.as_secs())]
    Silent(Duration),
    /// The stream is broken.
    #[error("the connection broke ({0})")]
    Broken(String),
    /// A message that the protocol does not know at this point.
    #[error("home assistant said something unexpected ({0})")]
    Protocol(#[from] WireError),
    /// The log took nothing more.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// When to try again: a property of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Soon, then less often.
    Backoff,
    /// Only after a person has acted: another token, other settings.
    Park,
    /// A person has to act on the other side; look again after this time.
    ParkFor(Duration),
}

impl SessionError {
    /// When to try again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::AuthInvalid(_) => Retry::Park,
            Self::Banned => Retry::ParkFor(LOOK_AGAIN),
            _ => Retry::Backoff,
        }
    }
}

/// Without the number that the system's words end in.
fn plain(error: &std::io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn is_certificate(error: &std::io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}
