//! `GET /api/v1/logs?part=&level=&since=&until=&tail=&after=&wait=`: what the program says of itself. With `after`, which is a
//! line's number, only what comes behind it; `wait` keeps the answer until there is something of the kind, or for that long.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hearthline_runbook::logs::{Level, Lines, Logs, Wanted};
use serde::Deserialize;

use super::parameters::{Query, instant, length, limited, list};
use super::reading::blocking;
use crate::{ApiError, ApiState};

/// Lines of an answer where the caller does not say, and at most.
const TAIL: (usize, usize) = (200, 5000);
/// The longest wait.
const WAIT: Duration = Duration::from_secs(30);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Names of parts, separated by commas.
    part: Option<String>,
    /// This or worse.
    level: Option<String>,
    since: Option<String>,
    until: Option<String>,
    tail: Option<usize>,
    after: Option<u64>,
    wait: Option<String>,
}

/// The newest that are wanted, the oldest first.
pub(super) async fn get(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Lines>, ApiError> {
    let wait = length("wait", parameters.wait.as_deref())?.unwrap_or_default().min(WAIT);
    let wanted = wanted(&parameters)?;
    let until = tokio::time::Instant::now() + wait;
    loop {
        let lines = read(state.logs.clone(), wanted.clone()).await?;
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        if !lines.lines.is_empty() || wanted.after.is_none() || left.is_zero() {
            return Ok(Json(lines));
        }
        tokio::select! {
            () = state.stop.cancelled() => return Ok(Json(lines)),
            () = state.logs.wait(lines.last, left) => {}
        }
    }
}

fn wanted(parameters: &Parameters) -> Result<Wanted, ApiError> {
    let level = match parameters.level.as_deref() {
        None => Level::Trace,
        Some(name) => Level::named(name).ok_or_else(|| {
            ApiError::parameter(
                "level",
                format!("{name:?} is no level"),
                "write trace, debug, info, warn or error",
            )
        })?,
    };
    Ok(Wanted {
        parts: list(parameters.part.as_deref()).into_iter().map(str::to_owned).collect(),
        level,
        since: instant("since", parameters.since.as_deref())?,
        until: instant("until", parameters.until.as_deref())?,
        after: parameters.after,
        tail: limited(parameters.tail, TAIL),
    })
}

async fn read(logs: Logs, wanted: Wanted) -> Result<Lines, ApiError> {
    blocking("the program's own log cannot be read", move || Ok(logs.read(&wanted))).await
}
