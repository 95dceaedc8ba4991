//! What a measurement has: its tags, its fields with their types, how many values of each.
//!
//! What a real 1.6.7 says to a cast, of a field that has several types (each in some of its shards):
//!
//! - Without a cast the types are ranked: a float hides integers' kind and every text, an integer hides texts, a text hides
//!   booleans. `SELECT *` and `count(f)` are then silent about values that are there.
//! - `f::string` and `f::boolean` give exactly the values of that type.
//! - Numbers are cast into each other: `f::float` and `f::integer` both give the integers *and* the floats, `1.5::integer` is 1,
//!   and `9007199254740993::float` is …992. So a field with two types of numbers is asked for shard by shard; which type it has
//!   there is said by `f & 0`, which is an error of a float.
//! - `count(f::type)` of nothing is no row, not 0. A condition `g::type = g::type` holds where `g` has a value of that type.
//! - A field and a tag of one name are told apart by `::tag` and the type.
//! - The digits of an integer are all sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use super::fields::{Measurements, identifier};
use super::query::{NoAnswer, text, whole};
use super::{Server, Version};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;

/// All times that a point can have, in nanoseconds.
pub const EVER: Range<i64> = i64::MIN + 2..i64::MAX;

/// A measurement of a server, to be counted and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Of which kind the server is.
    pub version: Version,
    /// Its name.
    pub measurement: String,
    /// The names of its tags, sorted.
    pub tags: Vec<String>,
    /// Its fields. Each can have several types, each in some shards.
    pub fields: BTreeMap<String, BTreeSet<FieldType>>,
    /// Of the fields that have several types of numbers: which of these, and when.
    pub(in crate::sinks::influxdb) numbers: BTreeMap<String, Vec<(Range<i64>, FieldType)>>,
}

impl FieldType {
    /// It is a number, which a server casts into the other types of numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Float | Self::Integer | Self::Unsigned)
    }

    /// As InfluxQL casts to it.
    const fn cast(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::Text => "string",
            Self::Bool => "boolean",
        }
    }
}

impl Table {
    /// Whether the field has values of that type, as far as the server knows.
    #[must_use]
    pub fn has(&self, field: &str, kind: FieldType) -> bool {
        self.fields.get(field).is_some_and(|types| types.contains(&kind))
    }

    /// All fields, each with each of its types.
    pub fn columns(&self) -> impl Iterator<Item = (&str, FieldType)> {
        self.fields.iter().flat_map(|(field, types)| types.iter().map(move |kind| (field.as_str(), *kind)))
    }

    /// Whether a value that was cast to `kind` at that time is of that type.
    pub(super) fn is_of(&self, field: &str, kind: FieldType, time: i64) -> bool {
        let zones = self.numbers.get(field).filter(|_| kind.is_number());
        zones.is_none_or(|zones| zones.iter().any(|(range, has)| *has == kind && range.contains(&time)))
    }

    /// The parts of a range in which a cast to that type gives nothing else.
    fn parts(&self, field: &str, kind: FieldType, range: &Range<i64>) -> Vec<Range<i64>> {
        match self.numbers.get(field).filter(|_| kind.is_number()) {
            None => vec![range.clone()],
            Some(zones) => zones
                .iter()
                .filter(|(_, has)| *has == kind)
                .map(|(zone, _)| zone.start.max(range.start)..zone.end.min(range.end))
                .filter(|part| !part.is_empty())
                .collect(),
        }
    }

    /// As the server calls it, quoted.
    pub(super) fn from(&self) -> String {
        self.quoted(&self.measurement)
    }

    fn quoted(&self, name: &str) -> String {
        match self.version {
            Version::V3 => format!("\"{}\"", name.replace('"', "\"\"")),
            Version::V1 | Version::V2 => identifier(name),
        }
    }

    /// A field as a value of that type.
    pub(super) fn field(&self, field: &str, kind: FieldType) -> String {
        let name = self.quoted(field);
        match self.version {
            Version::V3 => name,
            Version::V1 | Version::V2 => format!("{name}::{}", kind.cast()),
        }
    }

    pub(super) fn tag(&self, tag: &str) -> String {
        let name = self.quoted(tag);
        match self.version {
            Version::V3 => name,
            Version::V1 | Version::V2 => format!("{name}::tag"),
        }
    }

    /// That a time is in a range.
    pub(super) fn within(&self, range: &Range<i64>) -> String {
        let Range { start, end } = range;
        match self.version {
            Version::V3 => {
                format!("\"time\" >= to_timestamp_nanos({start}) AND \"time\" < to_timestamp_nanos({end})")
            }
            Version::V1 | Version::V2 => format!("time >= {start} AND time < {end}"),
        }
    }

    /// That the field has a value of that type.
    pub(super) fn is_there(&self, field: &str, kind: FieldType) -> String {
        let field = self.field(field, kind);
        match self.version {
            Version::V3 => format!("{field} IS NOT NULL"),
            Version::V1 | Version::V2 => format!("{field} = {field}"),
        }
    }
}

