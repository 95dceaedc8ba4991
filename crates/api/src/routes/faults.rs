//! `GET /api/v1/demo/faults`, `POST /api/v1/demo/faults/{name}`: what can be made to go wrong in a demonstration. A
//! program that records a real house has none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::parameters::Path;
use crate::{ApiError, ApiState};

/// The answer to what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultList {
    /// In the order in which they are shown.
    pub faults: Vec<Fault>,
    /// The old way beside ours; absent while it is off, and where the house is a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naive: Option<Naive>,
}

/// The naive writer of a demonstration, which writes as the system before Hearthline did. Counts of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naive {
    /// Whether it reads.
    pub running: bool,
    /// Why it does not, once it has ended.
    pub ended: Option<String>,
    /// Came over its connection.
    pub received: u64,
    /// Taken by the server.
    pub accepted: u64,
    /// Given up.
    pub lost: u64,
    /// The lost ones by the server's words.
    pub refused: Vec<NaiveLoss>,
}

/// Events that were lost for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NaiveLoss {
    /// The server's.
    pub words: String,
    /// How many.
    pub events: u64,
}

/// One fault, and the answer to having caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// For the address.
    pub name: String,
    /// What happens, in words.
    pub says: String,
}

/// Lists them; empty where the house is a real one.
pub(super) async fn get(State(state): State<ApiState>) -> Json<FaultList> {
    Json(FaultList { naive: (state.faults.naive)(), faults: state.faults.named })
}

/// Causes one.
pub(super) async fn post(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Json<Fault>, ApiError> {
    let fault = state.faults.named.iter().find(|fault| fault.name == name).ok_or_else(|| {
        let why = format!("no fault is called {name:?}");
        ApiError::new(
            StatusCode::NOT_FOUND,
            "nothing was broken",
            why,
            "ask for /api/v1/demo/faults, which lists them",
        )
    })?;
    (state.faults.cause)(&fault.name);
    Ok(Json(fault.clone()))
}
