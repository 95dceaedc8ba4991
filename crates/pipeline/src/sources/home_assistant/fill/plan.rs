//! How one gap is asked for: windows of time, batches of entities, and what the answers say together.

use std::collections::VecDeque;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use hearthline_core::{EntityId, Timestamp};
use tokio::time::Instant;

use super::super::command::Period;
use crate::gaps::{Cause, Outcome, State};
use crate::ingest::{Fill, PastState};

/// Entities in one question.
const BATCH: usize = 50;
/// The first window, the smallest and the largest. An answer is one frame, and one over 64 MiB ends the connection: a
/// window begins small enough for a storm of some thousand events a second.
const WINDOW: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(1), Duration::from_secs(6 * 3600)];
/// Below the first so many bytes the next window is twice as long, over the second half as long.
const ANSWER: (usize, usize) = (256 << 10, 2 << 20);
/// Home Assistant gives what is later than the start that is asked for.
const MICRO: Duration = Duration::from_micros(1);
/// Times that are asked for together, however much they differ.
const SHORT: Duration = Duration::from_secs(60);
/// If history begins so much later than the gap, its beginning was purged.
const PURGED: Duration = Duration::from_secs(3600);

pub(super) struct Plan {
    pub(super) fill: Fill,
    pub(super) began: Instant,
    fenced: bool,
    /// Asked before the windows: what may be missing from before the gap.
    leads: VecDeque<Period>,
    /// Since when that may be, of each entity.
    since: HashMap<EntityId, Timestamp>,
    window: Duration,
    /// Of the window.
    at: Timestamp,
    end: Timestamp,
    /// The first entity of the batch.
    batch: usize,
    /// Bytes of the window's largest answer.
    largest: usize,
    /// Entities that history has anything of.
    kept: HashSet<EntityId>,
    /// The oldest row; none if there were states from before the gap.
    oldest: Oldest,
    unreadable: usize,
    /// States were left out, as it cannot be known whose they are.
    left_out: bool,
}

enum Oldest {
    None,
    At(Timestamp),
    BeforeTheGap,
}

impl Plan {
    pub(super) fn new(fill: Fill, now: Instant) -> Self {
        // What a person asks for lies before all that was heard, but for a renaming.
        let fenced = fill.cause == Cause::Requested && fill.fence <= fill.to;
        let at = fill.through;
        let oldest = if fill.through > fill.from { Oldest::BeforeTheGap } else { Oldest::None };
        let mut plan = Self {
            began: now,
            fenced,
            leads: if fill.through > fill.from { VecDeque::new() } else { leads(&fill) },
            since: fill.before.iter().cloned().collect(),
            window: WINDOW[0],
            at,
            end: at,
            batch: 0,
            largest: 0,
            kept: HashSet::new(),
            oldest,
            unreadable: 0,
            left_out: false,
            fill,
        };
        plan.end = plan.window_end();
        plan
    }

    pub(super) const fn waits_for_fence(&self) -> bool {
        !self.fenced
    }

    pub(super) const fn pass_fence(&mut self) {
        self.fenced = true;
    }

    /// Asks for live states from behind the fence; none if there are none yet.
    pub(super) fn fence(&self, behind: Vec<(EntityId, Timestamp)>) -> Option<Period> {
        let mut entities: Vec<EntityId> = behind.into_iter().map(|(entity, _)| entity).collect();
        entities.sort_unstable();
        entities.dedup();
        entities.truncate(BATCH);
        let start = self.fill.fence.minus(MICRO);
        (!entities.is_empty()).then_some(Period { start, end: None, entities, attributes: false })
    }

    /// One of them, or any other from behind the fence, shows that history is complete up to there.
    pub(super) fn look_behind(&mut self, asked: &Period, rows: &[PastState]) {
        self.fenced =
            rows.iter().any(|row| row.last_updated >= self.fill.fence && row.last_updated > asked.start);
    }

    /// The question that comes next. In a quiet house the last one has no end.
    pub(super) fn question(&self, quiet: bool) -> Period {
        if let Some(lead) = self.leads.front() {
            return lead.clone();
        }
        let rest = self.fill.entities.get(self.batch..).unwrap_or_default();
        let last = self.end >= self.fill.to;
        // The end is exclusive, and the gap's end was heard.
        let end = if last && quiet && self.fill.cause != Cause::Requested {
            None
        } else {
            Some(self.end.plus(MICRO))
        };
        let entities = rest.iter().take(BATCH).cloned().collect();
        Period { start: self.at.minus(MICRO), end, entities, attributes: true }
    }

    /// Takes note of an answer; the rows of it that are states of the period.
    pub(super) fn take(
        &mut self,
        asked: &Period,
        mut rows: Vec<PastState>,
        unreadable: usize,
        bytes: usize,
    ) -> Vec<PastState> {
        self.unreadable += unreadable;
        self.largest = if self.leads.is_empty() { self.largest.max(bytes) } else { 0 };
        for row in &rows {
            if !self.kept.contains(&row.entity_id) {
                self.kept.insert(row.entity_id.clone());
            }
            if self.fill.proofs.get(&row.entity_id) == Some(&row.last_updated) {
                self.fill.proofs.remove(&row.entity_id);
            }
            if !self.leads.is_empty() {
                continue;
            }
            // The state of the moment that was asked for is stamped with that moment.
            let before = row.last_updated <= asked.start;
            self.oldest = match self.oldest {
                Oldest::BeforeTheGap => Oldest::BeforeTheGap,
                _ if before && self.at == self.fill.from => Oldest::BeforeTheGap,
                Oldest::At(at) => Oldest::At(at.min(row.last_updated)),
                Oldest::None => Oldest::At(row.last_updated),
            };
        }
        // Who is asked for together with others, for longer than need be, had what came before.
        let since =
            |row: &PastState| if self.leads.is_empty() { None } else { self.since.get(&row.entity_id) };
        rows.retain(|row| row.last_updated > *since(row).unwrap_or(&asked.start));
        rows
    }

