//! Watching the success criteria for a while: what each look at the status document says adds up to one report.
//!
//! The first document is only what the others are compared with. What a look finds counts for the time since the look before.

use std::collections::BTreeMap;
use std::time::Duration;

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::status::{Criterion, Gaps, Status};

/// Criteria whose figure is bad when it is high; of all others, when it is low.
const HIGH_IS_BAD: [&str; 3] = ["type_refusals", "error_rate", "canary"];
/// The criterion that the connection is held to.
const CONNECTION: &str = "connection";

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every criterion held at every look, the program answered each time, and the time is over.
    pub passed: bool,
    /// Why it is not passed, a sentence for each reason.
    pub reasons: Vec<String>,
    /// The first look, ISO 8601 UTC.
    pub from: String,
    /// The last look, ISO 8601 UTC.
    pub to: String,
    /// Seconds that were to be watched.
    pub asked_s: f64,
    /// Seconds that were watched.
    pub watched_s: f64,
    /// How often it was looked.
    pub looks: u64,
    /// Seconds in which the program did not answer. None of the criteria held then.
    pub unanswered_s: f64,
    /// Connections to Home Assistant that were lost.
    pub connection_losses: u64,
    /// New starts of the program.
    pub program_restarts: u64,
    /// Parts that were started anew.
    pub part_restarts: Vec<PartRestarts>,
    /// Gaps that were found meanwhile.
    pub gaps: u64,
    /// Gaps of which nothing could be had any more, counted when that was known.
    pub gaps_lost: u64,
    /// Events that were received meanwhile.
    pub events: u64,
    /// Each criterion.
    pub criteria: Vec<Watched>,
}

/// A part that was started anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRestarts {
    /// Which.
    pub part: String,
    /// How often.
    pub count: u64,
    /// Why, the last time.
    pub why: Option<String>,
}

/// What became of a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was met each time that it was known.
    Held,
    /// It was not met at least once, or the program did not answer.
    NotHeld,
    /// It was known at no look.
    NotKnown,
}

/// One criterion over the whole time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// As [`Criterion::id`].
    pub id: String,
    /// As [`Criterion::label`].
    pub label: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Seconds in which it was met.
    pub held_s: f64,
    /// Seconds in which it was not, those without an answer included.
    pub not_held_s: f64,
    /// Seconds in which it was not known.
    pub not_known_s: f64,
    /// What the figure has to reach, at the last look.
    pub target: f64,
    /// Of target and figures.
    pub unit: String,
    /// The figure at the last look.
    pub value: Option<f64>,
    /// The figure that was furthest to the bad side; null where there was none.
    pub worst: Option<Worst>,
    /// When it was first not met, ISO 8601 UTC.
    pub first_not_held: Option<String>,
    /// The note of the last look.
    pub note: Option<String>,
}

/// The worst figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// In the criterion's unit.
    pub value: f64,
    /// When it was first seen, ISO 8601 UTC.
    pub at: String,
}

/// Adds looks up.
#[derive(Debug)]
pub struct Watch {
    asked: Duration,
    from: Timestamp,
    to: Timestamp,
    looks: u64,
    watched: Duration,
    unanswered: Duration,
    connection_losses: u64,
    program_restarts: u64,
    part_restarts: BTreeMap<String, (u64, Option<String>)>,
    gaps: u64,
    gaps_lost: u64,
    events: u64,
    criteria: Vec<Tally>,
    /// The last document that there was.
    last: Status,
}

#[derive(Debug)]
struct Tally {
    last: Criterion,
    held: Duration,
    not_held: Duration,
    not_known: Duration,
    worst: Option<(f64, Timestamp)>,
    first_not_held: Option<Timestamp>,
}

impl Watch {
    /// Begins with the document of this moment.
    #[must_use]
    pub fn new(asked: Duration, now: Timestamp, status: Status) -> Self {
        Self {
            asked,
            from: now,
            to: now,
            looks: 0,
            watched: Duration::ZERO,
            unanswered: Duration::ZERO,
            connection_losses: 0,
            program_restarts: 0,
            part_restarts: BTreeMap::new(),
            gaps: 0,
            gaps_lost: 0,
            events: 0,
            criteria: status.criteria.iter().map(Tally::new).collect(),
            last: status,
        }
    }

    /// Takes a look into account, which comes so long after the look before. No document: the program did not answer.
    pub fn look(&mut self, now: Timestamp, since_last: Duration, status: Option<Status>) {
        self.looks += 1;
        self.to = now;
        self.watched += since_last;
        let Some(status) = status else {
            self.unanswered += since_last;
            for tally in &mut self.criteria {
                tally.failed(now, since_last);
            }
            return;
        };
        let lost = self.compare(&status);
        for criterion in &status.criteria {
            let at = self.criteria.iter().position(|tally| tally.last.id == criterion.id);
            if at.is_none() {
                self.criteria.push(Tally::new(criterion));
            }
            let tally = match at {
                Some(at) => self.criteria.get_mut(at),
                None => self.criteria.last_mut(),
            };
            if let Some(tally) = tally {
                tally.look(now, since_last, criterion, lost && criterion.id == CONNECTION);
            }
        }
        self.last = status;
    }

