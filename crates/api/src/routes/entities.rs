//! `GET /api/v1/entities?ids=`: every entity with its latest state, and whether the settings keep it.

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};

use super::history::State;
use super::parameters::{Query, list};
use crate::{ApiError, Reading};

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Only these, in this order, separated by commas; also those that were never recorded.
    ids: Option<String>,
}

/// The answer, sorted by id unless ids were given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entities {
    /// One for each.
    pub entities: Vec<Entity>,
}

/// One entity.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entity {
    /// As Home Assistant writes it.
    pub entity_id: String,
    /// Whether the settings keep it.
    pub kept: bool,
    /// The rule that decided, as written in the settings; null when none names it.
    pub rule: Option<String>,
    /// The latest state; null when none was ever recorded.
    pub latest: Option<State>,
}

/// Answers from memory.
pub(super) async fn get(
    Shared(reading): Shared<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Entities>, ApiError> {
    let entity = |entity_id: &str, latest: Option<State>| {
        let decision = reading.filter.decide(entity_id);
        Entity { entity_id: entity_id.into(), kept: decision.kept, rule: decision.rule, latest }
    };
    let ids = list(parameters.ids.as_deref());
    let entities = if ids.is_empty() {
        let mut latest = reading.store.latest();
        latest.sort_by(|a, b| a.entity_id.cmp(&b.entity_id));
        latest.into_iter().map(|row| entity(row.entity_id.as_str(), Some(State::of(&row)))).collect()
    } else {
        ids.into_iter().map(|id| entity(id, reading.store.latest_of(id).map(|row| State::of(&row)))).collect()
    };
    Ok(Json(Entities { entities }))
}
