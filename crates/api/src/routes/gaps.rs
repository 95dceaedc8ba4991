//! `GET /api/v1/gaps`, `GET /api/v1/gaps/{id}`, `POST /api/v1/gaps/retry`, `POST /api/v1/backfill`: the ledger of gaps, and
//! asking Home Assistant's history once more, or for what was before.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_pipeline::orders::Order;
use hearthline_runbook::status::{Gap, Gaps};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::parameters::{Path, Query, instant};
use crate::{ApiError, ApiState};

/// So long is waited for the recorder, which answers between two frames.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every gap that is remembered.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Gaps> {
    Json(ledger(&state).await)
}

/// The newest gaps alone, as the status has them, where the recorder does not answer.
async fn ledger(state: &ApiState) -> Gaps {
    let mut gaps = (state.status)().gaps;
    if let Ok(Ok(all)) = timeout(PATIENCE, state.orders.give(Order::ListGaps)).await {
        gaps.recent = all.iter().map(Into::into).collect();
    }
    gaps
}

/// One of them.
pub(super) async fn one(State(state): State<ApiState>, Path(id): Path<u64>) -> Result<Json<Gap>, ApiError> {
    let gap = ledger(&state).await.recent.into_iter().find(|gap| gap.id == id);
    gap.map(Json).ok_or_else(|| unknown(id))
}

fn unknown(id: u64) -> ApiError {
    let why = format!("no gap that is remembered has the number {id}");
    ApiError::new(
        StatusCode::NOT_FOUND,
        "there is no such gap",
        why,
        "ask for /api/v1/gaps, which lists them",
    )
}

/// Which gap to try again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    gap: Option<u64>,
}

/// How many gaps are open again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// Those that were filled in part or not at all.
    pub retried: u64,
}

/// Tries one gap again, or all that are filled in part or not at all.
pub(super) async fn retry(
    State(state): State<ApiState>,
    Query(Which { gap }): Query<Which>,
) -> Result<Json<Retried>, ApiError> {
    let retried = state.orders.give(|reply| Order::RetryGaps(gap, reply)).await;
    let retried = retried.map_err(|why| ApiError::inside("no gap was tried again", why))?;
    match gap {
        Some(id) if retried == 0 => Err(unknown(id)),
        _ => Ok(Json(Retried { retried: retried as u64 })),
    }
}

/// Since when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    from: String,
}

/// The gap that stands for the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Its number.
    pub gap: u64,
}

/// Fetches the states that Home Assistant's history still has since an instant.
pub(super) async fn backfill(
    State(state): State<ApiState>,
    Query(Since { from }): Query<Since>,
) -> Result<Json<Backfill>, ApiError> {
    let from = instant("from", Some(&from))?.unwrap_or_default();
    if from >= state.reading.clock.now() {
        let why = format!("{from} is in the future");
        return Err(ApiError::parameter(
            "from",
            why,
            "write an instant of the past, as 2026-11-23T11:57:01Z",
        ));
    }
    let gap = state.orders.give(|reply| Order::Backfill(from, reply)).await;
    let gap = gap.map_err(|why| ApiError::inside("nothing was asked for", why))?;
    Ok(Json(Backfill { gap }))
}
