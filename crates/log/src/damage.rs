//! What of the log cannot be read.

use std::fmt;
use std::ops::Range;

use hearthline_core::Seq;

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
    /// What is wrong.
    pub reason: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, bytes, lost, reason } = self;
        write!(f, "{file}, bytes {} to {}: {reason}; ", bytes.start, bytes.end)?;
        match lost {
            None => f.write_str("no record is lost"),
            Some((first, last)) if first == last => write!(f, "record {first} is lost"),
            Some((first, last)) => write!(f, "records {first} to {last} are lost"),
        }
    }
}
