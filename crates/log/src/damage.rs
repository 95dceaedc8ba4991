//! What of the log cannot be read.

use std::fmt;
use std::ops::Range;

use hearthline_core::{Seq, Timestamp};

use crate::segment::parse_name;

/// The reason where a whole segment is not there.
pub(crate) const MISSING: &str = "the file is missing";

/// A part of the log that cannot be read. What follows it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment's file name.
    pub file: String,
    /// Where in the file; empty when the file itself is missing.
    pub bytes: Range<u64>,
    /// The first and the last record lost; none when only what helps to find records is damaged.
    pub lost: Option<(Seq, Seq)>,
    /// When the last whole batch before it was written, else when the segment began; none where neither is known. This
    /// and `to` are of the wall clock, so they are in the wrong order if that was set back in between.
    pub from: Option<Timestamp>,
    /// When the first whole batch behind it was written; none where there is none yet.
    pub to: Option<Timestamp>,
    /// What is wrong.
    pub reason: &'static str,
}

impl Damage {
    /// Whether everything that `other` names is named by this.
    fn covers(&self, other: &Self) -> bool {
        match (self.lost, other.lost) {
            (Some((first, last)), Some((other_first, other_last))) => {
                first <= other_first && other_last <= last
            }
            _ => self == other,
        }
    }

    /// Adds it to those that are known, unless it is one of them.
    pub(crate) fn note(self, known: &mut Vec<Self>) {
        if known.iter().any(|damage| damage.covers(&self)) {
            return;
        }
        known.retain(|damage| !self.covers(damage));
        let at = known.partition_point(|damage| damage.place() <= self.place());
        known.insert(at, self);
    }

    /// Whether it lies before the segment that begins with `first`.
    pub(crate) fn is_before(&self, first: Seq) -> bool {
        match self.lost {
            Some((_, last)) => last < first,
            None => parse_name(&self.file).is_none_or(|begins| begins < first),
        }
    }

    fn place(&self) -> (&str, u64) {
        (&self.file, self.bytes.start)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, bytes, lost, from, to, reason } = self;
        f.write_str(file)?;
        if !bytes.is_empty() {
            write!(f, ", bytes {} to {}", bytes.start, bytes.end)?;
        }
        write!(f, ": {reason}; ")?;
        match lost {
            None => return f.write_str("no record is concerned"),
            Some((first, last)) if first == last => write!(f, "record {first} cannot be read")?,
            Some((first, last)) => write!(f, "records {first} to {last} cannot be read")?,
        }
        match (from, to) {
            (Some(from), Some(to)) => write!(f, ", written between {from} and {to}"),
            (Some(from), None) => write!(f, ", written after {from}"),
            (None, Some(to)) => write!(f, ", written before {to}"),
            (None, None) => Ok(()),
        }
    }
}
