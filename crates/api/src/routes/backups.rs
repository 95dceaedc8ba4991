//! Backups. `GET /api/v1/backups` lists them, the newest first, with what is being done and how what was done last has ended.
//! `POST /api/v1/backups` begins one, `POST /api/v1/backups/{name}/rehearse` puts one into a folder of its own and compares it: both
//! answer with a name at once, and need the token.

use std::path::PathBuf;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::backup::{Listed, Refused};
use hearthline_runbook::verify::By;
use serde::{Deserialize, Serialize};

use super::parameters::{Path, document_or_nothing};
use crate::{ApiError, ApiState};

/// What is asked for: the body of a request; without one, a backup where the settings have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// A folder of this machine in place of that of the settings, from its root on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PathBuf>,
}

/// What was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupBegun {
    /// Its name, as in `running` and `ended` of the list.
    pub id: String,
}

/// Lists.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<Listed>, ApiError> {
    let looked = tokio::task::spawn_blocking(move || state.backups.look()).await;
    looked.map(Json).map_err(|error| ApiError::inside("the backups cannot be listed", error.to_string()))
}

/// Begins one.
pub(super) async fn begin(State(state): State<ApiState>, body: Bytes) -> Result<Json<BackupBegun>, ApiError> {
    let BackupRequest { to } = document_or_nothing(&body, r#"send JSON, as in {"to": "/mnt/nas/house"}"#)?;
    if to.as_ref().is_some_and(|to| !to.is_absolute()) {
        let why = "it is not known from where it is meant";
        return Err(ApiError::parameter("to", why, "write the whole path, from / on"));
    }
    let id = state.backups.begin(to, By::Person).map_err(refused)?;
    Ok(Json(BackupBegun { id }))
}

/// Rehearses one.
pub(super) async fn rehearse(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Json<BackupBegun>, ApiError> {
    let begun = tokio::task::spawn_blocking(move || state.backups.rehearse(name)).await;
    let begun = begun.map_err(|error| ApiError::inside("nothing was begun", error.to_string()))?;
    Ok(Json(BackupBegun { id: begun.map_err(refused)? }))
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn refused(refused: Refused) -> ApiError {
    let (status, what) = match refused {
        Refused::Running(_) => (StatusCode::CONFLICT, "nothing was begun"),
        Refused::Unknown(_) => (StatusCode::NOT_FOUND, "not found"),
    };
    ApiError::new(
        status,
        what,
        refused.to_string(),
        "ask for /api/v1/backups, which says what there is and what is under way",
    )
}
