//! What a repair did. In `<data_dir>/repairs/<id>/receipt.json`, written as a whole before and after each step; backups and
//! exports lie beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Plan;
use crate::status::Criterion;

/// What a repair did, up to now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What each second was like meanwhile: the criteria that did not hold, by id. After an hour only those in which that
    /// changed.
    pub during: Vec<Second>,
    /// The criteria after the last.
    pub after: Vec<Criterion>,
    /// It is being taken back, or was when it failed.
    #[serde(default)]
    pub undoing: bool,
    /// Why it is not known to be mended; of a step, see there.
    #[serde(default)]
    pub error: Option<String>,
    /// When it was gone on with after it had been killed or had failed, ISO 8601 UTC.
    #[serde(default)]
    pub resumed: Vec<String>,
    /// The line of a runbook that it is, as `<id of the run>/schema (influxdb)`; null where a person asked for it alone.
    #[serde(default)]
    pub line: Option<String>,
}

/// Seconds of which each has an entry of its own in [`Receipt::during`].
const EACH: usize = 3600;

impl Receipt {
    /// It is not over: whoever starts goes on with it.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(self.state, State::Applying | State::Undoing)
    }

    /// Something was begun that can be taken back and was not.
    #[must_use]
    pub fn can_be_undone(&self) -> bool {
        let steps = self.plan.steps.iter().zip(&self.steps);
        let mut back = steps.filter(|(step, was)| step.undo && was.started.is_some() && was.undone.is_none());
        self.state != State::Undone && back.next().is_some()
    }

    /// Why it stands: of the step, or of the whole.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| step.error.as_deref()).or(self.error.as_deref())
    }

    /// Notes what a second was like. Behind the first hour only what changes.
    pub(super) fn note(&mut self, second: Second) {
        let same = self.during.last().is_some_and(|last| last.unmet == second.unmet);
        if self.during.len() < EACH || !same {
            self.during.push(second);
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way, or killed: it goes on.
    #[default]
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
