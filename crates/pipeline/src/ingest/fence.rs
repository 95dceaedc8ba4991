//! Live events by which it can be seen how far Home Assistant's history is.
//!
//! Its recorder writes in the order of events and commits some seconds later. So history of a gap is complete once it
//! shows any event that was received live after the gap.

use std::collections::VecDeque;
use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};

/// How many are kept.
const KEPT: usize = 128;
/// How many are taken at once behind a gap: one of them should be of an entity that the recorder keeps.
const BEHIND: usize = 32;
/// Between two others.
const EVERY: Duration = Duration::from_secs(2);

/// Some of the newest live states.
#[derive(Debug, Default)]
pub(super) struct Fences {
    heard: VecDeque<(EntityId, Timestamp)>,
    wanted: usize,
}

impl Fences {
    /// A gap has ended just now, or an entity was renamed.
    pub(super) const fn wanted(&mut self) {
        self.wanted = BEHIND;
    }

    /// A state was heard.
    pub(super) fn heard(&mut self, entity: &str, ts: Timestamp) {
        let due = self.heard.back().is_none_or(|(_, last)| ts.since(*last) >= EVERY);
        if due || self.wanted > 0 {
            self.wanted = self.wanted.saturating_sub(1);
            if self.heard.len() == KEPT {
                self.heard.pop_front();
            }
            self.heard.push_back((entity.into(), ts));
        }
    }

    /// Those that lie behind an instant.
    pub(super) fn behind(&self, instant: Timestamp) -> Vec<(EntityId, Timestamp)> {
        self.heard.iter().filter(|(_, ts)| *ts >= instant).cloned().collect()
    }
}
