//! Alerts: what is wrong, since when, how bad it is and what to do; who has seen it, what is muted, what was.
//!
//! Each second [`rules`] say of the status document which conditions hold. [`board`] decides by time which of them are raised
//! and which are over, so that what comes and goes is one alert and not many. [`file`] keeps all of it over restarts.
//!
//! An alert's id is that of its rule, with a colon and whom it is about where there are several: `disk`,
//! `sink_behind:influxdb`. There is never more than one of an id.

mod board;
mod file;
mod rules;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, Timestamp};
use hearthline_pipeline::metrics::Window;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use self::board::Board;
pub use self::board::{HISTORY, Pace};
pub use self::rules::{Limits, Rule};
use crate::facts::Canary;
use crate::space::Space;
use crate::status::{AlertCounts, Status};

/// What the file of a data folder is called.
pub const FILE: &str = "alerts.json";
/// A mute is no longer than this: for ever is what the settings are for, which switch a rule off.
pub const LONGEST_MUTE: Duration = Duration::from_hours(90 * 24);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is being lost.
    Warning,
    /// Data is being lost, was or is about to be, or nothing goes on without a person.
    Critical,
}

impl Severity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Critical];

    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has seen it yet.
    Active,
    /// Somebody has, and it is not over.
    Acknowledged,
    /// Nobody wants to hear of it for a while.
    Muted,
}

impl State {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Acknowledged => "acknowledged",
            Self::Muted => "muted",
        }
    }
}

/// What an alert says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// How bad it is now.
    pub severity: Severity,
    /// A few words.
    pub title: String,
    /// One sentence.
    pub says: String,
    /// The figures behind it.
    pub evidence: Vec<Figure>,
    /// What a person can do.
    pub todo: String,
    /// Where the page shows more of it, relative to the page.
    pub link: String,
}

/// A figure that shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is of.
    pub name: String,
    /// How much.
    pub value: f64,
    /// `s`, `bytes`, `d`, `events`, ...
    pub unit: String,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// For commands: the rule, with whom it is about.
    pub id: String,
    /// Which rule it is of.
    pub rule: Rule,
    /// Whom it is about, where a rule can be about several: a sink, a gap, a device or an entity.
    pub subject: Option<String>,
    /// What becomes of it.
    pub state: State,
    /// Since when, ISO 8601 UTC.
    pub since: String,
    /// When somebody said that it was seen; null before that.
    pub acknowledged: Option<String>,
    /// Until when it is muted; null where it is not.
    pub muted_until: Option<String>,
    /// All that it says.
    #[serde(flatten)]
    pub words: Words,
}

/// An alert that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// As it was.
    pub id: String,
    /// As it was.
    pub rule: Rule,
    /// The worst that it came to.
    pub severity: Severity,
    /// A few words.
    pub title: String,
    /// What it said last.
    pub says: String,
    /// From when on, ISO 8601 UTC.
    pub from: String,
    /// When it last held, ISO 8601 UTC.
    pub to: String,
    /// When somebody said that it was seen; null where nobody did.
    pub acknowledged: Option<String>,
}

/// What nobody wants to hear of for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// A rule, or the id of an alert.
    pub what: String,
    /// ISO 8601 UTC.
    pub until: String,
}

/// Everything that is known of alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// What is wrong now: critical ones first, then by age, the newest first; muted ones last.
    pub active: Vec<Alert>,
    /// What is muted, also where it is not wrong now.
    pub muted: Vec<Mute>,
    /// What was wrong, the newest first.
    pub history: Vec<Past>,
    /// Which rules are looked at.
    pub rules: Vec<Rule>,
    /// Why nothing is known of an earlier run; null where it is.
    pub note: Option<String>,
}

/// Why something that a person asked was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such alert, and no such rule.
    #[error("no alert and no rule is called {0:?}")]
    Unknown(String),
    /// A rule cannot be acknowledged, and what is over need not be.
    #[error("nothing of the name {0:?} is wrong now")]
    NotActive(String),
    /// For no time at all, or for too long.
    #[error("a mute lasts a minute at least and 90 days at most")]
    Length,
    /// So much is muted that nobody can have an eye on it.
    #[error("too much is muted already")]
    TooMany,
}

