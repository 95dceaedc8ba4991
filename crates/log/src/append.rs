//! What the producer hands over in one go.

use crate::error::LogError;
use crate::fields::Fields;

/// Records that get consecutive numbers and are written together: a reader sees all of them or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Append {
    /// Each record as in a batch: `length << 1 | is_event` in four bytes, then the record.
    pub(crate) records: Vec<u8>,
    pub(crate) count: u32,
    pub(crate) events: u32,
    pub(crate) meta: Option<Vec<u8>>,
    oversized: Option<usize>,
}

/// Bytes of all records of one append.
const MAX: usize = 1 << 30;

impl Append {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record. Events are counted by the log, other records are not.
    pub fn push(&mut self, record: &[u8], is_event: bool) {
        match u32::try_from(record.len()) {
            Ok(len) if record.len() <= MAX => {
                self.records.extend_from_slice(&(len << 1 | u32::from(is_event)).to_le_bytes());
                self.records.extend_from_slice(record);
                self.count += 1;
                self.events += u32::from(is_event);
            }
            _ => self.oversized = Some(record.len()),
        }
    }

    /// Bytes that the batch's header carries for the producer; of several appends in one batch, the last one's.
    pub fn set_meta(&mut self, meta: &[u8]) {
        self.meta = Some(meta.to_vec());
    }

    /// Whether it has no record.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0 && self.oversized.is_none()
    }

    /// Bytes it takes in the queue.
    pub(crate) fn bytes(&self) -> usize {
        self.records.len() + self.meta.as_ref().map_or(0, Vec::len)
    }

    pub(crate) fn check(&self) -> Result<(), LogError> {
        let bytes = self.oversized.unwrap_or_else(|| self.bytes());
        if bytes > MAX { Err(LogError::TooLarge { bytes }) } else { Ok(()) }
    }

    /// Puts a later append behind this one.
    pub(crate) fn extend(&mut self, later: Self) {
        self.records.extend_from_slice(&later.records);
        self.count += later.count;
        self.events += later.events;
        self.meta = later.meta.or(self.meta.take());
    }
}

/// The next record of `rest`, and whether it is an event.
pub(crate) fn split_record<'a>(rest: &mut Fields<'a>) -> Option<(bool, &'a [u8])> {
    let head = rest.u32()?;
    let record = rest.bytes(usize::try_from(head >> 1).ok()?)?;
    Some((head & 1 == 1, record))
}
