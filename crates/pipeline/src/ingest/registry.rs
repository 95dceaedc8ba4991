//! What the registries say of entities: logged where it is news, and asked whether an entity is left out.
//!
//! Of an entity that is left out nothing is logged, so what is known of it is here, in memory alone, until the lists are
//! had again.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use hearthline_core::{Change, ChangeKind, EntityId, EntityInfo, Timestamp};

use super::offer::says_restored;
use super::{Ingest, IngestError};
use crate::described::Described;
use crate::filter::Subject;
use crate::record::EntityRecord;
use crate::registries::{Registries, changes};
use crate::sources::home_assistant::wire::State;
use crate::sources::home_assistant::wire::registry::Registry;

/// Right behind what was heard last.
const BEHIND: Duration = Duration::from_micros(1);

/// What is known of entities beside the log.
#[derive(Default)]
pub(super) struct Registered {
    /// By the name of today, as the lists had it last, with what events have said since.
    listed: HashMap<EntityId, Arc<EntityInfo>>,
    /// Which lists were had.
    had: HashSet<Registry>,
    /// Classes that states have said, where a rule asks for one.
    classes: HashMap<EntityId, Arc<str>>,
    /// Unit and class as they were compared last with what is known.
    described: HashMap<EntityId, UnitAndClass>,
}

type UnitAndClass = (Option<Arc<str>>, Option<Arc<str>>);

impl Registered {
    /// What was compared with the log is to be compared again.
    pub(super) fn forget_compared(&mut self) {
        self.described.clear();
    }
}

impl Ingest {
    /// Whether it is known of every entity whether it is left out. Before that no event may be taken.
    #[must_use]
    pub fn can_decide(&self) -> bool {
        self.filter.needs().all(|registry| self.registered.had.contains(&registry))
    }

    /// Whether a registry is known to have the entity.
    #[must_use]
    pub fn is_registered(&self, entity_id: &str) -> bool {
        self.registered.listed.contains_key(entity_id)
    }

    /// Entities that a registry has and of which no state is held: one that came and went while nobody listened is among them.
    pub(super) fn without_state(&self) -> impl Iterator<Item = &EntityId> {
        let enabled = self.registered.listed.iter().filter(|(_, info)| !info.disabled).map(|(id, _)| id);
        let is_there =
            |id: &EntityId| self.fold.held.get(id.as_str()).is_some_and(|held| held.state.is_some());
        enabled.filter(move |id| !is_there(id) && self.keeps_known(id.as_str()))
    }

    /// What is known of an entity, also of one that is left out.
    pub(super) fn info(&self, entity_id: &str) -> Option<&EntityInfo> {
        self.known(entity_id).map(AsRef::as_ref)
    }

    pub(super) fn known(&self, entity_id: &str) -> Option<&Arc<EntityInfo>> {
        let listed = self.registered.listed.get(entity_id);
        listed.or_else(|| self.fold.context.entities.current(entity_id))
    }

    /// Whether an entity is recorded, of which this state is at hand.
    pub(super) fn keeps(&mut self, entity_id: &str, state: Option<&State<'_>>) -> bool {
        if !self.filter.looks_further() {
            return self.filter.keeps(entity_id);
        }
        if let Some(class) = state.and_then(|state| Described::of(state.attributes).device_class) {
            match self.registered.classes.get_mut(entity_id) {
                Some(known) if **known == *class => {}
                Some(known) => *known = class.as_ref().into(),
                None => drop(self.registered.classes.insert(entity_id.into(), class.as_ref().into())),
            }
        }
        self.keeps_known(entity_id)
    }

    /// The same where no state is at hand.
    pub(super) fn keeps_known(&self, entity_id: &str) -> bool {
        if !self.filter.looks_further() {
            return self.filter.keeps(entity_id);
        }
        let device_class = self.registered.classes.get(entity_id).map(AsRef::as_ref);
        self.filter.keeps(Subject { entity_id, info: self.info(entity_id), device_class })
    }

    /// The rule that decides about one.
    pub(super) fn rule_of(&self, entity_id: &str) -> Option<String> {
        let device_class = self.registered.classes.get(entity_id).map(AsRef::as_ref);
        self.filter.decide(Subject { entity_id, info: self.info(entity_id), device_class }).rule
    }

