//! `GET /api/v1/doctor`: what is wrong, everything that is looked at with figures and a remedy.
//!
//! Nothing is written anywhere for it, so the speed of the disk and a write into each sink are not looked at: `hearthline doctor`
//! does that. A report is given again for 15 s, and whoever asks meanwhile waits for the same one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::doctor::Report;

use crate::{ApiError, ApiState};

/// The report.
pub(super) async fn get(State(state): State<ApiState>) -> Result<Json<Arc<Report>>, ApiError> {
    state.doctor.report().await.map(Json).map_err(|why| {
        let todo = "correct what it says in the settings, or ask again in a moment";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "it cannot be looked at", why, todo)
    })
}
