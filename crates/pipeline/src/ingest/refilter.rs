//! Another filter while the stream goes on, and what a filter would do.
//!
//! A filter holds from one record on: it is replaced between two frames, and every event offered after that is judged by the
//! new one. What the log has was let through by the filter of its time, and no fold asks a filter, so a replay says the same.

use std::sync::Arc;

use hearthline_core::{EntityId, EntityInfo, Seq};

use super::Ingest;
use crate::described::Described;
use crate::filter::{Filter, Subject};
use crate::sources::home_assistant::wire::State;

/// An entity of which Home Assistant has a state, recorded or not.
#[derive(Clone, Debug)]
pub struct LiveEntity {
    /// The name of the day.
    pub entity_id: EntityId,
    /// What is known of it.
    pub info: Option<Arc<EntityInfo>>,
    /// The class that its state says.
    pub device_class: Option<Arc<str>>,
}

impl<'a> From<&'a LiveEntity> for Subject<'a> {
    fn from(entity: &'a LiveEntity) -> Self {
        Subject {
            entity_id: entity.entity_id.as_str(),
            info: entity.info.as_deref(),
            device_class: entity.device_class.as_deref(),
        }
    }
}

impl Ingest {
    /// Takes another filter, which holds for every event that is offered from now on. Answers with the number behind which its
    /// records come.
    pub fn refilter(&mut self, filter: Arc<Filter>) -> Seq {
        let held: Vec<EntityId> = self.fold.held.keys().cloned().collect();
        let before: Vec<bool> = held.iter().map(|id| self.keeps_known(id.as_str())).collect();
        self.filter = filter;
        self.refiltered = true;
        let mut over = false;
        for (id, was_kept) in held.into_iter().zip(before) {
            match (was_kept, self.keeps_known(id.as_str())) {
                // What it was meanwhile was left out, which is no loss.
                (false, true) => drop(self.returned.insert(id)),
                (true, false) => {
                    self.returned.remove(&id);
                    over |= self.silence.removed(id.as_str());
                }
                _ => {}
            }
        }
        if over {
            self.show_silent();
        }
        self.appended
    }

    /// Whether another filter was taken since this was last asked: registries and states are to be had again then, so that an
    /// entity that comes in has its key and its state.
    pub const fn takes_refiltered(&mut self) -> bool {
        std::mem::replace(&mut self.refiltered, false)
    }

    /// Every entity that has a state, as the last comparison and the events since then say.
    #[must_use]
    pub fn live(&self) -> Vec<LiveEntity> {
        let live = |(id, class): (&EntityId, &Option<Arc<str>>)| LiveEntity {
            entity_id: id.clone(),
            info: self.known(id.as_str()).cloned(),
            device_class: class.clone(),
        };
        let held = self.fold.held.iter().filter(|(_, held)| held.state.is_some()).map(|(id, _)| id);
        let unseen = held.filter(|id| !self.live.contains_key(*id)).map(|id| (id, &None));
        let removed = |id: &EntityId| self.fold.held.get(id).is_some_and(|held| held.state.is_none());
        let seen = self.live.iter().filter(|(id, _)| !removed(id));
        seen.chain(unseen).map(live).collect()
    }

    /// An event of an entity that is left out.
    pub(super) fn see_left_out(&mut self, entity_id: &str, state: Option<&State<'_>>) {
        match state {
            None => drop(self.live.remove(entity_id)),
            Some(state) if !self.live.contains_key(entity_id) => {
                self.live.insert(entity_id.into(), class(state));
            }
            Some(_) => {}
        }
    }

    pub(super) fn show_live(&mut self, states: &[State<'_>]) {
        self.live = states.iter().map(|state| (state.entity_id.as_ref().into(), class(state))).collect();
    }
}

fn class(state: &State<'_>) -> Option<Arc<str>> {
    Described::of(state.attributes).device_class.map(Arc::from)
}
