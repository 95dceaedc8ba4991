//! Whether an event gets through. `GET /api/v1/verify` gives the last results, the newest first, and the one that is being carried
//! out; `POST /api/v1/verify` begins one and answers with its name at once. It sets a state in Home Assistant, so it needs the
//! token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::verify::{By, Refused, Verifications};
use serde::{Deserialize, Serialize};

use super::parameters::document_or_nothing;
use crate::{ApiError, ApiState};

/// What is asked for: the body of a request; without one, one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// Rounds, each of a change, a flip of a type and a removal: from 1 to 100.
    #[serde(default = "one")]
    pub rounds: u32,
}

/// Which verification was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyBegun {
    /// Its name.
    pub id: String,
}

const fn one() -> u32 {
    1
}

/// The last results.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Verifications> {
    Json(state.verify.look())
}

/// Begins one.
pub(super) async fn post(State(state): State<ApiState>, body: Bytes) -> Result<Json<VerifyBegun>, ApiError> {
    let VerifyRequest { rounds } = document_or_nothing(&body, r#"send JSON, as in {"rounds": 1}"#)?;
    let id = state.verify.begin(rounds, By::Person).map_err(refused)?;
    Ok(Json(VerifyBegun { id }))
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn refused(refused: Refused) -> ApiError {
    let why = refused.to_string();
    let (status, todo) = match refused {
        Refused::Rounds(_) => (StatusCode::BAD_REQUEST, "send fewer, several times"),
        Refused::Running(_) => (StatusCode::CONFLICT, "ask for /api/v1/verify, which says how far it is"),
        Refused::Ending => (StatusCode::SERVICE_UNAVAILABLE, "ask again when it runs"),
    };
    ApiError::new(status, "nothing was begun", why, todo)
}
