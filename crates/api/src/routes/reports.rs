//! Reports. `GET /api/v1/reports` lists them, the newest first; `GET /api/v1/reports/{name}` answers with one, as Markdown.

use std::io;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hearthline_runbook::reports::ReportFile;
use serde::{Deserialize, Serialize};

use super::parameters::Path;
use crate::{ApiError, ApiState};

/// The reports that there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportList {
    /// The newest name first.
    pub reports: Vec<ReportFile>,
}

/// Lists.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<ReportList>, ApiError> {
    let reports = read(move || state.reports.list()).await?;
    Ok(Json(ReportList { reports }))
}

/// One, to be saved.
pub(super) async fn one(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = name.clone();
    let Some(text) = read(move || state.reports.read(&wanted)).await? else {
        let (why, todo) =
            (format!("there is no report {name:?}"), "ask for /api/v1/reports, which lists all");
        return Err(ApiError::new(StatusCode::NOT_FOUND, "not found", why, todo));
    };
    // A name that there is has letters, digits, dashes and a dot alone.
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text))
}

/// Reads on a thread that may wait for the disk.
async fn read<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| ApiError::inside("the reports cannot be read", error.to_string()))
}
