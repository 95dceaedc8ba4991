//! A selection of points, as both languages mean it, and its answer.
//!
//! As 1.6.7 does: a name without a type is of the highest type that it has in the shards of the window (float, integer, text,
//! boolean), and the values of other types are not there; numbers are cast into each other, nothing else is.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regex_automata::meta::Regex;
use serde_json::{Number, Value, json};

use super::super::database::Database;
use super::super::point::{FieldKind, FieldValue, Point};

/// A field or a tag.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::influxdb) struct Reference {
    pub(in crate::influxdb) name: String,
    pub(in crate::influxdb) cast: Cast,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::influxdb) enum Cast {
    /// What it is.
    None,
    Tag,
    Kind(FieldKind),
}

/// What a column shows.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::influxdb) enum What {
    Time,
    Value(Reference),
    /// `f & 0`.
    Bits(Reference),
    Count(Reference),
    /// `*`.
    Everything,
}

/// What has to hold; all alternatives are tried.
#[derive(Debug)]
pub(in crate::influxdb) enum Condition {
    Any(Vec<Condition>),
    Exists(Reference),
    /// The same field on both sides: that it is there.
    Same(Reference, Reference),
    Equals(Reference, String),
    Beyond(Reference, i64),
    Below(Reference, i64),
    Matches(Reference, Regex),
}

#[derive(Debug)]
pub(in crate::influxdb) struct Selection {
    pub(in crate::influxdb) columns: Vec<(What, Option<String>)>,
    pub(in crate::influxdb) from: String,
    pub(in crate::influxdb) time: Range<i64>,
    pub(in crate::influxdb) conditions: Vec<Condition>,
    pub(in crate::influxdb) by_series: bool,
    pub(in crate::influxdb) backwards: bool,
    pub(in crate::influxdb) limit: usize,
    pub(in crate::influxdb) offset: usize,
}

/// Rows of a series; without `tags`, of all.
pub(in crate::influxdb) struct Rows {
    pub(in crate::influxdb) tags: Option<BTreeMap<String, String>>,
    pub(in crate::influxdb) rows: Vec<(i64, Vec<Value>)>,
}

/// The types of the fields of a window.
struct Types {
    fields: BTreeMap<String, BTreeSet<FieldKind>>,
}

const fn rank(kind: FieldKind) -> u8 {
    match kind {
        FieldKind::Float => 0,
        FieldKind::Integer => 1,
        FieldKind::Unsigned => 2,
        FieldKind::Text => 3,
        FieldKind::Bool => 4,
    }
}

impl Types {
    fn of(&self, name: &str) -> Option<FieldKind> {
        self.fields.get(name)?.iter().copied().min_by_key(|kind| rank(*kind))
    }

    /// The value of a field or tag of a point.
    fn value(&self, point: &Point, of: &Reference) -> Option<FieldValue> {
        let tag = || point.tags.get(&of.name).map(|text| FieldValue::Text(text.clone()));
        let kind = match of.cast {
            Cast::Tag => return tag(),
            Cast::Kind(kind) => kind,
            Cast::None => match self.of(&of.name) {
                Some(kind) => kind,
                None => return tag(),
            },
        };
        cast(point.fields.get(&of.name)?, kind)
    }

