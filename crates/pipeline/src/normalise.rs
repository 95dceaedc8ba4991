//! Turns a log record into a row.
//!
//! A row depends on its record and on what the records before it say (see [`crate::context`]), so that replaying the log
//! gives the same rows. What cannot be understood becomes a quarantined row with its bytes and the reason.

mod place;

use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{
    EntityId, EntityRow, EventRow, Origin, QuarantineRow, Row, Seq, SettledRow, StateRow, Timestamp, Value,
    WeatherRow,
};

use self::place::{Place, Places};
use crate::context::Context;
use crate::described::Described;
use crate::record::{EventRecord, Record, SettledRecord, StateRecord, UndecodableRecord};
use crate::sources::home_assistant::wire::{self, EventData, State};

/// Attributes that Home Assistant's recorder did not keep.
const NOT_KNOWN: &str = "null";

/// Makes rows of records. What it keeps beside the context only saves memory; it changes no row.
pub struct Normaliser {
    site: Arc<str>,
    context: Context,
    places: Places,
    known: HashMap<EntityId, Known>,
}

/// The texts of the last row of an entity, to be shared with the next.
struct Known {
    state: Option<Arc<str>>,
    attributes: Arc<str>,
    unit: Option<Arc<str>>,
    device_class: Option<Arc<str>>,
}

impl Normaliser {
    /// For rows of this house.
    pub fn new(site: impl Into<Arc<str>>) -> Self {
        Self::with(site, Context::default())
    }

    /// The same in the middle of a log: the context is what the records before say.
    pub fn with(site: impl Into<Arc<str>>, context: Context) -> Self {
        Self { site: site.into(), context, places: Places::default(), known: HashMap::new() }
    }

    /// The row of a record; none for a record that is about the log itself.
    pub fn row(&mut self, seq: Seq, bytes: &[u8]) -> Option<Row> {
        match Record::decode(bytes) {
            Ok(Record::State(record)) => Some(self.state(seq, &record)),
            Ok(Record::Event(record)) => Some(self.event(seq, &record)),
            Ok(Record::Undecodable(UndecodableRecord { received, reason, raw })) => {
                Some(self.quarantine(seq, received, &reason, &raw))
            }
            Ok(Record::Settled(record)) => Some(self.settled(seq, &record)),
            Ok(record @ Record::Weather(_)) => {
                self.context.apply(&record);
                self.described(seq, record)
            }
            Ok(record @ (Record::Entity(_) | Record::Context(_))) => {
                self.context.apply(&record);
                self.places.clear();
                self.described(seq, record)
            }
            Ok(Record::Checkpoint(_) | Record::Gap(_) | Record::Connected(_)) => None,
            Err(error) => Some(self.quarantine(seq, Timestamp::EPOCH, &error.to_string(), bytes)),
        }
    }

    fn state(&mut self, seq: Seq, record: &StateRecord<'_>) -> Row {
        if record.origin == Origin::Live {
            match wire::parse_event(&record.raw) {
                Ok(event) => {
                    let EventData::StateChanged { new_state, .. } = &event.data else {
                        return self.quarantine(
                            seq,
                            record.received,
                            "not a state change",
                            record.raw.as_bytes(),
                        );
                    };
                    let fired = event.time_fired;
                    let context = event.context_id.as_deref();
                    Row::State(self.state_row(seq, record, new_state.as_ref(), Some(fired), context))
                }
                Err(error) => {
                    self.quarantine(seq, record.received, &error.to_string(), record.raw.as_bytes())
                }
            }
        } else if record.removed {
            Row::State(self.state_row(seq, record, None, None, None))
        } else {
            match wire::parse_state(&record.raw) {
                Ok(state) => {
                    let context = state.context_id.as_deref().map(ToOwned::to_owned);
                    Row::State(self.state_row(seq, record, Some(&state), None, context.as_deref()))
                }
                Err(error) => {
                    self.quarantine(seq, record.received, &error.to_string(), record.raw.as_bytes())
                }
            }
        }
    }