    /// States under these names were left out, as it cannot be known whose they are.
    pub(super) fn leave_out(&mut self, names: Vec<EntityId>) {
        self.left_out |= !names.is_empty();
        self.fill.mixed.extend(names);
        self.fill.mixed.sort_unstable();
        self.fill.mixed.dedup();
    }

    /// Whether a restart may go on from here. What was left out has to be met again, so that it is named.
    pub(super) const fn keeps_place(&self) -> bool {
        !self.left_out
    }

    /// Goes on to the next batch; at the end of a window, says up to where history was asked for.
    pub(super) fn advance(&mut self) -> Option<Timestamp> {
        if self.leads.pop_front().is_some() {
            return None;
        }
        self.batch += BATCH;
        if self.batch < self.fill.entities.len() {
            return None;
        }
        let through = self.end;
        if self.largest < ANSWER.0 {
            self.window = (self.window * 2).min(WINDOW[2]);
        } else if self.largest > ANSWER.1 {
            self.window = (self.window / 2).max(WINDOW[1]);
        }
        (self.batch, self.largest, self.at) = (0, 0, through);
        self.end = self.window_end();
        Some(through)
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.fill.to
    }

    fn window_end(&self) -> Timestamp {
        self.at.plus(self.window).min(self.fill.to.max(self.at))
    }

    /// What became of the gap.
    pub(super) fn outcome(&self) -> (State, Outcome) {
        let mut notes = vec![self.fill.note()];
        // Whoever asks for the past gets what there is; nothing is known to be missing.
        let changed = self.fill.changed.iter().filter(|_| self.fill.cause != Cause::Requested);
        let mut not_kept: Vec<EntityId> = changed.filter(|id| !self.kept.contains(*id)).cloned().collect();
        let holes = || self.fill.proofs.keys().filter(|id| self.kept.contains(*id));
        if holes().next().is_some() {
            let of = entities(holes().count());
            notes.push(format!(
                "Home Assistant's history lacks a state of {of} that there was; it has a hole, and others may be lost"
            ));
        }
        let purged = match self.oldest {
            Oldest::At(at) if at.since(self.fill.from) > PURGED => Some(at),
            _ => None,
        };
        if let Some(at) = purged {
            notes.push(format!("Home Assistant's history begins at {at}; what was before that is lost"));
        }
        if self.unreadable > 0 {
            notes.push(format!("{} states of history cannot be read", self.unreadable));
        }
        if !not_kept.is_empty() {
            let of = entities(not_kept.len());
            notes.push(format!(
                "Home Assistant's recorder keeps nothing of {of} that changed; states may be lost"
            ));
        }
        notes.retain(|note| !note.is_empty());
        not_kept.extend(holes().chain(&self.fill.mixed).cloned());
        not_kept.sort_unstable();
        not_kept.dedup();
        let complete = notes.is_empty() || self.fill.cause == Cause::Requested;
        let state = if complete { State::Filled } else { State::Partly };
        (state, Outcome { not_kept, note: notes.join("; ") })
    }

    /// What becomes of it if history cannot be had.
    pub(super) fn without_history(&self, why: &str) -> Outcome {
        let mut not_kept: Vec<EntityId> = self.fill.changed.iter().chain(&self.fill.mixed).cloned().collect();
        not_kept.sort_unstable();
        not_kept.dedup();
        let refused =
            format!("Home Assistant's history cannot be had: {why}; try again with `hearthline gaps retry`");
        let mut notes = vec![self.fill.note(), refused];
        notes.retain(|note| !note.is_empty());
        Outcome { not_kept, note: notes.join("; ") }
    }
}

fn entities(count: usize) -> String {
    if count == 1 { "one entity".into() } else { format!("{count} entities") }
}

/// Questions for what may be missing from before the gap. Entities of which nothing is known for about as long are asked
/// for together, as the answer has everything that any of them did in that time.
fn leads(fill: &Fill) -> VecDeque<Period> {
    let mut before = fill.before.clone();
    before.sort_unstable_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
    let mut leads = VecDeque::<(Duration, Period)>::new();
    for (entity, since) in before {
        let age = fill.from.since(since);
        match leads.back_mut() {
            Some((most, lead)) if age <= *most && lead.entities.len() < BATCH => {
                lead.start = since;
                lead.entities.push(entity);
            }
            _ => {
                let end = Some(fill.from.plus(MICRO));
                let lead = Period { start: since, end, entities: vec![entity], attributes: true };
                leads.push_back(((age * 4).max(SHORT), lead));
            }
        }
    }
    leads.into_iter().map(|(_, lead)| lead).collect()
}

#[cfg(test)]
mod tests;
