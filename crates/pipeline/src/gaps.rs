//! The ledger of gaps: periods in which events were, or may have been, missed.
//!
//! A gap is an interval of Home Assistant's clock, for all entities or for some. It is opened when the stream ends, when
//! the program starts on a log that has something in it, when the log does not take an event, when an event's
//! `old_state` is not the state we hold, when a comparison of states finds one that never came, and when a person asks
//! for what was before. It gets its end from the first event after the next subscription, is filled from Home
//! Assistant's history, and is closed with what became of it. Each change is a log record; the newest of an id holds.

mod totals;

use std::fmt;
use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::totals::Totals;

/// How far before the last event of a broken stream a gap begins: what was fired in the same moment may have been
/// thrown away by Home Assistant with its queue.
const MARGIN: Duration = Duration::from_secs(1);
/// Closed gaps that are remembered one by one; older ones only in the totals.
pub const REMEMBERED: usize = 1000;

/// One gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Rising, never reused.
    pub id: u64,
    /// Begins, in Home Assistant's clock.
    pub from: Timestamp,
    /// Ends; none while the stream has not come back.
    pub to: Option<Timestamp>,
    /// What ended the stream.
    pub cause: Cause,
    /// In words, as in the error of the connection.
    pub detail: String,
    /// Which entities; empty means all.
    pub entities: Vec<EntityId>,
    /// Open, or how it was closed.
    pub state: State,
    /// States that were had afterwards: from history, from a comparison of states, as predecessor of an event.
    pub recovered: u64,
    /// Of these, without the attributes, which were too large for Home Assistant's recorder.
    pub without_attributes: u64,
    /// History was asked for up to here.
    pub through: Option<Timestamp>,
    /// How often it was closed.
    pub closings: u32,
    /// What it was closed with.
    pub result: Outcome,
}

impl Gap {
    /// Whether it is open and about all entities, and opened by itself.
    #[must_use]
    pub fn is_open_for_all(&self) -> bool {
        self.entities.is_empty() && self.state == State::Open && self.cause != Cause::Requested
    }

    /// Whether nothing was heard in it of any entity.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        self.entities.is_empty() && !matches!(self.cause, Cause::Requested | Cause::Damaged)
    }
}

/// What was found in history, beside the states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Entities that changed in the gap and that Home Assistant's history does not have: states of them may be lost.
    pub not_kept: Vec<EntityId>,
    /// Why something could not be had, in words.
    pub note: String,
}

/// Why events may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The connection ended.
    Disconnected,
    /// Hearthline was stopped in order.
    Stopped,
    /// Hearthline ended without saying so: a crash, a kill.
    NotRunning,
    /// The log's queue was full and the connection was closed for it.
    QueueFull,
    /// The log did not take an event.
    LogRefused,
    /// An event's `old_state` was never received.
    ChainBroken,
    /// Home Assistant was started again.
    Restarted,
    /// The machine went down without a stop in order.
    PowerCut,
    /// A comparison of states found one whose event never came.
    Compared,
    /// A part of the log cannot be read.
    Damaged,
    /// A person asked for what was before.
    Requested,
}

impl Cause {
    /// All of them, in the order of [`Totals::by_cause`].
    pub const ALL: [Self; 11] = [
        Self::Disconnected,
        Self::Stopped,
        Self::NotRunning,
        Self::QueueFull,
        Self::LogRefused,
        Self::ChainBroken,
        Self::Restarted,
        Self::PowerCut,
        Self::Compared,
        Self::Damaged,
        Self::Requested,
    ];

    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Stopped => "stopped",
            Self::NotRunning => "not_running",
            Self::QueueFull => "queue_full",
            Self::LogRefused => "log_refused",
            Self::ChainBroken => "chain_broken",
            Self::Restarted => "restarted",
            Self::PowerCut => "power_cut",
            Self::Compared => "compared",
            Self::Damaged => "damaged",
            Self::Requested => "requested",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "connection lost",
            Self::Stopped => "hearthline was stopped",
            Self::NotRunning => "hearthline was not running",
            Self::QueueFull => "the disk was too slow",
            Self::LogRefused => "the log took no events",
            Self::ChainBroken => "home assistant did not send an event",
            Self::Restarted => "home assistant was restarted",
            Self::PowerCut => "the machine went down",
            Self::Compared => "home assistant did not send the newest state",
            Self::Damaged => "a part of the log cannot be read",
            Self::Requested => "asked for by a person",
        })
    }
}

/// Open, or how it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not yet known what happened in it.
    Open,
    /// Everything that happened in it, as far as Home Assistant's history has it, is recorded.
    Filled,
    /// Some of it is.
    Partly,
    /// Nothing of it is.
    Lost,
}

impl State {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Filled => "filled",
            Self::Partly => "partly",
            Self::Lost => "lost",
        }
    }
}

/// All gaps, and which of them covers the stream now. Changes are returned, to be logged.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    gaps: Vec<Gap>,
    totals: Totals,
    /// Where the gap of all entities is that has no end yet: asked for at every event.
    endless: Option<usize>,
}

impl Ledger {
    /// The ledger as a checkpoint holds it.
    #[must_use]
    pub fn new(gaps: Vec<Gap>, totals: Totals) -> Self {
        let mut ledger = Self { gaps, totals, endless: None };
        ledger.find_endless();
        ledger
    }

