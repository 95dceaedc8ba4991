//! `GET /api/v1/quarantine?from=&to=&limit=`: what came in and could not be understood, the newest first.

use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use hearthline_core::{QuarantineRow, Timestamp};
use hearthline_store::QuarantineQuery;
use serde::{Deserialize, Serialize};

use super::newest::Newest;
use super::parameters::{Query, instant};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Rows of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (100, 1000);
/// Bytes of a record that are shown. All are in the Parquet files.
const SHOWN: usize = 2000;

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Quarantine {
    /// The newest first.
    pub quarantined: Vec<Quarantined>,
    /// Whether the limit left out older ones.
    pub more: bool,
}

/// One record that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The log record.
    pub seq: u64,
    /// When it came in, ISO 8601 UTC.
    pub ts: String,
    /// What is wrong with it.
    pub reason: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// The first 2,000 of them as text; what is no UTF-8 is replaced by U+FFFD.
    pub raw: String,
}

/// Scans, by default everything; what is only in memory yet is part of it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Quarantine>, ApiError> {
    let query = QuarantineQuery {
        from: instant("from", parameters.from.as_deref())?.unwrap_or(Timestamp(i64::MIN)),
        to: instant("to", parameters.to.as_deref())?.unwrap_or(Timestamp(i64::MAX)),
        settled: false,
    };
    let mut newest = Newest::new(parameters.limit.unwrap_or(LIMIT.0).clamp(1, LIMIT.1));
    blocking("the quarantine cannot be read", move || {
        reading.store.quarantined(&query, |row, _| {
            newest.offer(row.ts, || Quarantined::of(&row));
            ControlFlow::Continue(())
        })?;
        let more = newest.more();
        Ok(Json(Quarantine { quarantined: newest.into_rows(), more }))
    })
    .await
}

impl Quarantined {
    fn of(row: &QuarantineRow) -> Self {
        let shown = row.raw.get(..SHOWN).unwrap_or(&row.raw);
        Self {
            seq: row.seq.0,
            ts: row.ts.to_string(),
            reason: row.reason.to_string(),
            bytes: row.raw.len(),
            raw: String::from_utf8_lossy(shown).into_owned(),
        }
    }
}
