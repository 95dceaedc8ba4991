//! A line, and which of them are wanted.

use std::collections::BTreeMap;

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Bytes of a message, and of each of its fields; what is longer is cut.
const LONGEST: usize = 4096;
/// Fields of a line that are kept.
pub(super) const FIELDS: usize = 24;

/// What a line means for the data, from the least to the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For who reads the source.
    #[default]
    Trace,
    /// For who looks for a mistake.
    Debug,
    /// Nothing is wrong.
    Info,
    /// Something is late or absent, and nothing is lost.
    Warn,
    /// Something is lost, or stays as it is until a person does something.
    Error,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, rising, also over restarts.
    pub seq: u64,
    /// ISO 8601 UTC.
    pub at: String,
    /// What it means for the data.
    pub level: Level,
    /// Who says it: a part as in the status document, or `repair`, `verify`, `alerts`, `supervisor`, `simulated`, `program`.
    pub part: String,
    /// What is said.
    pub message: String,
    /// What belongs to it, by name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// Which lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of these parts; of all when there is none.
    pub parts: Vec<String>,
    /// Of this level or above.
    pub level: Level,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Up to, but not including, this instant.
    pub until: Option<Timestamp>,
    /// Behind this number. One that is not reached yet is of lines that are gone, and then all are.
    pub after: Option<u64>,
    /// At most so many, the newest.
    pub tail: usize,
}

/// The lines that were wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The oldest first.
    pub lines: Vec<Line>,
    /// The number of the newest line of all, to ask for what comes behind it.
    pub last: u64,
    /// Lines that no file has, since the program started: the disk did not take them in time.
    pub dropped: u64,
    /// Why files could not be read; null where they could.
    pub unread: Option<String>,
}

impl Wanted {
    /// The newest, of whomever.
    #[must_use]
    pub const fn newest(tail: usize) -> Self {
        let parts = Vec::new();
        Self { parts, level: Level::Trace, since: None, until: None, after: None, tail }
    }

    /// Tells whether a line is one of them, where `last` is the newest of all.
    pub(super) fn sieve(&self, last: u64) -> impl Fn(&Line) -> bool {
        // Instants are written at one length, so that the texts are in order as they are.
        let [since, until] = [self.since, self.until].map(|at| at.map(|at| at.to_string()));
        let after = self.after.filter(|after| *after <= last);
        move |line| {
            line.level >= self.level
                && (self.parts.is_empty() || self.parts.contains(&line.part))
                && since.as_ref().is_none_or(|since| line.at >= *since)
                && until.as_ref().is_none_or(|until| line.at < *until)
                && after.is_none_or(|after| line.seq > after)
        }
    }
}

/// At a character's end.
pub(super) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}
