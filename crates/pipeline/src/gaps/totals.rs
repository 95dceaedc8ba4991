//! Every gap ever, counted: what the sentence "since then, so many events were kept" is made of.

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Gap, State};

/// Every gap ever, also those that are no longer remembered one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// When the first connection was made, in our clock.
    pub since: Option<Timestamp>,
    /// The newest gap's number.
    pub last_id: u64,
    /// Gaps by cause, in the order of [`Cause::ALL`].
    pub by_cause: Vec<u64>,
    /// Gaps that were closed with everything in them.
    pub filled: u64,
    /// Gaps that were closed with a part of it.
    pub partly: u64,
    /// Gaps that were closed with nothing.
    pub lost: u64,
    /// States that were had after a gap, without those that a person asked for.
    pub recovered: u64,
    /// States from before, that a person asked for.
    pub requested: u64,
}

impl Totals {
    /// How many gaps there were of a cause.
    #[must_use]
    pub fn of(&self, cause: Cause) -> u64 {
        self.by_cause.get(cause as usize).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, gap: &Gap) {
        self.last_id = self.last_id.max(gap.id);
        self.count(gap, true);
    }

    pub(super) fn change(&mut self, before: &Gap, after: &Gap) {
        self.count(before, false);
        self.count(after, true);
    }

    fn count(&mut self, gap: &Gap, more: bool) {
        self.by_cause.resize(Cause::ALL.len(), 0);
        let recovered = if gap.cause == Cause::Requested { &mut self.requested } else { &mut self.recovered };
        let step = |count: &mut u64, by: u64| {
            *count = if more { *count + by } else { count.saturating_sub(by) };
        };
        step(recovered, gap.recovered);
        if let Some(count) = self.by_cause.get_mut(gap.cause as usize) {
            step(count, 1);
        }
        match gap.state {
            State::Open => {}
            State::Filled => step(&mut self.filled, 1),
            State::Partly => step(&mut self.partly, 1),
            State::Lost => step(&mut self.lost, 1),
        }
    }
}
