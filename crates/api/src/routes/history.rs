//! `GET /api/v1/entities/{id}/history?from=&to=&limit=&bucket=&fill=`: the states of one entity, or figures of them, by any
//! name that it ever had.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::extract::State as Shared;
use hearthline_core::{EntityId, StateRow};
use hearthline_store::{Fill, StatesQuery, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::entities::{NameSpan, names};
use super::parameters::{Path, Query, check_count, length, period};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Rows of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (1000, 10_000);
/// How far back an answer goes where the caller does not say.
const SPAN: Duration = Duration::from_secs(86_400);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    bucket: Option<String>,
    fill: Option<String>,
}

/// The answer. Either `states` or `buckets` is there, the oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct History {
    /// What the entity is called now, or was called last.
    pub entity_id: String,
    /// The name that stays.
    pub key: String,
    /// Under which names it was recorded, the oldest first.
    pub names: Vec<NameSpan>,
    /// The first instant, ISO 8601 UTC.
    pub from: String,
    /// The instant after the last.
    pub to: String,
    /// The states, where no bucket was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<State>>,
    /// The figures, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<Vec<Bucket>>,
    /// Whether the limit left something out at the end.
    pub more: bool,
}

/// One state. What is not known of the weather is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// What the entity was called then.
    pub entity_id: String,
    /// `last_updated`, or `time_fired` of a removal; ISO 8601 UTC with microseconds.
    pub ts: String,
    /// The text; null is a removal.
    pub state: Option<String>,
    /// The text as a number, where it is one.
    pub value: Option<f64>,
    /// `unit_of_measurement`.
    pub unit: Option<String>,
    /// `device_class`.
    pub device_class: Option<String>,
    /// When the text last changed.
    pub last_changed: String,
    /// `live`, `snapshot`, `history`, ...: how it is known.
    pub origin: String,
    /// Put back by Home Assistant after a restart; no new reading.
    pub restored: bool,
    /// All attributes, as received; null where they are not known.
    pub attributes: Option<Box<RawValue>>,
    /// The name of the area that the entity was in.
    pub area: Option<String>,
    /// The name of the device that it belonged to.
    pub device: Option<String>,
    /// °C, outdoors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_temperature: Option<f64>,
    /// %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_humidity: Option<f64>,
    /// hPa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_pressure: Option<f64>,
    /// m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_wind_speed: Option<f64>,
    /// Home Assistant's word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_condition: Option<String>,
    /// When the weather was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_at: Option<String>,
    /// That was long before: the weather may have been otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_stale: Option<bool>,
}

/// Figures of the numbers in one length of time. Null where there was none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its first instant.
    pub start: String,
    /// The least.
    pub min: Option<f64>,
    /// The mean of the readings, each counted once.
    pub mean: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// The last.
    pub last: Option<f64>,
    /// How many.
    pub count: u64,
}

/// Scans; what is only in memory yet is part of it.
pub(super) async fn get(
    Shared(reading): Shared<Reading>,
    Path(entity_id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<History>, ApiError> {
    let (from, to) = period(parameters.from.as_deref(), parameters.to.as_deref(), SPAN, &*reading.clock)?;
    let limit = parameters.limit.unwrap_or(LIMIT.0).clamp(1, LIMIT.1);
    let bucket = length("bucket", parameters.bucket.as_deref())?;
    let fill = fill(parameters.fill.as_deref())?;
    if let Some(bucket) = bucket {
        check_count("bucket", from, to, bucket)?;
    }
    let series = reading.store.series(&entity_id);
    let mut history = History {
        entity_id: series.entity_id.to_string(),
        key: series.key.to_string(),
        names: names(&series.segments),
        from: from.to_string(),
        to: to.to_string(),
        states: None,
        buckets: None,
        more: false,
    };
    let query = StatesQuery { entities: Some(vec![EntityId::new(entity_id)]), renamed: true, from, to };
    blocking("the history cannot be read", move || {
        match bucket {
            Some(bucket) => history.buckets = Some(buckets(&reading, &query, bucket, fill)?),
            None => {
                let (states, more) = states(&reading, &query, limit)?;
                (history.states, history.more) = (Some(states), more);
            }
        }
        Ok(Json(history))
    })
    .await
}

fn states(reading: &Reading, query: &StatesQuery, limit: usize) -> Result<(Vec<State>, bool), StoreError> {
    let mut states = Vec::new();
    let mut more = false;
    reading.store.states(query, |row| {
        more = states.len() == limit;
        if more {
            return ControlFlow::Break(());
        }
        states.push(State::of(&row));
        ControlFlow::Continue(())
    })?;
    Ok((states, more))
}

fn buckets(
    reading: &Reading,
    query: &StatesQuery,
    length: Duration,
    fill: Fill,
) -> Result<Vec<Bucket>, StoreError> {
    let rows = reading.store.buckets(query, length, fill)?;
    let bucket = |row: hearthline_store::BucketRow| Bucket {
        start: row.start.to_string(),
        min: row.min,
        mean: row.mean,
        max: row.max,
        last: row.last,
        count: row.count,
    };
    Ok(rows.into_iter().map(bucket).collect())
}

/// What is said of a length of time without a reading.
fn fill(text: Option<&str>) -> Result<Fill, ApiError> {
    match text {
        None | Some("none") => Ok(Fill::None),
        Some("null") => Ok(Fill::Null),
        Some("previous") => Ok(Fill::Previous),
        Some(other) => {
            let why = format!("there is no fill {other:?}");
            Err(ApiError::parameter("fill", why, "write none, null or previous"))
        }
    }
}

impl State {
    pub(super) fn of(row: &StateRow) -> Self {
        let own = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let weather = row.weather.as_deref();
        Self {
            entity_id: row.entity_id.to_string(),
            ts: row.ts.to_string(),
            state: own(&row.state),
            value: row.value,
            unit: own(&row.unit),
            device_class: own(&row.device_class),
            last_changed: row.last_changed.to_string(),
            origin: row.origin.to_string(),
            restored: row.restored,
            attributes: own(&row.attributes).and_then(|json| RawValue::from_string(json).ok()),
            area: own(&row.area),
            device: own(&row.device),
            weather_temperature: weather.and_then(|weather| weather.temperature),
            weather_humidity: weather.and_then(|weather| weather.humidity),
            weather_pressure: weather.and_then(|weather| weather.pressure),
            weather_wind_speed: weather.and_then(|weather| weather.wind_speed),
            weather_condition: weather.and_then(|weather| own(&weather.condition)),
            weather_at: weather.map(|weather| weather.at.to_string()),
            weather_stale: weather.map(|_| row.weather_stale),
        }
    }
}
