//! What a sink is given: rows, with the range of log records that they came from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Change, EntityId, EntityInfo, Observation, Origin, Seq, Timestamp, Value};

/// The rows of a run of consecutive log records, in log order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The first record that the batch covers.
    pub first: Seq,
    /// The last record that the batch covers. Records without a row (gaps, checkpoints) are covered too.
    pub last: Seq,
    /// What the records say, in their order.
    pub rows: Vec<Row>,
}

/// One row, by the table that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A state of an entity, or its removal.
    State(StateRow),
    /// An event that is no state change.
    Event(EventRow),
    /// A record that could not be understood.
    Quarantined(QuarantineRow),
    /// What a person decided about a record that could not be understood. No event: it is in no count of them.
    Settled(SettledRow),
    /// A weather observation. No event.
    Weather(WeatherRow),
    /// What is known of an entity from an instant on. No event.
    Entity(EntityRow),
}

/// A state of an entity at one instant. `(site, entity_key, ts, tie)` is its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    /// The log record.
    pub seq: Seq,
    /// `last_updated`; `time_fired` for a removal.
    pub ts: Timestamp,
    /// 0, or the number of states with this very `ts` that came before and differ from this one.
    pub tie: u8,
    /// The house.
    pub site: Arc<str>,
    /// The name of the day.
    pub entity_id: EntityId,
    /// The name that stays: the registry's id, or the entity id where there is none.
    pub entity_key: Arc<str>,
    /// The state's text; none is a removal.
    pub state: Option<Arc<str>>,
    /// The text of the state before, where the event said it. Not in the store: a row that is read back has none.
    pub old_state: Option<Arc<str>>,
    /// The state as a number, where it is one (a switch is 1 or 0).
    pub value: Option<f64>,
    /// `unit_of_measurement`.
    pub unit: Option<Arc<str>>,
    /// `device_class`.
    pub device_class: Option<Arc<str>>,
    /// When the state's text last changed; equal to `ts` when only then.
    pub last_changed: Timestamp,
    /// From `time_fired` to arrival here, in milliseconds; none for what was fetched later.
    pub received_delay_ms: Option<i64>,
    /// How we know it.
    pub origin: Origin,
    /// Home Assistant put back an old state after a restart; not a new reading.
    pub restored: bool,
    /// All attributes, JSON as received; none for a removal or where they are not known.
    pub attributes: Option<Arc<str>>,
    /// The id of the context that caused it.
    pub context_id: Option<Arc<str>>,
    /// The area the entity was in.
    pub area: Option<Arc<str>>,
    /// The device the entity belonged to.
    pub device: Option<Arc<str>>,
    /// The weather as it was: the newest observation that was not younger than the row.
    pub weather: Option<Arc<Observation>>,
    /// That observation was old already: it may not say how the weather was.
    pub weather_stale: bool,
}

impl StateRow {
    /// A live state in the house `home` that was just as long, and of which nothing else is known.
    #[must_use]
    pub fn new(ts: Timestamp, entity_id: &str, state: &str) -> Self {
        let id = EntityId::from(entity_id);
        Self {
            seq: Seq::ZERO,
            ts,
            tie: 0,
            site: "home".into(),
            entity_key: entity_id.into(),
            state: Some(state.into()),
            old_state: None,
            value: Value::of(id.domain(), state).as_number(),
            unit: None,
            device_class: None,
            last_changed: ts,
            received_delay_ms: None,
            origin: Origin::Live,
            restored: false,
            attributes: None,
            context_id: None,
            area: None,
            device: None,
            weather: None,
            weather_stale: false,
            entity_id: id,
        }
    }
}

/// An event other than a state change.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// The log record.
    pub seq: Seq,
    /// `time_fired`.
    pub ts: Timestamp,
    /// The house.
    pub site: Arc<str>,
    /// `event_type`.
    pub event_type: Arc<str>,
    /// `data`, JSON as received.
    pub data: Arc<str>,
    /// The id of the context that caused it.
    pub context_id: Option<Arc<str>>,
    /// How we know it.
    pub origin: Origin,
}

/// A record that could not be turned into a row: set aside with its bytes, never dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantineRow {
    /// The log record.
    pub seq: Seq,
    /// When it arrived.
    pub ts: Timestamp,
    /// The house.
    pub site: Arc<str>,
    /// What is wrong with it, in words.
    pub reason: Arc<str>,
    /// The bytes as received.
    pub raw: Arc<[u8]>,
}

/// What a person decided about a record that was set aside: from then on it waits no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledRow {
    /// The log record of the decision.
    pub seq: Seq,
    /// The log record that was set aside: its identity. Of two decisions about it the first holds.
    pub of: Seq,
    /// When that one arrived, so that both belong to one day and are kept equally long.
    pub ts: Timestamp,
    /// The house.
    pub site: Arc<str>,
    /// What was decided.
    pub how: Settlement,
    /// When.
    pub at: Timestamp,
}

/// A weather observation. `(site, provider, ts)` is its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct WeatherRow {
    /// The log record.
    pub seq: Seq,
    /// When it was had.
    pub received: Timestamp,
    /// The house.
    pub site: Arc<str>,
    /// Who observed it, as in the settings.
    pub provider: Arc<str>,
    /// Which entity or place it is of.
    pub source: Arc<str>,
    /// What was observed; `at` is the row's time.
    pub observation: Arc<Observation>,
}

/// What is known of an entity, from `ts` until the next row with the same key. `(site, key, ts)` is its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRow {
    /// The log record.
    pub seq: Seq,
    /// From when on.
    pub ts: Timestamp,
    /// The house.
    pub site: Arc<str>,
    /// What is known.
    pub info: Arc<EntityInfo>,
    /// It has gone from the registry; `info` is how it was.
    pub removed: bool,
    /// What is different from the row before.
    pub changes: Arc<[Change]>,
}

/// What can be decided about a record that was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Its bytes were read again, were understood, and were offered as if they had just arrived.
    Retried,
    /// It is not worth more. Its bytes stay.
    Dropped,
}

impl Settlement {
    /// The word used in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retried => "retried",
            Self::Dropped => "dropped",
        }
    }

    /// The settlement of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Retried, Self::Dropped].into_iter().find(|how| how.as_str() == name)
    }
}

impl Row {
    /// The log record that the row came from.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match self {
            Self::State(row) => row.seq,
            Self::Event(row) => row.seq,
            Self::Quarantined(row) => row.seq,
            Self::Settled(row) => row.seq,
            Self::Weather(row) => row.seq,
            Self::Entity(row) => row.seq,
        }
    }

    /// The same, to be given to a row that was made elsewhere.
    #[must_use]
    pub const fn seq_mut(&mut self) -> &mut Seq {
        match self {
            Self::State(row) => &mut row.seq,
            Self::Event(row) => &mut row.seq,
            Self::Quarantined(row) => &mut row.seq,
            Self::Settled(row) => &mut row.seq,
            Self::Weather(row) => &mut row.seq,
            Self::Entity(row) => &mut row.seq,
        }
    }

    /// Whether it is one of the events that are counted.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self, Self::State(_) | Self::Event(_) | Self::Quarantined(_))
    }
}
