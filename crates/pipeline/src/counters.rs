//! What was offered to the recorder and what became of it.

use hearthline_core::Origin;
use serde::{Deserialize, Serialize};

/// Cumulative counts since the data folder was made. They travel in the header of each log batch, so that they agree
/// with the log after a crash: what was counted and not logged is forgotten on both sides of the equation
/// `received = filtered + duplicate + logged + unlogged`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Offered, by origin (in the order of [`Origin::ALL`]).
    pub received: [u64; 5],
    /// Left out by the settings.
    pub filtered: u64,
    /// Held already.
    pub duplicate: u64,
    /// Handed to the log.
    pub logged: u64,
    /// Not taken by the log. Each lies in a gap.
    pub unlogged: u64,
    /// Of the logged ones, those that could not be understood.
    pub undecodable: u64,
}

impl Counters {
    /// Counts one offer.
    pub fn offer(&mut self, origin: Origin) {
        if let Some(count) = self.received.get_mut(origin as usize) {
            *count += 1;
        }
    }

    /// Offers from one origin.
    #[must_use]
    pub fn received_of(&self, origin: Origin) -> u64 {
        self.received.get(origin as usize).copied().unwrap_or(0)
    }

    /// Offers from all origins.
    #[must_use]
    pub fn received_total(&self) -> u64 {
        self.received.iter().sum()
    }

    /// Offers that are in no term of the equation, or in two; 0 at all times.
    #[must_use]
    pub fn difference(&self) -> i128 {
        let accounted = [self.filtered, self.duplicate, self.logged, self.unlogged];
        i128::from(self.received_total()) - accounted.into_iter().map(i128::from).sum::<i128>()
    }

    /// The bytes that go into a batch header.
    #[must_use]
    pub fn to_meta(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads them back; none where the header holds something else.
    #[must_use]
    pub fn from_meta(meta: &[u8]) -> Option<Self> {
        postcard::from_bytes(meta).ok()
    }
}
