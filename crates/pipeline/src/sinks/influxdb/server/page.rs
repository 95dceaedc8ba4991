//! Reading the points of a measurement, in the order of their times, page by page.
//!
//! A page holds all points of each of its times, so that whoever goes on needs to know nothing but a time. It is a window of time
//! with a limit of rows. The window becomes as long as the rows of the last page were, twice, and grows while answers are small: a
//! server makes a cursor for each series and shard of a window, however few rows are asked for. Memory is that of one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::query::{NoAnswer, text, value, whole};
use super::table::Table;
use super::{Server, Version};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::stored::StoredPoint;

/// The smallest window, in nanoseconds.
const WINDOW: i64 = 1_000_000_000;
/// Rows of a page to begin with, and the most.
const ROWS: usize = 5_000;
const MOST_ROWS: usize = 50_000;
/// Answers are made larger below the one and smaller above the other size, in bytes.
const SMALL: usize = 1 << 20;
const LARGE: usize = 6 << 20;

/// How far a measurement is read.
#[derive(Debug)]
pub struct Reader<'t> {
    table: &'t Table,
    fields: Vec<(String, FieldType)>,
    left: Range<i64>,
    window: i64,
    rows: usize,
}

impl Server {
    /// The points of a measurement in a range of nanoseconds, with these fields, each as values of that type, and the tag
    /// `entity_id`. For a handful of points of fields that were written: nothing is asked about the measurement before.
    ///
    /// # Errors
    /// When there is no answer, or the server does not let us read.
    pub async fn points_at(
        &mut self,
        version: Version,
        measurement: &str,
        fields: &[(String, FieldType)],
        range: Range<i64>,
    ) -> Result<Vec<StoredPoint>, Stop> {
        let table = Table {
            version,
            measurement: measurement.to_owned(),
            tags: vec!["entity_id".to_owned()],
            fields: fields.iter().map(|(field, kind)| (field.clone(), BTreeSet::from([*kind]))).collect(),
            numbers: BTreeMap::new(),
        };
        let (mut points, mut reader) = (Vec::new(), Reader::new(&table, fields, range));
        while let Some(mut more) = reader.next(self).await? {
            points.append(&mut more);
        }
        Ok(points)
    }
}

impl<'t> Reader<'t> {
    /// Reads the points that have one of these values at least, with these and all tags.
    #[must_use]
    pub fn new(table: &'t Table, fields: &[(String, FieldType)], range: Range<i64>) -> Self {
        let fields = fields.iter().filter(|(field, kind)| table.has(field, *kind)).cloned().collect();
        Self { table, fields, left: range, window: i64::MAX, rows: ROWS }
    }

    /// The next points: all of each time, sorted by time and tags; none at the end.
    ///
    /// # Errors
    /// When there is no answer. It may be asked again.
    pub async fn next(&mut self, server: &mut Server) -> Result<Option<Vec<StoredPoint>>, Stop> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        while !self.left.is_empty() {
            let points = self.step(server).await?;
            if !points.is_empty() {
                return Ok(Some(points));
            }
        }
        Ok(None)
    }

    /// Asks once; what it gives can be empty.
    async fn step(&mut self, server: &mut Server) -> Result<Vec<StoredPoint>, Stop> {
        let Range { start, end } = self.left;
        let end = end.min(start.saturating_add(self.window));
        let limit = self.rows;
        let (mut points, found, size, partial) = match self.ask(server, &(start..end), Some(limit)).await {
            Err(NoAnswer::TooLarge) if limit > 1 => {
                self.rows = (limit / 8).max(1);
                return Ok(Vec::new());
            }
            answer => answer?,
        };
        if size > LARGE {
            self.rows = (limit / 2).max(1);
        }
        if found < limit && !partial {
            self.left.start = end;
            if found < limit / 4 {
                self.window = self.window.saturating_mul(4);
            }
            return Ok(self.sorted(points));
        }
        if size < SMALL {
            self.rows = (limit * 2).min(MOST_ROWS);
        }
        let ends = points.first().zip(points.last()).map(|(first, last)| (first.time, last.time));
        let Some((first, last)) = ends else { return Ok(Vec::new()) };
        if first < last {
            // There may be more points of the last time than came with it.
            points.retain(|point| point.time < last);
            self.left.start = last;
        } else {
            points = self.ask(server, &(first..first.saturating_add(1)), None).await?.0;
            self.left.start = first.saturating_add(1);
        }
        self.window = last.saturating_sub(first).saturating_mul(2).max(WINDOW);
        Ok(self.sorted(points))
    }

    /// The points, how many rows came, of how many bytes, and whether the server left some out.
    async fn ask(
        &self,
        server: &mut Server,
        range: &Range<i64>,
        limit: Option<usize>,
    ) -> Result<(Vec<StoredPoint>, usize, usize, bool), NoAnswer> {
        let table = self.table;
        let query = table.selection(&self.fields, &table.tags, range, limit, "ASC");
        let answer = server.select(table.version, &query).await?;
        let columns: Vec<String> =
            (0..self.fields.len() + table.tags.len()).map(|at| at.to_string()).collect();
        let columns: Vec<&str> = std::iter::once("time").chain(columns.iter().map(String::as_str)).collect();
        let (rows, partial) = answer.rows(&columns).map_err(NoAnswer::Stop)?;
        let points = rows.iter().filter_map(|row| self.point(row)).collect();
        Ok((points, rows.len(), answer.size(), partial))
    }

    fn point(&self, cells: &[Option<&str>]) -> Option<StoredPoint> {
        let (time, rest) = cells.split_first()?;
        let time = whole((*time)?)?;
        let (fields, tags) = rest.split_at_checked(self.fields.len())?;
        let fields = self.fields.iter().zip(fields).filter_map(|((field, kind), cell)| {
            let value = value((*cell)?, *kind)?;
            Some((field.clone(), value))
        });
        let tags = self.table.tags.iter().zip(tags).filter_map(|(tag, cell)| {
            let value = text((*cell)?).filter(|value| !value.is_empty())?;
            Some((tag.clone(), value))
        });
        Some(StoredPoint { tags: tags.collect(), time, fields: fields.collect() })
    }

    /// Without the values that are another type of number at their time.
    fn sorted(&self, mut points: Vec<StoredPoint>) -> Vec<StoredPoint> {
        if !self.table.numbers.is_empty() {
            for StoredPoint { time, fields, .. } in &mut points {
                fields.retain(|(field, value)| self.table.is_of(field, value.kind(), *time));
            }
            points.retain(|point| !point.fields.is_empty());
        }
        points.sort_by(|a, b| (a.time, &a.tags).cmp(&(b.time, &b.tags)));
        points
    }
}
