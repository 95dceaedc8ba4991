//! Alerts. `GET /api/v1/alerts?history=` lists what is wrong, what is muted and what was wrong. `POST …/{id}/acknowledge` says that
//! somebody has seen one, `POST …/{id}/mute` that nobody wants to hear of it for a while, `POST …/{id}/unmute` takes that back;
//! these need the token. A mute is of an alert, or of all of a rule: `{id}` is the id of the one or the name of the other.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::alerts::{Alert, Alerts, Listed, Mute, Refused};
use serde::{Deserialize, Serialize};

use super::parameters::{Path, Query, document, length};
use crate::{ApiError, ApiState};

/// Of what is over, so many without a wish for more.
const HISTORY: usize = 50;

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Of what is over, so many.
    history: Option<usize>,
}

/// For how long: the body of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteRequest {
    /// `30m`, `2h`, `7d`.
    #[serde(rename = "for")]
    pub length: String,
}

/// What is heard of again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmuted {
    /// A rule, or the id of an alert.
    pub what: String,
}

/// Lists.
pub(super) async fn list(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
) -> Json<Listed> {
    Json(state.alerts.list(parameters.history.unwrap_or(HISTORY)))
}

/// Somebody has seen it.
pub(super) async fn acknowledge(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Alert>, ApiError> {
    let alert = state.alerts.acknowledge(&id).map_err(refused)?;
    kept(state.alerts).await;
    Ok(Json(alert))
}

/// Nobody wants to hear of it for a while.
pub(super) async fn mute(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Mute>, ApiError> {
    let request: MuteRequest = document(&body, r#"send JSON, as in {"for": "2h"}"#)?;
    let time = length("for", Some(&request.length))?.unwrap_or_default();
    let mute = state.alerts.mute(&id, time).map_err(refused)?;
    kept(state.alerts).await;
    Ok(Json(mute))
}

/// It is heard of again.
pub(super) async fn unmute(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Unmuted>, ApiError> {
    state.alerts.unmute(&id).map_err(refused)?;
    kept(state.alerts).await;
    Ok(Json(Unmuted { what: id }))
}

/// What was answered is on disk, if the disk takes it; else it is written as soon as it does.
async fn kept(alerts: Alerts) {
    if let Err(error) = tokio::task::spawn_blocking(move || alerts.keep()).await {
        tracing::warn!(%error, "what is known of alerts could not be kept");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn refused(refused: Refused) -> ApiError {
    let status = match refused {
        Refused::Unknown(_) | Refused::NotActive(_) => StatusCode::NOT_FOUND,
        Refused::Length => StatusCode::BAD_REQUEST,
        Refused::TooMany => StatusCode::CONFLICT,
    };
    let todo = match refused {
        Refused::Unknown(_) | Refused::NotActive(_) => {
            "ask for /api/v1/alerts, which lists them and the rules"
        }
        Refused::Length => "a rule is switched off for ever in the settings, under [alerts]",
        Refused::TooMany => "unmute something first, or mute a whole rule",
    };
    ApiError::new(status, "nothing was changed", refused.to_string(), todo)
}
