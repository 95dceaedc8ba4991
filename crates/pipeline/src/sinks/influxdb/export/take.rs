//! Points on their way from a server into an export.

use std::ops::Range;

use super::{Counts, ExportError, ExportWriter};
use crate::sinks::influxdb::Server;
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::server::{Reader, Table};
use crate::sinks::influxdb::stored::StoredPoint;

/// Why an export is not complete.
#[derive(Debug)]
pub enum TakeError {
    /// The server does not say what it has.
    Stop(Stop),
    /// It cannot be written.
    Export(ExportError),
}

impl From<Stop> for TakeError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Writes the `wanted` points of a measurement in that range, with these columns. `progress` hears how many there are so far.
///
/// # Errors
/// When the server does not answer, or the disk refuses; then there is no export.
pub async fn take(
    server: &mut Server,
    (table, columns): (&Table, &[(String, FieldType)]),
    range: Range<i64>,
    wanted: impl Fn(&StoredPoint) -> bool + Send,
    writer: &mut ExportWriter,
    mut progress: impl FnMut(u64) + Send,
) -> Result<(), TakeError> {
    let mut points = Reader::new(table, columns, range);
    while let Some(page) = points.next(server).await? {
        let mut page = page.iter().filter(|point| wanted(point));
        page.try_for_each(|point| writer.push(point)).map_err(TakeError::Export)?;
        progress(writer.points());
    }
    Ok(())
}

/// How many values each field of a measurement has of each type in that range, as the server counts them; without those that
/// have none.
///
/// # Errors
/// When the server does not answer.
pub async fn counts(server: &mut Server, table: &Table, range: &Range<i64>) -> Result<Counts, Stop> {
    counts_of(server, table, &all_columns(table), range).await
}

/// The same for these columns alone.
///
/// # Errors
/// When the server does not answer.
pub async fn counts_of(
    server: &mut Server,
    table: &Table,
    columns: &[(String, FieldType)],
    range: &Range<i64>,
) -> Result<Counts, Stop> {
    let mut counts = Counts::new();
    for (field, kind) in columns {
        let values = server.count(table, field, *kind, range).await?;
        if values > 0 {
            counts.insert((field.clone(), *kind), values);
        }
    }
    Ok(counts)
}

/// Every column that the table has when it is looked at.
#[must_use]
pub fn all_columns(table: &Table) -> Vec<(String, FieldType)> {
    table.columns().map(|(field, kind)| (field.to_owned(), kind)).collect()
}
