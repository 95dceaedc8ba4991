//! Errors as a caller sees them: what happened, why, and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// An error answer. On the wire: `{"error": {"what": "..", "why": "..", "do": ".."}}`.
#[derive(Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The words.
    pub body: Body,
}

/// The words of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// What did not work.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What the caller can do.
    #[serde(rename = "do")]
    pub todo: String,
}

/// The document around the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The words.
    pub error: Body,
}

impl ApiError {
    /// Any error.
    pub fn new(
        status: StatusCode,
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { status, body: Body { what: what.into(), why: why.into(), todo: todo.into() } }
    }

    /// A parameter that means nothing.
    pub fn parameter(name: &str, why: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("{name} cannot be read"), why, todo)
    }

    /// Something inside did not work. It is logged here, once.
    pub fn inside(what: impl Into<String>, why: impl Into<String>) -> Self {
        let (what, why) = (what.into(), why.into());
        tracing::warn!("{what}: {why}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            what,
            why,
            "see what `hearthline doctor` finds, and the program's log",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Document { error: self.body })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
