//! What became of single fields: how many rows had one left out, or written under another name.

use std::fmt;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::sinks::influxdb::schema::{FieldType, Schema};

/// Names of left out fields that are told apart; attributes may have any number of names.
const MOST_NAMES: usize = 1000;
/// In place of the names after these.
const OTHERS: &str = "(others)";

/// Why something cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An attribute without a name.
    NoName,
    /// The name, or measurement and tags together, are too long.
    NameTooLong,
    /// A text is too long.
    TextTooLong,
    /// A number that no float can hold.
    NumberTooLarge,
    /// A time before 1677 or after 2262.
    TimeOutOfRange,
    /// Half a character.
    NotUnicode,
    /// Attributes that are no JSON.
    NotJson,
    /// The server takes no more fields.
    TooManyFields,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "it has no name",
            Self::NameTooLong => "the name is longer than a server takes",
            Self::TextTooLong => "the text is longer than 65,535 bytes",
            Self::NumberTooLarge => "the number is too large for a float",
            Self::TimeOutOfRange => "the time is before 1677 or after 2262",
            Self::NotUnicode => "it is not Unicode",
            Self::NotJson => "it is not JSON",
            Self::TooManyFields => "the server takes no more fields",
        })
    }
}

/// A field that rows were written without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The attribute, as Home Assistant calls it, or the field.
    pub field: String,
    /// Why.
    pub reason: Reason,
    /// How many rows.
    pub rows: u64,
}

/// What can become of a field.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    LeftOut { field: String, reason: Reason },
    Moved { measurement: String, field: String, ours: FieldType },
}

/// The number of a fate.
pub(super) type Note = usize;

/// Counts of fates. What was counted holds when the rows were delivered.
#[derive(Default)]
pub(super) struct Tally {
    fates: HashMap<Fate, Note>,
    counts: Vec<Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    held: u64,
    pending: u64,
}

impl Tally {
    /// The number of a fate, to be counted with.
    pub(super) fn note(&mut self, fate: Fate) -> Note {
        let known = self.fates.len() < MOST_NAMES || self.fates.contains_key(&fate);
        let fate = match fate {
            Fate::LeftOut { reason, .. } if !known => Fate::LeftOut { field: OTHERS.into(), reason },
            fate => fate,
        };
        *self.fates.entry(fate).or_insert_with(|| {
            self.counts.push(Count::default());
            self.counts.len() - 1
        })
    }

    pub(super) fn left_out(&mut self, field: &str, reason: Reason) -> Note {
        self.note(Fate::LeftOut { field: field.into(), reason })
    }

    /// One more row with each of these.
    pub(super) fn count(&mut self, notes: &[Note]) {
        for note in notes {
            if let Some(count) = self.counts.get_mut(*note) {
                count.pending += 1;
            }
        }
    }

    /// What was counted since the last time was delivered.
    pub(super) fn keep(&mut self, schema: &mut Schema) {
        for (fate, note) in &self.fates {
            let Some(count) = self.counts.get_mut(*note).filter(|count| count.pending > 0) else { continue };
            let rows = std::mem::take(&mut count.pending);
            count.held += rows;
            if let Fate::Moved { measurement, field, ours } = fate {
                schema.count_moved(measurement, field, *ours, rows);
            }
        }
    }

    /// What was counted since the last time was not delivered.
    pub(super) fn discard(&mut self) {
        self.counts.iter_mut().for_each(|count| count.pending = 0);
    }

    /// The fields that rows were delivered without, most rows first.
    pub(super) fn all_left_out(&self) -> Vec<LeftOut> {
        let mut all: Vec<LeftOut> = self
            .fates
            .iter()
            .filter_map(|(fate, note)| {
                let rows = self.counts.get(*note).map(|count| count.held).filter(|rows| *rows > 0)?;
                let Fate::LeftOut { field, reason } = fate else { return None };
                Some(LeftOut { field: field.clone(), reason: *reason, rows })
            })
            .collect();
        all.sort_by(|a, b| (b.rows, &a.field, a.reason).cmp(&(a.rows, &b.field, b.reason)));
        all
    }
}
