//! States that come without an event: comparing what Home Assistant holds with what we hold, and imports.

use hashbrown::HashSet;
use hearthline_core::{EntityId, Origin, Timestamp};

use super::{Ingest, IngestError, Stream};
use crate::gaps::Cause;
use crate::sources::home_assistant::wire::State;
use crate::weather::home_assistant::is_weather;

/// What a snapshot showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotReport {
    /// States that were as we hold them, or older.
    pub equal: u64,
    /// States that we did not have; each is now a record.
    pub new: u64,
    /// States of entities that the settings leave out.
    pub filtered: u64,
}

impl Ingest {
    /// Compares a part of a snapshot with what is held, and logs each state that is newer. A state that is equal is not
    /// offered, so it is in no counter. Outside of a gap a newer state shows that Home Assistant dropped an event; a gap
    /// opens for that entity.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn compare(
        &mut self,
        states: &[State<'_>],
        received: Timestamp,
    ) -> Result<SnapshotReport, IngestError> {
        let mut report = SnapshotReport::default();
        for state in states {
            let entity_id = state.entity_id.as_ref();
            if !self.keeps(entity_id, Some(state)) {
                report.filtered += 1;
                self.view.left_out().seen(entity_id, self.rule_of(entity_id));
                continue;
            }
            self.view.left_out().kept(entity_id);
            self.show(state);
            let before = self.fold.held.get(entity_id).map(|held| held.ts);
            if before.is_some_and(|held| held >= state.last_updated) {
                report.equal += 1;
                if is_weather(entity_id) && before == Some(state.last_updated) {
                    self.see_weather(entity_id, Some(state));
                }
                continue;
            }
            let missed = before.filter(|_| self.is_followed(entity_id));
            self.missed(entity_id, missed, state.last_updated, Cause::Compared);
            self.fold.counters.offer(Origin::Snapshot);
            self.log_state(state, Origin::Snapshot, received)?;
            report.new += 1;
        }
        self.end_frame()?;
        Ok(report)
    }

    /// Every state of a snapshot was compared: what is held is what there is. Absence of an entity means nothing yet.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn compared(&mut self, states: &[State<'_>]) -> Result<(), IngestError> {
        self.absent = self.absent_from(states);
        self.show_live(states);
        self.away();
        if self.stream != Stream::Down {
            self.stream = Stream::Complete;
        }
        self.weather_known()?;
        self.end_frame()
    }

    /// Takes states of the past that come from elsewhere, oldest first for each entity, as one append.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn import(&mut self, states: &[State<'_>], received: Timestamp) -> Result<(), IngestError> {
        for state in states {
            self.offer_bare(state, Origin::Import, received)?;
            if self.keeps_known(&state.entity_id) {
                self.show(state);
            }
        }
        self.end_frame()
    }

    /// A state that comes without an event and from outside of the stream: one that is no newer than what is held is a
    /// duplicate.
    pub(super) fn offer_bare(
        &mut self,
        state: &State<'_>,
        origin: Origin,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        self.fold.counters.offer(origin);
        let held = self.fold.held.get(state.entity_id.as_ref()).map(|held| held.ts);
        if !self.keeps(&state.entity_id, Some(state)) {
            self.fold.counters.filtered += 1;
        } else if held.is_some_and(|held| held >= state.last_updated) {
            self.fold.counters.duplicate += 1;
        } else {
            self.log_state(state, origin, received)?;
        }
        Ok(())
    }

    /// Entities of which a state is held and that a complete snapshot does not show. That may be a removal that was missed.
    fn absent_from(&self, states: &[State<'_>]) -> Vec<EntityId> {
        let there: HashSet<&str> = states.iter().map(|state| state.entity_id.as_ref()).collect();
        let held =
            self.fold.held.iter().filter(|(id, held)| held.state.is_some() && !there.contains(id.as_str()));
        held.map(|(id, _)| id.clone()).collect()
    }
}
