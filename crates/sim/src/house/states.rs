//! Home Assistant's state machine: what counts as a change, and what is fired for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fastrand::Rng;
use hearthline_core::{EntityId, Timestamp};
use serde_json::Value;

/// Why something happened. Every entity that changes by one service call carries the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// A ULID: 26 characters, the first ten from the time.
    pub id: Arc<str>,
    /// The user who asked for it.
    pub user_id: Option<Arc<str>>,
}

impl Context {
    /// A new one.
    pub fn new(at: Timestamp, user_id: Option<&str>, rng: &mut Rng) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let millis = u128::try_from(at.0 / 1000).unwrap_or(0) & ((1 << 48) - 1);
        let bits = (millis << 80) | (rng.u128(..) >> 48);
        let character = |i: u32| ALPHABET.get(usize::try_from((bits >> (125 - 5 * i)) & 31).unwrap_or(0));
        let id: String = (0..26).filter_map(character).map(|&c| char::from(c)).collect();
        Self { id: id.into(), user_id: user_id.map(Into::into) }
    }
}

/// A state to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Of which entity.
    pub entity_id: EntityId,
    /// The text.
    pub state: Arc<str>,
    /// A JSON object.
    pub attributes: Arc<str>,
}

impl Write {
    /// Wraps the three.
    pub fn new(
        entity_id: impl Into<Arc<str>>,
        state: impl Into<Arc<str>>,
        attributes: impl Into<Arc<str>>,
    ) -> Self {
        Self { entity_id: EntityId::new(entity_id), state: state.into(), attributes: attributes.into() }
    }
}

/// A state as the machine holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Of which entity.
    pub entity_id: EntityId,
    /// The registry's id of the entity, or the entity id where there is none.
    pub key: Arc<str>,
    /// The text.
    pub state: Arc<str>,
    /// A JSON object, as it was written.
    pub attributes: Arc<str>,
    /// When the text last changed.
    pub last_changed: Timestamp,
    /// When it was last written, equal or not.
    pub last_reported: Timestamp,
    /// When text or attributes last changed.
    pub last_updated: Timestamp,
    /// Why.
    pub context: Context,
    /// Whether it can be written as JSON. One that cannot is known to nobody outside.
    pub serialisable: bool,
}

/// A `state_changed` event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fired {
    /// When; equal to `last_updated` of the new state where there is one. Never twice the same in one house, unless its
    /// clock is set back or [`House::set_at_once`](super::House::set_at_once) asks for it.
    pub time_fired: Timestamp,
    /// Of which entity.
    pub entity_id: EntityId,
    /// What it was; absent for a new entity.
    pub old_state: Option<Arc<State>>,
    /// What it is; absent for a removal.
    pub new_state: Option<Arc<State>>,
    /// Why.
    pub context: Context,
}

impl Fired {
    /// Of which entity, by the name that stays.
    #[must_use]
    pub fn key(&self) -> &str {
        [&self.new_state, &self.old_state].into_iter().flatten().next().map_or("", |state| &state.key)
    }

    /// Whether the event reaches anyone: an event with an old or a new state that cannot be written is dropped in
    /// silence.
    #[must_use]
    pub fn deliverable(&self) -> bool {
        [&self.old_state, &self.new_state].into_iter().flatten().all(|s| s.serialisable)
    }
}

/// The machine.
#[derive(Debug, Default)]
pub(super) struct States {
    current: BTreeMap<EntityId, Arc<State>>,
    spoilt: BTreeSet<EntityId>,
    /// In true time.
    last_fired: Timestamp,
    /// How far the clock that stamps events is ahead of the true one, in microseconds.
    skew: i64,
    /// The next event has the time of the one before it.
    same_instant: bool,
}

impl States {
    pub(super) fn set(
        &mut self,
        at: Timestamp,
        write: &Write,
        key: Arc<str>,
        context: &Context,
    ) -> Option<Fired> {
        let old = self.current.get(&write.entity_id).cloned();
        let same_text = old.as_ref().is_some_and(|o| o.state == write.state);
        let spoilt = self.spoilt.remove(&write.entity_id);
        // Python keeps the old attributes where they are equal, so a `true` that becomes `1` stays `true`.
        let same_attributes = old
            .as_ref()
            .filter(|o| equal_json(&o.attributes, &write.attributes))
            .map(|o| o.attributes.clone());
        if let Some(old) = &old
            && same_text
            && same_attributes.is_some()
            && !spoilt
        {
            let reported = State { last_reported: self.stamp(at).max(old.last_reported), ..(**old).clone() };
            self.current.insert(write.entity_id.clone(), Arc::new(reported));
            return None;
        }
        let at = self.tick(at);
        let new = Arc::new(State {
            entity_id: write.entity_id.clone(),
            key,
            state: write.state.clone(),
            attributes: same_attributes.unwrap_or_else(|| write.attributes.clone()),
            last_changed: old.as_ref().filter(|_| same_text).map_or(at, |o| o.last_changed),
            last_reported: at,
            last_updated: at,
            context: context.clone(),
            serialisable: !spoilt,
        });
        self.current.insert(write.entity_id.clone(), new.clone());
        Some(Fired {
            time_fired: at,
            entity_id: write.entity_id.clone(),
            old_state: old,
            new_state: Some(new),
            context: context.clone(),
        })
    }

    pub(super) fn remove(&mut self, at: Timestamp, entity_id: &str, context: &Context) -> Option<Fired> {
        let old = self.current.remove(entity_id)?;
        Some(Fired {
            time_fired: self.tick(at),
            entity_id: old.entity_id.clone(),
            old_state: Some(old),
            new_state: None,
            context: context.clone(),
        })
    }

    pub(super) fn spoil(&mut self, entity_id: &str) {
        self.spoilt.insert(entity_id.into());
    }

    pub(super) fn clear(&mut self) {
        self.current.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<State>> {
        self.current.values()
    }

    pub(super) fn get(&self, entity_id: &str) -> Option<&Arc<State>> {
        self.current.get(entity_id)
    }

    pub(super) fn set_skew(&mut self, micros: i64) {
        self.skew = micros;
    }

    pub(super) fn same_instant(&mut self, same: bool) {
        self.same_instant = same;
    }

    /// A true time as the clock on the wall shows it.
    pub(super) fn stamp(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add(self.skew))
    }

    /// The time of the next event: a microsecond after the last one at least.
    pub(super) fn tick(&mut self, at: Timestamp) -> Timestamp {
        if !std::mem::take(&mut self.same_instant) {
            self.last_fired = at.max(Timestamp(self.last_fired.0 + 1));
        }
        self.stamp(self.last_fired)
    }
}

/// An instant as Python's `isoformat` has it: no fraction where it falls on a whole second.
pub(crate) fn iso(at: Timestamp) -> String {
    let text = at.to_string();
    let text = text.trim_end_matches('Z');
    format!("{}+00:00", text.strip_suffix(".000000").unwrap_or(text))
}

fn equal_json(a: &str, b: &str) -> bool {
    a == b
        || match (serde_json::from_str(a), serde_json::from_str(b)) {
            (Ok(a), Ok(b)) => equal(&a, &b),
            _ => false,
        }
}

/// Equality as Python has it, where a truth value is a number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b || number(a).zip(number(b)).is_some_and(|(a, b)| a == b),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        // Two whole numbers are compared as they are; as doubles, large neighbours would be one.
        Value::Number(number) => number.as_f64().filter(|n| number.is_f64() || n.abs() < 9e15),
        _ => None,
    }
}
