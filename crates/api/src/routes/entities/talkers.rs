//! `GET /api/v1/entities/talkers?from=&to=&limit=`: who has the most states in a period, counted.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::super::parameters::{Query, limited, period};
use super::super::reading::blocking;
use crate::{ApiError, Reading};

const LIMIT: (usize, usize) = (100, 10_000);
const SPAN: Duration = Duration::from_secs(3600);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
}

/// The answer, the most talkative first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Talkers {
    /// The first instant, ISO 8601 UTC.
    pub from: String,
    /// The instant after the last.
    pub to: String,
    /// Of all entities, also those behind the limit.
    pub states: u64,
    /// Those with a state in the period.
    pub talkers: Vec<Talker>,
}

/// One of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Talker {
    /// As it was called then.
    pub entity_id: String,
    /// How many states it has there.
    pub states: u64,
    /// The same per hour of the period.
    pub per_hour: f64,
}

/// Scans; what is only in memory yet is part of it.
#[expect(clippy::cast_precision_loss, reason = "counts of states are far below 2^53")]
pub(in crate::routes) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Talkers>, ApiError> {
    let (from, to) = period(parameters.from.as_deref(), parameters.to.as_deref(), SPAN, &*reading.clock)?;
    let limit = limited(parameters.limit, LIMIT);
    let hours = to.since(from).as_secs_f64() / 3600.0;
    let counts = blocking("the states cannot be counted", move || reading.store.counts(from, to)).await?;
    let talker = |(entity_id, states): (hearthline_core::EntityId, u64)| Talker {
        entity_id: entity_id.to_string(),
        states,
        per_hour: if hours > 0.0 { states as f64 / hours } else { 0.0 },
    };
    let states = counts.values().sum();
    let mut talkers: Vec<Talker> = counts.into_iter().map(talker).collect();
    talkers.sort_by_key(|talker| std::cmp::Reverse(talker.states)); // stable: by id where they have as many
    talkers.truncate(limit);
    Ok(Json(Talkers { from: from.to_string(), to: to.to_string(), states, talkers }))
}
