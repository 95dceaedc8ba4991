//! A database or bucket: points by series and time, and the types of their fields.
//!
//! A field has one type in each *shard* of its measurement, seven days that begin on a Monday; the next shard knows
//! nothing of it. A point that has one field of another type is left out whole, its neighbours are stored. 3.x has one
//! type for all times, and counts a tag as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::time::Duration;

use super::point::{FieldKind, FieldValue, Point};
use super::query::parser::Deletion;
use super::query::select::Condition;

const DAY: i64 = 86_400 * 1_000_000_000;
/// Days from a Monday to 1970-01-01.
const MONDAY: i64 = 3;

/// A point that was not stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    /// Its place in the write.
    pub(super) index: usize,
    pub(super) measurement: String,
    /// The week that it would be in.
    pub(super) shard: i64,
    pub(super) why: Refusal,
}

/// Why a point was not stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// A field of another type.
    Type {
        /// Its name.
        field: String,
        /// Of the point.
        given: Column,
        /// Of the shard.
        known: Column,
    },
    /// Its shard came to be by this write, which has two types of one field.
    Spoilt,
    /// A field named `time`, and no other.
    TimeField,
    /// A tag named `time`.
    TimeTag,
    /// Older than what is kept.
    BeyondRetention,
}

/// What 3.x calls a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Of a tag; only 3.x minds.
    Tag,
    /// Of a field.
    Field(FieldKind),
}

/// The measurement with its tags.
type Series = (String, BTreeMap<String, String>);

#[derive(Default)]
struct Shard {
    columns: HashMap<(String, String), Column>,
    series: BTreeMap<Series, BTreeMap<i64, BTreeMap<String, FieldValue>>>,
}

/// All that is under one name.
pub(super) struct Database {
    shards: BTreeMap<i64, Shard>,
    /// None keeps for ever.
    pub(super) retention: Option<Duration>,
    one_type: bool,
}

impl Database {
    /// One without points. `one_type` is for all times, and minds tags.
    pub(super) fn new(retention: Option<Duration>, one_type: bool) -> Self {
        Self { shards: BTreeMap::new(), retention, one_type }
    }

    /// Stores what can be stored, and answers with the others.
    pub(super) fn write(&mut self, points: Vec<Point>, now: i64) -> Vec<Refused> {
        let spoilt = self.spoilt(&points);
        let mut refused = Vec::new();
        for (index, point) in points.into_iter().enumerate() {
            let measurement = point.measurement.clone();
            let put = match self.shard_of(&point) {
                shard if spoilt.contains(&shard) => Err((shard, Refusal::Spoilt)),
                _ => self.put(point, now),
            };
            if let Err((shard, why)) = put {
                refused.push(Refused { index, measurement, shard, why });
            }
        }
        refused
    }

    fn shard_of(&self, point: &Point) -> i64 {
        if self.one_type { 0 } else { (point.time.div_euclid(DAY) + MONDAY).div_euclid(7) }
    }

    /// Shards that come to be by this write and are told two types of one field at once. 1.6.7 makes the field of the first
    /// type, and stores nothing.
    fn spoilt(&mut self, points: &[Point]) -> Vec<i64> {
        let mut made: BTreeMap<i64, Shard> = BTreeMap::new();
        let mut spoilt = Vec::new();
        for point in points.iter().filter(|_| !self.one_type) {
            let week = self.shard_of(point);
            if self.shards.contains_key(&week) {
                continue;
            }
            let shard = made.entry(week).or_default();
            for (name, value) in &point.fields {
                let given = Column::Field(value.kind());
                let key = (point.measurement.clone(), name.clone());
                if *shard.columns.entry(key).or_insert(given) != given {
                    spoilt.push(week);
                }
            }
        }
        made.retain(|week, _| spoilt.contains(week));
        self.shards.extend(made);
        spoilt
    }

    fn put(&mut self, mut point: Point, now: i64) -> Result<(), (i64, Refusal)> {
        let week = self.shard_of(&point);
        let refuse = |why| Err((week, why));
        let oldest =
            self.retention.map(|kept| now.saturating_sub(i64::try_from(kept.as_nanos()).unwrap_or(i64::MAX)));
        if oldest.is_some_and(|oldest| point.time < oldest) {
            return refuse(Refusal::BeyondRetention);
        }
        if point.tags.contains_key("time") {
            return refuse(Refusal::TimeTag);
        }
        if point.fields.remove("time").is_some() && point.fields.is_empty() {
            return refuse(Refusal::TimeField);
        }
        let shard = self.shards.entry(week).or_default();
        let tags = point.tags.keys().filter(|_| self.one_type).map(|name| (name, Column::Tag));
        let fields = point.fields.iter().map(|(name, value)| (name, Column::Field(value.kind())));
        let columns: Vec<_> = tags.chain(fields).collect();
        for (name, given) in &columns {
            let known = shard.columns.get(&(point.measurement.clone(), (*name).clone()));
            if let Some(&known) = known.filter(|known| *known != given) {
                return Err((week, Refusal::Type { field: (*name).clone(), given: *given, known }));
            }
        }
        for (name, column) in columns {
            shard.columns.insert((point.measurement.clone(), name.clone()), column);
        }
        let series = shard.series.entry((point.measurement, point.tags)).or_default();
        series.entry(point.time).or_default().extend(point.fields);
        Ok(())
    }

    /// Forgets a measurement, and the types of its fields with it.
    pub(super) fn drop_measurement(&mut self, measurement: &str) {
        for shard in self.shards.values_mut() {
            shard.columns.retain(|(of, _), _| of != measurement);
            shard.series.retain(|(of, _), _| of != measurement);
        }
    }

