//! The result of one verification, as it is kept and shown.

use hearthline_core::figures::many;
use serde::{Deserialize, Serialize};

use super::leg::{Leg, Outcome, Step};

/// Changes that are kept whole: those that did not get through first.
const KEPT_WHOLE: usize = 12;

/// Who asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Somebody.
    Person,
    /// `every` under `[verify]`.
    Schedule,
}

/// What was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The canary, with a text as attribute.
    Text,
    /// The canary, with the same attribute as a boolean.
    Boolean,
    /// The canary's removal.
    Removal,
    /// A state that came by itself.
    Natural,
}

impl Kind {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "dynamics a text",
            Self::Boolean => "dynamics a boolean",
            Self::Removal => "removed",
            Self::Natural => "came by itself",
        }
    }
}

/// One change and its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// In which round, from 1.
    pub round: u32,
    /// What it is.
    pub kind: Kind,
    /// Of which entity; empty where none came.
    pub entity_id: String,
    /// The text of the state; none for a removal.
    pub state: Option<String>,
    /// Its time in Home Assistant, ISO 8601 UTC, once it was heard.
    pub at: Option<String>,
    /// Its record in the log.
    pub seq: Option<u64>,
    /// The legs in their order.
    pub legs: Vec<Leg>,
}

impl Change {
    /// The worst of its legs.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.legs.iter().map(|leg| leg.outcome).max().unwrap_or(Outcome::Skipped)
    }
}

/// One leg over all changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The part that it leads to, as in the status document.
    pub part: String,
    /// Which leg.
    pub step: Step,
    /// The same for people.
    pub label: String,
    /// The worst outcome.
    pub outcome: Outcome,
    /// Changes that passed it.
    pub passed: u32,
    /// Changes that were to pass it.
    pub of: u32,
    /// Milliseconds as in [`Leg::ms`], of those that passed; the lower one of two in the middle.
    pub median_ms: Option<f64>,
    /// Of the slowest.
    pub slowest_ms: Option<f64>,
    /// The evidence, or what is wrong, of the worst.
    pub says: String,
    /// What to do, where something is wrong.
    pub todo: Option<String>,
}

/// One verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Its name.
    pub id: String,
    /// When it began, ISO 8601 UTC.
    pub at: String,
    /// Who asked for it.
    pub by: By,
    /// How many rounds were done.
    pub rounds: u32,
    /// Milliseconds that it took.
    pub took_ms: f64,
    /// The worst of all legs, and degraded at least where not the canary was followed.
    pub outcome: Outcome,
    /// An event gets through to every place and comes back as it was set, whatever was followed and with weather or without.
    pub through: bool,
    /// The result in one sentence.
    pub says: String,
    /// Why not the canary was followed, if it was not.
    pub instead: Option<String>,
    /// What to do about that.
    pub todo: Option<String>,
    /// Each leg over all changes, in their order.
    pub passages: Vec<Passage>,
    /// Of the newest result alone: the changes that did not get through, and the last ones, 12 at most.
    pub changes: Vec<Change>,
}

/// One that is being carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Underway {
    /// Its name.
    pub id: String,
    /// When it began, ISO 8601 UTC.
    pub at: String,
    /// Who asked for it.
    pub by: By,
    /// The round that is being done, from 1.
    pub round: u32,
    /// How many there are.
    pub rounds: u32,
}

/// What is known of verifications.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verifications {
    /// The one that is being carried out.
    pub running: Option<Underway>,
    /// Seconds between two that the program does by itself, as the settings say; none is never.
    pub every_s: Option<u64>,
    /// When the next of these is due, ISO 8601 UTC.
    pub next: Option<String>,
    /// The last ones, the newest first.
    pub results: Vec<Verified>,
}

/// What was followed in place of the canary, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// Why.
    pub why: String,
    /// What to do so that the canary can be followed.
    pub todo: String,
}

