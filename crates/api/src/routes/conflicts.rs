//! `GET /api/v1/conflicts`: fields that an InfluxDB has as another type, and where our values go. `POST
//! /api/v1/conflicts/reset?sink=` has a sink forget what it knows of the server's fields and read them again; it needs the token.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_pipeline::sinks::influxdb::{point, schema};
use serde::{Deserialize, Serialize};

use super::parameters::Query;
use crate::{ApiError, ApiState};

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflicts {
    /// Fields of ours that cannot have their own name.
    pub conflicts: Vec<Conflict>,
    /// Fields that rows were written without.
    pub left_out: Vec<LeftOut>,
    /// Sinks whose server does not say which fields it has: conflicts show when it refuses a value.
    pub unread: Vec<Unread>,
}

/// A field of ours whose name a server has as another type. Nothing is lost by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// As in the settings.
    pub sink: String,
    /// Where.
    pub measurement: String,
    /// The name that is taken.
    pub field: String,
    /// The types that the server has under it; several where it changed between two shards.
    pub server: Vec<String>,
    /// The type of our values.
    pub ours: String,
    /// The field that has them.
    pub goes_to: String,
    /// Since when that is known, ISO 8601 UTC.
    pub since: String,
    /// Rows that were delivered so.
    pub rows: u64,
}

/// A field that rows were written without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// As in the settings.
    pub sink: String,
    /// The attribute, or the field.
    pub field: String,
    /// Why, in words.
    pub reason: String,
    /// How many, since the program started.
    pub rows: u64,
}

/// A sink whose server does not say which fields it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// As in the settings.
    pub sink: String,
    /// In the server's words.
    pub reason: String,
}

/// All sinks.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Conflicts> {
    let mut answer = Conflicts::default();
    for view in &state.influxdb {
        let (name, seen) = (view.name(), view.look());
        answer.conflicts.extend(conflicts_of(name, seen.conflicts));
        answer.left_out.extend(left_out_of(name, seen.left_out));
        answer.unread.extend(seen.fields_unknown.map(|reason| Unread { sink: name.to_owned(), reason }));
    }
    Json(answer)
}

/// As the API says it.
pub(super) fn conflicts_of(sink: &str, conflicts: Vec<schema::Conflict>) -> Vec<Conflict> {
    let conflict = |conflict: schema::Conflict| Conflict {
        sink: sink.to_owned(),
        measurement: conflict.measurement,
        field: conflict.field,
        server: conflict.server.iter().map(ToString::to_string).collect(),
        ours: conflict.ours.to_string(),
        goes_to: conflict.goes_to,
        since: conflict.since.to_string(),
        rows: conflict.rows,
    };
    conflicts.into_iter().map(conflict).collect()
}

/// As the API says it.
pub(super) fn left_out_of(sink: &str, left_out: Vec<point::LeftOut>) -> Vec<LeftOut> {
    let left_out_one = |left_out: point::LeftOut| LeftOut {
        sink: sink.to_owned(),
        field: left_out.field,
        reason: left_out.reason.to_string(),
        rows: left_out.rows,
    };
    left_out.into_iter().map(left_out_one).collect()
}

/// Which sink.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    sink: Option<String>,
}

/// Who was told to forget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictsReset {
    /// The sinks; each does it before it writes the next time.
    pub sinks: Vec<String>,
}

/// Has one sink, or all, forget and read again.
pub(super) async fn reset(
    State(state): State<ApiState>,
    Query(Which { sink }): Query<Which>,
) -> Result<Json<ConflictsReset>, ApiError> {
    let views = state.influxdb.iter().filter(|view| sink.as_deref().is_none_or(|sink| sink == view.name()));
    let views: Vec<_> = views.collect();
    match sink {
        Some(sink) if views.is_empty() => {
            let why = format!("no sink of type influxdb is called {sink:?}");
            let todo = "ask for /api/v1/status, which lists the sinks";
            return Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such sink", why, todo));
        }
        _ => {}
    }
    views.iter().for_each(|view| view.reset());
    Ok(Json(ConflictsReset { sinks: views.iter().map(|view| view.name().to_owned()).collect() }))
}
