//! `POST /api/v1/quarantine/retry?seqs=` (or `all=true`) and `POST /api/v1/quarantine/drop?seqs=`: what is to become of records
//! that could not be understood. Both need the token.
//!
//! They go through the log, some at a time: what was settled stays settled where a later one is refused.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hearthline_core::{QuarantineRow, Seq, Settlement, Timestamp};
use hearthline_pipeline::orders::Order;
use hearthline_pipeline::portion::portion;
use hearthline_pipeline::quarantine::{ORDER, Outcome, Settle, Settled, waiting_behind};
use serde::{Deserialize, Serialize};

use super::one::unknown;
use crate::routes::parameters::{Query, list};
use crate::routes::reading::blocking;
use crate::{ApiError, ApiState};

/// Which ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Parameters {
    seqs: Option<String>,
    #[serde(default)]
    all: bool,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledList {
    /// Understood, and in the log by now.
    pub recorded: u64,
    /// Understood, and held already.
    pub duplicate: u64,
    /// Understood, and left out by the settings.
    pub filtered: u64,
    /// Not understood; they wait.
    pub kept: u64,
    /// They wait no more.
    pub dropped: u64,
    /// Each of them.
    pub settled: Vec<Settled>,
}

/// Reads their bytes again, as this release does.
pub(in crate::routes) async fn retry(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<SettledList>, ApiError> {
    let mut answer = SettledList::default();
    if !parameters.all {
        let rows = named(&state, parameters.seqs.as_deref()).await?;
        settle(&state, Settlement::Retried, rows, &mut answer).await?;
        return Ok(Json(answer));
    }
    let mut behind = (Timestamp(i64::MIN), Seq::ZERO);
    loop {
        let store = state.reading.store.clone();
        let look = move || waiting_behind(&store, behind, |_| true);
        let rows = blocking("the quarantine cannot be read", look).await?;
        let Some(last) = rows.last() else { return Ok(Json(answer)) };
        behind = (last.ts, last.seq);
        settle(&state, Settlement::Retried, rows, &mut answer).await?;
    }
}

/// Gives them up. Their bytes stay where they are.
pub(in crate::routes) async fn drop_named(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<SettledList>, ApiError> {
    if parameters.all {
        let why = "records are dropped by their numbers, never all at once";
        return Err(ApiError::parameter("all", why, "write seqs=7,9"));
    }
    let mut answer = SettledList::default();
    let rows = named(&state, parameters.seqs.as_deref()).await?;
    settle(&state, Settlement::Dropped, rows, &mut answer).await?;
    Ok(Json(answer))
}

async fn settle(
    state: &ApiState,
    how: Settlement,
    mut rows: Vec<QuarantineRow>,
    answer: &mut SettledList,
) -> Result<(), ApiError> {
    while !rows.is_empty() {
        let rest = rows.split_off(portion(&rows, ORDER, |row| row.raw.len()));
        let settle = Settle { how, rows: std::mem::replace(&mut rows, rest) };
        let settled = state.orders.give(|reply| Order::Quarantine(settle, reply)).await.map_err(|why| {
            let done = answer.settled.len();
            let what = format!("{done} records were settled, and no more");
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, what, why, "ask again for the others")
        })?;
        answer.extend(settled);
    }
    Ok(())
}

/// The records of these numbers; all of them have to be there and to wait.
async fn named(state: &ApiState, seqs: Option<&str>) -> Result<Vec<QuarantineRow>, ApiError> {
    const TODO: &str = "write seqs=7,9, as in the list of /api/v1/quarantine";
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is no number of a record"));
    let seqs: Result<Vec<u64>, String> = list(seqs).into_iter().map(number).collect();
    let seqs = seqs.map_err(|why| ApiError::parameter("seqs", why, TODO))?;
    if seqs.is_empty() {
        return Err(ApiError::parameter("seqs", "no record is named", TODO));
    }
    let (store, wanted) = (state.reading.store.clone(), seqs.clone());
    let find =
        move || wanted.iter().map(|seq| store.quarantined_at(Seq(*seq))).collect::<Result<Vec<_>, _>>();
    let found = blocking("the quarantine cannot be read", find).await?;
    let missing: Vec<u64> =
        seqs.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(seq, _)| *seq).collect();
    if !missing.is_empty() {
        return Err(unknown(&missing));
    }
    let settled = found.iter().flatten().find_map(|(_, settled)| settled.as_ref());
    if let Some(settled) = settled {
        let why = format!("record {} was {} at {}", settled.of, settled.how.as_str(), settled.at);
        let todo = "leave it out; nothing was changed";
        return Err(ApiError::new(StatusCode::CONFLICT, "it is settled already", why, todo));
    }
    Ok(found.into_iter().flatten().map(|(row, _)| row).collect())
}

impl SettledList {
    fn extend(&mut self, settled: Vec<Settled>) {
        for one in &settled {
            *match one.outcome {
                Outcome::Recorded => &mut self.recorded,
                Outcome::Duplicate => &mut self.duplicate,
                Outcome::Filtered => &mut self.filtered,
                Outcome::Kept => &mut self.kept,
                Outcome::Dropped => &mut self.dropped,
            } += 1;
        }
        self.settled.extend(settled);
    }
}