    /// Counts what came between the last document and this one; says whether the connection was lost.
    fn compare(&mut self, status: &Status) -> bool {
        let before = &self.last;
        // Counters begin anew with the program, so after its restart they are compared with nothing.
        let restarted = status.uptime_s < before.uptime_s;
        self.program_restarts += u64::from(restarted);
        let (was, is) = (&before.home_assistant, &status.home_assistant);
        let made_again = !restarted && is.attempts > was.attempts;
        let lost = was.state == "connected" && (is.state != "connected" || made_again || restarted);
        self.connection_losses += u64::from(lost);
        for part in &status.parts {
            let earlier = before.parts.iter().find(|earlier| earlier.name == part.name && !restarted);
            let more = part.restarts.saturating_sub(earlier.map_or(0, |earlier| earlier.restarts));
            if more > 0 {
                let (count, why) = self.part_restarts.entry(part.name.clone()).or_default();
                *count += more;
                *why = part.last_restart.as_ref().map(|last| last.why.clone());
            }
        }
        let all = |gaps: &Gaps| gaps.open + gaps.filled + gaps.partly + gaps.lost;
        self.gaps += all(&status.gaps).saturating_sub(all(&before.gaps));
        self.gaps_lost += status.gaps.lost.saturating_sub(before.gaps.lost);
        self.events += status.events.received.saturating_sub(before.events.received);
        lost
    }

    /// What was seen so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let criteria: Vec<Watched> = self.criteria.iter().map(Tally::watched).collect();
        let mut reasons = Vec::new();
        if self.watched < self.asked {
            let (watched, asked) = (seconds(self.watched), seconds(self.asked));
            reasons.push(format!("it ended after {watched} of {asked} s"));
        }
        if !self.unanswered.is_zero() {
            reasons.push(format!("the program did not answer for {} s", seconds(self.unanswered)));
        }
        let watched = seconds(self.watched);
        reasons.extend(criteria.iter().filter_map(|one| one.reason(watched)));
        if criteria.iter().all(|one| one.outcome == Outcome::NotKnown) {
            reasons.push("no criterion was known".into());
        }
        let restarts = self.part_restarts.iter();
        let restart = |(part, (count, why)): (&String, &(u64, Option<String>))| PartRestarts {
            part: part.clone(),
            count: *count,
            why: why.clone(),
        };
        Report {
            passed: reasons.is_empty(),
            reasons,
            from: self.from.to_string(),
            to: self.to.to_string(),
            asked_s: seconds(self.asked),
            watched_s: seconds(self.watched),
            looks: self.looks,
            unanswered_s: seconds(self.unanswered),
            connection_losses: self.connection_losses,
            program_restarts: self.program_restarts,
            part_restarts: restarts.map(restart).collect(),
            gaps: self.gaps,
            gaps_lost: self.gaps_lost,
            events: self.events,
            criteria,
        }
    }
}

impl Watched {
    fn reason(&self, watched_s: f64) -> Option<String> {
        let Self { label, not_held_s, .. } = self;
        let since = self.first_not_held.as_deref().unwrap_or("an unknown time");
        (self.outcome == Outcome::NotHeld)
            .then(|| format!("\"{label}\" was not met for {not_held_s} of {watched_s} s, first at {since}"))
    }
}

impl Tally {
    fn new(criterion: &Criterion) -> Self {
        Self {
            last: criterion.clone(),
            held: Duration::ZERO,
            not_held: Duration::ZERO,
            not_known: Duration::ZERO,
            worst: None,
            first_not_held: None,
        }
    }

    fn look(&mut self, now: Timestamp, since_last: Duration, criterion: &Criterion, broken: bool) {
        match criterion.met {
            _ if broken => self.failed(now, since_last),
            Some(true) => self.held += since_last,
            Some(false) => self.failed(now, since_last),
            None => self.not_known += since_last,
        }
        if let Some(value) = criterion.value {
            let worse = |worst: f64| match HIGH_IS_BAD.contains(&criterion.id.as_str()) {
                true => value > worst,
                false => value < worst,
            };
            if self.worst.is_none_or(|(worst, _)| worse(worst)) {
                self.worst = Some((value, now));
            }
        }
        self.last = criterion.clone();
    }

    fn failed(&mut self, now: Timestamp, since_last: Duration) {
        self.not_held += since_last;
        self.first_not_held.get_or_insert(now);
    }

    fn watched(&self) -> Watched {
        let outcome = match (self.first_not_held, self.held.is_zero()) {
            (Some(_), _) => Outcome::NotHeld,
            (None, false) => Outcome::Held,
            (None, true) => Outcome::NotKnown,
        };
        let criterion = &self.last;
        Watched {
            id: criterion.id.clone(),
            label: criterion.label.clone(),
            outcome,
            held_s: seconds(self.held),
            not_held_s: seconds(self.not_held),
            not_known_s: seconds(self.not_known),
            target: criterion.target,
            unit: criterion.unit.clone(),
            value: criterion.value,
            worst: self.worst.map(|(value, at)| Worst { value, at: at.to_string() }),
            first_not_held: self.first_not_held.map(|at| at.to_string()),
            note: criterion.note.clone(),
        }
    }
}

/// To a tenth of a second: looks are a second apart.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests;
