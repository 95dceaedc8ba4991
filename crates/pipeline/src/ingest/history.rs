//! Filling gaps: what is to be asked of Home Assistant's history, and what becomes of the answer.

use std::collections::BTreeMap;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use hearthline_core::{EntityId, Origin, Seq, Timestamp};

use super::offer::{content, held, says_restored};
use super::{Ingest, IngestError, Stream};
use crate::gaps::{Cause, Gap, Outcome, State};
use crate::mask::mask;
use crate::record::{Held, Record, StateRecord};
use crate::sources::home_assistant::wire;
use crate::weather::home_assistant::is_weather;

/// What is to be asked of history to fill a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The gap.
    pub gap: u64,
    /// What ended the stream.
    pub cause: Cause,
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// History is complete, and has entities under their names of today, once it shows an event from behind here.
    pub fence: Timestamp,
    /// Up to where it was filled before.
    pub through: Timestamp,
    /// Entities to be asked for, in order.
    pub entities: Vec<EntityId>,
    /// Of these, the ones of which something may be missing from before the gap, since an instant each.
    pub before: Vec<(EntityId, Timestamp)>,
    /// States from the gap that were had otherwise: where history does not have one, it has a hole.
    pub proofs: HashMap<EntityId, Timestamp>,
    /// Of these, the ones that are known to have changed: if history does not have them, something is lost.
    pub changed: HashSet<EntityId>,
    /// Events other than changes of states were recorded: of these there is no history.
    pub others: bool,
    /// Names under which history may have states of more than one entity: these are not asked for.
    pub mixed: Vec<EntityId>,
}

/// A state of the past, as history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastState {
    /// Which entity.
    pub entity_id: EntityId,
    /// The text; none for a removal.
    pub state: Option<Box<str>>,
    /// JSON; `{}` also where there were too many for the recorder.
    pub attributes: Box<str>,
    /// When the text last changed.
    pub last_changed: Timestamp,
    /// Its identity.
    pub last_updated: Timestamp,
    /// The text before it, where history shows one.
    pub before: Option<Box<str>>,
}

impl Ingest {
    /// The next gap that can be filled: it has both ends, and states were compared since. A gap in which no entity changed
    /// is closed at once.
    ///
    /// # Errors
    /// When the log does not take the closing.
    pub fn next_fill(&mut self) -> Result<Option<Fill>, IngestError> {
        while self.stream == Stream::Complete {
            let open =
                || self.fold.gaps.all().iter().filter(|gap| gap.state == State::Open && gap.to.is_some());
            let by_itself = open().find(|gap| gap.cause != Cause::Requested);
            let Some(gap) = by_itself.or_else(|| open().next()) else { break };
            let fill = self.fill(gap);
            if !fill.entities.is_empty() {
                return Ok(Some(fill));
            }
            let note = fill.note();
            let state = if note.is_empty() { State::Filled } else { State::Partly };
            self.close_gap(fill.gap, state, Outcome { not_kept: fill.mixed, note })?;
        }
        Ok(None)
    }