    /// Deletes points; types stay, as in the real one.
    ///
    /// # Errors
    /// When it asks for a field.
    pub(super) fn delete(&mut self, deletion: &Deletion) -> Result<(), String> {
        for (n, shard) in self.shards.values_mut().enumerate() {
            for condition in &deletion.conditions {
                let is_tag = |name: &str| {
                    shard.series.keys().any(|(of, tags)| *of == deletion.from && tags.contains_key(name))
                };
                let is_field = |name: &str| {
                    !is_tag(name)
                        && shard.columns.iter().any(|((of, field), column)| {
                            *of == deletion.from && field == name && matches!(column, Column::Field(_))
                        })
                };
                match condition {
                    Condition::Equals(of, _) if !is_field(&of.name) => {}
                    _ => {
                        let n = n + 1;
                        return Err(format!(
                            "shard {n}: fields not supported in WHERE clause during deletion"
                        ));
                    }
                }
            }
        }
        for ((measurement, tags), times) in self.shards.values_mut().flat_map(|shard| &mut shard.series) {
            let holds = |condition: &Condition| match condition {
                Condition::Equals(of, text) => tags.get(&of.name).map_or("", String::as_str) == text,
                _ => false,
            };
            if *measurement == deletion.from && deletion.conditions.iter().all(holds) {
                times.retain(|time, _| !deletion.time.contains(time));
            }
        }
        for shard in self.shards.values_mut() {
            shard.series.retain(|_, times| !times.is_empty());
        }
        Ok(())
    }

    /// Deletes points by measurement (`_measurement`) and tags, as 2.x does.
    pub(super) fn delete_pairs(&mut self, pairs: &[(String, String)], time: Range<i64>) {
        for shard in self.shards.values_mut() {
            for ((measurement, tags), times) in &mut shard.series {
                let has = |(name, value): &(String, String)| match name.as_str() {
                    "_measurement" => measurement == value,
                    name => tags.get(name) == Some(value),
                };
                if pairs.iter().all(has) {
                    times.retain(|at, _| !time.contains(at));
                }
            }
            shard.series.retain(|_, times| !times.is_empty());
            let left: BTreeSet<&String> = shard.series.keys().map(|(measurement, _)| measurement).collect();
            shard.columns.retain(|(measurement, _), _| left.contains(measurement));
        }
    }

    /// The types that the fields of a measurement have in the shards that a window touches.
    pub(super) fn types_within(
        &self,
        measurement: &str,
        window: &Range<i64>,
    ) -> BTreeMap<String, BTreeSet<FieldKind>> {
        let mut types: BTreeMap<String, BTreeSet<FieldKind>> = BTreeMap::new();
        let touched = self.shards.iter().filter(|(week, _)| {
            let times = self.times_of(**week);
            self.one_type || (times.start < window.end && window.start < times.end)
        });
        for ((of, name), column) in touched.flat_map(|(_, shard)| &shard.columns) {
            if let Column::Field(kind) = column
                && of == measurement
            {
                types.entry(name.clone()).or_default().insert(*kind);
            }
        }
        types
    }

    fn times_of(&self, week: i64) -> Range<i64> {
        if self.one_type {
            return i64::MIN..i64::MAX;
        }
        let start = week.saturating_mul(7).saturating_sub(MONDAY).saturating_mul(DAY);
        start..start.saturating_add(7 * DAY)
    }

    /// The times of its shards, in order.
    pub(super) fn weeks(&self) -> impl Iterator<Item = Range<i64>> {
        self.shards.keys().map(|week| self.times_of(*week))
    }

    /// In order.
    pub(super) fn measurements(&self) -> Vec<&str> {
        let columns = self.shards.values().flat_map(|shard| shard.columns.keys());
        let mut names: Vec<_> = columns.map(|(measurement, _)| measurement.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Fields and types of a measurement in order: several types of one field where shards differ.
    pub(super) fn fields(&self, measurement: &str) -> Vec<(&str, FieldKind)> {
        let columns = self.shards.values().flat_map(|shard| &shard.columns);
        let mut fields: Vec<_> = columns
            .filter(|((of, _), _)| of == measurement)
            .filter_map(|((_, name), column)| match column {
                Column::Field(kind) => Some((name.as_str(), *kind)),
                Column::Tag => None,
            })
            .collect();
        fields.sort_unstable_by_key(|(name, kind)| (*name, kind.word()));
        fields.dedup();
        fields
    }

    /// Names of tags in order.
    pub(super) fn tags(&self, measurement: &str) -> Vec<&str> {
        let series = self.shards.values().flat_map(|shard| shard.series.keys());
        let mut names: Vec<&str> = series
            .filter(|(of, _)| of == measurement)
            .flat_map(|(_, tags)| tags.keys().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every point of a measurement, by shard, series and time.
    pub(super) fn points(&self, measurement: &str) -> impl Iterator<Item = Point> {
        let series = self.shards.values().flat_map(|shard| &shard.series);
        series.filter(move |((of, _), _)| of == measurement).flat_map(|((measurement, tags), times)| {
            times.iter().map(|(time, fields)| Point {
                measurement: measurement.clone(),
                tags: tags.clone(),
                fields: fields.clone(),
                time: *time,
            })
        })
    }

    /// How many values of that type a field has.
    pub(super) fn count(&self, measurement: &str, field: &str, kind: FieldKind) -> u64 {
        let series = self.shards.values().flat_map(|shard| &shard.series);
        let of_it = series.filter(|((of, _), _)| of == measurement);
        let points = of_it.flat_map(|(_, times)| times.values());
        points.filter(|fields| fields.get(field).is_some_and(|value| value.kind() == kind)).count() as u64
    }
}
