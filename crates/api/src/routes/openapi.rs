//! `GET /openapi.json`: what this API answers, for programs. A test holds it against the routes and their answers.

use axum::http::header;
use axum::response::IntoResponse;

/// OpenAPI 3.1.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub(super) async fn get() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
