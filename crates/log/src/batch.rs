//! A batch of records, in memory and on disk.
//!
//! All numbers are little-endian. A batch is a header of 60 bytes, then `meta`, then the stored records:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | magic `B7 48 4C 42` |
//! | 1 | format, 1 |
//! | 1 | codec: 0 stored as they are, 1 LZ4 block |
//! | 2 | zero |
//! | 4 | length of `meta` |
//! | 4 | length of the stored records |
//! | 4 | length of the records when unpacked |
//! | 4 | number of records |
//! | 4 | number of events among them |
//! | 4 | CRC-32 of `meta` and the stored records |
//! | 8 | sequence number of the first record; the others follow without a jump |
//! | 8 | events in the log before this batch |
//! | 8 | time of writing, microseconds of UTC |
//! | 4 | CRC-32 of the header up to here |
//!
//! An unpacked record is `length << 1 | is_event` in four bytes, then its bytes. The magic and the header's own
//! checksum let a reader find the next batch behind any damage; the length fields are believed only with the checksum.

use std::sync::Arc;

use hearthline_core::{Seq, Timestamp};
use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

use crate::append::{Append, split_record};
use crate::fields::{Fields, checked};

/// Bytes of a batch's header.
pub(crate) const HEADER: usize = 60;
/// How a batch begins.
pub(crate) const MAGIC: [u8; 4] = [0xB7, b'H', b'L', b'B'];
const FORMAT: u8 = 1;
const RAW: u8 = 0;
const LZ4: u8 = 1;
/// The most that LZ4 makes of one byte.
const LZ4_RATIO: u64 = 255;

/// Consecutive records as they were written together. Clones share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBatch(Arc<Contents>);

#[derive(Debug, PartialEq, Eq)]
struct Contents {
    first: Seq,
    count: u32,
    events: u32,
    events_before: u64,
    meta: Vec<u8>,
    records: Vec<u8>,
}

impl RecordBatch {
    pub(crate) fn new(first: Seq, events_before: u64, append: Append) -> Self {
        let Append { records, count, events, meta, .. } = append;
        Self(Arc::new(Contents {
            first,
            count,
            events,
            events_before,
            meta: meta.unwrap_or_default(),
            records,
        }))
    }

    /// The number of the first record.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.0.first
    }

    /// The number of the last record.
    #[must_use]
    pub fn last(&self) -> Seq {
        last(self.0.first, self.0.count)
    }

    /// Each record: number, whether it is an event, bytes.
    pub fn records(&self) -> impl Iterator<Item = (Seq, bool, &[u8])> {
        let mut rest = Fields(&self.0.records);
        let records = std::iter::from_fn(move || split_record(&mut rest));
        (self.0.first.0..).zip(records).map(|(seq, (is_event, record))| (Seq(seq), is_event, record))
    }

    /// What the producer gave with the last append of this batch; empty if nothing.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        &self.0.meta
    }

    /// Events in the log before this batch, since its very beginning.
    #[must_use]
    pub fn events_before(&self) -> u64 {
        self.0.events_before
    }

    /// Events in the log through the end of this batch.
    pub(crate) fn events_through(&self) -> u64 {
        self.0.events_before.saturating_add(u64::from(self.0.events))
    }

    /// How many records there are, and how many of them are events.
    pub(crate) fn counts(&self) -> (u32, u32) {
        (self.0.count, self.0.events)
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.0.records.len() + self.0.meta.len()
    }

    /// Appends the batch as it is on disk.
    pub(crate) fn encode(&self, written: Timestamp, table: &mut CompressTable, out: &mut Vec<u8>) {
        let Contents { first, count, events, events_before, meta, records } = &*self.0;
        let start = out.len();
        out.resize(start + HEADER, 0);
        out.extend_from_slice(meta);
        let body = out.len();
        out.resize(body + get_maximum_output_size(records.len()), 0);
        let packed = out.get_mut(body..).and_then(|to| compress_into_with_table(records, to, table).ok());
        let codec = if let Some(len) = packed.filter(|len| *len < records.len()) {
            out.truncate(body + len);
            LZ4
        } else {
            out.truncate(body);
            out.extend_from_slice(records);
            RAW
        };
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&[FORMAT, codec, 0, 0]);
        for number in [length(meta.len()), length(out.len() - body), length(records.len()), *count, *events] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        header
            .extend_from_slice(&crc32fast::hash(out.get(start + HEADER..).unwrap_or_default()).to_le_bytes());
        header.extend_from_slice(&first.0.to_le_bytes());
        header.extend_from_slice(&events_before.to_le_bytes());
        header.extend_from_slice(&written.0.to_le_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        if let Some(place) = out.get_mut(start..start + HEADER) {
            place.copy_from_slice(&header);
        }
    }
}

/// What the header of a batch on disk says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchHeader {
    codec: u8,
    meta: u32,
    stored: u32,
    unpacked: u32,
    count: u32,
    events: u32,
    body_crc: u32,
    pub(crate) first: Seq,
    events_before: u64,
    /// By the wall clock.
    pub(crate) written: Timestamp,
}

impl BatchHeader {
    /// None if these bytes are no header.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(checked(bytes.get(..HEADER)?)?);
        let (magic, [format, codec, ..]) = (fields.array::<4>()?, fields.array::<4>()?);
        let header = Self {
            codec,
            meta: fields.u32()?,
            stored: fields.u32()?,
            unpacked: fields.u32()?,
            count: fields.u32()?,
            events: fields.u32()?,
            body_crc: fields.u32()?,
            first: fields.seq()?,
            events_before: fields.u64()?,
            written: fields.time()?,
        };
        let numbers = header.count > 0 && header.first.0.checked_add(u64::from(header.count)).is_some();
        let unpacks = match codec {
            RAW => header.unpacked == header.stored,
            LZ4 => u64::from(header.unpacked) <= u64::from(header.stored) * LZ4_RATIO,
            _ => false,
        };
        (magic == MAGIC && format == FORMAT && numbers && unpacks).then_some(header)
    }

    /// The number of the last record.
    pub(crate) fn last(&self) -> Seq {
        last(self.first, self.count)
    }

    /// Bytes of the whole batch on disk.
    pub(crate) fn len(&self) -> u64 {
        HEADER as u64 + u64::from(self.meta) + u64::from(self.stored)
    }

    /// Events in the log through the end of this batch.
    pub(crate) const fn events_through(&self) -> u64 {
        self.events_before.saturating_add(self.events as u64)
    }

    /// Whether `body`, all behind the header, is what was written.
    pub(crate) fn owns(&self, body: &[u8]) -> bool {
        crc32fast::hash(body) == self.body_crc
    }

    /// The batch; none if `body` cannot be unpacked.
    pub(crate) fn decode(&self, body: &[u8]) -> Option<RecordBatch> {
        let (meta, stored) = body.split_at_checked(usize::try_from(self.meta).ok()?)?;
        let records = if self.codec == LZ4 {
            let mut records = vec![0; usize::try_from(self.unpacked).ok()?];
            let len = decompress_into(stored, &mut records).ok()?;
            (len == records.len()).then_some(records)?
        } else {
            stored.to_vec()
        };
        let Self { first, count, events, events_before, .. } = *self;
        Some(RecordBatch(Arc::new(Contents {
            first,
            count,
            events,
            events_before,
            meta: meta.to_vec(),
            records,
        })))
    }
}

const fn last(first: Seq, count: u32) -> Seq {
    Seq(first.0 + count as u64 - 1)
}

/// The queue takes no append over 1 GiB, so every length fits.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
