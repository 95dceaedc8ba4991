//! Which conditions are raised as alerts, and when they are over: by time, so that what comes and goes is one alert.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::file::VERSION;
use super::rules::{Condition, Level, Rule, Seen};
use super::{Alert, Listed, Mute, Past, Refused, Severity, State, Words, written};
use crate::status::AlertCounts;

/// Of what is over, the newest are kept.
pub const HISTORY: usize = 500;
/// No more are raised at once. The gaps and silent devices that a status document lists are fewer.
pub(super) const MOST: usize = 300;
/// No more is muted at once.
const MUTES: usize = 300;
/// That something still holds is kept so often: after a kill it is told to have ended no earlier than this before.
const HOLDS: Duration = Duration::from_secs(60);

/// How long a condition has to hold, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After our own start nothing is raised or over: sinks catch up, and Home Assistant connects.
    pub grace: Duration,
    /// A condition that names no time of its own is raised after so long: a server that is started anew, or a connection that
    /// is made again, is back by then.
    pub raise: Duration,
    /// An alert is over after so long: what comes back within a minute was not gone.
    pub clear: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(60),
            raise: Duration::from_secs(20),
            clear: Duration::from_secs(60),
        }
    }
}

/// What is kept over restarts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) version: u32,
    /// By id.
    raised: BTreeMap<String, Raised>,
    /// Until when, by rule or id.
    mutes: BTreeMap<String, Timestamp>,
    /// The oldest first.
    history: VecDeque<Past>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { version: VERSION, raised: BTreeMap::new(), mutes: BTreeMap::new(), history: VecDeque::new() }
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Raised {
    rule: Rule,
    subject: Option<String>,
    since: Timestamp,
    acknowledged: Option<Timestamp>,
    worst: Severity,
    /// After a start, how long its rule needs until it can tell anything of it.
    settles: Duration,
    words: Words,
    /// When the condition last held.
    held: Timestamp,
    /// The same on the clock that never jumps; none where that was in an earlier run.
    #[serde(skip)]
    passed: Option<Duration>,
}

/// A condition that has not held for long enough yet.
struct Pending {
    since: Timestamp,
    first: Duration,
    held: Duration,
}

/// All of it.
pub(super) struct Board {
    pace: Pace,
    kept: Kept,
    pending: BTreeMap<String, Pending>,
    /// The first look, on the clock that never jumps.
    began: Option<Duration>,
    /// The last look, and the one after which it was last kept, on the same clock.
    looked: Duration,
    kept_at: Duration,
    changed: bool,
}

impl Board {
    pub(super) const fn new(kept: Kept, pace: Pace) -> Self {
        let (looked, kept_at) = (Duration::ZERO, Duration::ZERO);
        Self { pace, kept, pending: BTreeMap::new(), began: None, looked, kept_at, changed: false }
    }

    /// One look. `passed` is on the clock that never jumps.
    pub(super) fn step(&mut self, now: Timestamp, passed: Duration, seen: Seen) {
        let began = *self.began.get_or_insert(passed);
        let running = passed.saturating_sub(began);
        let Seen { conditions, unknown } = seen;
        for condition in conditions {
            self.meet(now, passed, condition, running >= self.pace.grace);
        }
        let clear = self.pace.clear;
        self.pending.retain(|_, pending| passed.saturating_sub(pending.held) < clear);
        for raised in self.kept.raised.values_mut().filter(|raised| unknown.contains(&raised.rule)) {
            raised.passed = raised.passed.map(|_| passed);
        }
        self.clear(passed, running, &unknown);
        let mutes = self.kept.mutes.len();
        self.kept.mutes.retain(|_, until| *until > now);
        self.changed |= self.kept.mutes.len() != mutes;
        let holds = self.kept.raised.values().any(|raised| raised.held == now);
        self.changed |= holds && passed.saturating_sub(self.kept_at) >= HOLDS;
        self.looked = passed;
    }

    fn meet(&mut self, now: Timestamp, passed: Duration, condition: Condition, settled: bool) {
        let id = id(condition.rule, condition.subject.as_deref());
        let Condition { rule, subject, level, hold, settles, words } = condition;
        if let Some(raised) = self.kept.raised.get_mut(&id) {
            if words.severity > raised.words.severity {
                raised.acknowledged = None; // what was seen was not as bad
            }
            self.changed |= words.severity != raised.words.severity;
            raised.worst = raised.worst.max(words.severity);
            (raised.words, raised.settles) = (words, settles);
            (raised.held, raised.passed) = (now, Some(passed));
            return;
        }
        if level == Level::Keep {
            return;
        }
        let pending =
            self.pending.entry(id.clone()).or_insert(Pending { since: now, first: passed, held: passed });
        pending.held = passed;
        let long_enough = passed.saturating_sub(pending.first) >= hold.unwrap_or(self.pace.raise);
        if !settled || !long_enough || self.kept.raised.len() >= MOST {
            return;
        }
        let (since, worst) = (pending.since, words.severity);
        self.pending.remove(&id);
        let says = &words.says;
        if worst == Severity::Critical {
            tracing::error!(%id, "alert: {says}");
        } else {
            tracing::warn!(%id, "alert: {says}");
        }
        let raised = Raised {
            rule,
            subject,
            since,
            acknowledged: None,
            worst,
            settles,
            words,
            held: now,
            passed: Some(passed),
        };
        self.kept.raised.insert(id, raised);
        self.changed = true;
    }

