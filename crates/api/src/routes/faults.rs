//! `GET /api/v1/demo/faults`, `POST /api/v1/demo/faults/{name}`: what can be made to go wrong in a demonstration. A
//! program that records a real house has none.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{ApiError, ApiState};

/// The answer to what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultList {
    /// In the order in which they are shown.
    pub faults: Vec<Fault>,
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
    Json(FaultList { faults: state.faults.named })
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
