//! The runbook. `GET /api/v1/runbook` says what its lines would be at this moment, and how the last run went; it changes nothing.
//! `POST /api/v1/runbook` begins one and answers with its id at once; `GET /api/v1/runbook/{id}` shows how far it is,
//! `POST …/resume` goes on at the line at which one stands, `POST …/undo` takes back what its lines have mended. What begins
//! something needs the token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use hearthline_runbook::repair::{Options, Plan, Refused, Seen};
use hearthline_runbook::reports::name_of;
use hearthline_runbook::runbook::lines::NAME;
use hearthline_runbook::runbook::{Outcome, report};
use serde::{Deserialize, Serialize};

use super::parameters::{Path, Query, document_or_nothing};
use super::repairs::{RepairBegun, refused};
use crate::{ApiError, ApiState};

/// What is asked for: the body of a request, or what stands after the `?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunbookRequest {
    /// How long it watches at its end, in seconds; null is two minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor_s: Option<u64>,
    /// Maintenance begins before its first line and ends after its last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maintenance: bool,
}

/// What would be done, and what was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// The lines of this moment; null where they are not known.
    pub plan: Option<Plan>,
    /// Why they are not.
    pub unknown: Option<String>,
    /// The run that is under way, or else the last one; null where there was none.
    pub last: Option<RunbookRun>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunbookRun {
    /// Its receipt, and how far it is.
    pub seen: Seen,
    /// How it went.
    pub outcome: Outcome,
    /// The same in one sentence.
    pub verdict: String,
    /// The name of its report; null before its end.
    pub report: Option<String>,
}

impl RunbookRun {
    fn of(seen: Seen) -> Self {
        Self {
            outcome: Outcome::of(&seen.receipt),
            verdict: report::verdict(&seen.receipt),
            report: seen.receipt.ended.as_ref().map(|_| name_of(&seen.receipt.id)),
            seen,
        }
    }
}

/// The lines, and the last run.
pub(super) async fn get(
    State(state): State<ApiState>,
    Query(asked): Query<RunbookRequest>,
) -> Result<Json<Runbook>, ApiError> {
    let (listed, running) = state.runbook.list().await.map_err(of_runs)?;
    let newest = listed.receipts.into_iter().map(|receipt| receipt.id).next();
    let last = match running.or(newest) {
        Some(id) => Some(RunbookRun::of(state.runbook.show(id).await.map_err(of_runs)?)),
        None => None,
    };
    let planned = state.runbook.plan(NAME.into(), options(asked)).await;
    let unknown = planned.as_ref().err().map(ToString::to_string);
    Ok(Json(Runbook { plan: planned.ok(), unknown, last }))
}

/// Begins.
pub(super) async fn begin(State(state): State<ApiState>, body: Bytes) -> Result<Json<RepairBegun>, ApiError> {
    let asked = document_or_nothing(&body, r#"send JSON, as {"monitor_s": 1800}, or nothing"#)?;
    let id = state.runbook.begin(NAME.into(), options(asked), None).await.map_err(of_runs)?;
    Ok(Json(RepairBegun { id }))
}

/// Shows one.
pub(super) async fn one(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RunbookRun>, ApiError> {
    Ok(Json(RunbookRun::of(state.runbook.show(id).await.map_err(of_runs)?)))
}

/// Goes on with one.
pub(super) async fn resume(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RepairBegun>, ApiError> {
    Ok(Json(RepairBegun { id: state.runbook.resume(id).await.map_err(of_runs)? }))
}

/// Takes one back.
pub(super) async fn undo(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RepairBegun>, ApiError> {
    Ok(Json(RepairBegun { id: state.runbook.undo(id).await.map_err(of_runs)? }))
}

fn options(RunbookRequest { monitor_s, maintenance }: RunbookRequest) -> serde_json::Value {
    Options { monitor_s, maintenance, ..Options::default() }.to_value()
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn of_runs(why: Refused) -> ApiError {
    refused(&why, "/api/v1/runbook")
}
