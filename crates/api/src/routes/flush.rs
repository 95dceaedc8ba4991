//! `POST /api/v1/flush`: puts everything logged so far into files.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::{ApiError, ApiState};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flushed {
    /// The last log record that is in files.
    pub committed_seq: u64,
}

/// Answers when everything that was logged at the time of asking is in files.
pub(super) async fn post(State(state): State<ApiState>) -> Result<Json<Flushed>, ApiError> {
    let committed =
        (state.flush)().await.map_err(|why| ApiError::inside("the store was not flushed", why))?;
    Ok(Json(Flushed { committed_seq: committed.0 }))
}