    fn find_endless(&mut self) {
        self.endless = self.gaps.iter().rposition(|gap| gap.entities.is_empty() && gap.to.is_none());
    }

    /// The open gaps and the newest closed ones, in the order they were opened.
    #[must_use]
    pub fn all(&self) -> &[Gap] {
        &self.gaps
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Gap> {
        self.gaps.iter().rev().find(|gap| gap.id == id)
    }

    /// Every gap ever, counted.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// A connection was made: if it is the first one, everything is counted since then.
    pub fn began(&mut self, at: Timestamp) {
        self.totals.since.get_or_insert(at);
    }

    /// From when to when each gap goes that is not closed; without an end the stream has not come back.
    pub fn open_intervals(&self) -> impl Iterator<Item = (Timestamp, Option<Timestamp>)> {
        self.gaps.iter().filter(|gap| gap.state == State::Open).map(|gap| (gap.from, gap.to))
    }

    /// Takes over a record of a gap: a new one, or the newer shape of one.
    pub fn apply(&mut self, gap: Gap) {
        match self.gaps.iter().rposition(|known| known.id == gap.id) {
            Some(index) => self.change(index, |known| *known = gap),
            None => self.add(gap),
        }
        self.find_endless();
    }

    /// The gap of all entities that has no end yet.
    #[must_use]
    pub fn unbounded(&self) -> Option<&Gap> {
        self.gaps.get(self.endless?)
    }

    /// The newest open gap of all entities.
    #[must_use]
    pub fn newest_open(&self) -> Option<&Gap> {
        self.gaps.iter().rev().find(|gap| gap.is_open_for_all())
    }

    /// Opens a gap of all entities after the last event that was received. None if one is open without an end already:
    /// the two are one interval.
    pub fn open(&mut self, last_fired: Timestamp, cause: Cause, detail: &str) -> Option<Gap> {
        if self.unbounded().is_some() {
            return None;
        }
        let gap = self.gap(last_fired.minus(MARGIN), None, cause, detail.into(), Vec::new());
        self.find_endless();
        Some(gap)
    }

    /// Opens a gap of one entity between two known states.
    pub fn open_between(&mut self, entity: EntityId, from: Timestamp, to: Timestamp, cause: Cause) -> Gap {
        let detail = match cause {
            Cause::ChainBroken => format!("{entity}: the state before the event was never received"),
            _ => format!("{entity}: its newest state came without an event"),
        };
        self.gap(from, Some(to), cause, detail, vec![entity])
    }

    /// Opens a gap of all entities with both ends.
    pub fn open_range(&mut self, from: Timestamp, to: Timestamp, cause: Cause, detail: &str) -> Gap {
        self.gap(from, Some(to), cause, detail.into(), Vec::new())
    }

    /// Ends the gap that has no end, at the first event after the stream came back. An event from before the gap (its
    /// clock was set back) ends it where it begins.
    pub fn bound(&mut self, first_fired: Timestamp) -> Option<Gap> {
        let index = self.endless.take()?;
        self.changed(index, |gap| gap.to = Some(first_fired.max(gap.from)))
    }

    /// Changes an open gap. None if it is not known or closed.
    pub fn update(&mut self, id: u64, change: impl FnOnce(&mut Gap)) -> Option<Gap> {
        let open = |gap: &Gap| gap.id == id && gap.state == State::Open;
        let index = self.gaps.iter().rposition(open)?;
        self.changed(index, change)
    }

    /// Closes a gap. None if it is not known or closed already.
    pub fn close(&mut self, id: u64, state: State, result: Outcome) -> Option<Gap> {
        self.update(id, |gap| {
            gap.state = state;
            gap.closings = gap.closings.saturating_add(1);
            gap.result = result;
        })
    }

    /// Opens a gap again that could not be filled, to be tried once more. None if it is open, filled or forgotten.
    pub fn reopen(&mut self, id: u64) -> Option<Gap> {
        let again = |gap: &Gap| gap.id == id && matches!(gap.state, State::Partly | State::Lost);
        let index = self.gaps.iter().rposition(again)?;
        self.changed(index, |gap| {
            gap.state = State::Open;
            gap.through = None;
        })
    }

    fn changed(&mut self, index: usize, change: impl FnOnce(&mut Gap)) -> Option<Gap> {
        self.change(index, change);
        self.gaps.get(index).cloned()
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Gap)) {
        let Some(gap) = self.gaps.get_mut(index) else { return };
        let before = gap.clone();
        change(gap);
        self.totals.change(&before, gap);
    }

    fn gap(
        &mut self,
        from: Timestamp,
        to: Option<Timestamp>,
        cause: Cause,
        detail: String,
        of: Vec<EntityId>,
    ) -> Gap {
        let gap = Gap {
            id: self.totals.last_id + 1,
            from,
            to,
            cause,
            detail,
            entities: of,
            state: State::Open,
            recovered: 0,
            without_attributes: 0,
            through: None,
            closings: 0,
            result: Outcome::default(),
        };
        self.add(gap.clone());
        gap
    }

    fn add(&mut self, gap: Gap) {
        self.totals.add(&gap);
        let closed = self.gaps.iter().filter(|gap| gap.state != State::Open).count();
        if closed > REMEMBERED
            && let Some(oldest) = self.gaps.iter().position(|gap| gap.state != State::Open)
        {
            self.gaps.remove(oldest);
            self.find_endless();
        }
        self.gaps.push(gap);
    }
}

#[cfg(test)]
mod tests;
