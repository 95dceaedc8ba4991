//! What a repair did. In `<data_dir>/repairs/<id>/receipt.json`, written as a whole before and after each step; backups and
//! exports lie beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Plan;
use crate::status::Criterion;

/// What a repair did, up to now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its folder's name: when it began, and which: `2026-11-26T00-41-07Z-schema`.
    pub id: String,
    /// What it was asked with, so that it can be gone on with.
    pub options: Value,
    /// What was to be done.
    pub plan: Plan,
    /// Whether it is over.
    pub state: State,
    /// ISO 8601 UTC.
    pub started: String,
    /// ISO 8601 UTC.
    pub ended: Option<String>,
    /// One for each step of the plan.
    pub steps: Vec<StepReceipt>,
    /// Whether that for which it was made is gone.
    pub verified: Option<Done>,
    /// The criteria before the first step.
    pub before: Vec<Criterion>,
    /// What each second was like meanwhile: the criteria that did not hold, by id.
    pub during: Vec<Second>,
    /// The criteria after the last.
    pub after: Vec<Criterion>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way, or killed: it goes on.
    Applying,
    /// All steps are done, and what was wrong is gone.
    Done,
    /// A step could not be done. Applied again, it goes on there.
    Failed,
    /// Being taken back, or killed at it: it goes on.
    Undoing,
    /// Taken back.
    Undone,
}

/// One step of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReceipt {
    /// ISO 8601 UTC; none before it began.
    pub started: Option<String>,
    /// What it says; none before it is done.
    pub done: Option<Done>,
    /// Why it was not done, at the last attempt.
    pub error: Option<String>,
    /// What the way back says; none before it was taken back.
    pub undone: Option<Done>,
    /// Milliseconds, all attempts together.
    pub took_ms: u64,
}

/// What was done, or found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// For a person: `12,034 rows copied, 12,034 counted`.
    pub says: String,
    /// Figures for programs, and whatever the way back needs.
    #[serde(default)]
    pub data: Value,
}

/// One second of a repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// Since it began.
    pub at_s: u64,
    /// The ids of the criteria that did not hold.
    pub unmet: Vec<String>,
}
