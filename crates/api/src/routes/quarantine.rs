//! `GET /api/v1/quarantine?from=&to=&limit=&all=`: what came in and could not be understood, the newest first. What a person
//! has settled is in the list only with `all=true`.

pub(super) mod one;
pub(super) mod settle;

use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use hearthline_core::{QuarantineRow, SettledRow, Timestamp};
use hearthline_pipeline::quarantine::understand;
use hearthline_store::QuarantineQuery;
use serde::{Deserialize, Serialize};

use super::newest::Newest;
use super::parameters::{Query, instant, limited};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Rows of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (100, 1000);
/// Bytes of a record that are shown. All are in the answer for it alone, and in the Parquet files.
const SHOWN: usize = 2000;

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    all: bool,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Quarantine {
    /// The newest first.
    pub quarantined: Vec<Quarantined>,
    /// Whether the limit left out older ones.
    pub more: bool,
    /// How many there are that nobody has settled, whatever was asked for.
    pub waiting: u64,
    /// How many there are that somebody has.
    pub settled: u64,
}

/// One record that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The log record.
    pub seq: u64,
    /// When it came in, ISO 8601 UTC.
    pub ts: String,
    /// What was wrong with it when it was set aside.
    pub reason: String,
    /// Whether this release understands it, so that a retry would record it.
    pub understood: bool,
    /// How many bytes it has.
    pub bytes: usize,
    /// The first 2,000 of them as text; what is no UTF-8 is replaced by U+FFFD.
    pub raw: String,
    /// What a person decided about it; none while it waits.
    pub settled: Option<Settlement>,
}

/// What a person decided about a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// `retried` or `dropped`.
    pub how: String,
    /// When, ISO 8601 UTC.
    pub at: String,
}

/// Scans, by default everything; what is only in memory yet is part of it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Quarantine>, ApiError> {
    let query = QuarantineQuery {
        from: instant("from", parameters.from.as_deref())?.unwrap_or(Timestamp(i64::MIN)),
        to: instant("to", parameters.to.as_deref())?.unwrap_or(Timestamp(i64::MAX)),
        settled: parameters.all,
    };
    let mut newest = Newest::new(limited(parameters.limit, LIMIT));
    blocking("the quarantine cannot be read", move || {
        reading.store.quarantined(&query, |row, settled| {
            newest.offer(row.ts, || Quarantined::of(&row, settled.as_ref()));
            ControlFlow::Continue(())
        })?;
        let more = newest.more();
        let stats = reading.store.stats();
        let waiting = stats.quarantined.saturating_sub(stats.settled);
        Ok(Json(Quarantine { quarantined: newest.into_rows(), more, waiting, settled: stats.settled }))
    })
    .await
}

impl Quarantined {
    fn of(row: &QuarantineRow, settled: Option<&SettledRow>) -> Self {
        let shown = row.raw.get(..SHOWN).unwrap_or(&row.raw);
        Self {
            seq: row.seq.0,
            ts: row.ts.to_string(),
            reason: row.reason.to_string(),
            understood: understand(&row.raw).is_ok(),
            bytes: row.raw.len(),
            raw: String::from_utf8_lossy(shown).into_owned(),
            settled: settled.map(Settlement::of),
        }
    }
}

impl Settlement {
    fn of(row: &SettledRow) -> Self {
        Self { how: row.how.as_str().into(), at: row.at.to_string() }
    }
}
