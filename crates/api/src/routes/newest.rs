//! The newest of many rows that come in any order, with no more of them in memory than are asked for.

use std::collections::BTreeMap;

use hearthline_core::Timestamp;

/// Keeps the newest rows that it is offered. Of rows with one time, the one offered last counts as newer.
pub(super) struct Newest<T> {
    limit: usize,
    offered: u64,
    kept: BTreeMap<(Timestamp, u64), T>,
    more: bool,
}

impl<T> Newest<T> {
    /// At most `limit`, which is not 0.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, offered: 0, kept: BTreeMap::new(), more: false }
    }

    /// Makes the row and keeps it, if it is one of the newest so far.
    pub(super) fn offer(&mut self, ts: Timestamp, row: impl FnOnce() -> T) {
        self.offered += 1;
        let key = (ts, self.offered);
        self.more |= self.is_full();
        if self.is_full() {
            if self.kept.first_key_value().is_some_and(|(oldest, _)| key < *oldest) {
                return;
            }
            self.kept.pop_first();
        }
        self.kept.insert(key, row());
    }

    /// Whether only newer rows can be taken.
    fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }

    /// Whether a row was left out.
    pub(super) fn more(&self) -> bool {
        self.more
    }

    /// The rows, newest first.
    pub(super) fn into_rows(self) -> Vec<T> {
        self.kept.into_values().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_older_ones_are_not_even_made() {
        let mut newest = Newest::new(2);
        for (ts, row) in [(5, "five"), (1, "one"), (3, "three"), (3, "three again")] {
            newest.offer(Timestamp(ts), || row);
        }
        newest.offer(Timestamp(2), || unreachable!("older than all that are kept"));
        assert!(newest.more());
        assert_eq!(newest.into_rows(), ["five", "three again"]);
    }

    #[test]
    fn nothing_is_left_out_up_to_the_limit() {
        let mut newest = Newest::new(2);
        newest.offer(Timestamp(1), || 1);
        newest.offer(Timestamp(2), || 2);
        assert!(newest.is_full() && !newest.more());
        assert_eq!(newest.into_rows(), [2, 1]);
    }
}
