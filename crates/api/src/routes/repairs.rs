//! Repairs. `GET /api/v1/repairs` lists what was done, the newest first, and what can be; `GET /api/v1/repairs/findings` says what
//! is wrong, `POST /api/v1/repairs/plan` what a repair would do. These change nothing. `POST /api/v1/repairs` begins one and
//! answers with its id at once; `GET /api/v1/repairs/{id}` shows how far it is, `POST …/undo` takes it back, `POST …/resume` goes
//! on where it stands. What begins something needs the token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::repair::{
    CATALOGUE, Damaged, Finding, Kind, Listed, Plan, Receipt, Refused, RepairError, Seen,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parameters::{Path, document};
use crate::{ApiError, ApiState};

/// What is asked for: the body of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepairRequest {
    /// As in `hearthline repair <name>`.
    pub repair: String,
    /// As the repair takes them.
    #[serde(default)]
    pub options: Value,
    /// What the plan's `confirm` says, typed by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// Which repair was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairBegun {
    /// Of its receipt.
    pub id: String,
}

/// What was done, and what can be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repairs {
    /// The id of the one that is being carried out; null if none is.
    pub running: Option<String>,
    /// The newest first. What each second was like is in the answer for one alone.
    pub receipts: Vec<Receipt>,
    /// Receipts that cannot be read.
    pub damaged: Vec<Damaged>,
    /// The repairs that there are.
    pub catalogue: &'static [Kind],
}

/// What is wrong, with what would mend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// One for each repair that would do something, or of which that is not known.
    pub findings: Vec<Finding>,
}

/// Lists.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<Repairs>, ApiError> {
    let (Listed { receipts, damaged }, running) = state.repairs.list().await.map_err(of_repairs)?;
    Ok(Json(Repairs { running, receipts, damaged, catalogue: CATALOGUE }))
}

/// Looks for what is wrong.
pub(super) async fn findings(State(state): State<ApiState>) -> Result<Json<Findings>, ApiError> {
    Ok(Json(Findings { findings: state.repairs.findings().await.map_err(of_repairs)? }))
}

/// Plans.
pub(super) async fn plan(State(state): State<ApiState>, body: Bytes) -> Result<Json<Plan>, ApiError> {
    let RepairRequest { repair, options, .. } = asked(&body)?;
    Ok(Json(state.repairs.plan(repair, options).await.map_err(of_repairs)?))
}

/// Begins.
pub(super) async fn begin(State(state): State<ApiState>, body: Bytes) -> Result<Json<RepairBegun>, ApiError> {
    let RepairRequest { repair, options, confirm } = asked(&body)?;
    let id = state.repairs.begin(repair, options, confirm).await.map_err(of_repairs)?;
    Ok(Json(RepairBegun { id }))
}

/// Shows one.
pub(super) async fn one(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Seen>, ApiError> {
    Ok(Json(state.repairs.show(id).await.map_err(of_repairs)?))
}

/// Takes one back.
pub(super) async fn undo(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RepairBegun>, ApiError> {
    Ok(Json(RepairBegun { id: state.repairs.undo(id).await.map_err(of_repairs)? }))
}

/// Goes on with one.
pub(super) async fn resume(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RepairBegun>, ApiError> {
    Ok(Json(RepairBegun { id: state.repairs.resume(id).await.map_err(of_repairs)? }))
}

fn asked(body: &[u8]) -> Result<RepairRequest, ApiError> {
    document(body, r#"send JSON, as {"repair": "gaps", "options": {}}"#)
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn of_repairs(why: Refused) -> ApiError {
    refused(&why, "/api/v1/repairs")
}

/// In words; `list` says what there is and what is under way.
pub(super) fn refused(refused: &Refused, list: &str) -> ApiError {
    const NOTHING: &str = "nothing was done";
    let why = refused.to_string();
    let asking = |what: &str| format!("ask for {list}, which says {what}");
    let (status, what, todo) = match refused {
        Refused::Unknown(_) => {
            return ApiError::new(StatusCode::NOT_FOUND, "not found", why, asking("what there is"));
        }
        Refused::Options(_) => {
            let what = "the options cannot be read";
            return ApiError::new(StatusCode::BAD_REQUEST, what, why, asking("which there are"));
        }
        Refused::State(_) => {
            return ApiError::new(StatusCode::CONFLICT, NOTHING, why, asking("what is under way"));
        }
        Refused::Unconfirmed(_) => (StatusCode::CONFLICT, NOTHING, "send these words as `confirm`"),
        Refused::Nothing(_) => (StatusCode::CONFLICT, "there is nothing to mend", "nothing has to be done"),
        Refused::NeedsProgram(_) => (StatusCode::CONFLICT, NOTHING, "start the program"),
        Refused::Repair(RepairError::Later(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, NOTHING, "ask again in a moment")
        }
        Refused::Repair(RepairError::Person(_) | RepairError::Differs(_)) => {
            (StatusCode::CONFLICT, NOTHING, "do what it says, then ask again")
        }
        Refused::Disk(_) => return ApiError::inside(NOTHING, why),
    };
    ApiError::new(status, what, why, todo)
}