    fn fill(&self, gap: &Gap) -> Fill {
        let all = || self.fold.held.keys().filter(|id| self.keeps_known(id.as_str()));
        let moved = self.fold.moved.get(&gap.id);
        let mut changed: HashSet<EntityId> = if gap.closings > 0 && !gap.result.not_kept.is_empty() {
            gap.result.not_kept.iter().cloned().collect()
        } else if !gap.entities.is_empty() {
            gap.entities.iter().cloned().collect()
        } else if gap.closings > 0 || matches!(gap.cause, Cause::Requested | Cause::Damaged) {
            all().cloned().collect()
        } else {
            moved.into_iter().flat_map(BTreeMap::keys).cloned().collect()
        };
        let mut entities: Vec<EntityId> = changed.iter().cloned().collect();
        let (mut before, mut proofs) = (Vec::new(), HashMap::new());
        for (id, moved) in moved.into_iter().flatten() {
            if !changed.contains(id) {
                continue;
            }
            if moved.since < gap.from {
                before.push((id.clone(), moved.since));
            }
            match moved.proof {
                Some(proof) => drop(proofs.insert(id.clone(), proof)),
                None if !moved.known => drop(changed.remove(id)),
                None => {}
            }
        }
        if gap.entities.is_empty() {
            entities.extend(self.absent.iter().chain(self.without_state()).cloned());
            changed.extend(self.absent.iter().filter(|id| !self.fold.unknown.contains(*id)).cloned());
        }
        // History has them under the names of today, but their removal under the name that they had.
        let (named, to) = (&self.fold.context.entities, gap.to.unwrap_or(gap.from));
        let today = |id: &EntityId| named.today(id.as_str(), to).unwrap_or(id).clone();
        entities.extend(changed.iter().map(today).collect::<Vec<_>>());
        entities.sort_unstable();
        entities.dedup();
        let (mixed, mut entities): (Vec<_>, Vec<_>) =
            entities.into_iter().partition(|id: &EntityId| named.is_mixed(id.as_str(), gap.from, to));
        // The weather first, so that what comes behind it finds it.
        entities.sort_by_key(|id| !is_weather(id.as_str()));
        let is_mixed = |id: &EntityId| mixed.binary_search(id).is_ok();
        let changed = changed.iter().map(today).filter(|id| !is_mixed(id)).collect();
        before.iter_mut().for_each(|(id, _)| *id = today(id));
        before.retain(|(id, since)| !is_mixed(id) && !named.is_mixed(id.as_str(), *since, to));
        proofs = proofs.iter().map(|(id, at)| (today(id), *at)).filter(|(id, _)| !is_mixed(id)).collect();
        Fill {
            gap: gap.id,
            cause: gap.cause,
            from: gap.from,
            to,
            fence: named.renamed().map_or(to, |at| at.max(to)),
            through: gap.through.unwrap_or(gap.from),
            entities,
            before,
            proofs,
            changed,
            others: !self.states_only && gap.entities.is_empty() && gap.cause != Cause::Requested,
            mixed,
        }
    }

    /// The number of the last record that the log took.
    #[must_use]
    pub const fn appended(&self) -> Seq {
        self.appended
    }

    /// Our clock's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether any state of the gap was had.
    #[must_use]
    pub fn has_recovered(&self, gap: u64) -> bool {
        self.fold.gaps.get(gap).is_some_and(|gap| gap.recovered > 0)
    }

    /// Live states from behind an instant, that show in history once it is complete up to there.
    #[must_use]
    pub fn fences(&self, behind: Timestamp) -> Vec<(EntityId, Timestamp)> {
        self.fences.behind(behind)
    }

