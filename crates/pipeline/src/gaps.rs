//! The ledger of gaps: periods in which events were, or may have been, missed.
//!
//! A gap is an interval of Home Assistant's clock, for all entities or for some. It is opened when the stream ends, when
//! the program starts on a log that has something in it, when the log does not take an event, and when an event's
//! `old_state` is not the state we hold. It gets its end from the first event after the next subscription, and is closed
//! when it is known what happened in it. Each change is a log record; the newest of an id holds.

use std::fmt;
use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// How far before the last event of a broken stream a gap begins: what was fired in the same moment may have been
/// thrown away by Home Assistant with its queue.
const MARGIN: Duration = Duration::from_secs(1);

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
    /// States that were had afterwards.
    pub recovered: u64,
}

/// Why events may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The connection ended.
    Disconnected,
    /// Hearthline was stopped in order.
    Stopped,
    /// Hearthline ended without saying so: a crash, a kill, a power cut.
    NotRunning,
    /// The log's queue was full and the connection was closed for it.
    QueueFull,
    /// The log did not take an event.
    LogRefused,
    /// An event's `old_state` was never received.
    ChainBroken,
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
        })
    }
}

/// Open, or how it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not yet known what happened in it.
    Open,
    /// Everything that happened in it is recorded.
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
    /// Where the gap of all entities is that has no end yet: asked for at every event.
    endless: Option<usize>,
}

impl Ledger {
    /// The ledger as a checkpoint holds it.
    #[must_use]
    pub fn new(gaps: Vec<Gap>) -> Self {
        let mut ledger = Self { gaps, endless: None };
        ledger.find_endless();
        ledger
    }

    fn find_endless(&mut self) {
        self.endless = self.gaps.iter().rposition(|gap| gap.entities.is_empty() && gap.to.is_none());
    }

    /// All gaps, in the order they were opened.
    #[must_use]
    pub fn all(&self) -> &[Gap] {
        &self.gaps
    }

    /// From when to when each gap goes that is not closed; without an end the stream has not come back.
    pub fn open_intervals(&self) -> impl Iterator<Item = (Timestamp, Option<Timestamp>)> {
        self.gaps.iter().filter(|gap| gap.state == State::Open).map(|gap| (gap.from, gap.to))
    }

    /// Takes over a record of a gap: a new one, or the newer shape of one.
    pub fn apply(&mut self, gap: Gap) {
        match self.gaps.iter_mut().rev().find(|known| known.id == gap.id) {
            Some(known) => *known = gap,
            None => self.gaps.push(gap),
        }
        self.find_endless();
    }

    /// The gap of all entities that has no end yet.
    #[must_use]
    pub fn unbounded(&self) -> Option<&Gap> {
        self.gaps.get(self.endless?)
    }

    /// Opens a gap of all entities after the last event that was received. None if one is open without an end already:
    /// the two are one interval.
    pub fn open(&mut self, last_fired: Timestamp, cause: Cause, detail: &str) -> Option<Gap> {
        if self.unbounded().is_some() {
            return None;
        }
        let gap = self.gap(last_fired.minus(MARGIN), None, cause, detail, Vec::new());
        self.endless = Some(self.gaps.len());
        self.gaps.push(gap.clone());
        Some(gap)
    }

    /// Opens a gap of one entity between two known states.
    pub fn open_between(&mut self, entity: EntityId, from: Timestamp, to: Timestamp) -> Gap {
        let detail = format!("{entity}: the state before the event was never received");
        let gap = self.gap(from, Some(to), Cause::ChainBroken, &detail, vec![entity]);
        self.gaps.push(gap.clone());
        gap
    }

    /// Ends the gap that has no end, at the first event after the stream came back. An event from before the gap (its
    /// clock was set back) ends it where it begins.
    pub fn bound(&mut self, first_fired: Timestamp) -> Option<Gap> {
        let gap = self.gaps.get_mut(self.endless.take()?)?;
        gap.to = Some(first_fired.max(gap.from));
        Some(gap.clone())
    }

    /// Closes a gap. None if it is not known or closed already.
    pub fn close(&mut self, id: u64, state: State, recovered: u64) -> Option<Gap> {
        let gap = self.gaps.iter_mut().find(|gap| gap.id == id && gap.state == State::Open)?;
        gap.state = state;
        gap.recovered = recovered;
        Some(gap.clone())
    }

    fn gap(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        cause: Cause,
        detail: &str,
        of: Vec<EntityId>,
    ) -> Gap {
        let id = self.gaps.last().map_or(1, |gap| gap.id + 1);
        Gap { id, from, to, cause, detail: detail.into(), entities: of, state: State::Open, recovered: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn two_ends_of_a_stream_without_an_event_between_are_one_gap() {
        let mut ledger = Ledger::default();
        let gap = ledger.open(T, Cause::Disconnected, "closed").unwrap();
        assert_eq!(gap.from, T.minus(MARGIN));
        assert_eq!(ledger.open(T, Cause::Disconnected, "refused"), None);
        assert_eq!(ledger.all().len(), 1);
    }

    #[test]
    fn a_gap_ends_at_the_first_event_after_it_and_never_before_it_begins() {
        let mut ledger = Ledger::default();
        ledger.open(T, Cause::Stopped, "");
        let ended = ledger.bound(Timestamp(1)).unwrap();
        assert_eq!(ended.to, Some(ended.from));
        assert_eq!(ledger.bound(T), None);
        assert!(ledger.open(T, Cause::Stopped, "").is_some(), "the next one is another gap");
    }

    #[test]
    fn a_ledger_made_from_its_records_is_the_same() {
        let mut ledger = Ledger::default();
        let mut records = Vec::new();
        records.extend(ledger.open(T, Cause::Disconnected, "closed"));
        records.extend(ledger.bound(T));
        records.push(ledger.open_between("sensor.a".into(), T, T.plus(MARGIN)));
        records.extend(ledger.close(1, State::Filled, 7));
        assert_eq!(ledger.close(1, State::Lost, 0), None, "closed once");
        let mut replayed = Ledger::default();
        records.into_iter().for_each(|gap| replayed.apply(gap));
        assert_eq!(replayed.all(), ledger.all());
    }
}
