//! `GET /api/v1/stats`: the figures that the system before this one answered here, each from a counter of something that
//! happened.

use axum::Json;
use axum::extract::State;
use hearthline_runbook::Status;
use hearthline_runbook::status::{Events, Sink};
use serde::{Deserialize, Serialize};

use crate::ApiState;

/// The answer: a part of the status document and what the store holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Seconds since the program started.
    pub uptime_s: u64,
    /// Connection attempts since then.
    pub connection_attempts: u64,
    /// Events received in the last full minute; null in the first.
    pub events_per_minute: Option<u64>,
    /// What was offered and what became of it, since the data folder was made.
    pub events: Events,
    /// Every place that the log is delivered to.
    pub sinks: Vec<Sink>,
    /// What went wrong.
    pub errors: Errors,
    /// What is in the store.
    pub store: Stored,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// Not taken by the log; each lies in a gap.
    pub unlogged: u64,
    /// Could not be understood; kept with their bytes.
    pub quarantined: u64,
    /// Writes to any sink that failed since the program started, retries included.
    pub write_errors: u64,
}

/// What is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// States, those in memory included.
    pub states: u64,
    /// Entities with at least one state.
    pub entities: usize,
    /// Parquet files.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
}

/// Of this moment.
pub(super) async fn get(State(state): State<ApiState>) -> Json<Stats> {
    let stored = state.reading.store.stats();
    let store =
        Stored { states: stored.rows, entities: stored.entities, files: stored.files, bytes: stored.bytes };
    let Status { uptime_s, home_assistant, events, sinks, .. } = (state.status)();
    let errors = Errors {
        unlogged: events.unlogged,
        quarantined: events.quarantined,
        write_errors: sinks.iter().map(|sink| sink.write_errors).sum(),
    };
    let (connection_attempts, events_per_minute) = (home_assistant.attempts, events.per_minute);
    Json(Stats { uptime_s, connection_attempts, events_per_minute, events, sinks, errors, store })
}
