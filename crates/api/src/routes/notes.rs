//! What a person wrote down. `GET /api/v1/notes` lists it, the newest first; `POST /api/v1/notes` adds to it, which needs the
//! token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::notes::{Note, NoteList, Refused};
use serde::{Deserialize, Serialize};

use super::parameters::document;
use crate::{ApiError, ApiState};

/// What to write down: the body of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// 2,000 bytes at most.
    pub text: String,
}

/// Lists.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<NoteList>, ApiError> {
    let notes = state.notes;
    let listed = tokio::task::spawn_blocking(move || notes.list()).await;
    let listed = listed.map_err(std::io::Error::other).and_then(|listed| listed);
    listed.map(Json).map_err(|error| ApiError::inside("the notes cannot be read", error.to_string()))
}

/// Adds one, which is on disk when it is answered.
pub(super) async fn add(State(state): State<ApiState>, body: Bytes) -> Result<Json<Note>, ApiError> {
    let request: NoteRequest =
        document(&body, r#"send JSON, as in {"text": "turned the router off and on"}"#)?;
    let (notes, text) = (state.notes, state.logs.masked(&request.text));
    let added = tokio::task::spawn_blocking(move || notes.add(&text)).await;
    let added = added.map_err(|error| Refused::Disk(std::io::Error::other(error))).and_then(|added| added);
    added.map(Json).map_err(|refused| match refused {
        Refused::Disk(_) => ApiError::inside("nothing was written down", refused.to_string()),
        Refused::Empty | Refused::Long(_) => {
            let todo = "write a sentence or two";
            ApiError::new(StatusCode::BAD_REQUEST, "nothing was written down", refused.to_string(), todo)
        }
    })
}
