//! The recorder: what was fired, and how history tells it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};
use serde_json::Value;

use super::Options;
use super::ledger::LedgerEntry;
use super::message::quoted;
use crate::house::{Fired, State};

/// Attributes longer than this as JSON are recorded as `{}`.
const MAX_ATTRIBUTES: usize = 16_384;

/// Domains of which a row counts as significant though only its attributes changed.
const SIGNIFICANT: [&str; 6] =
    ["climate", "device_tracker", "humidifier", "thermostat", "water_heater", "weather"];

#[derive(Debug)]
pub(super) struct Recorder {
    fired: VecDeque<Entry>,
    pushed: u64,
    /// After which time, and up to which, nothing ever gets into history: not committed when the process was killed, or fired without a recorder.
    lost: Vec<(Timestamp, Timestamp)>,
    /// Since when there is none.
    absent: Option<Timestamp>,
    /// The least and the most that the house's clock was ahead of the true time, in microseconds.
    skews: (i64, i64),
    excluded: Vec<String>,
    commit_interval: i64,
    keep: Duration,
}

/// An event that was fired.
#[derive(Debug)]
struct Entry {
    order: u64,
    /// In true time, by which the recorder works.
    at: Timestamp,
    /// As history names the entity today.
    entity_id: EntityId,
    fired: Fired,
}

/// A question of `history/history_during_period`.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) entity_ids: Vec<String>,
    pub(super) include_start_time_state: bool,
    pub(super) significant_changes_only: bool,
    pub(super) minimal_response: bool,
    pub(super) no_attributes: bool,
}

impl Recorder {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            fired: VecDeque::new(),
            pushed: 0,
            lost: Vec::new(),
            absent: None,
            skews: (0, 0),
            excluded: options.excluded.clone(),
            commit_interval: i64::try_from(options.commit_interval.as_micros()).unwrap_or(i64::MAX).max(1),
            keep: options.keep,
        }
    }

    /// `skew` is how far the clock of the event was ahead of the true time, in microseconds.
    pub(super) fn push(&mut self, fired: Fired, skew: i64) {
        let at = Timestamp(fired.time_fired.0.saturating_sub(skew));
        self.skews = (self.skews.0.min(skew), self.skews.1.max(skew));
        let oldest = at.minus(self.keep);
        while self.fired.pop_front_if(|entry| entry.at < oldest).is_some() {}
        self.pushed += 1;
        self.fired.push_back(Entry { order: self.pushed, at, entity_id: fired.entity_id.clone(), fired });
    }

    pub(super) fn ledger(&self) -> Vec<Fired> {
        self.fired.iter().map(|entry| entry.fired.clone()).collect()
    }

    pub(super) fn entries(&self, now: Timestamp) -> Vec<LedgerEntry> {
        let entry = |entry: &Entry| LedgerEntry {
            order: entry.order,
            fired: entry.fired.clone(),
            in_history: self.knows(entry, now),
        };
        self.fired.iter().map(entry).collect()
    }

    /// Up to when everything is committed.
    fn committed(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0 - now.0.rem_euclid(self.commit_interval))
    }

    /// Events that wait for the next commit.
    pub(super) fn backlog(&self, now: Timestamp) -> usize {
        let committed = self.committed(now);
        self.fired.len() - self.fired.partition_point(|entry| entry.at <= committed)
    }

    /// The process dies at `now`: what is not committed never will be.
    pub(super) fn kill(&mut self, now: Timestamp) {
        self.lost.push((self.committed(now), now));
    }

    pub(super) fn is_absent(&self) -> bool {
        self.absent.is_some()
    }

    /// Goes away at `now`, or comes back; what is fired meanwhile is in no history.
    pub(super) fn set_absent(&mut self, absent: bool, now: Timestamp) {
        if !absent {
            let before = |at: Timestamp| Timestamp(at.0 - 1);
            self.lost.extend(self.absent.take().map(|since| (before(since), before(now))));
        } else if self.absent.is_none() {
            self.absent = Some(now);
        }
    }

    /// History follows the entity to its new id, unless the new id has one of its own.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if self.fired.iter().all(|entry| entry.entity_id.as_str() != to) {
            let to = EntityId::from(to);
            for entry in self.fired.iter_mut().filter(|entry| entry.entity_id.as_str() == from) {
                entry.entity_id = to.clone();
            }
        }
    }

    fn knows(&self, entry: &Entry, now: Timestamp) -> bool {
        let at = entry.at;
        at <= self.committed(now)
            && entry.fired.new_state.as_ref().is_none_or(|s| s.serialisable)
            && self.absent.is_none_or(|since| at < since)
            && !self.lost.iter().any(|&(from, to)| from < at && at <= to)
            && !self.excluded.iter().any(|id| id == entry.entity_id.as_str())
    }

    /// The result as JSON: rows in the order of time by entity; entities without any are absent.
    pub(super) fn during(&self, period: &Period, now: Timestamp) -> String {
        let mut rows: BTreeMap<&str, Vec<&Entry>> =
            period.entity_ids.iter().map(|id| (id.as_str(), Vec::new())).collect();
        let first = self.not_before(period.start, self.skews.1);
        let last = self.not_before(period.end, self.skews.0);
        for entry in self.fired.range(first.min(last)..last) {
            let within = period.start < entry.fired.time_fired && entry.fired.time_fired < period.end;
            if within
                && let Some(rows) = rows.get_mut(entry.entity_id.as_str())
                && self.knows(entry, now)
                && period.wants(&entry.fired)
            {
                rows.push(entry);
            }
        }
        let rows: Vec<String> = rows
            .into_iter()
            .filter_map(|(id, mut entries)| {
                entries.sort_by_key(|entry| entry.fired.time_fired); // a clock can have been set back
                let held = if period.include_start_time_state { self.held(id, period, now) } else { None };
                let texts = period.rows(held, &entries);
                (!texts.is_empty()).then(|| format!("{}:[{}]", quoted(id), texts.join(",")))
            })
            .collect();
        format!("{{{}}}", rows.join(","))
    }

    /// The first entry that can have this time by a clock that was so far ahead.
    fn not_before(&self, at: Timestamp, skew: i64) -> usize {
        self.fired.partition_point(|entry| entry.at.0.saturating_add(skew) < at.0)
    }

    /// The state of the entity at the start.
    fn held(&self, id: &str, period: &Period, now: Timestamp) -> Option<&State> {
        let last = self.not_before(Timestamp(period.start.0 + 1), self.skews.0);
        let mut before = self.fired.range(..last).rev();
        let last = before.find(|entry| {
            entry.entity_id.as_str() == id && entry.fired.time_fired <= period.start && self.knows(entry, now)
        });
        last.and_then(|entry| entry.fired.new_state.as_deref())
    }
}

