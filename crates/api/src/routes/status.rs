//! `GET /api/v1/status`: the status document.

use axum::Json;
use axum::extract::State;
use hearthline_runbook::Status;

use crate::ApiState;

/// The document of this moment.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Status> {
    Json((state.status)())
}
