//! Telling people. `GET /api/v1/notify` lists the places of the settings, what waits for each and what became of the last messages.
//! `POST /api/v1/notify/test` sends a message to one, or to all, at once; it needs the token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_runbook::notify::{Listed, Tried};
use serde::{Deserialize, Serialize};

use super::parameters::document_or_nothing;
use crate::{ApiError, ApiState};

/// Whom to try: the body of a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyTestRequest {
    /// The name of a place; null is all.
    #[serde(default)]
    pub place: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyTested {
    /// Each place that a message was sent to.
    pub tried: Vec<Tried>,
}

/// Lists.
pub(super) async fn list(State(state): State<ApiState>) -> Json<Listed> {
    Json(state.notify.list())
}

/// Tries.
pub(super) async fn test(State(state): State<ApiState>, body: Bytes) -> Result<Json<NotifyTested>, ApiError> {
    let request: NotifyTestRequest =
        document_or_nothing(&body, r#"send JSON, as in {"place": "phone"}, or nothing"#)?;
    match state.notify.test(request.place.as_deref()).await {
        Ok(tried) => Ok(Json(NotifyTested { tried })),
        Err(why) => Err(nothing_sent(why)),
    }
}

/// Nobody has that name, or there is nobody.
pub(super) fn nothing_sent(why: String) -> ApiError {
    let todo = "ask for /api/v1/notify, which lists the places of the settings";
    ApiError::new(StatusCode::NOT_FOUND, "nothing was sent", why, todo)
}