    /// Every name under which states of these entities may be recorded.
    #[must_use]
    pub fn names_of(&self, entities: &[EntityId]) -> Vec<EntityId> {
        let named = &self.fold.context.entities;
        let others = entities.iter().flat_map(|id| named.names(id.as_str()));
        let mut names: Vec<_> = entities.iter().chain(others).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Takes states that history has of a gap, oldest first for each entity, as one append. `had` says which of them are
    /// recorded already, by the name that their row has. The names of those that are left out, as it cannot be known whose
    /// they are.
    ///
    /// # Errors
    /// When the log does not take them.
    pub fn history(
        &mut self,
        gap: u64,
        states: &[PastState],
        had: &HashSet<(EntityId, Timestamp)>,
    ) -> Result<Vec<EntityId>, IngestError> {
        let (at, mut left_out) = (self.clock.now(), Vec::new());
        for state in states {
            let keeps = self.keeps_known(state.entity_id.as_str());
            let is_had = keeps && self.is_had(state, had);
            if keeps && !is_had && self.is_ambiguous(state) {
                left_out.push(state.entity_id.clone());
                continue;
            }
            self.fold.counters.offer(Origin::History);
            if !keeps {
                self.fold.counters.filtered += 1;
            } else if is_had {
                self.fold.counters.duplicate += 1;
            } else {
                self.log_past(gap, state, at)?;
            }
        }
        self.end_frame()?;
        Ok(left_out)
    }

    /// Whether it cannot be known whose state it is: nobody listened when its name went to another entity, and it is from
    /// that time; or nobody is known to have had the name then.
    fn is_ambiguous(&self, past: &PastState) -> bool {
        let (id, at) = (past.entity_id.as_str(), past.last_updated);
        let named = &self.fold.context.entities;
        // What lists say holds from where nobody listened any longer, but may be from up to where somebody did again. Gaps
        // overlap: the next one begins before the last event that was heard. Few names ever change hands, so gaps are looked
        // through for these alone.
        let unheard = |gap: &Gap, given: Timestamp| {
            let within = |at: Timestamp| gap.from <= at && gap.to.is_none_or(|to| at <= to);
            gap.is_silence() && within(at) && within(given)
        };
        let mut given = named.changed_hands(id);
        named.was_strangers(id, at)
            || given.any(|given| self.fold.gaps.all().iter().any(|gap| unheard(gap, given)))
    }

    /// Whether a state is recorded, under whichever name the entity was known by when it was.
    fn is_had(&self, past: &PastState, had: &HashSet<(EntityId, Timestamp)>) -> bool {
        let (id, at) = (&past.entity_id, past.last_updated);
        let mut names = self.fold.context.entities.names_then(id.as_str(), at);
        let is_had = |name: &EntityId| had.contains(&(name.clone(), at));
        is_had(id) || past.state.is_some() && names.any(is_had)
    }

    fn log_past(&mut self, gap: u64, past: &PastState, at: Timestamp) -> Result<(), IngestError> {
        let held_before = self.fold.held.get(&past.entity_id);
        // Under a name that went it says nothing of who has the name now, nor is it the last of anybody.
        let today = self.fold.context.entities.today(past.entity_id.as_str(), past.last_updated);
        let former = past.state.is_some() && today.is_some_and(|name| *name != past.entity_id);
        let late = former || held_before.is_some_and(|held| held.ts >= past.last_updated);
        let has_some =
            |held: &Held| held.state.as_deref().is_some_and(|text| held.content != content(text, "{}"));
        let dropped = past.state.is_some() && &*past.attributes == "{}" && held_before.is_some_and(has_some);
        let raw = past.to_json(dropped);
        let state = past.state.as_ref().and_then(|_| wire::parse_state(&raw).ok());
        if let Some(state) = state.as_ref().filter(|_| !late) {
            self.describe(state, &*past.attributes == "{}", at)?;
        }
        self.push(&Record::State(StateRecord {
            origin: Origin::History,
            received: at,
            ts: past.last_updated,
            tie: 0,
            removed: past.state.is_none(),
            restored: state.as_ref().is_some_and(says_restored),
            late,
            old_state: past.before.as_deref().map(Into::into),
            entity_id: past.entity_id.as_str().into(),
            raw: mask(&raw),
        }))?;
        if !late {
            let removal =
                Held { ts: past.last_updated, tie: 0, origin: Origin::History, state: None, content: 0 };
            let now = state.as_ref().map_or(removal, |state| held(state, Origin::History));
            self.hold(past.entity_id.clone(), now);
        }
        self.weather_behind(past.entity_id.as_str(), state.as_ref(), late, at)?;
        self.recovered(gap, 1);
        if dropped {
            self.fold.gaps.update(gap, |gap| gap.without_attributes += 1);
        }
        Ok(())
    }

    /// History of a gap was taken in up to here.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn filled_through(&mut self, gap: u64, through: Timestamp) -> Result<(), IngestError> {
        let gap = self.fold.gaps.update(gap, |gap| gap.through = Some(through));
        self.note_gap(gap);
        self.end_frame()
    }

