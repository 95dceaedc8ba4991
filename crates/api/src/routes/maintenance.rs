//! Maintenance. `GET /api/v1/maintenance` says whether a person works on the house, and what happened meanwhile. `POST` begins it with
//! `{"for": "30m", "why": "..."}`, or has it go on for so long from now; `POST …/end` ends it. These need the token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::maintenance::{Refused, View};
use serde::{Deserialize, Serialize};

use super::parameters::{document, length};
use crate::{ApiError, ApiState};

/// Of what is over, so much is looked through.
const HISTORY: usize = 500;

/// For how long, and why: the body of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceRequest {
    /// `30m`, `2h`; a minute at least and 24 hours at most.
    #[serde(rename = "for")]
    pub length: String,
    /// In a person's words, which people are told.
    #[serde(default)]
    pub why: Option<String>,
}

/// How it is.
pub(super) async fn get(State(state): State<ApiState>) -> Json<View> {
    Json(view(&state))
}

/// Begins, or goes on.
pub(super) async fn begin(State(state): State<ApiState>, body: Bytes) -> Result<Json<View>, ApiError> {
    let request: MaintenanceRequest =
        document(&body, r#"send JSON, as in {"for": "30m", "why": "new disk"}"#)?;
    let time = length("for", Some(&request.length))?.unwrap_or_default();
    let maintenance = state.maintenance.clone();
    changed(move || maintenance.begin(time, request.why.as_deref()).map(drop)).await?;
    Ok(Json(view(&state)))
}

/// Ends it.
pub(super) async fn end(State(state): State<ApiState>) -> Result<Json<View>, ApiError> {
    let maintenance = state.maintenance.clone();
    changed(move || maintenance.end().map(drop)).await?;
    Ok(Json(view(&state)))
}

fn view(state: &ApiState) -> View {
    state.maintenance.view(&state.alerts.list(HISTORY))
}

/// Waits for the disk elsewhere.
async fn changed(change: impl FnOnce() -> Result<(), Refused> + Send + 'static) -> Result<(), ApiError> {
    let done = tokio::task::spawn_blocking(change).await;
    done.unwrap_or_else(|error| Err(Refused::Disk(error.to_string()))).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn refused(refused: Refused) -> ApiError {
    let (status, todo) = match &refused {
        Refused::Length => (StatusCode::BAD_REQUEST, "what takes longer is begun again on the next day"),
        Refused::None => (StatusCode::CONFLICT, "ask for /api/v1/maintenance, which says how it is"),
        Refused::Disk(_) => (StatusCode::SERVICE_UNAVAILABLE, "see that the data folder can be written to"),
    };
    ApiError::new(status, "nothing was changed", refused.to_string(), todo)
}