/// What is known beside the status document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// What happened lately.
    pub window: Option<Window>,
    /// The room on the disk.
    pub space: Option<&'a Space>,
    /// The canary; none where it was never followed and is not to be.
    pub canary: Option<&'a Canary>,
}

/// The alerts of a program that runs. Clones are the same.
#[derive(Clone)]
pub struct Alerts(Arc<Inner>);

struct Inner {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    limits: Mutex<Limits>,
    board: Mutex<Board>,
    /// Held while the file is written; whether the last time it could not be, which was said.
    writing: Mutex<bool>,
    note: Option<String>,
}

impl Alerts {
    /// Goes on with what the data folder knows. A file that cannot be read is set aside, and said.
    #[must_use]
    pub fn open(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        data_dir: &std::path::Path,
        limits: Limits,
        pace: Pace,
    ) -> Self {
        let path = data_dir.join(FILE);
        let (kept, note) = file::read(&*fs, &path);
        let board = Mutex::new(Board::new(kept, pace));
        let limits = Mutex::new(limits);
        Self(Arc::new(Inner { fs, clock, path, limits, board, writing: Mutex::new(false), note }))
    }

    /// Judges by other limits from the next look on.
    pub fn judge_by(&self, limits: Limits) {
        *self.0.limits.lock() = limits;
    }

    /// Draws the conclusions of this moment.
    pub fn look(&self, status: &Status, beside: Beside<'_>) {
        let (now, passed) = (self.0.clock.now(), self.0.clock.monotonic());
        let limits = *self.0.limits.lock();
        let seen = rules::look(&limits, status, beside, now);
        self.0.board.lock().step(now, passed, seen);
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> AlertCounts {
        self.0.board.lock().counts(self.0.clock.now())
    }

    /// All of them, and at most so many of those that are over.
    #[must_use]
    pub fn list(&self, history: usize) -> Listed {
        let listed = self.0.board.lock().list(self.0.clock.now(), history);
        let limits = *self.0.limits.lock();
        let rules = Rule::ALL.into_iter().filter(|rule| limits.looks_at(*rule)).collect();
        Listed { rules, note: self.0.note.clone(), ..listed }
    }

    /// Somebody has seen it.
    ///
    /// # Errors
    /// [`Refused::NotActive`] when it is not wrong now.
    pub fn acknowledge(&self, id: &str) -> Result<Alert, Refused> {
        self.0.board.lock().acknowledge(id, self.0.clock.now())
    }

    /// Nobody wants to hear of it for so long: of a rule, or of one alert.
    ///
    /// # Errors
    /// When there is no such thing, or the time is too short or too long.
    pub fn mute(&self, what: &str, length: Duration) -> Result<Mute, Refused> {
        if !(Duration::from_secs(60)..=LONGEST_MUTE).contains(&length) {
            return Err(Refused::Length);
        }
        self.0.board.lock().mute(what, self.0.clock.now().plus(length))
    }

    /// It is heard of again. Fine where it was not muted.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn unmute(&self, what: &str) -> Result<(), Refused> {
        self.0.board.lock().unmute(what)
    }

    /// Writes what has changed, if something has. Waits for the disk; what it refuses is tried again the next time.
    pub fn keep(&self) {
        let Inner { fs, path, board, writing, .. } = &*self.0;
        let mut said = writing.lock();
        let Some(kept) = board.lock().changed() else { return };
        match file::write(&**fs, path, &kept) {
            Ok(()) => *said = false,
            Err(error) => {
                board.lock().again();
                if !std::mem::replace(&mut *said, true) {
                    tracing::warn!(%error, path = %path.display(), "what is known of alerts could not be kept");
                }
            }
        }
    }
}

/// What a data folder knows of alerts, where the program does not run. Changes nothing.
///
/// # Errors
/// As the disk says, or as the file cannot be read.
pub fn kept(fs: &dyn Fs, data_dir: &std::path::Path, now: Timestamp) -> io::Result<Listed> {
    let kept = file::kept(fs, &data_dir.join(FILE))?.unwrap_or_default();
    Ok(Board::new(kept, Pace::default()).list(now, HISTORY))
}

/// ISO 8601 UTC.
fn written(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
pub(crate) mod tests;
