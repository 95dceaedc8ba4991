//! States as one stream, in a format for others.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use hearthline_core::StateRow;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::file::{RowWriter, encode};
use crate::record::Record;
use crate::store::Store;
use crate::{StatesQuery, StoreError};

/// A format that states are given out in. All have the columns of the files, in their order, but for those that are only for
/// reading rows [again](crate::Reread).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// RFC 4180 with a header; times ISO 8601 UTC; null is empty, and so is an empty text.
    Csv,
    /// One JSON object a line; attributes are JSON in it, not text.
    Ndjson,
    /// As the files.
    Parquet,
}

/// A row as text formats have it.
#[derive(Serialize)]
struct Line<'a, A> {
    ts: String,
    tie: u8,
    entity_id: &'a str,
    entity_key: &'a str,
    domain: &'a str,
    state: Option<&'a str>,
    value: Option<f64>,
    unit: Option<&'a str>,
    device_class: Option<&'a str>,
    last_changed: Option<String>,
    received_delay_ms: Option<i64>,
    origin: &'a str,
    restored: bool,
    attributes: Option<A>,
    context_id: Option<&'a str>,
    area: Option<&'a str>,
    device: Option<&'a str>,
    weather_temperature: Option<f64>,
    weather_humidity: Option<f64>,
    weather_pressure: Option<f64>,
    weather_wind_speed: Option<f64>,
    weather_condition: Option<&'a str>,
    weather_at: Option<String>,
    weather_stale: bool,
    site: &'a str,
}

impl<'a, A> Line<'a, A> {
    fn of(row: &'a StateRow, attributes: Option<A>) -> Self {
        let weather = row.weather.as_deref();
        Self {
            ts: row.ts.to_string(),
            tie: row.tie,
            entity_id: row.entity_id.as_str(),
            entity_key: &row.entity_key,
            domain: row.entity_id.domain(),
            state: row.state.as_deref(),
            value: row.value,
            unit: row.unit.as_deref(),
            device_class: row.device_class.as_deref(),
            last_changed: (row.last_changed != row.ts).then(|| row.last_changed.to_string()),
            received_delay_ms: row.received_delay_ms,
            origin: row.origin.as_str(),
            restored: row.restored,
            attributes,
            context_id: row.context_id.as_deref(),
            area: row.area.as_deref(),
            device: row.device.as_deref(),
            weather_temperature: weather.and_then(|weather| weather.temperature),
            weather_humidity: weather.and_then(|weather| weather.humidity),
            weather_pressure: weather.and_then(|weather| weather.pressure),
            weather_wind_speed: weather.and_then(|weather| weather.wind_speed),
            weather_condition: weather.and_then(|weather| weather.condition.as_deref()),
            weather_at: weather.map(|weather| weather.at.to_string()),
            weather_stale: row.weather_stale,
            site: &row.site,
        }
    }
}

/// Attributes as JSON; what is no JSON stays text.
#[derive(Serialize)]
#[serde(untagged)]
enum Attributes<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

impl Store {
    /// Writes the states of the query to `out`, in the order of [`Store::states`], as they are read.
    ///
    /// # Errors
    /// `Export` when `out` refuses; `DamagedFile` at the first file that cannot be read. What was written before is right,
    /// and an export in Parquet has no footer then and cannot be taken for whole.
    pub fn export(
        &self,
        query: &StatesQuery,
        format: ExportFormat,
        out: &mut dyn Write,
    ) -> Result<(), StoreError> {
        match format {
            ExportFormat::Csv => {
                let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
                let header = csv.write_record(StateRow::EXPORTED.iter().map(|column| column.name));
                header.map_err(|error| StoreError::Export(error.into()))?;
                self.export_rows(query, |row| Ok(csv.serialize(Line::of(&row, row.attributes.as_deref()))?))?;
                csv.flush().map_err(StoreError::Export)
            }
            ExportFormat::Ndjson => self.export_rows(query, |row| {
                let attributes = row.attributes.as_deref();
                let attributes = attributes
                    .map(|text| serde_json::from_str(text).map_or(Attributes::Text(text), Attributes::Json));
                serde_json::to_writer(&mut *out, &Line::of(&row, attributes))?;
                out.write_all(b"\n")
            }),
            ExportFormat::Parquet => {
                let mut rows = RowWriter::<StateRow, Vec<u8>>::new(Vec::new(), StateRow::EXPORTED)?;
                self.export_rows(query, |row| {
                    rows.push(Arc::new(row)).map_err(io::Error::other)?;
                    out.write_all(&std::mem::take(rows.out()))
                })?;
                rows.finish().map_err(encode::<StateRow>)?;
                out.write_all(rows.out()).map_err(StoreError::Export)
            }
        }
    }

    fn export_rows(
        &self,
        query: &StatesQuery,
        mut write: impl FnMut(StateRow) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let mut refused = Ok(());
        self.states(query, |row| {
            refused = write(row);
            if refused.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        refused.map_err(StoreError::Export)
    }
}