    /// What has not held for long enough is over. What an earlier run raised is given the time in which its rule can tell.
    fn clear(&mut self, passed: Duration, running: Duration, unknown: &[Rule]) {
        let Pace { grace, clear, .. } = self.pace;
        let over = |raised: &Raised| match raised.passed {
            Some(held) => passed.saturating_sub(held) >= clear,
            None => running >= grace.max(raised.settles) && !unknown.contains(&raised.rule),
        };
        for (id, raised) in self.kept.raised.extract_if(.., |_, raised| over(raised)) {
            tracing::info!(%id, "alert is over: {}", raised.words.title);
            self.kept.history.push_back(Past {
                id,
                rule: raised.rule,
                severity: raised.worst,
                title: raised.words.title,
                says: raised.words.says,
                from: written(raised.since),
                to: written(raised.held),
                acknowledged: raised.acknowledged.map(written),
            });
            self.changed = true;
        }
        let old = self.kept.history.len().saturating_sub(HISTORY);
        self.kept.history.drain(..old);
    }

    pub(super) fn counts(&self, now: Timestamp) -> AlertCounts {
        let mut counts = AlertCounts::default();
        for (id, raised) in &self.kept.raised {
            if self.muted(id, raised.rule, now).is_some() {
                counts.muted += 1;
                continue;
            }
            counts.active += 1;
            counts.critical += u64::from(raised.words.severity == Severity::Critical);
            counts.unseen += u64::from(raised.acknowledged.is_none());
        }
        counts
    }

    pub(super) fn list(&self, now: Timestamp, history: usize) -> Listed {
        let mut raised: Vec<_> = self.kept.raised.iter().collect();
        raised.sort_by_key(|(id, raised)| {
            let (muted, severity) = (self.muted(id, raised.rule, now), raised.words.severity);
            (muted.is_some(), std::cmp::Reverse((severity, raised.since)))
        });
        let muted = self.kept.mutes.iter().filter(|(_, until)| **until > now);
        Listed {
            active: raised.into_iter().map(|(id, raised)| self.alert(id, raised, now)).collect(),
            muted: muted.map(|(what, until)| Mute { what: what.clone(), until: written(*until) }).collect(),
            history: self.kept.history.iter().rev().take(history).cloned().collect(),
            ..Listed::default()
        }
    }

    fn alert(&self, id: &str, raised: &Raised, now: Timestamp) -> Alert {
        let muted = self.muted(id, raised.rule, now);
        let state = match (muted, raised.acknowledged) {
            (Some(_), _) => State::Muted,
            (None, Some(_)) => State::Acknowledged,
            (None, None) => State::Active,
        };
        Alert {
            id: id.into(),
            rule: raised.rule,
            subject: raised.subject.clone(),
            state,
            since: written(raised.since),
            acknowledged: raised.acknowledged.map(written),
            muted_until: muted.map(written),
            words: raised.words.clone(),
        }
    }

    /// Until when, whichever is later of the rule's and its own.
    fn muted(&self, id: &str, rule: Rule, now: Timestamp) -> Option<Timestamp> {
        let until = |what: &str| self.kept.mutes.get(what).copied().filter(|until| *until > now);
        until(id).max(until(rule.as_str()))
    }

    pub(super) fn acknowledge(&mut self, id: &str, now: Timestamp) -> Result<Alert, Refused> {
        let Some(raised) = self.kept.raised.get_mut(id) else { return Err(Refused::NotActive(id.into())) };
        if raised.acknowledged.is_none() {
            raised.acknowledged = Some(now);
            self.changed = true;
        }
        let raised = raised.clone();
        Ok(self.alert(id, &raised, now))
    }

    pub(super) fn mute(&mut self, what: &str, until: Timestamp) -> Result<Mute, Refused> {
        if !self.knows(what) {
            return Err(Refused::Unknown(what.into()));
        }
        if self.kept.mutes.len() >= MUTES && !self.kept.mutes.contains_key(what) {
            return Err(Refused::TooMany);
        }
        self.kept.mutes.insert(what.into(), until);
        self.changed = true;
        Ok(Mute { what: what.into(), until: written(until) })
    }

    pub(super) fn unmute(&mut self, what: &str) -> Result<(), Refused> {
        if !self.knows(what) {
            return Err(Refused::Unknown(what.into()));
        }
        self.changed |= self.kept.mutes.remove(what).is_some();
        Ok(())
    }

    /// A rule, something that is wrong, or something that is muted already.
    fn knows(&self, what: &str) -> bool {
        Rule::named(what).is_some()
            || self.kept.raised.contains_key(what)
            || self.kept.mutes.contains_key(what)
    }

    /// What is to be kept, if it is not what was kept the last time.
    pub(super) fn changed(&mut self) -> Option<Kept> {
        std::mem::take(&mut self.changed).then(|| {
            self.kept_at = self.looked;
            self.kept.clone()
        })
    }

    /// It could not be kept.
    pub(super) const fn again(&mut self) {
        self.changed = true;
    }
}

fn id(rule: Rule, subject: Option<&str>) -> String {
    match subject {
        Some(subject) => format!("{}:{subject}", rule.as_str()),
        None => rule.as_str().into(),
    }
}

#[cfg(test)]
mod tests;
