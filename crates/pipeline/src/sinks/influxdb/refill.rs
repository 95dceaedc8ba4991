//! What is read from the store and sent, because the log does not have it any more, never had it for this sink, or a person
//! wants it sent once more.
//!
//! It is a part of the cursor, so that its counts and its place are put on disk together with those of the rest. What was sent
//! behind the place on disk is sent again after a crash: the same points twice are the same points once.

use std::time::Duration;

use hearthline_core::{Seq, Timestamp};
use hearthline_store::{Again, Bookmark};
use serde::{Deserialize, Serialize};

use super::send::Done;
use crate::sinks::Committed;

/// Why rows are read from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They left the log before the sink had them.
    Missed,
    /// The sink is new, and gets all that there is.
    New,
    /// A person wants it.
    Asked,
}

impl Why {
    /// As on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::New => "new",
            Self::Asked => "asked",
        }
    }
}

/// Rows that are read from the store and sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Refill {
    pub(super) why: Why,
    pub(super) of: Again,
    /// How many events: as the log counts them, or, where a person asks, as the store does.
    pub(super) events: u64,
    /// Those whose fate is known.
    pub(super) done: u64,
    /// Of which time they are; none where that is not known.
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    /// When it became known.
    pub(super) since: Timestamp,
    pub(super) at: Bookmark,
    /// A file that some of them may be in could not be read.
    pub(super) damaged: bool,
    /// Rows that retention had dropped when all of them were still there.
    pub(super) expired: u64,
}

/// Events that are nowhere any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// How many.
    pub events: u64,
    /// Of which time.
    pub from: Option<Timestamp>,
    /// Up to when.
    pub to: Option<Timestamp>,
    /// Why.
    pub words: String,
}

/// What others see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefillViewOf {
    /// Why.
    pub why: Why,
    /// Events whose fate is known.
    pub done: u64,
    /// Of so many.
    pub of: u64,
    /// Of which time they are; none is from the first.
    pub from: Option<Timestamp>,
    /// Up to when; none is up to the end of what the store has.
    pub to: Option<Timestamp>,
    /// When it became known that they have to be sent.
    pub since: Timestamp,
    /// How long it will take, as fast as it went up to now.
    pub left: Option<Duration>,
    /// Others that come after it.
    pub waiting: usize,
}

impl Refill {
    /// Whether its events are among those that the log counts for the sink.
    pub(super) const fn is_counted(&self) -> bool {
        !matches!(self.why, Why::Asked)
    }

    /// Events that are counted and whose fate is not known.
    pub(super) const fn outstanding(&self) -> u64 {
        if self.is_counted() { self.events.saturating_sub(self.done) } else { 0 }
    }

    /// The last record before all that is not there yet.
    pub(super) const fn after(&self) -> Option<Seq> {
        match self.of {
            Again::Records { after, .. } => Some(after),
            Again::Period { .. } => None,
        }
    }

    /// So many more have their fate. Never more than there are: a row of a file that does not say the number of its record may be
    /// none of them.
    pub(super) fn settle(&mut self, done: &Done, counts: &mut Committed) {
        let mut room = self.events.saturating_sub(self.done);
        let mut of = |n: u64| {
            let n = n.min(room);
            room -= n;
            n
        };
        let [delivered, filtered, quarantined] =
            [done.delivered, done.filtered, done.quarantined].map(&mut of);
        let sum = delivered + filtered + quarantined;
        self.done += sum;
        if self.is_counted() {
            counts.events += sum;
            counts.delivered += delivered;
            counts.filtered += filtered;
            counts.quarantined += quarantined;
        }
    }

    /// Everything was read. What of it was not found is where another row was first, or is nowhere; how many of it are nowhere, by
    /// what the store and the log say of themselves.
    pub(super) fn end(self, dropped: u64, unreadable: bool, counts: &mut Committed) -> Option<Loss> {
        let rest = self.outstanding();
        if self.why != Why::Missed || rest == 0 {
            return None;
        }
        let (lost, words) = match (self.damaged, unreadable, dropped) {
            (true, ..) => (rest, "a file of the store cannot be read"),
            (_, true, _) => (rest, "the log was damaged there"),
            (.., dropped) => (rest.min(dropped), "the store has dropped what was too old"),
        };
        counts.events += rest;
        counts.collapsed += rest - lost;
        counts.lost += lost;
        let (from, to) = (self.from, self.to);
        (lost > 0).then(|| Loss { events: lost, from, to, words: words.to_owned() })
    }
}

#[cfg(test)]
mod tests;
