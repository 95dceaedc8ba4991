//! A segment: one file of batches, named by the number of its first record, `00000000000000000001.seg`.
//!
//! All numbers are little-endian. A segment is a header of 60 bytes, batches one behind the other, and, if it was ended
//! in order, a footer.
//!
//! | bytes | header |
//! | --- | --- |
//! | 8 | magic `HLOGSEGM` |
//! | 2 | format, 1 |
//! | 2 | flags: 1 = its first record is a checkpoint |
//! | 4 | zero |
//! | 8 | sequence number of the first record |
//! | 8 | time of its beginning, microseconds of UTC |
//! | 8 | first number of the segment before it (its name); 0 if there was none |
//! | 8 | valid bytes of that segment, without its footer |
//! | 8 | last number of that segment |
//! | 4 | CRC-32 of the header up to here |
//!
//! | bytes | footer |
//! | --- | --- |
//! | 8 | magic `HLOGFOOT` |
//! | 8 | sequence number of the last record |
//! | 8 | events in the log through the end of this segment |
//! | 4 | CRC-32 of all bytes of the file before the footer |
//! | 4 | number of index entries |
//! | 16 each | index: first number of a batch, its place in the file; about every 256 KiB |
//! | 4 | length of the footer |
//! | 4 | CRC-32 of the footer up to here |
//!
//! A file is written by one run only and never opened for appending again. It comes into being under a temporary name,
//! with its header and first batch, is synced, renamed and its folder synced: a segment that has its name begins whole.
//! What lies behind the valid end that the next header names does not exist: it is a torn write of a run that ended
//! in a crash, or was written again in the next segment because its sync failed.

mod file;

use hearthline_core::{Seq, Timestamp};

pub(crate) use self::file::SegmentFile;
use crate::fields::{Fields, checked};

/// Bytes of a segment's header.
pub(crate) const HEADER: usize = 60;
/// Where the first batch is.
pub(crate) const START: u64 = HEADER as u64;
const FORMAT: u16 = 1;
const MAGIC: [u8; 8] = *b"HLOGSEGM";
const FOOT: [u8; 8] = *b"HLOGFOOT";
const CHECKPOINT: u16 = 1;

/// The file name of the segment that begins with this number.
pub(crate) fn file_name(first: Seq) -> String {
    format!("{:020}.seg", first.0)
}

/// The number in a segment's file name.
pub(crate) fn parse_name(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(".seg")?;
    let first = digits.parse().ok().filter(|first| *first < u64::MAX)?;
    (digits.len() == 20).then_some(Seq(first))
}

/// What a segment says about the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) first: Seq,
    pub(crate) end: u64,
    pub(crate) last: Seq,
}

/// The front of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) first: Seq,
    pub(crate) began: Timestamp,
    pub(crate) checkpoint: bool,
    pub(crate) previous: Option<Previous>,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let previous = self.previous.unwrap_or(Previous { first: Seq::ZERO, end: 0, last: Seq::ZERO });
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&(if self.checkpoint { CHECKPOINT } else { 0 }).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.first.0.to_le_bytes());
        out.extend_from_slice(&self.began.0.to_le_bytes());
        for number in [previous.first.0, previous.end, previous.last.0] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// None if these bytes are no header; the format if it is a later one.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Result<Self, u16>> {
        let mut fields = Fields(checked(bytes.get(..HEADER)?)?);
        if fields.array()? != MAGIC {
            return None;
        }
        let (format, flags, _) = (fields.u16()?, fields.u16()?, fields.u32()?);
        if format > FORMAT {
            return Some(Err(format));
        }
        let (first, began) = (fields.seq()?, fields.time()?);
        let previous = Previous { first: fields.seq()?, end: fields.u64()?, last: fields.seq()? };
        let previous = (previous.first > Seq::ZERO).then_some(previous);
        if first == Seq(u64::MAX)
            || previous.is_some_and(|previous| first <= previous.first.max(previous.last))
        {
            return None;
        }
        Some(Ok(Self { first, began, checkpoint: flags & CHECKPOINT != 0, previous }))
    }
}

/// Where a batch is: its first number, its place in the file.
pub(crate) type IndexEntry = (Seq, u64);

/// The end of a segment that was ended in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) last: Seq,
    pub(crate) events: u64,
    pub(crate) file_crc: u32,
    pub(crate) index: Vec<IndexEntry>,
}

impl Footer {
    /// Length and checksum, from which a footer is found.
    pub(crate) const TAIL: usize = 8;

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = FOOT.to_vec();
        out.extend_from_slice(&self.last.0.to_le_bytes());
        out.extend_from_slice(&self.events.to_le_bytes());
        out.extend_from_slice(&self.file_crc.to_le_bytes());
        out.extend_from_slice(&count(self.index.len()));
        for (seq, offset) in &self.index {
            out.extend_from_slice(&seq.0.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
        out.extend_from_slice(&count(out.len() + Self::TAIL));
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// The length that the last [`Footer::TAIL`] bytes of a file name.
    pub(crate) fn length(tail: &[u8]) -> Option<u64> {
        Fields(tail).u32().map(u64::from)
    }

    /// None if these bytes are no footer.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(checked(bytes)?);
        if fields.array()? != FOOT {
            return None;
        }
        let (last, events) = (fields.seq()?, fields.u64()?);
        let (file_crc, _entries, mut index) = (fields.u32()?, fields.u32()?, Vec::new());
        while fields.0.len() >= 16 {
            index.push((fields.seq()?, fields.u64()?));
        }
        Some(Self { last, events, file_crc, index })
    }
}

fn count(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}
