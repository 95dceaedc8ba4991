//! What others may see of the producer.

use std::time::Duration;

use hearthline_core::Timestamp;
use parking_lot::Mutex;

use super::Fold;
use crate::counters::Counters;
use crate::gaps::{Cause, Gap, State, Totals};
use crate::left_out::LeftOutView;
use crate::weather::home_assistant::HouseView;

/// How many gaps are shown.
const RECENT: usize = 100;
/// So long after the first connection ever is counted which entities have changed.
pub const FIRST_MINUTES: Duration = Duration::from_mins(10);

/// What others may see of the producer, at any time, from any thread.
#[derive(Debug, Default)]
pub struct IngestView(Mutex<ViewOf>, Mutex<HouseView>, LeftOutView);

/// One look at it.
#[derive(Clone, Debug, Default)]
pub struct ViewOf {
    /// Cumulative counts.
    pub counters: Counters,
    /// When an event last arrived, in our clock.
    pub last_event: Option<Timestamp>,
    /// Entities that a state is held of.
    pub entities: usize,
    /// Of these, those of which Home Assistant has sent a change; not counted once the first connection ever is
    /// [`FIRST_MINUTES`] ago.
    pub changed: Option<usize>,
    /// Entities that Home Assistant lists; none until it has listed them.
    pub registered: Option<usize>,
    /// Gaps by state, all that ever were.
    pub gaps: GapCounts,
    /// Every gap ever, counted.
    pub totals: Totals,
    /// Open gaps and the newest closed ones, newest first.
    pub recent_gaps: Vec<Gap>,
    /// From when to when each gap goes that is not closed: what is needed to close it must not be dropped.
    pub open_gaps: Vec<(Timestamp, Option<Timestamp>)>,
}

/// Gaps by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GapCounts {
    /// Not yet known what happened in them; those that a person asked for are not counted.
    pub open: u64,
    /// Everything is recorded.
    pub filled: u64,
    /// Some of it is.
    pub partly: u64,
    /// Nothing is.
    pub lost: u64,
}

impl IngestView {
    /// One look.
    #[must_use]
    pub fn look(&self) -> ViewOf {
        self.0.lock().clone()
    }

    /// What the house knows of its weather.
    #[must_use]
    pub fn house(&self) -> HouseView {
        self.1.lock().clone()
    }

    /// The entities that the settings leave out.
    #[must_use]
    pub const fn left_out(&self) -> &LeftOutView {
        &self.2
    }

    pub(super) fn publish_house(&self, house: HouseView) {
        *self.1.lock() = house;
    }

    pub(super) fn heard(&self, at: Timestamp) {
        self.0.lock().last_event = Some(at);
    }

    pub(super) fn registered(&self, entities: usize) {
        self.0.lock().registered = Some(entities);
    }

    pub(super) fn publish(&self, fold: &Fold, gaps_changed: bool) {
        let mut view = self.0.lock();
        view.counters = fold.counters;
        view.entities = fold.held.len();
        view.changed = changed(fold);
        if gaps_changed {
            let (all, totals) = (fold.gaps.all(), fold.gaps.totals());
            let is_open = |gap: &&Gap| gap.state == State::Open;
            view.gaps = GapCounts {
                open: all.iter().filter(is_open).filter(|gap| gap.cause != Cause::Requested).count() as u64,
                filled: totals.filled,
                partly: totals.partly,
                lost: totals.lost,
            };
            let newest = all.len().saturating_sub(RECENT);
            let shown = all.iter().enumerate().filter(|(index, gap)| *index >= newest || is_open(gap));
            view.recent_gaps = shown.map(|(_, gap)| gap.clone()).rev().take(2 * RECENT).collect();
            view.totals = totals.clone();
            view.open_gaps = fold.gaps.open_intervals().collect();
        }
    }
}

fn changed(fold: &Fold) -> Option<usize> {
    let since = fold.gaps.totals().since?;
    let heard = fold.last_fired.unwrap_or(since);
    (heard.since(since) < FIRST_MINUTES).then(|| fold.told())
}
