//! `GET /api/v1/quarantine/{seq}`: one record that could not be understood, with all its bytes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hearthline_core::{QuarantineRow, Seq, SettledRow};
use hearthline_pipeline::quarantine::understand;
use serde::{Deserialize, Serialize};

use super::Settlement;
use crate::routes::parameters::Path;
use crate::routes::reading::blocking;
use crate::{ApiError, Reading};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedWhole {
    /// The log record.
    pub seq: u64,
    /// When it came in, ISO 8601 UTC.
    pub ts: String,
    /// What was wrong with it when it was set aside.
    pub reason: String,
    /// What is wrong with it as this release reads it; none where a retry would understand it.
    pub now: Option<String>,
    /// How many bytes it has.
    pub bytes: usize,
    /// All of them as text; none where they are no UTF-8.
    pub text: Option<String>,
    /// All of them in base64, where they are no UTF-8.
    pub base64: Option<String>,
    /// What a person decided about it; none while it waits.
    pub settled: Option<Settlement>,
}

/// Reads it from memory and files.
pub(in crate::routes) async fn get(
    State(reading): State<Reading>,
    Path(seq): Path<u64>,
) -> Result<Json<QuarantinedWhole>, ApiError> {
    let find = move || reading.store.quarantined_at(Seq(seq));
    let found = blocking("the quarantine cannot be read", find).await?;
    let (row, settled) = found.ok_or_else(|| unknown(&[seq]))?;
    Ok(Json(QuarantinedWhole::of(&row, settled.as_ref())))
}

/// There is no such record in quarantine.
pub(super) fn unknown(seqs: &[u64]) -> ApiError {
    let named: Vec<_> = seqs.iter().map(ToString::to_string).collect();
    let why = format!("no record that was set aside has the number {}", named.join(", "));
    let todo = "ask for /api/v1/quarantine?all=true, which lists them";
    ApiError::new(StatusCode::NOT_FOUND, "not found", why, todo)
}

impl QuarantinedWhole {
    fn of(row: &QuarantineRow, settled: Option<&SettledRow>) -> Self {
        let text = std::str::from_utf8(&row.raw).ok();
        Self {
            seq: row.seq.0,
            ts: row.ts.to_string(),
            reason: row.reason.to_string(),
            now: understand(&row.raw).err(),
            bytes: row.raw.len(),
            text: text.map(Into::into),
            base64: text.is_none().then(|| BASE64_STANDARD.encode(&row.raw)),
            settled: settled.map(Settlement::of),
        }
    }
}
