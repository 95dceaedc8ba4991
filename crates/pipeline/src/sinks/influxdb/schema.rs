//! What the server has, and where a value goes whose field is taken by another type.
//!
//! The server's types are a *set* for each field: a field has one type in each shard, so one that changed its type between two
//! shards has two, and a value of either is refused in one of them. Sets only grow, until a person has them forgotten, so that a
//! value goes on being written where it was.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use hearthline_core::{Fs, Timestamp};
use serde::{Deserialize, Serialize};

use super::name;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// 64 bits.
    Float,
    /// 64 bits, signed.
    Integer,
    /// 64 bits, without a sign.
    Unsigned,
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
}

impl FieldType {
    /// All types.
    pub const ALL: [Self; 5] = [Self::Float, Self::Integer, Self::Unsigned, Self::Text, Self::Bool];

    /// As in settings, files and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::Text => "text",
            Self::Bool => "bool",
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fields of a server, and what became of ours. Kept on disk as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    measurements: BTreeMap<String, Measurement>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Measurement {
    /// The types of each field, with the time when each became known.
    #[serde(default)]
    fields: BTreeMap<String, BTreeMap<FieldType, Timestamp>>,
    /// Of our fields that cannot have their own name: rows that were written to another.
    #[serde(default)]
    moved: BTreeMap<String, BTreeMap<FieldType, u64>>,
}

/// A field of ours whose name the server has as another type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Where.
    pub measurement: String,
    /// The name that is taken.
    pub field: String,
    /// The types that the server has under that name.
    pub server: Vec<FieldType>,
    /// The type of our values.
    pub ours: FieldType,
    /// The field that has them instead.
    pub goes_to: String,
    /// When the other type became known.
    pub since: Timestamp,
    /// Rows with such a value that were delivered.
    pub rows: u64,
}

impl Schema {
    /// The server has this field with these types.
    pub fn adopt(
        &mut self,
        measurement: &str,
        field: &str,
        types: impl IntoIterator<Item = FieldType>,
        at: Timestamp,
    ) {
        for has in types {
            self.add(measurement, field, has, at);
        }
    }

    /// The server refused a value of type `ours` in `field` (the name as it was sent), because it has it as `theirs`. False when
    /// that was known: then sending the row again changes nothing.
    #[must_use]
    pub fn learn(
        &mut self,
        measurement: &str,
        field: &str,
        ours: FieldType,
        theirs: FieldType,
        at: Timestamp,
    ) -> bool {
        ours != theirs && self.add(measurement, field, theirs, at)
    }

    fn add(&mut self, measurement: &str, field: &str, has: FieldType, at: Timestamp) -> bool {
        let types = entry(&mut entry(&mut self.measurements, measurement).fields, field);
        let new = !types.contains_key(&has);
        types.entry(has).or_insert(at);
        new
    }

    /// The name under which a value of type `ours` of the field `plain` is written: its own, unless that is taken by another type.
    #[must_use]
    pub fn place<'a>(&'a self, measurement: &str, plain: &'a str, ours: FieldType) -> Cow<'a, str> {
        let Some(fields) = self.measurements.get(measurement).map(|measurement| &measurement.fields) else {
            return Cow::Borrowed(plain);
        };
        let free = |name: &str| fields.get(name).is_none_or(|types| types.keys().all(|has| *has == ours));
        if free(plain) {
            return Cow::Borrowed(plain);
        }
        let mut siblings = (1..).map(|n| name::sibling(plain, ours, n));
        siblings.find(|name| free(name)).map_or(Cow::Borrowed(plain), Cow::Owned)
    }

    /// So many rows had a value of type `ours` of the field `plain`, which has to have another name.
    pub(super) fn count_moved(&mut self, measurement: &str, plain: &str, ours: FieldType, rows: u64) {
        *entry(&mut entry(&mut self.measurements, measurement).moved, plain).entry(ours).or_default() += rows;
    }

    /// Our fields that cannot have their own name.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for (name, measurement) in &self.measurements {
            for (field, rows) in &measurement.moved {
                let Some(types) = measurement.fields.get(field) else { continue };
                conflicts.extend(rows.iter().map(|(ours, rows)| {
                    Conflict {
                        measurement: name.clone(),
                        field: field.clone(),
                        server: types.keys().copied().collect(),
                        ours: *ours,
                        goes_to: self.place(name, field, *ours).into_owned(),
                        since: types
                            .iter()
                            .filter(|(has, _)| *has != ours)
                            .map(|(_, at)| *at)
                            .min()
                            .unwrap_or_default(),
                        rows: *rows,
                    }
                }));
            }
        }
        conflicts
    }

    /// Forgets everything, for the server to be read again.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether it is known that the server has this field with this type, so that values of another go elsewhere.
    #[must_use]
    pub fn knows(&self, measurement: &str, field: &str, has: FieldType) -> bool {
        let fields = self.measurements.get(measurement).map(|measurement| &measurement.fields);
        fields.and_then(|fields| fields.get(field)).is_some_and(|types| types.contains_key(&has))
    }

    /// What a sink with this folder knows of its server's fields; nothing where it has not run yet.
    ///
    /// # Errors
    /// As the disk says.
    pub fn read(fs: &dyn Fs, dir: &Path) -> io::Result<Self> {
        let bytes = fs.read_if_exists(&dir.join("schema.json"))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// The measurements of which anything is known.
    pub fn measurements(&self) -> impl Iterator<Item = &str> {
        self.measurements.keys().map(String::as_str)
    }

    /// The fields that the server is known to have of a measurement.
    pub fn fields(&self, measurement: &str) -> impl Iterator<Item = &str> {
        self.measurements
            .get(measurement)
            .into_iter()
            .flat_map(|measurement| measurement.fields.keys().map(String::as_str))
    }
}

fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, key: &str) -> &'a mut T {
    map.entry(key.to_owned()).or_default()
}

#[cfg(test)]
mod tests;
