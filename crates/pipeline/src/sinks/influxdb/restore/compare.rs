//! Looking for points at the server, value by value.

use std::collections::{BTreeMap, VecDeque};

use super::{RestoreError, Restored, Typing};
use crate::sinks::influxdb::export::ExportError;
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::server::{Reader, Table};
use crate::sinks::influxdb::stored::{FieldValue, StoredPoint};
use crate::sinks::influxdb::{Server, Version};

/// Looks for each value of `points`, which come in the order of their times and tags, and counts what is there.
///
/// # Errors
/// When a value is not there, or is another; or when the server does not answer.
pub async fn compare(
    server: &mut Server,
    version: Version,
    typing: &Typing,
    points: impl Iterator<Item = Result<StoredPoint, ExportError>> + Send,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Restored, RestoreError> {
    let table = server.table(version, &typing.measurement).await?;
    let names = Names::new(typing, &table);
    let mut restored = Restored::default();
    let mut there: Option<There<'_>> = None;
    let mut last: Option<StoredPoint> = None;
    for point in points {
        let point = point?;
        let there = there.get_or_insert_with(|| There {
            rest: Reader::new(&table, &names.all, point.time..i64::MAX),
            page: VecDeque::new(),
        });
        let stored = there.at(server, &point).await?;
        for (field, value) in &point.fields {
            let found = stored.is_some_and(|stored| names.has(stored, field, value));
            if !found {
                return Err(RestoreError::Differs(missing(typing, &point, field, value, stored)));
            }
            *restored.values.entry(value.kind()).or_default() += 1;
            restored.moved +=
                u64::from(names.of(field, value.kind()).first().is_some_and(|name| name != field));
        }
        // A point with one field in several types is several lines.
        if last.as_ref().is_none_or(|last| (last.time, &last.tags) != (point.time, &point.tags)) {
            restored.points += 1;
            if restored.points.is_multiple_of(1_000) {
                progress(restored.points);
            }
        }
        last = Some(point);
    }
    progress(restored.points);
    Ok(restored)
}

fn missing(
    typing: &Typing,
    point: &StoredPoint,
    field: &str,
    value: &FieldValue,
    stored: Option<&StoredPoint>,
) -> String {
    let tags: Vec<_> = point.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let why =
        if stored.is_some() { "is not there, or is another" } else { "is not there: its point is missing" };
    let value: String = format!("{value:?}").chars().take(100).collect();
    format!("{} {} at {}: {field} {value} {why}", typing.measurement, tags.join(","), point.time)
}

/// The names under which each value may be, as far as the server has them.
struct Names {
    of: BTreeMap<(String, FieldType), Vec<String>>,
    all: Vec<(String, FieldType)>,
}

impl Names {
    fn new(typing: &Typing, table: &Table) -> Self {
        let mut of = BTreeMap::new();
        for place in &typing.places {
            let names = typing.names(&place.field, place.kind);
            let names: Vec<_> = names.filter(|name| table.has(name, place.kind)).collect();
            of.insert((place.field.clone(), place.kind), names);
        }
        let each = of.iter().flat_map(|((_, kind), names)| names.iter().map(|name| (name.clone(), *kind)));
        let mut all: Vec<_> = each.collect();
        all.sort_unstable();
        all.dedup();
        Self { of, all }
    }

    fn of(&self, field: &str, kind: FieldType) -> &[String] {
        self.of.get(&(field.to_owned(), kind)).map_or(&[], Vec::as_slice)
    }

    fn has(&self, stored: &StoredPoint, field: &str, value: &FieldValue) -> bool {
        let names = self.of(field, value.kind());
        stored.fields.iter().any(|(name, has)| has == value && names.contains(name))
    }
}

/// The points of the server, as far as they are read.
struct There<'t> {
    rest: Reader<'t>,
    page: VecDeque<StoredPoint>,
}

impl There<'_> {
    /// The one of the same time and tags.
    async fn at(
        &mut self,
        server: &mut Server,
        point: &StoredPoint,
    ) -> Result<Option<&StoredPoint>, RestoreError> {
        let key = (point.time, &point.tags);
        loop {
            while self.page.front().is_some_and(|stored| (stored.time, &stored.tags) < key) {
                self.page.pop_front();
            }
            if !self.page.is_empty() {
                break;
            }
            match self.rest.next(server).await? {
                None => return Ok(None),
                Some(points) => self.page = points.into(),
            }
        }
        Ok(self.page.front().filter(|stored| (stored.time, &stored.tags) == key))
    }
}