    fn state_row(
        &mut self,
        seq: Seq,
        record: &StateRecord<'_>,
        state: Option<&State<'_>>,
        fired: Option<Timestamp>,
        context: Option<&str>,
    ) -> StateRow {
        let site = Arc::clone(&self.site);
        let Place { info, entity_id } = self.places.of(record, &self.context.entities);
        let (weather, weather_stale) = match self.context.weather.at(record.ts) {
            Some((weather, stale)) => (Some(Arc::clone(weather)), stale),
            None => (None, false),
        };
        let known = self.known(&record.entity_id, state.map(|state| state.attributes));
        let old_state = text(&known.state, record.old_state.as_deref());
        known.state = text(&old_state, state.map(|state| state.state.as_ref()));
        let value = state.and_then(|state| Value::of(entity_id.domain(), &state.state).as_number());
        let live = fired.filter(|_| record.origin == Origin::Live);
        StateRow {
            seq,
            ts: record.ts,
            tie: record.tie,
            site,
            entity_id,
            entity_key: Arc::clone(&info.key),
            state: known.state.clone(),
            old_state,
            value,
            unit: state.and_then(|_| known.unit.clone()),
            device_class: state.and_then(|_| known.device_class.clone()),
            last_changed: state.map_or(record.ts, |state| state.last_changed),
            received_delay_ms: live.map(|fired| (record.received.0 - fired.0) / 1000),
            origin: record.origin,
            restored: record.restored,
            attributes: state
                .filter(|state| state.attributes != NOT_KNOWN)
                .map(|_| Arc::clone(&known.attributes)),
            context_id: context.map(Arc::from),
            area: info.area.as_ref().map(|area| Arc::clone(&area.name)),
            device: info.device.as_ref().map(|device| Arc::clone(&device.name)),
            weather,
            weather_stale,
        }
    }

    /// The row of a record about the context.
    fn described(&self, seq: Seq, record: Record<'_>) -> Option<Row> {
        let site = Arc::clone(&self.site);
        match record {
            Record::Weather(record) => Some(Row::Weather(WeatherRow {
                seq,
                received: record.received,
                site,
                provider: record.provider.as_ref().into(),
                source: record.source.as_ref().into(),
                observation: Arc::new(record.observation),
            })),
            Record::Entity(record) => Some(Row::Entity(EntityRow {
                seq,
                ts: record.at,
                site,
                info: Arc::new(record.info.into_owned()),
                removed: record.removed,
                changes: record.changes.into(),
            })),
            _ => None,
        }
    }

    /// The shared texts of an entity, brought up to date with its attributes (none for a removal).
    fn known(&mut self, entity_id: &str, attributes: Option<&str>) -> &mut Known {
        let id = EntityId::from(entity_id);
        let known = self.known.entry(id).or_insert_with(|| Known {
            state: None,
            attributes: "{}".into(),
            unit: None,
            device_class: None,
        });
        if let Some(attributes) = attributes.filter(|attributes| **attributes != *known.attributes) {
            let Described { unit, device_class } = Described::of(attributes);
            known.attributes = attributes.into();
            share(&mut known.unit, unit.as_deref());
            share(&mut known.device_class, device_class.as_deref());
        }
        known
    }

    fn event(&self, seq: Seq, record: &EventRecord<'_>) -> Row {
        match wire::parse_event(&record.raw) {
            Ok(event) => Row::Event(EventRow {
                seq,
                ts: event.time_fired,
                site: Arc::clone(&self.site),
                event_type: event.event_type.as_ref().into(),
                data: match event.data {
                    EventData::Other(data) => data.into(),
                    EventData::StateChanged { .. } => record.raw.as_ref().into(),
                },
                context_id: event.context_id.as_deref().map(Arc::from),
                origin: Origin::Live,
            }),
            Err(error) => self.quarantine(seq, record.received, &error.to_string(), record.raw.as_bytes()),
        }
    }

    fn settled(&self, seq: Seq, record: &SettledRecord) -> Row {
        let SettledRecord { seq: of, received: ts, how, at, .. } = *record;
        Row::Settled(SettledRow { seq, of, ts, site: Arc::clone(&self.site), how, at })
    }

    fn quarantine(&self, seq: Seq, ts: Timestamp, reason: &str, raw: &[u8]) -> Row {
        Row::Quarantined(QuarantineRow {
            seq,
            ts,
            site: Arc::clone(&self.site),
            reason: reason.into(),
            raw: raw.into(),
        })
    }
}

/// A text, in the allocation of another where that is the same.
fn text(other: &Option<Arc<str>>, text: Option<&str>) -> Option<Arc<str>> {
    if other.as_deref() == text { other.clone() } else { text.map(Arc::from) }
}

/// Takes over a text, keeping the allocation where it is the same.
fn share(shared: &mut Option<Arc<str>>, new: Option<&str>) {
    if shared.as_deref() != new {
        *shared = new.map(Into::into);
    }
}

#[cfg(test)]
mod tests;