impl Verified {
    /// Sums up the changes of one that was begun.
    #[must_use]
    pub(super) fn of(begun: Underway, took_ms: f64, instead: Option<Instead>, changes: Vec<Change>) -> Self {
        let Underway { id, at, by, rounds, .. } = begun;
        let passages = passages(&changes);
        let worst = passages.iter().map(|passage| passage.outcome).max().unwrap_or(Outcome::Failed);
        let way = passages.iter().filter(|passage| passage.step != Step::Weather);
        let through = way.map(|passage| passage.outcome).max() == Some(Outcome::Passed);
        let outcome = if instead.is_some() { worst.max(Outcome::Degraded) } else { worst };
        let says = sentence(worst, &passages, &changes, instead.as_ref());
        let (instead, todo) = instead.map(|instead| (instead.why, instead.todo)).unzip();
        let changes = worth_keeping(changes);
        Self { id, at, by, rounds, took_ms, outcome, through, says, instead, todo, passages, changes }
    }
}

fn passages(changes: &[Change]) -> Vec<Passage> {
    let mut passages: Vec<(Passage, Vec<f64>)> = Vec::new();
    for leg in changes.iter().flat_map(|change| &change.legs) {
        let known = passages.iter_mut().find(|(known, _)| known.part == leg.part && known.step == leg.step);
        let (passage, times) = match known {
            Some(known) => known,
            None => {
                let passage = Passage {
                    part: leg.part.clone(),
                    step: leg.step,
                    label: leg.step.label().to_owned(),
                    outcome: leg.outcome,
                    passed: 0,
                    of: 0,
                    median_ms: None,
                    slowest_ms: None,
                    says: leg.says.clone(),
                    todo: leg.todo.clone(),
                };
                passages.push((passage, Vec::new()));
                let Some(last) = passages.last_mut() else { continue };
                last
            }
        };
        passage.of += 1;
        passage.passed += u32::from(leg.outcome == Outcome::Passed);
        times.extend(leg.ms);
        if leg.outcome > passage.outcome {
            passage.outcome = leg.outcome;
            (passage.says, passage.todo) = (leg.says.clone(), leg.todo.clone());
        }
    }
    // A change that got nowhere has few legs, and may be the first.
    let parts: Vec<String> = passages.iter().map(|(passage, _)| passage.part.clone()).collect();
    passages.sort_by_key(|(passage, _)| {
        let sink = passage.step >= Step::Delivered;
        (sink, sink.then(|| parts.iter().position(|part| *part == passage.part)), passage.step)
    });
    let summed = passages.into_iter().map(|(passage, mut times)| {
        times.sort_by(f64::total_cmp);
        let median_ms = times.get(times.len().saturating_sub(1) / 2).copied();
        Passage { median_ms, slowest_ms: times.last().copied(), ..passage }
    });
    summed.collect()
}

/// The worst leg is the one that is told; of equals the first, since those behind it follow from it.
fn sentence(worst: Outcome, passages: &[Passage], changes: &[Change], instead: Option<&Instead>) -> String {
    let followed = many(changes.len() as u64, "change");
    let of = match changes.first().map(|change| change.entity_id.as_str()) {
        Some(entity) if !entity.is_empty() => format!(" of {entity}"),
        _ => String::new(),
    };
    let natural = match instead {
        Some(Instead { why, .. }) => format!(" Followed was the next state that came, since {why}."),
        None => String::new(),
    };
    let told = passages.iter().find(|passage| passage.outcome == worst);
    match (worst, told) {
        (Outcome::Passed, _) => {
            format!("{followed}{of} went from Home Assistant to every place and came back as set.{natural}")
        }
        (_, Some(passage)) => {
            format!(
                "{} of {followed}{of} not {} ({}): {}.{natural}",
                passage.of - passage.passed,
                passage.label,
                passage.part,
                passage.says
            )
        }
        (_, None) => format!("Nothing was followed.{natural}"),
    }
}

fn worth_keeping(changes: Vec<Change>) -> Vec<Change> {
    let mut order: Vec<usize> = (0..changes.len()).rev().collect();
    order.sort_by_key(|at| changes.get(*at).map(|change| std::cmp::Reverse(change.outcome())));
    order.truncate(KEPT_WHOLE);
    let kept = changes.into_iter().enumerate().filter(|(at, _)| order.contains(at));
    kept.map(|(_, change)| change).collect()
}
