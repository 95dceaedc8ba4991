//! What is known about the running program at one moment, before anything is concluded from it.

use std::time::Duration;

use crate::status::{DiskFull, Gaps, Part, Sink};
use crate::verify::{Outcome, Verified};

/// What is known at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Since the program started.
    pub uptime: Duration,
    /// Since it is known how much of the time the parts were up.
    pub known_for: Duration,
    /// The connection.
    pub connection: Connection,
    /// How long it has been so.
    pub connection_for: Duration,
    /// Why it is not connected, in words.
    pub connection_reason: Option<String>,
    /// Whether the last ping was answered.
    pub ping_answered: bool,
    /// Offers that no counter accounts for; 0 at all times.
    pub unaccounted: i128,
    /// Why the log takes nothing, if it does not.
    pub log_refuses: Option<String>,
    /// Every sink.
    pub sinks: Vec<Sink>,
    /// Every part.
    pub parts: Vec<Part>,
    /// The ledger of gaps.
    pub gaps: Gaps,
    /// In the first minutes after the first connection ever: entities of which a change was sent, and how many there are.
    pub changed: Option<(u64, u64)>,
    /// When the disk is full, where that is soon.
    pub disk_full: Option<DiskFull>,
    /// What is known of the canary; none where it was never followed and is not to be.
    pub canary: Option<Canary>,
}

/// What is known of the canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// Between two that the program follows by itself; none is never.
    pub every: Option<Duration>,
    /// Since the last that got through to every place.
    pub age: Option<Duration>,
    /// The last one, if it did not get through.
    pub failed: Option<Missed>,
}

/// A verification that did not get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When it began, ISO 8601 UTC.
    pub at: String,
    /// What was wrong.
    pub says: String,
    /// What to do.
    pub todo: Option<String>,
    /// How bad it was.
    pub outcome: Outcome,
}

impl Missed {
    /// None where it got through.
    #[must_use]
    pub fn of(result: &Verified) -> Option<Self> {
        let Verified { at, says, outcome, through, passages, .. } = result;
        let worst = passages.iter().find(|passage| passage.outcome == *outcome);
        let todo = worst.and_then(|passage| passage.todo.clone());
        (!through).then(|| Self { at: at.clone(), says: says.clone(), todo, outcome: *outcome })
    }
}

/// Home Assistant restarts in less than this: whoever is away for longer is not restarting.
pub const RESTART: Duration = Duration::from_secs(300);

/// The connection, in the words of the status document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Authenticated, subscribed and heard from.
    Connected,
    /// Trying.
    Connecting,
    /// Home Assistant is away, or starting, for less than [`RESTART`].
    Waiting,
    /// Away for longer.
    Disconnected,
    /// Waits for a person.
    Parked,
}

impl Connection {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting",
            Self::Disconnected => "disconnected",
            Self::Parked => "parked",
        }
    }
}