    /// It is known what became of a gap.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn close_gap(&mut self, id: u64, state: State, result: Outcome) -> Result<(), IngestError> {
        let gap = self.fold.gaps.close(id, state, result);
        if let Some(gap) = &gap {
            self.fold.note_closed(gap);
        }
        self.note_gap(gap);
        self.end_frame()
    }

    /// Nothing was heard since the subscription, and states were compared: the gap ends with the newest of them. Where other
    /// events are recorded too, no state shows what was missed of these: the gap ends with the subscription, which was there
    /// at `subscribed` by Home Assistant's clock.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn quiet(&mut self, subscribed: Timestamp) -> Result<(), IngestError> {
        let (Stream::Complete, Some(last), Some(_)) =
            (self.stream, self.fold.last_fired, self.fold.gaps.unbounded())
        else {
            return Ok(());
        };
        let newest = self.fold.held.iter().filter(|(_, held)| held.ts >= last && held.state.is_some());
        let newest: Vec<_> = newest.map(|(id, held)| (id.clone(), held.ts)).take(8).collect();
        let end = if self.states_only { last } else { last.max(subscribed) };
        let bounded = self.fold.gaps.bound(end);
        self.note_bounded(bounded);
        newest.iter().for_each(|(id, ts)| self.fences.heard(id.as_str(), *ts));
        self.end_frame()
    }

    /// Every gap that is remembered, the newest first.
    #[must_use]
    pub fn list_gaps(&self) -> Vec<Gap> {
        self.fold.gaps.all().iter().rev().cloned().collect()
    }

    /// Tries gaps once more that could not be filled: one, or all of them. How many there are.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn retry_gaps(&mut self, id: Option<u64>) -> Result<usize, IngestError> {
        let again =
            |gap: &&Gap| matches!(gap.state, State::Partly | State::Lost) && id.is_none_or(|id| gap.id == id);
        let ids: Vec<u64> = self.fold.gaps.all().iter().filter(again).map(|gap| gap.id).collect();
        for id in &ids {
            let gap = self.fold.gaps.reopen(*id);
            self.note_gap(gap);
        }
        self.end_frame()?;
        Ok(ids.len())
    }

    /// A part of the log cannot be read, of which the store does not have everything: opens a gap for the time in which it
    /// was written, once. Whether it is a new one.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn damaged(&mut self, from: Timestamp, to: Timestamp, what: &str) -> Result<bool, IngestError> {
        let same = |gap: &Gap| gap.cause == Cause::Damaged && gap.detail == what;
        if self.fold.gaps.all().iter().any(same) {
            return Ok(false);
        }
        let gap = self.fold.gaps.open_range(from, to.max(from), Cause::Damaged, what);
        self.note_gap(Some(gap));
        self.end_frame()?;
        Ok(true)
    }

    /// A person asks for the states that history still has since an instant. The gap that stands for the question; the one
    /// that is being filled already, if it asks for as much.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn backfill(&mut self, from: Timestamp) -> Result<u64, IngestError> {
        let same = |gap: &&Gap| gap.cause == Cause::Requested && gap.state == State::Open && gap.from <= from;
        if let Some(gap) = self.fold.gaps.all().iter().find(same) {
            return Ok(gap.id);
        }
        let to = self.clock.now().max(from.plus(Duration::from_micros(1)));
        let gap = self.fold.gaps.open_range(from, to, Cause::Requested, "");
        let id = gap.id;
        self.note_gap(Some(gap));
        self.end_frame()?;
        Ok(id)
    }
}

impl Fill {
    /// What cannot be had whatever history has.
    #[must_use]
    pub fn note(&self) -> String {
        let mut notes = Vec::new();
        if self.others {
            let lost = "events other than changes of states are in no history; those of this time are lost";
            notes.push(lost.to_owned());
        }
        if !self.mixed.is_empty() {
            let names: Vec<_> = self.mixed.iter().map(EntityId::as_str).collect();
            notes.push(format!(
                "renamed: {} had more than one entity in or after this time, whose states cannot be told apart in history",
                names.join(", ")
            ));
        }
        notes.join("; ")
    }
}

impl PastState {
    /// A state object as `get_states` would show it. Attributes that the recorder dropped are null.
    fn to_json(&self, dropped: bool) -> String {
        let Some(state) = &self.state else { return String::new() };
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let written = |at: Timestamp| at.to_string().replace('Z', "+00:00");
        format!(
            r#"{{"entity_id":{},"state":{},"attributes":{},"last_changed":"{}","last_updated":"{}"}}"#,
            quoted(self.entity_id.as_str()),
            quoted(state),
            if dropped { "null" } else { &*self.attributes },
            written(self.last_changed),
            written(self.last_updated),
        )
    }
}
