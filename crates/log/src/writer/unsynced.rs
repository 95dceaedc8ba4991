//! Batches that a power cut could still take, as they are on disk.

use std::time::Duration;

use hearthline_core::{Clock, Seq};
use lz4_flex::block::CompressTable;

use crate::batch::RecordBatch;

/// Bytes above which a sync is made under every policy.
const MOST: usize = 8 << 20;

/// Batches since the last good sync, one behind the other.
#[derive(Default)]
pub(super) struct Unsynced {
    bytes: Vec<u8>,
    /// The first number, and whether it begins a segment.
    first: Option<(Seq, bool)>,
    since: Option<Duration>,
    last: Seq,
    table: CompressTable,
}

impl Unsynced {
    /// Adds a batch; answers with its bytes.
    pub(super) fn push(&mut self, batch: &RecordBatch, roll: bool, clock: &dyn Clock) -> &[u8] {
        let start = self.bytes.len();
        batch.encode(clock.now(), &mut self.table, &mut self.bytes);
        self.first.get_or_insert((batch.first(), roll));
        self.since.get_or_insert_with(|| clock.monotonic());
        self.last = batch.last();
        self.bytes.get(start..).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MOST);
        (self.first, self.since) = (None, None);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) const fn first(&self) -> Option<(Seq, bool)> {
        self.first
    }

    /// The last number ever added.
    pub(super) const fn last(&self) -> Seq {
        self.last
    }

    /// When the first of them was added, in monotonic time.
    pub(super) const fn since(&self) -> Option<Duration> {
        self.since
    }

    pub(super) const fn is_large(&self) -> bool {
        self.bytes.len() > MOST
    }
}
