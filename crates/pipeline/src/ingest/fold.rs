//! What the log says so far, as far as the producer needs it.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use hearthline_core::{EntityId, Origin, Seq, Timestamp};
use hearthline_log::{Log, LogError};

use super::offer::held;
use crate::context::Context;
use crate::counters::Counters;
use crate::gaps::{Gap, Ledger, State};
use crate::record::{Held, Moved, Record, StateRecord};
use crate::replay::since_checkpoint;
use crate::sources::home_assistant::wire::{self, EventData};

/// The last state of each entity, the gaps and the counters: a fold over the log.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    /// The last state of each entity.
    pub held: HashMap<EntityId, Held>,
    /// Of these, the ones that came as events.
    told: usize,
    /// Every gap.
    pub gaps: Ledger,
    /// Which entities are known to have changed in an open gap, by the gap's id.
    pub moved: BTreeMap<u64, BTreeMap<EntityId, Moved>>,
    /// Entities that a gap has named as not kept by history, and that were not heard of since.
    pub unknown: BTreeSet<EntityId>,
    /// Where entities belong, and the weather.
    pub context: Context,
    /// Cumulative counts.
    pub counters: Counters,
    /// `time_fired` of the last live event, or the time of a newer state that came without one.
    pub last_fired: Option<Timestamp>,
}

impl Fold {
    /// Folds the log up to and including `end`, from the last checkpoint before it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn replay(log: &Log, end: Seq) -> Result<Self, LogError> {
        let mut fold = Self::default();
        since_checkpoint(log, end, |batch, end| {
            for (_, _, bytes) in batch.records().take_while(|(seq, ..)| *seq <= end) {
                match Record::decode(bytes) {
                    Ok(record) => fold.apply(record),
                    Err(error) => tracing::warn!(%error, "a log record was passed over"),
                }
            }
            if let Some(counters) = Counters::from_meta(batch.meta()) {
                fold.counters = counters;
            }
        })?;
        Ok(fold)
    }

    /// Takes one record into account. Counters travel beside the records.
    pub fn apply(&mut self, record: Record<'_>) {
        match record {
            Record::State(state) => self.apply_state(&state),
            Record::Event(event) => {
                if let Ok(event) = wire::parse_event(&event.raw) {
                    self.last_fired = Some(event.time_fired);
                }
            }
            Record::Checkpoint(checkpoint) => {
                self.held =
                    checkpoint.entities.into_iter().map(|entity| (entity.entity_id, entity.held)).collect();
                self.told = self.held.values().filter(|held| is_told(held)).count();
                self.gaps = Ledger::new(checkpoint.gaps, checkpoint.gap_totals);
                let moved = checkpoint.moved.into_iter();
                self.moved = moved.map(|(gap, entities)| (gap, entities.into_iter().collect())).collect();
                self.unknown = checkpoint.unknown.into_iter().collect();
                self.counters = checkpoint.counters;
                self.last_fired = checkpoint.last_fired;
            }
            Record::Gap(gap) => {
                self.note_closed(&gap);
                self.gaps.apply(gap);
            }
            Record::Connected(connected) => self.gaps.began(connected.at),
            Record::Settled(settled) => self.last_fired = settled.last_fired,
            Record::Undecodable(_) => {}
            record @ (Record::Weather(_) | Record::Entity(_) | Record::Context(_)) => {
                self.context.apply(&record);
            }
        }
    }

    /// The entity is seen to have changed while nothing was heard of it: in any of the gaps that are open. `proof` is the
    /// time of a state that shows it. To be called before that is held.
    pub(super) fn note_moved(&mut self, entity: &str, proof: Option<Timestamp>) {
        let held = self.held.get(entity).or_else(|| self.held_before_renaming(entity)).map(|held| held.ts);
        for gap in self.gaps.all().iter().filter(|gap| gap.is_open_for_all()) {
            let proof = proof.filter(|at| gap.from <= *at && gap.to.is_none_or(|to| *at <= to));
            let moved = self.moved.entry(gap.id).or_default();
            match moved.get_mut(entity) {
                Some(known) => known.proof = proof.max(known.proof),
                None => {
                    let since = held.map_or(gap.from, |held| held.min(gap.from));
                    moved.insert(entity.into(), Moved { since, known: held.is_some(), proof });
                }
            }
        }
    }

    /// What is held under the name that the entity had before, if nothing says yet that it has another.
    fn held_before_renaming(&self, entity: &str) -> Option<&Held> {
        let former = self.context.entities.former(entity)?;
        self.held.get(former).filter(|held| held.state.is_some())
    }

    /// What was known of a gap while it was open is not needed any more.
    pub(super) fn note_closed(&mut self, gap: &Gap) {
        if gap.state != State::Open {
            self.moved.remove(&gap.id);
            self.unknown.extend(gap.result.not_kept.iter().cloned());
        }
    }

    fn apply_state(&mut self, record: &StateRecord<'_>) {
        let removed = Held { ts: record.ts, tie: record.tie, origin: record.origin, state: None, content: 0 };
        let new = match record.origin {
            _ if record.removed => {
                if record.origin == Origin::Live {
                    self.last_fired = Some(record.ts);
                }
                removed
            }
            Origin::Live => {
                let Ok(event) = wire::parse_event(&record.raw) else { return };
                self.last_fired = Some(event.time_fired);
                let EventData::StateChanged { new_state: Some(state), .. } = event.data else { return };
                if record.old_state.is_none() {
                    self.note_moved(&record.entity_id, None);
                }
                Held { tie: record.tie, ..held(&state, Origin::Live) }
            }
            origin => {
                let Ok(state) = wire::parse_state(&record.raw) else { return };
                self.last_fired = self.last_fired.max(Some(record.ts));
                if matches!(origin, Origin::Chain | Origin::Snapshot) {
                    self.note_moved(&record.entity_id, Some(record.ts));
                }
                held(&state, origin)
            }
        };
        if !record.late {
            self.unknown.remove(record.entity_id.as_ref());
            self.hold(EntityId::from(record.entity_id.as_ref()), new);
        }
    }

    /// Replaces what is held of an entity; answers with what was.
    pub(super) fn hold(&mut self, entity: EntityId, held: Held) -> Option<Held> {
        self.told += usize::from(is_told(&held));
        let before = self.held.insert(entity, held);
        self.told -= usize::from(before.as_ref().is_some_and(is_told));
        before
    }

    /// Puts back what was held of an entity.
    pub(super) fn restore(&mut self, entity: &EntityId, before: Option<Held>) {
        match before {
            Some(held) => drop(self.hold(entity.clone(), held)),
            None => {
                let undone = self.held.remove(entity);
                self.told -= usize::from(undone.as_ref().is_some_and(is_told));
            }
        }
    }

    /// Of how many entities the state that is held came as an event.
    pub(super) const fn told(&self) -> usize {
        self.told
    }
}

fn is_told(held: &Held) -> bool {
    held.origin == Origin::Live
}
