//! `GET /api/v1/entities/{id}/history?from=&to=&limit=&bucket=&fill=`: the states of one entity, or figures of them.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State as Shared};
use hearthline_core::{EntityId, StateRow, Timestamp};
use hearthline_store::{Fill, StatesQuery, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::parameters::{Query, instant, length};
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
    /// As asked.
    pub entity_id: String,
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

/// One state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
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
    let to = instant("to", parameters.to.as_deref())?.unwrap_or_else(|| reading.clock.now());
    let from = instant("from", parameters.from.as_deref())?.unwrap_or_else(|| to.minus(SPAN));
    let limit = parameters.limit.unwrap_or(LIMIT.0).clamp(1, LIMIT.1);
    let bucket = length("bucket", parameters.bucket.as_deref())?;
    let fill = fill(parameters.fill.as_deref())?;
    if let Some(bucket) = bucket {
        check_count(from, to, bucket)?;
    }
    let mut history = History {
        entity_id: entity_id.clone(),
        from: from.to_string(),
        to: to.to_string(),
        states: None,
        buckets: None,
        more: false,
    };
    let query =
        StatesQuery { entities: Some(vec![EntityId::from(entity_id.as_str())]), renamed: true, from, to };
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

fn check_count(from: Timestamp, to: Timestamp, bucket: Duration) -> Result<(), ApiError> {
    let count = to.since(from).as_micros() / bucket.as_micros().max(1);
    if count > LIMIT.1 as u128 {
        let why = format!("that would be {count} buckets, and at most {} are answered", LIMIT.1);
        return Err(ApiError::parameter("bucket", why, "take a longer bucket or a shorter period"));
    }
    Ok(())
}

impl State {
    pub(super) fn of(row: &StateRow) -> Self {
        let own = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        Self {
            ts: row.ts.to_string(),
            state: own(&row.state),
            value: row.value,
            unit: own(&row.unit),
            device_class: own(&row.device_class),
            last_changed: row.last_changed.to_string(),
            origin: row.origin.to_string(),
            restored: row.restored,
            attributes: own(&row.attributes).and_then(|json| RawValue::from_string(json).ok()),
        }
    }
}
