//! `GET /api/v1/entities/left_out`: the entities that the settings leave out, each with the rule that decided.

use axum::Json;
use axum::extract::State;
use hearthline_pipeline::left_out::LeftOut;
use serde::{Deserialize, Serialize};

use crate::Reading;

/// The answer, sorted by id. Nothing of them is on disk: without a running program none is known.
#[derive(Debug, Serialize, Deserialize)]
pub struct LeftOutEntities {
    /// One for each.
    pub entities: Vec<LeftOutEntity>,
}

/// One of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct LeftOutEntity {
    /// As Home Assistant writes it.
    pub entity_id: String,
    /// The rule of `filter.exclude`; null where `filter.include` names others only.
    pub rule: Option<String>,
    /// Changes that were left out since the program started.
    pub events: u64,
    /// When the last of them came, ISO 8601 UTC; null before the first.
    pub last: Option<String>,
}

/// Answers from memory.
pub(in crate::routes) async fn get(State(reading): State<Reading>) -> Json<LeftOutEntities> {
    let entity = |one: LeftOut| LeftOutEntity {
        entity_id: one.entity_id.to_string(),
        rule: one.rule,
        events: one.events,
        last: one.last.map(|last| last.to_string()),
    };
    Json(LeftOutEntities { entities: (reading.left_out)().into_iter().map(entity).collect() })
}
