//! An incident, told afterwards: what was found, what was done about it, what was lost, for how long something stood.
//!
//! [`Incidents`] gathers what the data folder has kept of a period ([`Known`]); [`report`] makes Markdown of it and is a pure
//! function, as is [`message`], which says it in short. What nobody wrote down is said to be not known, and nothing is made up for it.

mod again;
mod done;
mod downtime;
mod figures;
mod found;
mod lost;
mod message;
mod read;
mod report;
mod said;
mod unknown;

use hearthline_core::Timestamp;
use hearthline_pipeline::health::uptime::Uptime;

pub use self::message::message;
pub use self::read::{Incidents, Live};
pub use self::report::{name_of, report};
use crate::Status;
use crate::alerts::Listed;
use crate::logs::Lines;
use crate::notes::Note;
use crate::repair::Receipt;
use crate::runbook::Saved;
use crate::status::Gap;
use crate::verify::Verified;

/// From an instant up to, but not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From.
    pub since: Timestamp,
    /// To.
    pub until: Timestamp,
}

/// What is known of a period.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which.
    pub period: Period,
    /// This moment.
    pub now: Timestamp,
    /// How everything is at this moment; none where the program does not run.
    pub status: Option<Status>,
    /// Every gap that is remembered one by one, the newest first; else why that is not known.
    pub gaps: Result<Vec<Gap>, String>,
    /// What is wrong and what was.
    pub alerts: Listed,
    /// Repairs that were under way in it, the oldest first.
    pub repairs: Vec<Receipt>,
    /// Runs of the runbook that were, the oldest first.
    pub runs: Vec<RunOf>,
    /// Verifications of it, the oldest first.
    pub verified: Vec<Verified>,
    /// For how long parts were up.
    pub uptime: Option<Uptime>,
    /// What a person wrote down in it, the oldest first.
    pub notes: Vec<Note>,
    /// What the program said in it that was a warning or worse.
    pub lines: Lines,
    /// When the oldest line was said that is kept.
    pub said_since: Option<String>,
    /// What was set aside in it: the reason, and how many; else why that is not known.
    pub aside: Result<Vec<(String, u64)>, String>,
    /// What lies on disk and cannot be read, and why.
    pub unread: Vec<String>,
}

/// A run of the runbook.
#[derive(Clone, Debug)]
pub struct RunOf {
    /// What was done.
    pub receipt: Receipt,
    /// How everything was before; none where that was not written down.
    pub before: Option<Saved>,
}

impl Period {
    /// Whether something from one instant to another touches it; an end that is not known has not come.
    fn touches(self, from: &str, to: Option<&str>) -> bool {
        let at = |text: &str| Timestamp::parse(text).ok();
        let begins = at(from).is_none_or(|from| from < self.until);
        begins && to.is_none_or(|to| at(to).is_none_or(|to| to >= self.since))
    }

    /// Whether an instant is in it.
    fn has(self, at: &str) -> bool {
        Timestamp::parse(at).is_ok_and(|at| at >= self.since && at < self.until)
    }
}

impl Known {
    /// The gaps that touch the period, the oldest first.
    fn gaps(&self) -> Vec<&Gap> {
        let gaps = self.gaps.as_deref().unwrap_or_default().iter().rev();
        gaps.filter(|gap| gap.kind != "requested" && self.period.touches(&gap.from, gap.to.as_deref()))
            .collect()
    }

    /// Whether the house is a simulated one, as far as is known.
    fn is_simulated(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.simulated)
    }

    /// How everything was before something was done about it, and when that was.
    fn before(&self) -> Option<&Saved> {
        self.runs.iter().find_map(|run| run.before.as_ref())
    }
}

/// To the second.
fn short(at: &str) -> String {
    match Timestamp::parse(at) {
        Ok(_) => format!("{}Z", at.get(..19).unwrap_or(at)),
        Err(_) => at.to_owned(),
    }
}

#[cfg(test)]
mod tests;