    /// Takes new lists of the registries: what they say that is news, to be logged with [`Ingest::learn`]. `at` is the
    /// time of the event that said that something has changed; without one it may have at any time since the last that
    /// was heard, and holds from there on.
    pub fn registered(&mut self, lists: &Registries, at: Option<Timestamp>) -> Vec<EntityRecord<'static>> {
        let received = self.clock.now();
        let at = at.or_else(|| self.fold.last_fired.map(|last| last.plus(BEHIND))).unwrap_or(received);
        self.registered.had.extend(Registry::ALL.into_iter().filter(|registry| lists.has(*registry)));
        if !lists.has(Registry::Entity) {
            return Vec::new();
        }
        let record = |info: Arc<EntityInfo>, removed: bool, changes: Vec<Change>| EntityRecord {
            at,
            received,
            info: Cow::Owned(info.as_ref().clone()),
            removed,
            changes,
        };
        let entities = &self.fold.context.entities;
        let (mut news, mut gone, mut listed, mut keys) =
            (Vec::new(), Vec::new(), HashMap::new(), HashSet::new());
        for entity in lists.entities() {
            let before = entities.by_key(&entity.id);
            let stranger = entities.current(&entity.entity_id).filter(|info| !info.is_registered());
            let info = Arc::new(lists.resolve(entity, before.or(stranger).map(AsRef::as_ref)));
            keys.insert(Arc::clone(&info.key));
            listed.insert(info.entity_id.clone(), Arc::clone(&info));
            let device_class = self.registered.classes.get(info.entity_id.as_str()).map(AsRef::as_ref);
            let subject = Subject { device_class, ..Subject::from(info.as_ref()) };
            if before == Some(&info) || !self.filter.keeps(subject) {
                continue;
            }
            gone.extend(stranger.cloned());
            news.push(record(Arc::clone(&info), false, changes(before.map(AsRef::as_ref), &info)));
        }
        // An empty list is one that is not there yet.
        if !keys.is_empty() {
            let known = entities.newest().filter(|version| !version.removed && version.info.is_registered());
            let unlisted = known.filter(|version| !keys.contains(&version.info.key));
            gone.extend(unlisted.map(|version| Arc::clone(&version.info)));
        }
        self.view.registered(listed.len());
        self.registered.listed = listed;
        let removed = || vec![Change { what: ChangeKind::Removed, from: None, to: None }];
        gone.into_iter().map(|info| record(info, true, removed())).chain(news).collect()
    }

    /// Logs what is news of entities.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn learn(&mut self, news: &[EntityRecord<'static>]) -> Result<(), IngestError> {
        for record in news {
            self.push_entity(record.clone())?;
        }
        self.end_frame()
    }

    /// An entity has got another name, as an event says: holds for all that follows in the frame.
    ///
    /// # Errors
    /// As [`Ingest::accept`].
    pub fn renamed(
        &mut self,
        from: &str,
        to: &str,
        at: Timestamp,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        let Some(known) = self.info(from).cloned().filter(EntityInfo::is_registered) else { return Ok(()) };
        let before = self.fold.context.entities.by_key(&known.key).cloned();
        let info = EntityInfo { entity_id: to.into(), ..before.as_deref().cloned().unwrap_or(known) };
        let Registered { listed, classes, .. } = &mut self.registered;
        listed.remove(from);
        listed.insert(info.entity_id.clone(), Arc::new(info.clone()));
        if let Some(class) = classes.remove(from) {
            classes.insert(info.entity_id.clone(), class);
        }
        if before.as_deref() == Some(&info) || !self.keeps_known(to) {
            return Ok(());
        }
        self.fences.wanted();
        let changes = changes(before.as_deref(), &info);
        self.push_entity(EntityRecord { at, received, info: Cow::Owned(info), removed: false, changes })
    }

    /// An entity has gone from the registry, as an event says.
    ///
    /// # Errors
    /// As [`Ingest::accept`].
    pub fn unregistered(
        &mut self,
        entity_id: &str,
        at: Timestamp,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        self.registered.listed.remove(entity_id);
        self.registered.classes.remove(entity_id);
        let known = self.fold.context.entities.current(entity_id).filter(|info| info.is_registered());
        let Some(info) = known.map(|info| info.as_ref().clone()) else { return Ok(()) };
        let changes = vec![Change { what: ChangeKind::Removed, from: None, to: None }];
        self.push_entity(EntityRecord { at, received, info: Cow::Owned(info), removed: true, changes })
    }

    /// A state is about to be logged: unit and class that it says are logged before it where they are news. A state that
    /// may leave them out (`silent`) says nothing by that.
    pub(super) fn describe(
        &mut self,
        state: &State<'_>,
        silent: bool,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        let entity_id = state.entity_id.as_ref();
        let said = Described::of(state.attributes);
        let said = (said.unit.as_deref(), said.device_class.as_deref());
        let same = |(unit, class): &UnitAndClass| (unit.as_deref(), class.as_deref()) == said;
        if self.registered.described.get(entity_id).is_some_and(same) {
            return Ok(());
        }
        let silent = silent || matches!(&*state.state, "unavailable" | "unknown") || says_restored(state);
        let known = self.fold.context.entities.current(entity_id).cloned();
        let mut info =
            known.as_deref().cloned().unwrap_or_else(|| EntityInfo::unregistered(entity_id.into()));
        for (known, said) in [(&mut info.unit, said.0), (&mut info.device_class, said.1)] {
            if known.as_deref() != said && (said.is_some() || !silent) {
                *known = said.map(Into::into);
            }
        }
        let described = (info.unit.clone(), info.device_class.clone());
        if known.as_deref() != Some(&info) {
            let changes = changes(known.as_deref(), &info);
            let at = state.last_updated;
            self.push_entity(EntityRecord { at, received, info: Cow::Owned(info), removed: false, changes })?;
        }
        self.registered.described.insert(entity_id.into(), described);
        Ok(())
    }

    /// What was compared of the names that an entity had and has is to be compared again.
    pub(super) fn recompare(&mut self, info: &EntityInfo) {
        let described = &mut self.registered.described;
        described.remove(info.entity_id.as_str());
        if let Some(before) = self.fold.context.entities.by_key(&info.key) {
            described.remove(before.entity_id.as_str());
        }
    }
}
