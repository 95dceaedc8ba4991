//! `GET /api/v1/criteria`: the success criteria with their figures.

use axum::Json;
use axum::extract::State;
use hearthline_runbook::status::{Criterion, Overall};
use serde::{Deserialize, Serialize};

use crate::ApiState;

/// What has to hold, and whether it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criteria {
    /// Every criterion holds; null when of some that is not known, and all others hold.
    pub met: Option<bool>,
    /// The state of the whole.
    pub overall: Overall,
    /// All of them, in the order in which they are shown.
    pub criteria: Vec<Criterion>,
}

/// Those of this moment.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Criteria> {
    let status = (state.status)();
    let all = |met: Option<bool>| status.criteria.iter().any(|criterion| criterion.met == met);
    let met = match (all(Some(false)), all(None)) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    };
    Json(Criteria { met, overall: status.overall, criteria: status.criteria })
}
