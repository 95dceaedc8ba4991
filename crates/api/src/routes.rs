//! The routes, one file each.

mod entities;
mod export;
mod flush;
mod health;
mod history;
mod metrics;
mod parameters;
mod reading;
mod status;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::{ApiError, ApiState, Reading, access};

pub use entities::{Entities, Entity};
pub use flush::Flushed;
pub use history::{Bucket, History, State};

/// The routes that answer from what is recorded. They work without a running program and check nobody: for use within
/// the process.
pub fn reading(recorded: Reading) -> Router {
    Router::new()
        .route("/api/v1/entities", get(entities::get))
        .route("/api/v1/entities/{id}/history", get(history::get))
        .route("/api/v1/export", get(export::get))
        .with_state(recorded)
        .fallback(unknown)
}

/// All routes, behind the check of who may ask.
pub fn router(state: ApiState) -> Router {
    let (token, recorded) = (state.token.clone(), state.reading.clone());
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/healthz", get(health::health))
        .route("/metrics", get(metrics::get))
        .route("/api/v1/status", get(status::get))
        .route("/api/v1/flush", post(flush::post))
        .with_state(state)
        .merge(reading(recorded))
        .layer(from_fn_with_state(token, access::guard))
}

async fn unknown(uri: Uri) -> ApiError {
    let why = format!("there is nothing at {}", uri.path());
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not found",
        why,
        "ask for /api/v1/status, or look into the README for the list",
    )
}
