//! `GET /livez`, `/readyz`, `/healthz` (also `/health`, `/api/v1/health`): answers for probes.
//!
//! Alive means that the process answers: restart it if not. Ready means that every part has started. Health is the
//! verdict on the whole: 503 only when data is being lost, because a restart does not mend what is merely late.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::status::Overall;
use serde_json::{Value, json};

use crate::ApiState;

/// Always 200.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// 200 when no part is starting any more, else 503 with their names.
pub(super) async fn ready(State(state): State<ApiState>) -> (StatusCode, Json<Value>) {
    let status = (state.status)();
    let starting: Vec<String> =
        status.parts.into_iter().filter(|part| part.state == "starting").map(|part| part.name).collect();
    let code = if starting.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": starting.is_empty(), "starting": starting })))
}

/// 200 when healthy or degraded, 503 when unhealthy, with the verdict.
pub(super) async fn health(State(state): State<ApiState>) -> (StatusCode, Json<Value>) {
    let status = (state.status)();
    let code = match status.overall {
        Overall::Healthy | Overall::Degraded => StatusCode::OK,
        Overall::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, Json(json!({ "overall": status.overall, "verdict": status.verdict })))
}
