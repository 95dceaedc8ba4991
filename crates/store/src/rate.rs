//! How many states there are: of each length of time, and of each entity.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use hearthline_core::{EntityId, Origin, StateRow, Timestamp};

use crate::buckets::{micros, start_of};
use crate::store::Store;
use crate::{StatesQuery, StoreError};

const COLUMNS: &[&str] = &["site", "entity_id", "entity_key", "ts", "tie", "origin", "restored"];
const COUNTED: &[&str] = &["site", "entity_id", "entity_key", "ts", "tie", "restored"];

/// The states of one length of time. Restored ones do not count: they are no new readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// Its first instant, a multiple of the length since 1970 in UTC; the first one may begin before the window.
    pub start: Timestamp,
    /// Those that arrived as they happened.
    pub live: u64,
    /// Those that were had otherwise: from history, or by a comparison.
    pub afterwards: u64,
}

impl Store {
    /// How many states of all entities there are in each length of time, oldest first. A length without a state is left
    /// out. A length of less than a microsecond is one.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read.
    pub fn rate(&self, from: Timestamp, to: Timestamp, length: Duration) -> Result<Vec<RateRow>, StoreError> {
        let length = micros(length);
        let mut counts = BTreeMap::<i64, (u64, u64)>::new();
        self.each_counted(from, to, COLUMNS, &mut |row| {
            let (live, afterwards) = counts.entry(start_of(row.ts, length)).or_default();
            *if row.origin == Origin::Live { live } else { afterwards } += 1;
        })?;
        let row = |(start, (live, afterwards))| RateRow { start: Timestamp(start), live, afterwards };
        Ok(counts.into_iter().map(row).collect())
    }

    /// How many states each entity has in a period, by what it was called then. Restored ones do not count.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read.
    pub fn counts(&self, from: Timestamp, to: Timestamp) -> Result<BTreeMap<EntityId, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        self.each_counted(from, to, COUNTED, &mut |row| *counts.entry(row.entity_id).or_default() += 1)?;
        Ok(counts)
    }

    /// Day by day: rows of one day need no order among entities, so its files are read once.
    fn each_counted(
        &self,
        from: Timestamp,
        to: Timestamp,
        columns: &[&str],
        each: &mut dyn FnMut(StateRow),
    ) -> Result<(), StoreError> {
        let stats = self.stats();
        let (Some(first), Some(last)) = (stats.first, stats.last) else { return Ok(()) };
        for day in first.max(from).day()..=last.min(to).day() {
            let from = from.max(Timestamp::start_of_day(day));
            let to = to.min(Timestamp::start_of_day(day + 1));
            let query = StatesQuery { entities: None, renamed: false, from, to };
            self.each_state(&query, Some(columns), &mut |row| {
                if !row.restored {
                    each(row);
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }
}
