//! Which field goes where.
//!
//! An older system wrote `attr_dynamics` as whatever JSON gave it. We write a text of the attribute `dynamics` as
//! `attr_dynamics_str`, a boolean as `attr_dynamics_bool`, a number as `attr_dynamics`, or as `attr_dynamics_num` where the server
//! has the plain name as something else. So each type of each field of the server goes where the sink writes such a value from now
//! on. `value` and the others that are no attributes get the suffix of what they are: `value_str`.

use std::collections::{BTreeMap, BTreeSet};

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::name::{self, Kind};
use crate::sinks::influxdb::schema::{FieldType, Schema};
use crate::sinks::influxdb::server::table::Table;

/// The values of one type of a field go to another field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Where they are.
    pub field: String,
    /// As what.
    pub kind: FieldType,
    /// Where they go.
    pub to: String,
    /// As what.
    pub becomes: FieldType,
}

/// What is to be copied within a measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Each loses nothing.
    pub all: Vec<Move>,
    /// Of the texts among them: where those go in addition that read as numbers.
    pub numbers: Vec<Move>,
    /// Fields that would be copied if the sink wrote their attribute.
    pub not_written: Vec<String>,
}

impl Moves {
    /// What a sink has to have copied in this measurement, where it writes these attributes.
    #[must_use]
    pub fn within(table: &Table, attributes: &Attributes) -> Self {
        let schema = known(table);
        let mut moves = Self::default();
        for (field, kind) in table.columns() {
            let Some(to) = place(&schema, table, field, kind) else { continue };
            let becomes = ours(kind);
            if to == field && becomes == kind {
                continue;
            }
            let attribute = field.strip_prefix("attr_");
            if attribute.is_some_and(|attribute| !attributes.keeps_anywhere(attribute))
                && !table.has(&to, becomes)
            {
                moves.not_written.push(field.to_owned());
                continue;
            }
            if kind == FieldType::Text {
                let plain = match attribute {
                    Some(attribute) => name::of_attribute(attribute, Kind::Number),
                    None => field.to_owned(),
                };
                let is_number = name::type_of(&plain) == Some(FieldType::Float);
                let to = schema.place(&table.measurement, &plain, FieldType::Float).into_owned();
                if is_number && to != field {
                    let (field, becomes) = (field.to_owned(), FieldType::Float);
                    moves.numbers.push(Move { field, kind, to, becomes });
                }
            }
            moves.all.push(Move { field: field.to_owned(), kind, to, becomes });
        }
        moves.not_written.dedup();
        moves
    }

    /// What goes into an empty measurement of its own, with one type for each name: every field.
    #[must_use]
    pub fn into_new(table: &Table) -> Vec<Move> {
        let schema = known(table);
        let mut taken: BTreeMap<String, FieldType> = BTreeMap::new();
        // What has its right name already has it first.
        let mut columns: Vec<_> = table.columns().collect();
        columns.sort_by_key(|(field, kind)| name::type_of(field) != Some(*kind));
        let mut moves: Vec<Move> = columns
            .into_iter()
            .map(|(field, kind)| {
                let (plain, becomes) = natural(&schema, table, field, kind);
                let names = (1..).map(|n| name::sibling(&plain, becomes, n));
                let free = |to: &String| taken.get(to).is_none_or(|has| *has == becomes);
                let to = std::iter::once(plain.clone()).chain(names).find(free).unwrap_or(plain);
                taken.insert(to.clone(), becomes);
                Move { field: field.to_owned(), kind, to, becomes }
            })
            .collect();
        moves.sort_by(|a, b| (&a.field, a.kind).cmp(&(&b.field, b.kind)));
        moves
    }

    /// Where the fields of another measurement go in `table`, as the sink writes them there.
    #[must_use]
    pub fn into_old(from: &Table, table: &Table) -> Vec<Move> {
        let schema = known(table);
        let to = |field: &str, kind| schema.place(&table.measurement, field, kind).into_owned();
        let columns = from.columns();
        columns
            .map(|(field, kind)| Move { field: field.to_owned(), kind, to: to(field, kind), becomes: kind })
            .collect()
    }
}

/// As the sink knows it.
fn known(table: &Table) -> Schema {
    let mut schema = Schema::default();
    for (field, types) in &table.fields {
        schema.adopt(&table.measurement, field, types.iter().copied(), Timestamp::EPOCH);
    }
    schema
}

/// The type that we write such a value as.
const fn ours(kind: FieldType) -> FieldType {
    if kind.is_number() { FieldType::Float } else { kind }
}

/// Where the sink writes such a value; none for a field that is not ours.
fn place(schema: &Schema, table: &Table, field: &str, kind: FieldType) -> Option<String> {
    let (named, becomes) = (name::type_of(field)?, ours(kind));
    if named != becomes && !field.starts_with("attr_") {
        let mut names = (1..).map(|n| name::sibling(field, becomes, n));
        let free = |to: &String| {
            table.fields.get(to).is_none_or(|types: &BTreeSet<_>| types.iter().all(|has| *has == becomes))
        };
        return names.find(free);
    }
    let plain = if named == becomes { field.to_owned() } else { attribute_field(field, becomes) };
    Some(schema.place(&table.measurement, &plain, becomes).into_owned())
}

fn attribute_field(field: &str, becomes: FieldType) -> String {
    let kind = match becomes {
        FieldType::Float | FieldType::Integer | FieldType::Unsigned => Kind::Number,
        FieldType::Text => Kind::Text,
        FieldType::Bool => Kind::Bool,
    };
    name::of_attribute(field.strip_prefix("attr_").unwrap_or(field), kind)
}

/// The name that a value has where nothing is taken.
fn natural(schema: &Schema, table: &Table, field: &str, kind: FieldType) -> (String, FieldType) {
    let becomes = ours(kind);
    // `attr_x_num` is where a number of `attr_x` went, if that name is taken.
    if let Some((plain, _)) = field.rsplit_once('_') {
        let plains = [plain.to_owned(), field.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()];
        for plain in plains {
            let is_ours = name::type_of(&plain) == Some(becomes) && plain != field;
            if is_ours && schema.place(&table.measurement, &plain, becomes) == field {
                return (plain, becomes);
            }
        }
    }
    match name::type_of(field) {
        Some(named) if named == becomes => (field.to_owned(), becomes),
        Some(_) if field.starts_with("attr_") => (attribute_field(field, becomes), becomes),
        Some(_) => (name::sibling(field, becomes, 1), becomes),
        None => (
            field.to_owned(),
            if table.fields.get(field).is_some_and(|all| all.len() > 1) { becomes } else { kind },
        ),
    }
}

#[cfg(test)]
mod tests;