impl Server {
    /// Looks at a measurement.
    ///
    /// # Errors
    /// When there is no answer, or the server does not tell.
    pub async fn table(&mut self, version: Version, measurement: &str) -> Result<Table, Stop> {
        let (mut fields, mut tags) = (BTreeMap::<String, BTreeSet<FieldType>>::new(), BTreeSet::new());
        for (_, field, kind) in
            self.fields(version, &Measurements::These(vec![measurement])).await?.map_err(Stop::Parked)?
        {
            fields.entry(field).or_default().insert(kind);
        }
        let query = match version {
            Version::V1 | Version::V2 => format!("SHOW TAG KEYS FROM {}", identifier(measurement)),
            Version::V3 => format!(
                "SELECT column_name AS \"0\" FROM information_schema.columns WHERE table_name = '{}' AND data_type LIKE 'Dictionary%'",
                measurement.replace('\'', "''")
            ),
        };
        match self.select(version, &query).await {
            Ok(answer) => {
                let (rows, _) = answer.rows(&["0"])?;
                tags.extend(rows.iter().filter_map(|row| text(row.first().copied().flatten()?)));
            }
            Err(NoAnswer::Refused(_)) if fields.is_empty() => {} // it is not there
            Err(why) => return Err(why.into()),
        }
        let measurement = measurement.to_owned();
        let tags = tags.into_iter().collect();
        let mut table = Table { version, measurement, tags, fields, numbers: BTreeMap::new() };
        self.tell_numbers_apart(&mut table).await?;
        Ok(table)
    }

    /// How many values of that type the field has in the range.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn count(
        &mut self,
        table: &Table,
        field: &str,
        kind: FieldType,
        range: &Range<i64>,
    ) -> Result<u64, Stop> {
        self.count_where(table, field, kind, range, "").await
    }

    /// How many points have a value of each of two fields.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn count_both(
        &mut self,
        table: &Table,
        (field, kind): (&str, FieldType),
        (other, theirs): (&str, FieldType),
        range: &Range<i64>,
    ) -> Result<u64, Stop> {
        if !table.has(other, theirs) {
            return Ok(0);
        }
        let also = format!(" AND {}", table.is_there(other, theirs));
        self.count_where(table, field, kind, range, &also).await
    }

    /// How many texts of the field read as numbers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn count_numbers(
        &mut self,
        table: &Table,
        field: &str,
        range: &Range<i64>,
    ) -> Result<u64, Stop> {
        const NUMBER: &str = "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?$";
        let name = table.field(field, FieldType::Text);
        let also = match table.version {
            Version::V3 => format!(" AND {name} ~ '{NUMBER}'"),
            Version::V1 | Version::V2 => format!(" AND {name} =~ /{NUMBER}/"),
        };
        self.count_where(table, field, FieldType::Text, range, &also).await
    }

    /// How many integers of the field are further from zero than `most`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn count_beyond(
        &mut self,
        table: &Table,
        field: &str,
        kind: FieldType,
        most: i64,
        range: &Range<i64>,
    ) -> Result<u64, Stop> {
        let name = table.field(field, kind);
        let above = self.count_where(table, field, kind, range, &format!(" AND {name} > {most}")).await?;
        let below = self.count_where(table, field, kind, range, &format!(" AND {name} < -{most}")).await?;
        Ok(above + below)
    }

    async fn count_where(
        &mut self,
        table: &Table,
        field: &str,
        kind: FieldType,
        range: &Range<i64>,
        also: &str,
    ) -> Result<u64, Stop> {
        if !table.has(field, kind) {
            return Ok(0);
        }
        let mut count = 0;
        for part in table.parts(field, kind, range) {
            let (what, from, within) = (table.field(field, kind), table.from(), table.within(&part));
            let query = format!("SELECT count({what}) AS \"1\" FROM {from} WHERE {within}{also}");
            let answer = self.select(table.version, &query).await?;
            let (rows, _) = answer.rows(&["0", "1"])?;
            let cell = rows.first().and_then(|row| row.get(1).copied().flatten());
            count += cell.and_then(whole).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        }
        Ok(count)
    }

    /// From the first time at which one of these fields has a value to behind the last; none where none has.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn span(
        &mut self,
        table: &Table,
        fields: &[(String, FieldType)],
    ) -> Result<Option<Range<i64>>, Stop> {
        let first = self.end_of(table, fields, "ASC").await?;
        let last = self.end_of(table, fields, "DESC").await?;
        Ok(first.zip(last).map(|(first, last)| first..last.saturating_add(1)))
    }

    async fn end_of(
        &mut self,
        table: &Table,
        fields: &[(String, FieldType)],
        order: &str,
    ) -> Result<Option<i64>, Stop> {
        if fields.is_empty() {
            return Ok(None);
        }
        let query = table.selection(fields, &[], &EVER, Some(1), order);
        let answer = self.select(table.version, &query).await?;
        let (rows, _) = answer.rows(&["time"])?;
        Ok(rows.first().and_then(|row| whole(row.first().copied().flatten()?)))
    }
}

impl Table {
    /// Selects fields and tags: first the time, then the fields, then the tags.
    pub(super) fn selection(
        &self,
        fields: &[(String, FieldType)],
        tags: &[String],
        range: &Range<i64>,
        limit: Option<usize>,
        order: &str,
    ) -> String {
        let is_sql = self.version == Version::V3;
        let mut query =
            String::from(if is_sql { "SELECT CAST(\"time\" AS BIGINT) AS \"time\"" } else { "SELECT" });
        let fields_as = fields.iter().map(|(field, kind)| self.field(field, *kind));
        let all = fields_as.chain(tags.iter().map(|tag| self.tag(tag)));
        for (at, column) in all.enumerate() {
            let comma = if at > 0 || is_sql { "," } else { "" };
            _ = write!(query, "{comma} {column} AS \"{at}\"");
        }
        _ = write!(query, " FROM {} WHERE {}", self.from(), self.within(range));
        if is_sql {
            let there: Vec<_> = fields.iter().map(|(field, kind)| self.is_there(field, *kind)).collect();
            _ = write!(query, " AND ({})", there.join(" OR "));
        }
        let time = if is_sql { "\"time\"" } else { "time" };
        _ = write!(query, " ORDER BY {time} {order}");
        if let Some(limit) = limit {
            _ = write!(query, " LIMIT {limit}");
        }
        query
    }
}
