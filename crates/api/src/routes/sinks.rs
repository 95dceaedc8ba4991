//! `GET /api/v1/sinks/{name}`: one place that the log is delivered to, with what is known of its server: fields that it has as
//! another type, what was left out and what was set aside, and what the points cost it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_pipeline::sinks::influxdb::cardinality::{self, Cardinality};
use hearthline_pipeline::sinks::influxdb::{InfluxView, RefusedRow, Version};
use hearthline_runbook::status;
use serde::{Deserialize, Serialize};

use super::conflicts::{Conflict, LeftOut, conflicts_of, left_out_of};
use super::parameters::Path;
use crate::{ApiError, ApiState};

/// Refused rows that are shown.
const REFUSED: usize = 20;

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SinkReport {
    /// As in the status document.
    pub sink: status::Sink,
    /// What is known of its server; null for one that has none.
    pub server: Option<SinkServer>,
}

/// What is known of an InfluxDB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkServer {
    /// How points look: `native`, or `ha` for those of Home Assistant's own integration.
    pub layout: String,
    /// What states are written to: of the settings, or what a repair switched to. Null where the layout has several.
    pub measurement: Option<String>,
    /// Why its fields are not known, if they are not: conflicts show when it refuses a value.
    pub fields_unknown: Option<String>,
    /// Fields of ours that cannot have their own name there.
    pub conflicts: Vec<Conflict>,
    /// Fields that rows were written without.
    pub left_out: Vec<LeftOut>,
    /// The newest rows that it refused alone, the newest first.
    pub refused: Vec<RefusedRow>,
    /// Events that left the log before it had them, and that are still to be read from the store.
    pub missed: u64,
    /// What the points cost it.
    pub cardinality: SinkCardinality,
}

/// What the points cost a server. Series are counted since the program started, fields with those that the server has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkCardinality {
    /// Series that were written to.
    pub series: u64,
    /// Entities among them.
    pub entities: u64,
    /// Fields of each measurement.
    pub fields: Vec<SinkShare>,
    /// Who has more than one series, the most first.
    pub most_series: Vec<SinkShare>,
    /// Of whom fields came that nobody had before, the most first.
    pub most_fields: Vec<SinkShare>,
    /// Limits of the server that are near.
    pub concerns: Vec<SinkConcern>,
}

/// What one contributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkShare {
    /// A measurement, an entity or a type of event.
    pub of: String,
    /// How many.
    pub count: u64,
}

/// A limit that is near or passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkConcern {
    /// Of what there are so many.
    pub what: String,
    /// How many.
    pub count: u64,
    /// How many the server takes.
    pub limit: u64,
    /// What happens there, and what can be done.
    pub says: String,
}

impl SinkCardinality {
    /// With the limits of such a server.
    #[must_use]
    pub fn of(cardinality: Cardinality, version: Option<Version>) -> Self {
        let shares = |shares: Vec<cardinality::Share>| {
            shares.into_iter().map(|share| SinkShare { of: share.of, count: share.count }).collect()
        };
        let concerns = cardinality.concerns(version).into_iter().map(|concern| SinkConcern {
            what: concern.what,
            count: concern.count,
            limit: concern.limit,
            says: concern.says,
        });
        Self {
            series: cardinality.series,
            entities: cardinality.entities,
            concerns: concerns.collect(),
            fields: cardinality.fields.into_iter().map(|(of, count)| SinkShare { of, count }).collect(),
            most_series: shares(cardinality.most_series),
            most_fields: shares(cardinality.most_fields),
        }
    }
}

/// One sink.
pub(super) async fn one(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Json<SinkReport>, ApiError> {
    let sinks = (state.status)().sinks;
    let names: Vec<_> = sinks.iter().map(|sink| sink.name.clone()).collect();
    let Some(sink) = sinks.into_iter().find(|sink| sink.name == name) else {
        let why = format!("no sink is called {name:?}");
        let todo = format!("these are: {}", names.join(", "));
        return Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such sink", why, todo));
    };
    let view = state.influxdb.iter().find(|view| view.name() == name).cloned();
    let server = match view {
        Some(view) => Some(server(view).await?),
        None => None,
    };
    Ok(Json(SinkReport { sink, server }))
}

async fn server(view: InfluxView) -> Result<SinkServer, ApiError> {
    let of = view.clone();
    let read = tokio::task::spawn_blocking(move || of.refused(REFUSED)).await;
    let refused =
        read.map_err(|error| error.to_string()).and_then(|read| read.map_err(|error| error.to_string()));
    let refused =
        refused.map_err(|why| ApiError::inside("the rows that were set aside cannot be read", why))?;
    let (name, seen) = (view.name(), view.look());
    let missed = seen.missing();
    Ok(SinkServer {
        conflicts: conflicts_of(name, seen.conflicts),
        left_out: left_out_of(name, seen.left_out),
        layout: seen.layout.to_owned(),
        measurement: seen.measurement,
        fields_unknown: seen.fields_unknown,
        refused,
        missed,
        cardinality: SinkCardinality::of(seen.cardinality, seen.speaks),
    })
}
