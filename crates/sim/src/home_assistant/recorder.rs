//! The recorder: what was fired, and how history tells it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::Value;

use super::Options;
use super::message::quoted;
use crate::house::{Fired, State};

/// Attributes longer than this as JSON are recorded as `{}`.
const MAX_ATTRIBUTES: usize = 16_384;

/// Domains of which a row counts as significant though only its attributes changed.
const SIGNIFICANT: [&str; 6] =
    ["climate", "device_tracker", "humidifier", "thermostat", "water_heater", "weather"];

#[derive(Debug)]
pub(super) struct Recorder {
    fired: VecDeque<Fired>,
    /// What was fired and not committed when the process was killed.
    lost: Vec<(Timestamp, Timestamp)>,
    excluded: Vec<String>,
    commit_interval: i64,
    keep: Duration,
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
            lost: Vec::new(),
            excluded: options.excluded.clone(),
            commit_interval: i64::try_from(options.commit_interval.as_micros()).unwrap_or(i64::MAX).max(1),
            keep: options.keep,
        }
    }

    pub(super) fn push(&mut self, fired: Fired) {
        let oldest = fired.time_fired.minus(self.keep);
        while self.fired.pop_front_if(|f| f.time_fired < oldest).is_some() {}
        self.fired.push_back(fired);
    }

    pub(super) fn ledger(&self) -> Vec<Fired> {
        self.fired.iter().cloned().collect()
    }

    /// Up to when everything is committed.
    fn committed(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0 - now.0.rem_euclid(self.commit_interval))
    }

    /// Events that wait for the next commit.
    pub(super) fn backlog(&self, now: Timestamp) -> usize {
        let committed = self.committed(now);
        self.fired.len() - self.fired.partition_point(|f| f.time_fired <= committed)
    }

    /// The process dies at `now`: what is not committed never will be.
    pub(super) fn kill(&mut self, now: Timestamp) {
        self.lost.push((self.committed(now), now));
    }

    fn knows(&self, fired: &Fired, now: Timestamp) -> bool {
        let at = fired.time_fired;
        at <= self.committed(now)
            && fired.new_state.as_ref().is_none_or(|s| s.serialisable)
            && !self.lost.iter().any(|&(from, to)| from < at && at <= to)
    }

    /// Whether a question about its entity and time is answered with it.
    pub(super) fn shows(&self, fired: &Fired, now: Timestamp) -> bool {
        self.knows(fired, now) && !self.excluded.iter().any(|id| id == fired.entity_id.as_str())
    }

    /// The result as JSON: rows in the order of time by entity; entities without any are absent.
    pub(super) fn during(&self, period: &Period, now: Timestamp) -> String {
        let asked = period.entity_ids.iter().filter(|id| !self.excluded.contains(id));
        let mut rows: BTreeMap<&str, Vec<String>> = asked.map(|id| (id.as_str(), Vec::new())).collect();
        let first = self.fired.partition_point(|f| f.time_fired <= period.start);
        let at_start = format!(r#""lu":{}"#, Value::from(exact_seconds(period.start)));
        if period.include_start_time_state && period.start <= now {
            for (id, rows) in &mut rows {
                let mut before = self.fired.range(..first).rev();
                let last = before.find(|f| f.entity_id.as_str() == *id && self.knows(f, now));
                let held = last.and_then(|f| f.new_state.as_deref());
                rows.extend(held.map(|state| period.row(Some(state), &at_start, true)));
            }
        }
        for fired in self.fired.range(first..).take_while(|f| f.time_fired < period.end) {
            if let Some(rows) = rows.get_mut(fired.entity_id.as_str())
                && self.knows(fired, now)
                && period.wants(fired)
            {
                rows.push(period.row(fired.new_state.as_deref(), &times(fired), rows.is_empty()));
            }
        }
        rows.retain(|_, rows| !rows.is_empty());
        let rows: Vec<String> =
            rows.into_iter().map(|(id, rows)| format!("{}:[{}]", quoted(id), rows.join(","))).collect();
        format!("{{{}}}", rows.join(","))
    }
}

impl Period {
    fn wants(&self, fired: &Fired) -> bool {
        !self.significant_changes_only
            || SIGNIFICANT.contains(&fired.entity_id.domain())
            || fired.new_state.as_ref().is_none_or(|s| s.last_changed == s.last_updated)
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
