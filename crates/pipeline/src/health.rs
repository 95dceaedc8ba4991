//! The state of the parts of the program, since when and why.

pub mod uptime;

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// Not there yet.
    Starting,
    /// Does what it is for.
    Healthy,
    /// Late or absent; nothing is lost by it.
    Degraded,
    /// Data is being lost by it, or about to be.
    Unhealthy,
    /// Waits for a person.
    Parked,
    /// Not wanted by the settings.
    Off,
}

impl PartState {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Parked => "parked",
            Self::Off => "off",
        }
    }

    /// Whether the time spent in it counts at all.
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Starting | Self::Off)
    }

    /// Whether the time spent in it counts as uptime.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }
}

/// One part, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is called.
    pub name: Arc<str>,
    /// How it is.
    pub state: PartState,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words, where it is not healthy.
    pub reason: Option<String>,
    /// The share of the time since it had started that it was up; none where it is off or still starting.
    pub uptime: Option<f64>,
}

/// Where the parts say how they are. Clones share it.
#[derive(Clone)]
pub struct Board {
    clock: Arc<dyn Clock>,
    parts: Arc<Mutex<Vec<Entry>>>,
}

struct Entry {
    part: Part,
    entered: Duration,
    /// Time that is over, in states that count as up, and in all but starting and off.
    up: Duration,
    counted: Duration,
}

impl Entry {
    /// Time up and time counted, until now.
    fn times(&self, now: Duration) -> (Duration, Duration) {
        let current = now.saturating_sub(self.entered);
        match self.part.state {
            PartState::Starting | PartState::Off => (self.up, self.counted),
            state if state.is_up() => (self.up + current, self.counted + current),
            _ => (self.up, self.counted + current),
        }
    }
}

impl Board {
    /// An empty board.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, parts: Arc::default() }
    }

    /// A part says how it is. Saying the same state again changes only its reason.
    pub fn set(&self, name: &str, state: PartState, reason: Option<String>) {
        let (now, at) = (self.clock.monotonic(), self.clock.now());
        let mut parts = self.parts.lock();
        let Some(entry) = parts.iter_mut().find(|entry| &*entry.part.name == name) else {
            let part = Part { name: name.into(), state, since: at, reason, uptime: None };
            parts.push(Entry { part, entered: now, up: Duration::ZERO, counted: Duration::ZERO });
            return;
        };
        if entry.part.state != state {
            (entry.up, entry.counted) = entry.times(now);
            entry.entered = now;
            entry.part.since = at;
            tracing::debug!(
                part = name,
                from = entry.part.state.as_str(),
                to = state.as_str(),
                "part changed"
            );
            entry.part.state = state;
        }
        entry.part.reason = reason;
    }

    /// All parts, in the order in which they first spoke.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let now = self.clock.monotonic();
        let parts = self.parts.lock();
        parts
            .iter()
            .map(|entry| {
                let (up, counted) = entry.times(now);
                let known = !counted.is_zero() && entry.part.state != PartState::Off;
                Part { uptime: known.then(|| up.as_secs_f64() / counted.as_secs_f64()), ..entry.part.clone() }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::ManualClock;

    use super::*;

    #[test]
    fn uptime_is_the_share_of_time_in_which_nothing_was_lost() {
        let clock = ManualClock::at(Timestamp(0));
        let board = Board::new(Arc::new(clock.clone()));
        let second = Duration::from_secs(1);
        board.set("log", PartState::Starting, None);
        clock.advance(second);
        board.set("log", PartState::Healthy, None);
        clock.advance(second);
        board.set("log", PartState::Degraded, Some("slow".into()));
        clock.advance(second);
        board.set("log", PartState::Unhealthy, Some("full".into()));
        clock.advance(second);
        let part = board.parts().remove(0);
        assert_eq!(
            (part.uptime, part.reason.as_deref()),
            (Some(2.0 / 3.0), Some("full")),
            "starting counts for nothing"
        );
        assert_eq!(part.since, Timestamp(3_000_000));
    }

    #[test]
    fn what_is_off_has_no_uptime() {
        let clock = ManualClock::at(Timestamp(0));
        let board = Board::new(Arc::new(clock.clone()));
        board.set("weather", PartState::Off, None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(board.parts().remove(0).uptime, None);
    }
}
