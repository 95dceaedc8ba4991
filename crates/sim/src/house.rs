//! The house: who lives in it, what its entities say, and when.
//!
//! All of it follows from a seed: the same seed, moved to the same times, fires the same events to the microsecond.

mod inventory;
mod model;
mod registry;
mod rhythm;
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use hearthline_core::{EntityId, Timestamp};
use serde_json::{Map, Value};

pub use registry::Registries;
pub use states::{Context, Fired, State, Write};

pub(crate) use states::iso;

use model::Model;
use states::States;

/// A house and its state machine.
#[derive(Debug)]
pub struct House {
    model: Model,
    states: States,
    /// What each entity says, whether or not anyone records it: what a restart finds again.
    said: BTreeMap<EntityId, Write>,
    removed: BTreeSet<EntityId>,
    /// The name of today by the name that an entity was installed with.
    renamed: BTreeMap<EntityId, EntityId>,
    /// Units that are not those of the behaviour, by the name that an entity was installed with.
    units: BTreeMap<EntityId, String>,
    registries: Registries,
    /// Entities of which nothing is reported.
    silenced: BTreeSet<EntityId>,
    rng: Rng,
    now: Timestamp,
    stopped: bool,
}

impl House {
    /// A house of eight rooms and about ninety entities. Each of them fires its first event at the first
    /// [`advance`](Self::advance), within a second after `now`.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self::furnished(seed, now, inventory::furnish())
    }

    /// The same with so many entities: the first ones of a usual house, or all of them and sensors of a larger one.
    #[must_use]
    pub fn of_size(seed: u64, now: Timestamp, entities: usize) -> Self {
        Self::furnished(seed, now, inventory::furnish_to(entities))
    }

    fn furnished(seed: u64, now: Timestamp, specs: Vec<model::Spec>) -> Self {
        let registries = Registries::of(&specs, now);
        Self { model: Model::new(specs, now), registries, ..Self::empty(seed, now) }
    }

    /// A house in which nothing happens but what the caller writes.
    #[must_use]
    pub fn empty(seed: u64, now: Timestamp) -> Self {
        Self {
            model: Model::new(Vec::new(), now),
            states: States::default(),
            said: BTreeMap::new(),
            removed: BTreeSet::new(),
            renamed: BTreeMap::new(),
            units: BTreeMap::new(),
            registries: Registries::default(),
            silenced: BTreeSet::new(),
            rng: Rng::with_seed(seed),
            now,
            stopped: false,
        }
    }

    /// The same house, `rate` times as busy. Call it before time passes.
    #[must_use]
    pub fn with_rate(mut self, rate: f64) -> Self {
        self.model.rate = rate.max(0.001);
        self
    }

    /// What happens up to and including `to`, in the order of time. Nothing when `to` has passed already.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Fired> {
        let mut fired = Vec::new();
        while let Some((at, writes)) = self.model.step(to, &mut self.rng) {
            let context = self.context(at, None);
            for mut write in writes {
                if let Some(unit) = self.units.get(&write.entity_id) {
                    write.attributes = with_unit(&write.attributes, unit);
                }
                if let Some(name) = self.renamed.get(&write.entity_id) {
                    write.entity_id = name.clone();
                }
                if !self.removed.contains(&write.entity_id) && !self.silenced.contains(&write.entity_id) {
                    fired.extend(self.write(at, write, &context));
                }
            }
        }
        self.now = self.now.max(to);
        fired
    }

    /// When the house does something next by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.model.next_due()
    }

    /// Writes a state as an integration does. `attributes` is a JSON object and goes to clients as it is, unchecked.
    /// An equal write fires nothing (equal as Python has it: `true == 1 == 1.0`).
    pub fn set_state(
        &mut self,
        at: Timestamp,
        entity_id: &str,
        state: &str,
        attributes: &str,
    ) -> Option<Fired> {
        self.call_service(at, None, vec![Write::new(entity_id, state, attributes)]).pop()
    }

    /// Writes several states under one context, as one service call does.
    pub fn call_service(&mut self, at: Timestamp, user_id: Option<&str>, writes: Vec<Write>) -> Vec<Fired> {
        let context = self.context(at, user_id);
        let mut fired = Vec::new();
        for write in writes {
            self.removed.remove(&write.entity_id);
            fired.extend(self.write(at, write, &context));
        }
        fired
    }

    /// Removes an entity for good. Nothing when there is none.
    pub fn remove(&mut self, at: Timestamp, entity_id: &str) -> Option<Fired> {
        let context = self.context(at, None);
        self.said.remove(entity_id);
        self.removed.insert(entity_id.into());
        self.states.remove(at, entity_id, &context)
    }

    /// Writes two states of one entity within the same microsecond, as a machine with a coarse clock does.
    pub fn set_at_once(&mut self, at: Timestamp, writes: [Write; 2]) -> Vec<Fired> {
        let [first, second] = writes;
        let mut fired = self.call_service(at, None, vec![first]);
        self.states.same_instant(!fired.is_empty());
        fired.extend(self.call_service(at, None, vec![second]));
        self.states.same_instant(false);
        fired
    }

    /// Whether there is such an entity, and none that has the other id.
    #[must_use]
    pub fn may_rename(&self, from: &str, to: &str) -> bool {
        !self.stopped
            && self.said.contains_key(from)
            && !self.said.contains_key(to)
            && self.state(to).is_none()
    }

    /// Gives an entity another id: the old one is removed, the new one appears, the registry has one entry all the time.
    /// Nothing where it may not be renamed.
    pub fn rename(&mut self, at: Timestamp, from: &str, to: &str) -> Vec<Fired> {
        let Some(mut write) = self.said.get(from).cloned().filter(|_| self.may_rename(from, to)) else {
            return Vec::new();
        };
        let to = EntityId::from(to);
        self.renamed.insert(self.installed(from), to.clone());
        self.registries.rename(from, to.as_str());
        let removed = self.remove(at, from);
        write.entity_id = to;
        let appeared = self.call_service(at, None, vec![write]);
        removed.into_iter().chain(appeared).collect()
    }

    /// From now on nothing is reported of these entities, and of what else is of their devices.
    pub fn silence(&mut self, entities: &BTreeSet<EntityId>) {
        self.silenced = entities.iter().flat_map(|entity_id| self.model.of_its_device(entity_id)).collect();
        self.silenced.extend(entities.iter().cloned());
    }

    /// When each entity last reported that has done so for over 10 seconds without a change, as the one template that is
    /// simulated is rendered: `now=` and the entities' names, each with seconds since 1970.
    #[must_use]
    pub fn reported(&self, now: Timestamp) -> String {
        let seconds = |at: Timestamp| at.0.div_euclid(1_000_000);
        let late = |state: &&Arc<State>| state.last_reported.since(state.last_updated).as_secs_f64() > 10.0;
        let entities = self.states().filter(late);
        let entities = entities.map(|state| format!(" {}={}", state.entity_id, seconds(state.last_reported)));
        format!("now={}", seconds(self.stamp(now))) + &entities.collect::<String>()
    }

    /// The name that an entity was installed with.
    fn installed(&self, entity_id: &str) -> EntityId {
        let installed = self.renamed.iter().find(|(_, name)| name.as_str() == entity_id);
        installed.map_or_else(|| entity_id.into(), |(id, _)| id.clone())
    }

    /// What an entity says, while the server runs.
    #[must_use]
    pub fn said(&self, entity_id: &str) -> Option<Write> {
        self.said.get(entity_id).filter(|_| !self.stopped).cloned()
    }

    /// The registry has another entity under this id from now on. Whether it has one.
    pub fn recreate(&mut self, entity_id: &str) -> bool {
        self.registries.recreate(entity_id)
    }

    /// Changes the entry of an entity; the value before, if it was another.
    pub fn set_in_registry(&mut self, entity_id: &str, key: &str, value: Value) -> Option<Value> {
        self.registries.set(entity_id, key, value).filter(|_| !self.stopped)
    }

    /// The entity speaks in this unit from now on: what it is to say. Nothing where it says none.
    pub fn set_unit(&mut self, entity_id: &str, unit: &str) -> Option<Write> {
        let write = self.said(entity_id)?;
        let attributes = with_unit(&write.attributes, unit);
        self.units.insert(self.installed(entity_id), unit.into());
        Some(Write { attributes, ..write })
    }

    /// Sets the clock that stamps events so many microseconds ahead of the true time, or behind it.
    pub fn set_skew(&mut self, micros: i64) {
        self.states.set_skew(micros);
    }

    /// A true time as the house's clock shows it.
    #[must_use]
    pub fn stamp(&self, at: Timestamp) -> Timestamp {
        self.states.stamp(at)
    }

    /// When an event is fired that is not about a state: behind all events before it.
    pub fn tick(&mut self, at: Timestamp) -> Timestamp {
        self.states.tick(at)
    }

    /// Makes the next state of the entity one that cannot be written as JSON.
    pub fn spoil(&mut self, entity_id: &str) {
        self.states.spoil(entity_id);
    }

    /// All states that there are, by entity id.
    pub fn states(&self) -> impl Iterator<Item = &Arc<State>> {
        self.states.iter()
    }

    /// The state of one entity.
    #[must_use]
    pub fn state(&self, entity_id: &str) -> Option<&Arc<State>> {
        self.states.get(entity_id)
    }

    /// Areas, devices, entities, floors and labels.
    #[must_use]
    pub fn registries(&self) -> &Registries {
        &self.registries
    }

    /// The state machine dies: the house lives on, and nothing is fired.
    pub fn stop(&mut self) {
        self.states.clear();
        self.stopped = true;
    }

    /// The state machine is there again, and empty. What happens from now on fires; returns the entities to
    /// [`load`](Self::load).
    pub fn start(&mut self) -> Vec<EntityId> {
        self.stopped = false;
        self.said.keys().cloned().collect()
    }

    /// The registry remembers the entity, its integration is not there yet: `unavailable`, unless it has a state.
    pub fn restore(&mut self, at: Timestamp, entity_id: &EntityId) -> Option<Fired> {
        if self.state(entity_id.as_str()).is_some() {
            return None;
        }
        let context = self.context(at, None);
        let key = self.registries.key(entity_id);
        let write = Write::new(entity_id.as_str(), "unavailable", r#"{"restored":true}"#);
        self.states.set(at, &write, key, &context)
    }

    /// The integration of the entity is there: what the entity says.
    pub fn load(&mut self, at: Timestamp, entity_id: &EntityId) -> Option<Fired> {
        let context = self.context(at, None);
        self.states.set(at, self.said.get(entity_id)?, self.registries.key(entity_id), &context)
    }

    /// A context of its own.
    pub fn context(&mut self, at: Timestamp, user_id: Option<&str>) -> Context {
        Context::new(at, user_id, &mut self.rng)
    }

    fn write(&mut self, at: Timestamp, write: Write, context: &Context) -> Option<Fired> {
        let key = self.registries.key(&write.entity_id);
        let fired = if self.stopped { None } else { self.states.set(at, &write, key, context) };
        self.said.insert(write.entity_id.clone(), write);
        fired
    }

    /// How long after `now` the house does something next by itself; `longest` at most.
    #[must_use]
    pub fn wait(&self, now: Timestamp, longest: Duration) -> Duration {
        self.next_due().map_or(longest, |due| due.since(now).min(longest))
    }
}

fn with_unit(attributes: &str, unit: &str) -> Arc<str> {
    let mut attributes: Map<String, Value> = serde_json::from_str(attributes).unwrap_or_default();
    attributes.insert("unit_of_measurement".into(), unit.into());
    Value::Object(attributes).to_string().into()
}

#[cfg(test)]
mod tests;
