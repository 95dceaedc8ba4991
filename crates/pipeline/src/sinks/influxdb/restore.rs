//! Points of an export, written back through the naming, so that none is refused whatever the server has by now.
//!
//! Each field and type of an export gets its place once, before the first line is written, and keeps it for as long as the points
//! are being written back: its own name where that says its type and nobody else has it, else the typed sibling. Two values of
//! one point that would have one place, and a value whose place another program has taken in some shard meanwhile, go to the next
//! sibling. Types stay as they were, so that what was taken away and what is back can be counted against each other by type.

mod compare;
mod write;

use std::collections::BTreeMap;

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::export::{Counts, ExportError};
use super::name;
use super::schema::{FieldType, Schema};
use super::send::Stop;
use super::stored::{FieldValue, StoredPoint};

pub use self::compare::compare;
pub use self::write::write;

/// Siblings that are tried, one after the other, before a value is given up.
const SIBLINGS: u32 = 20;

/// Where each field and type of an export goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// What is written to.
    pub measurement: String,
    /// One for each field and type.
    pub places: Vec<Place>,
}

/// Where the values of one type of a field go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// As it is called in the export.
    pub field: String,
    /// The type of its values, there and here.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// As it is called from now on.
    pub goes_to: String,
}

/// What was written back, or looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Points.
    pub points: u64,
    /// Values of each type.
    pub values: BTreeMap<FieldType, u64>,
    /// Values that went to another field than their own.
    pub moved: u64,
    /// Points that are older than the server keeps any.
    pub outside: u64,
}

/// Why points are not back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The server takes nothing now, or nothing before a person acts.
    #[error("{}", .0.words())]
    Stop(Stop),
    /// The export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The server refuses a point in whatever field, or does not have it.
    #[error("{0}")]
    Differs(String),
}

impl From<Stop> for RestoreError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Typing {
    /// Places for the values of an export beside what the server `has` now. In a measurement of `ours` a field's name says its
    /// type; elsewhere it says nothing. `reserved` names are kept for values of one type, which the export need not have.
    #[must_use]
    pub fn new(
        measurement: &str,
        counts: &Counts,
        has: &[(String, FieldType)],
        reserved: &BTreeMap<String, FieldType>,
        ours: bool,
    ) -> Self {
        let says = |field: &str| name::type_of(field).filter(|_| ours);
        let mut schema = Schema::default();
        let kept = reserved.iter().filter(|(field, _)| says(field).is_none());
        for (field, kind) in has.iter().map(|(field, kind)| (field, kind)).chain(kept) {
            schema.adopt(measurement, field, [*kind], Timestamp::EPOCH);
        }
        let keeps = |field: &str, kind| {
            says(field).or_else(|| reserved.get(field).copied()).is_none_or(|says| says == kind)
        };
        // Whoever keeps its own name comes first: a sibling of another is often a field that is there already.
        let (own, others): (Vec<_>, Vec<_>) =
            counts.keys().cloned().partition(|(field, kind)| keeps(field, *kind));
        let places = own.into_iter().chain(others).map(|(field, kind)| {
            let plain = if keeps(&field, kind) { field.clone() } else { name::sibling(&field, kind, 1) };
            let goes_to = schema.place(measurement, &plain, kind).into_owned();
            schema.adopt(measurement, &goes_to, [kind], Timestamp::EPOCH);
            Place { field, kind, goes_to }
        });
        Self { places: places.collect(), measurement: measurement.to_owned() }
    }

    /// Everything where it was.
    #[must_use]
    pub fn as_it_was(measurement: &str, counts: &Counts) -> Self {
        let places = counts.keys().cloned();
        let places = places.map(|(field, kind)| Place { goes_to: field.clone(), field, kind });
        Self { measurement: measurement.to_owned(), places: places.collect() }
    }

    /// The names a value can have, in the order in which they are tried.
    fn names<'t>(&'t self, field: &'t str, kind: FieldType) -> impl Iterator<Item = String> + 't {
        let place = self.places.iter().find(|place| place.field == field && place.kind == kind);
        let first = place.map_or(field, |place| &place.goes_to);
        std::iter::once(first.to_owned()).chain((1..=SIBLINGS).map(move |n| name::sibling(first, kind, n)))
    }

    /// A point with its values at their places. `avoided` are names that the server has as another type where the point is. None
    /// where a value has no place left.
    fn place(&self, point: &StoredPoint, avoided: &[(String, FieldType)]) -> Option<StoredPoint> {
        let mut fields: Vec<(String, FieldValue)> = Vec::with_capacity(point.fields.len());
        for (field, value) in &point.fields {
            let kind = value.kind();
            let free = |name: &String| {
                let refused = avoided.iter().any(|(avoided, ours)| avoided == name && *ours == kind);
                !refused && fields.iter().all(|(taken, _)| taken != name)
            };
            let name = self.names(field, kind).find(free)?;
            fields.push((name, value.clone()));
        }
        Some(StoredPoint { tags: point.tags.clone(), time: point.time, fields })
    }
}

#[cfg(test)]
mod tests;
