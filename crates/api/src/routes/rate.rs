//! `GET /api/v1/rate?from=&to=&every=`: how many states there are in each length of time, of all entities together.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::parameters::{Query, check_count, length, period};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// How far back an answer goes, and what it is cut into, where the caller does not say.
const SPAN: Duration = Duration::from_hours(24);
const EVERY: Duration = Duration::from_mins(5);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    every: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rate {
    /// The first instant, ISO 8601 UTC.
    pub from: String,
    /// The instant after the last.
    pub to: String,
    /// Seconds of each piece.
    pub every_s: f64,
    /// The oldest first; one without a state is left out.
    pub pieces: Vec<RatePiece>,
}

/// The states of one length of time, those put back by Home Assistant after a restart left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatePiece {
    /// Its first instant.
    pub start: String,
    /// Those that arrived as they happened.
    pub live: u64,
    /// Those that were had otherwise: from history, or by a comparison.
    pub afterwards: u64,
}

/// Scans; what is only in memory yet is part of it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Rate>, ApiError> {
    let (from, to) = period(parameters.from.as_deref(), parameters.to.as_deref(), SPAN, &*reading.clock)?;
    let every = length("every", parameters.every.as_deref())?.unwrap_or(EVERY);
    check_count("every", from, to, every)?;
    blocking("the states cannot be counted", move || {
        let rows = reading.store.rate(from, to, every)?;
        let piece = |row: hearthline_store::RateRow| RatePiece {
            start: row.start.to_string(),
            live: row.live,
            afterwards: row.afterwards,
        };
        let pieces = rows.into_iter().map(piece).collect();
        Ok(Json(Rate { from: from.to_string(), to: to.to_string(), every_s: every.as_secs_f64(), pieces }))
    })
    .await
}
