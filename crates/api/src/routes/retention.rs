//! `GET /api/v1/retention?keep=`: which days are too old, what they hold and what keeps them. `POST` drops them now and needs
//! the token. `GET /api/v1/retention/receipts`: what was dropped. Without `keep` the setting holds.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hearthline_store::{Amount, PlannedDay, Receipt, RetentionPlan};
use serde::{Deserialize, Serialize};

use super::parameters::{Query, length};
use super::reading::blocking;
use crate::{ApiError, Reading};

const DAY: Duration = Duration::from_secs(86_400);

/// How long is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    keep: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// How many seconds a day is kept after its end; none is for ever.
    pub keep_s: Option<u64>,
    /// Days before this one are too old, as `2026-11-23`.
    pub before: Option<String>,
    /// The days that are too old, oldest first.
    pub days: Vec<RetentionDay>,
    /// Of these, what nobody holds: what is dropped.
    pub dropped: RetentionAmount,
    /// Everything in files, before a drop.
    pub all: RetentionAmount,
    /// Of the drop; none where nothing was dropped.
    pub receipt: Option<Receipt>,
}

/// A day that is too old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionDay {
    /// As `2026-11-23`, UTC.
    pub day: String,
    /// Rows of states, events and quarantine.
    pub rows: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
    /// Why it stays nevertheless, in words.
    pub held: Option<String>,
}

/// How much something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionAmount {
    /// UTC days.
    pub days: u64,
    /// Rows of states, events and quarantine.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// The answer to what was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionReceipts {
    /// Of each drop, oldest first.
    pub receipts: Vec<Receipt>,
}

/// Plans, and changes nothing.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Retention>, ApiError> {
    let keep = keep(parameters.keep.as_deref())?;
    Ok(Json(Retention::of(&reading.store.retention_plan(keep), None)))
}

/// Drops.
pub(super) async fn post(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Retention>, ApiError> {
    let keep = keep(parameters.keep.as_deref())?;
    let why = parameters.keep.map_or("asked for, by the setting store.retention".into(), |keep| {
        format!("asked for, with keep = {keep}")
    });
    let drop = move || {
        let plan = reading.store.retention_plan(keep);
        Ok(Json(Retention::of(&plan, reading.store.apply_retention(keep, &why)?)))
    };
    blocking("old days were not dropped", drop).await
}

/// Lists.
pub(super) async fn receipts(State(reading): State<Reading>) -> Result<Json<RetentionReceipts>, ApiError> {
    let read = move || Ok(Json(RetentionReceipts { receipts: reading.store.retention_receipts()? }));
    blocking("the receipts cannot be read", read).await
}

fn keep(text: Option<&str>) -> Result<Option<Duration>, ApiError> {
    let keep = length("keep", text)?;
    if keep.is_some_and(|keep| keep < DAY) {
        let why = "less than a day, and rows are dropped by whole days";
        return Err(ApiError::parameter("keep", why, "write days, as in 365d"));
    }
    Ok(keep)
}

impl Retention {
    /// The plan, and what a drop by it has left behind.
    #[must_use]
    pub fn of(plan: &RetentionPlan, receipt: Option<Receipt>) -> Self {
        Self {
            keep_s: plan.keep.map(|keep| keep.as_secs()),
            before: plan.before.clone(),
            days: plan.days.iter().map(RetentionDay::of).collect(),
            dropped: plan.dropped().into(),
            all: plan.all.into(),
            receipt,
        }
    }
}

impl RetentionDay {
    fn of(planned: &PlannedDay) -> Self {
        let Amount { rows, bytes, files, .. } = planned.amount;
        let held = planned.held.as_ref().map(ToString::to_string);
        Self { day: planned.day.clone(), rows, bytes, files, held }
    }
}

impl From<Amount> for RetentionAmount {
    fn from(Amount { days, rows, bytes, files }: Amount) -> Self {
        Self { days, rows, bytes, files }
    }
}
