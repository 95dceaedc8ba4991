//! `/api/v1/session`: how a browser, which cannot send a header of its own with everything, shows the token once.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use crate::access::{Access, Caller, session};
use crate::{ApiError, ApiState};

/// Who the program takes the caller for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `token`, `session`, `ingress`, or `machine`: somebody on the same machine.
    pub caller: String,
    /// The person's name, where Home Assistant's ingress says it.
    pub user: Option<String>,
    /// Whether it may change what is recorded.
    pub may_change: bool,
}

/// The token of the program.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    token: String,
}

/// Opens a session for who shows the token.
pub(super) async fn open(State(access): State<Access>, body: Bytes) -> Result<impl IntoResponse, ApiError> {
    let shown: Shown = serde_json::from_slice(&body)
        .map_err(|error| ApiError::parameter("the token", error.to_string(), "send {\"token\": \"...\"}"))?;
    Ok((AppendHeaders([access.open(&shown.token)?]), Json(Session::of(&Caller::Session))))
}

/// Who asks; its session is made new.
pub(super) async fn get(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
) -> impl IntoResponse {
    (AppendHeaders(state.access.renew(&caller)), Json(Session::of(&caller)))
}

/// Ends it in this browser.
pub(super) async fn end() -> impl IntoResponse {
    (StatusCode::NO_CONTENT, AppendHeaders([session::ended()]))
}

impl Session {
    fn of(caller: &Caller) -> Self {
        let (name, user) = match caller {
            Caller::Token => ("token", None),
            Caller::Session => ("session", None),
            Caller::Ingress(user) => ("ingress", user.clone()),
            Caller::Machine => ("machine", None),
        };
        Self { caller: name.into(), user, may_change: caller.may_change() }
    }
}
