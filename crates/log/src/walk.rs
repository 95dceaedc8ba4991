//! The way through one segment, batch by batch and around what is damaged.

use std::ops::Range;

use hearthline_core::{Seq, Timestamp};

use crate::batch::BatchHeader;
use crate::damage::Damage;
use crate::error::LogError;
use crate::segment::{SegmentFile, file_name};

/// A place in a segment.
pub(crate) struct Walk {
    pub(crate) file: SegmentFile,
    /// The segment's first number.
    pub(crate) segment: Seq,
    pub(crate) offset: u64,
    /// The number that the next batch begins with.
    pub(crate) expected: Seq,
    /// When the last whole batch was written, or the segment began; none if the latter is not known.
    pub(crate) written: Option<Timestamp>,
    /// Where bytes began that are no batch.
    bad_from: Option<u64>,
}

/// What is at a place.
pub(crate) enum Found {
    /// A whole batch, and where it begins.
    Batch(u64, BatchHeader),
    /// Numbers that are missing before the next batch.
    Lost(Damage),
}

impl Walk {
    /// From a place in the segment that begins with the number `segment` at the time `began`.
    pub(crate) const fn new(
        file: SegmentFile,
        (segment, began): (Seq, Option<Timestamp>),
        (expected, offset): (Seq, u64),
    ) -> Self {
        Self { file, segment, offset, expected, written: began, bad_from: None }
    }

    /// The next thing before `end`; no number in it is over `last`.
    pub(crate) fn next(&mut self, end: u64, last: Seq) -> Result<Option<Found>, LogError> {
        while self.offset < end {
            let within = self.expected..=last;
            if let Some(header) = self.file.batch_at(self.offset, end, &within)? {
                if header.first > self.expected {
                    return Ok(Some(Found::Lost(self.lost(Seq(header.first.0 - 1), Some(header.written)))));
                }
                let at = self.offset;
                self.bad_from = None;
                self.offset += header.len();
                self.expected = header.last().next();
                self.written = Some(header.written);
                return Ok(Some(Found::Batch(at, header)));
            }
            self.pass_over(self.offset);
            self.offset = self.file.find_batch(self.offset + 1, end, &within)?.unwrap_or(end);
        }
        Ok(None)
    }

    /// Names the numbers from the expected one through `last` as lost, and goes on behind them; `to` is when what follows
    /// was written.
    pub(crate) fn lost(&mut self, last: Seq, to: Option<Timestamp>) -> Damage {
        let lost = Some((self.expected, last));
        let bytes: Range<u64> = self.bad_from.take().unwrap_or(self.offset)..self.offset;
        self.expected = last.next();
        let (file, from) = (file_name(self.segment), self.written);
        Damage { file, bytes, lost, from, to, reason: "these bytes are not what was written" }
    }

    /// The bytes from `offset` on are no batch.
    pub(crate) fn pass_over(&mut self, offset: u64) {
        self.bad_from.get_or_insert(offset);
    }
}