impl Period {
    fn wants(&self, fired: &Fired) -> bool {
        !self.significant_changes_only
            || SIGNIFICANT.contains(&fired.entity_id.domain())
            || fired.new_state.as_ref().is_none_or(|s| s.last_changed == s.last_updated)
    }

    fn rows(&self, held: Option<&State>, entries: &[&Entry]) -> Vec<String> {
        let at_start = format!(r#""lu":{}"#, Value::from(exact_seconds(self.start)));
        let mut rows: Vec<String> =
            held.into_iter().map(|state| self.row(Some(state), &at_start, true)).collect();
        for entry in entries {
            let (state, first) = (entry.fired.new_state.as_deref(), rows.is_empty());
            rows.push(self.row(state, &times(&entry.fired), first));
        }
        rows
    }

    fn row(&self, state: Option<&State>, times: &str, first: bool) -> String {
        let text = state.map_or_else(|| "null".into(), |s| quoted(&s.state));
        if self.no_attributes || self.minimal_response && !first {
            return format!(r#"{{"s":{text},{times}}}"#);
        }
        let attributes = state.map(|s| &*s.attributes).filter(|a| a.len() <= MAX_ATTRIBUTES).unwrap_or("{}");
        format!(r#"{{"s":{text},"a":{attributes},{times}}}"#)
    }
}

/// `lu`, and `lc` where it differs.
fn times(fired: &Fired) -> String {
    let changed = fired.new_state.as_ref().map(|s| s.last_changed).filter(|at| *at != fired.time_fired);
    let changed =
        changed.map(|at| format!(r#""lc":{},"#, Value::from(float_seconds(at)))).unwrap_or_default();
    format!(r#"{changed}"lu":{}"#, Value::from(float_seconds(fired.time_fired)))
}

fn exact_seconds(at: Timestamp) -> f64 {
    at.0.div_euclid(1_000_000) as f64 + at.0.rem_euclid(1_000_000) as f64 / 1e6
}

/// Seconds as a double, the way the recorder has them: a real one reads the clock as a double and rounds the text of
/// `last_updated` from that, so its doubles lie up to half a microsecond beside it.
pub(super) fn float_seconds(at: Timestamp) -> f64 {
    let exact = exact_seconds(at);
    let beside = match at.0.rem_euclid(5) {
        0 => exact.next_up(),
        1 => exact.next_down(),
        2 => exact.next_up().next_up(),
        3 => exact.next_down().next_down(),
        _ => exact,
    };
    if Timestamp::from_float_seconds(beside) == Ok(at) { beside } else { exact }
}
