//! What the writer has made readable: segments, and the newest batches in memory.

use std::collections::VecDeque;

use hearthline_core::{Seq, Timestamp};

use crate::aside::Aside;
use crate::batch::RecordBatch;
use crate::damage::Damage;
use crate::segment::{IndexEntry, Previous, START};

/// How far apart index entries are, in bytes.
const INDEX_EVERY: u64 = 256 << 10;

/// One segment as its readers may see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Tells a segment from one that replaced it under the same name.
    pub(crate) id: u64,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    /// Where the last readable batch ends.
    pub(crate) end: u64,
    /// Bytes of the file, with a footer.
    pub(crate) size: u64,
    pub(crate) previous: Option<Previous>,
    /// When it began; none if its header is damaged.
    pub(crate) began: Option<Timestamp>,
}

/// One segment.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) span: Span,
    /// The end as of the last good sync.
    pub(crate) synced_end: u64,
    pub(crate) checkpoint: bool,
    /// Empty for a segment of a former run: its footer has it.
    pub(crate) index: Vec<IndexEntry>,
}

/// The newest batches, for readers at the head.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    batches: VecDeque<RecordBatch>,
    bytes: usize,
    most: usize,
    /// Everything behind this number is in the ring.
    floor: Seq,
}

/// Everything that can be read.
#[derive(Debug)]
pub(crate) struct State {
    /// By first number; never empty of the newest one, so that numbers go on from it.
    pub(crate) segments: Vec<Segment>,
    pub(crate) written: Seq,
    pub(crate) synced: Seq,
    /// Events through `written`.
    pub(crate) events: u64,
    pub(crate) ring: Ring,
    /// Last number of what was trimmed in this run.
    pub(crate) trimmed: Seq,
    /// What is known to be unreadable.
    pub(crate) damage: Vec<Damage>,
    /// What of that a person has taken note of.
    pub(crate) aside: Vec<Aside>,
}

impl Ring {
    pub(crate) fn new(most: usize, floor: Seq) -> Self {
        Self { most, floor, ..Self::default() }
    }

    fn push(&mut self, batch: RecordBatch) {
        self.bytes += batch.bytes();
        self.batches.push_back(batch);
        while self.bytes > self.most {
            let Some(oldest) = self.batches.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.floor = oldest.last();
        }
    }

    /// The batch that holds the first record behind `after`, if it is in memory.
    pub(crate) fn behind(&self, after: Seq) -> Option<&RecordBatch> {
        if after < self.floor {
            return None;
        }
        self.batches.get(self.batches.partition_point(|batch| batch.last() <= after))
    }
}

impl Segment {
    /// A batch of `len` bytes that begins with `first` and ends with `last` was written at the end.
    pub(crate) fn grow(&mut self, first: Seq, last: Seq, len: u64) {
        note(&mut self.index, first, self.span.end);
        self.span.last = last;
        self.span.end += len;
        self.span.size = self.span.end;
    }
}

/// Keeps the place of a batch if the last one kept is far enough away.
pub(crate) fn note(index: &mut Vec<IndexEntry>, first: Seq, at: u64) {
    if index.last().is_none_or(|(_, before)| at - before >= INDEX_EVERY) {
        index.push((first, at));
    }
}

/// The last place kept at or before `seq` in the segment that begins with `first`.
pub(crate) fn seek(index: &[IndexEntry], first: Seq, seq: Seq) -> IndexEntry {
    let at = index.partition_point(|(entry, _)| *entry <= seq);
    at.checked_sub(1).and_then(|at| index.get(at)).copied().unwrap_or((first, START))
}

impl State {
    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.span.size).sum()
    }

    /// What the header of a segment that begins with `first` says about the one before it.
    pub(crate) fn before(&self, first: Seq) -> Option<Previous> {
        let segment = self.segments.iter().rev().find(|segment| segment.span.first < first)?;
        let span = segment.span;
        Some(if span.last < first {
            Previous { first: span.first, end: span.end, last: span.last }
        } else {
            Previous { first: span.first, end: segment.synced_end, last: Seq(first.0 - 1) }
        })
    }

    /// Puts a new segment at the end; what it writes again no longer exists in the one before it.
    pub(crate) fn start(&mut self, segment: Segment) {
        let first = segment.span.first;
        self.segments.retain(|old| old.span.first < first);
        if let (Some(old), Some(previous)) = (self.segments.last_mut(), segment.span.previous) {
            (old.span.end, old.span.last) = (previous.end, previous.last);
        }
        self.segments.push(segment);
    }

    /// Makes a batch readable.
    pub(crate) fn publish(&mut self, batch: RecordBatch) {
        self.written = batch.last();
        self.events = batch.events_through();
        self.ring.push(batch);
    }

    /// Everything written so far survives a power cut.
    pub(crate) fn sync(&mut self) {
        self.synced = self.written;
        if let Some(segment) = self.segments.last_mut() {
            segment.synced_end = segment.span.end;
        }
    }

    /// The segment for a reader that has everything through `after` and stands in `held`, and the one behind it.
    pub(crate) fn spans(&self, held: Option<Span>, after: Seq) -> Option<(Span, Option<Span>)> {
        let held = held.filter(|held| !self.spans_iter().any(|s| s.first == held.first && s.id != held.id));
        let span = match held {
            Some(held) => self.spans_iter().find(|span| span.id == held.id).unwrap_or(held),
            None => {
                let at = self.segments.partition_point(|segment| segment.span.first <= after.next());
                self.segments.get(at.saturating_sub(1))?.span
            }
        };
        Some((span, self.spans_iter().find(|next| next.first > span.first)))
    }

    fn spans_iter(&self) -> impl Iterator<Item = Span> {
        self.segments.iter().map(|segment| segment.span)
    }
}