    fn holds(&self, point: &Point, condition: &Condition) -> bool {
        let order = |of: &Reference, number: &i64| match self.value(point, of)? {
            FieldValue::Float(value) => value.partial_cmp(&(*number as f64)),
            FieldValue::Integer(value) => Some(value.cmp(number)),
            FieldValue::Unsigned(value) => Some(i128::from(value).cmp(&i128::from(*number))),
            _ => None,
        };
        match condition {
            Condition::Any(any) => any.iter().any(|one| self.holds(point, one)),
            Condition::Exists(of) => self.value(point, of).is_some(),
            Condition::Same(one, other) => {
                let one = self.value(point, one);
                one.is_some() && one == self.value(point, other)
            }
            Condition::Equals(of, text) => {
                // A tag that is not there is empty.
                let is_tag = of.cast == Cast::Tag || self.of(&of.name).is_none();
                match self.value(point, of) {
                    Some(FieldValue::Text(value)) => value == *text,
                    None => is_tag && text.is_empty(),
                    _ => false,
                }
            }
            Condition::Beyond(of, most) => order(of, most).is_some_and(Ordering::is_gt),
            Condition::Below(of, least) => order(of, least).is_some_and(Ordering::is_lt),
            Condition::Matches(of, regex) => {
                matches!(self.value(point, of), Some(FieldValue::Text(text)) if regex.is_match(&text))
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as the real one does it")]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "as the real one does it")]
fn cast(value: &FieldValue, kind: FieldKind) -> Option<FieldValue> {
    if value.kind() == kind {
        return Some(value.clone());
    }
    Some(match (value, kind) {
        (FieldValue::Float(value), FieldKind::Integer) => FieldValue::Integer(*value as i64),
        (FieldValue::Float(value), FieldKind::Unsigned) => FieldValue::Unsigned(*value as u64),
        (FieldValue::Integer(value), FieldKind::Float) => FieldValue::Float(*value as f64),
        (FieldValue::Integer(value), FieldKind::Unsigned) => FieldValue::Unsigned(*value as u64),
        (FieldValue::Unsigned(value), FieldKind::Float) => FieldValue::Float(*value as f64),
        (FieldValue::Unsigned(value), FieldKind::Integer) => FieldValue::Integer(*value as i64),
        _ => return None,
    })
}

fn shown(value: FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => Value::String(text),
        FieldValue::Bool(is) => Value::Bool(is),
        FieldValue::Integer(number) => json!(number),
        FieldValue::Unsigned(number) => json!(number),
        // As Go writes it: a whole number has no point.
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
        FieldValue::Float(number) if number.fract() == 0.0 && number.abs() < 9e18 => json!(number as i64),
        FieldValue::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
    }
}

impl Selection {
    /// The name of each column, without the time's.
    pub(in crate::influxdb) fn names(&self, database: &Database) -> Vec<String> {
        let everything = || {
            let fields = database.fields(&self.from).into_iter().map(|(name, _)| name);
            let mut names: Vec<_> = fields.chain(database.tags(&self.from)).map(str::to_owned).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let shown = self.columns.iter().filter(|(what, _)| *what != What::Time);
        shown
            .flat_map(|(what, named)| match (what, named) {
                (What::Everything, _) => everything(),
                (_, Some(named)) => vec![named.clone()],
                (What::Count(_), None) => vec!["count".to_owned()],
                (What::Value(of) | What::Bits(of), None) => vec![of.name.clone()],
                (What::Time, None) => Vec::new(),
            })
            .collect()
    }

    /// Its rows.
    ///
    /// # Errors
    /// In the real one's words.
    pub(in crate::influxdb) fn answer(&self, database: &Database) -> Result<Vec<Rows>, String> {
        let types = Types { fields: database.types_within(&self.from, &self.time) };
        for (what, _) in &self.columns {
            if let What::Bits(of) = what
                && let Some(kind) = types.of(&of.name).filter(|kind| *kind != FieldKind::Integer)
            {
                let (name, kind) = (&of.name, kind.word());
                return Err(format!(
                    "type error: {name}::{kind} & 0: incompatible types: {kind} and integer"
                ));
            }
        }
        let points = database.points(&self.from).filter(|point| {
            self.time.contains(&point.time) && self.conditions.iter().all(|one| types.holds(point, one))
        });
        let mut groups: BTreeMap<Option<BTreeMap<String, String>>, Vec<Point>> = BTreeMap::new();
        let names = database.tags(&self.from);
        for point in points {
            let tag = |name: &&str| ((*name).to_owned(), point.tags.get(*name).cloned().unwrap_or_default());
            let key = self.by_series.then(|| names.iter().map(tag).collect());
            groups.entry(key).or_default().push(point);
        }
        let columns = self.names(database);
        let mut answer = Vec::new();
        for (tags, mut points) in groups {
            points.sort_by_key(|point| point.time);
            if self.backwards {
                points.reverse();
            }
            let rows = match self.columns.iter().find_map(|(what, _)| match what {
                What::Count(of) => Some(of),
                _ => None,
            }) {
                Some(of) => {
                    let count = points.iter().filter(|point| types.value(point, of).is_some()).count();
                    let since = if self.time.start == i64::MIN { 0 } else { self.time.start };
                    if count == 0 { Vec::new() } else { vec![(since, vec![json!(count)])] }
                }
                None => {
                    let rows = points
                        .iter()
                        .filter_map(|point| Some((point.time, self.row(&types, point, &columns)?)));
                    rows.skip(self.offset).take(self.limit).collect()
                }
            };
            if !rows.is_empty() {
                answer.push(Rows { tags, rows });
            }
        }
        Ok(answer)
    }

    /// None where no field has a value.
    fn row(&self, types: &Types, point: &Point, names: &[String]) -> Option<Vec<Value>> {
        let mut any = false;
        let mut row = Vec::with_capacity(names.len());
        for (what, _) in &self.columns {
            match what {
                What::Time | What::Count(_) => {}
                What::Value(of) => {
                    let value = types.value(point, of);
                    let is_field = of.cast != Cast::Tag && types.of(&of.name).is_some();
                    any |= is_field && value.is_some();
                    row.push(value.map_or(Value::Null, shown));
                }
                What::Bits(of) => {
                    let value = types.value(point, of);
                    any |= value.is_some();
                    row.push(value.map_or(Value::Null, |_| json!(0)));
                }
                What::Everything => row.extend(names.iter().map(|name| {
                    let of = Reference { name: name.clone(), cast: Cast::None };
                    let value = types.value(point, &of);
                    any |= types.of(name).is_some() && value.is_some();
                    value.map_or(Value::Null, shown)
                })),
            }
        }
        any.then_some(row)
    }
}
