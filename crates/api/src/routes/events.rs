//! `GET /api/v1/events?entity=&type=&from=&to=&text=&limit=`: what happened, states and other events together, the newest
//! first.
//!
//! It is read day by day backwards, so that a question about a long time ends when the newest rows are found; of them no
//! more are in memory than are asked for.

use std::iter;
use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hearthline_core::{EntityId, EventRow, StateRow, Timestamp};
use hearthline_pipeline::filter::{Filter, Subject};
use hearthline_store::{EventsQuery, Series, StatesQuery, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::newest::Newest;
use super::parameters::{Query, entities, limited, period};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Rows of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (100, 1000);
/// How far back an answer goes where the caller does not say.
const SPAN: Duration = Duration::from_hours(1);
/// The type of the event that a state is the outcome of.
const STATE_CHANGED: &str = "state_changed";

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Domains, ids and globs, of names that an entity has or had. An event that is no state belongs to the entity that its data names.
    entity: Option<String>,
    r#type: Option<String>,
    from: Option<String>,
    to: Option<String>,
    /// A part of an id, a state, an attribute, a type or an event's data, in any case.
    text: Option<String>,
    limit: Option<usize>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Events {
    /// The first instant, ISO 8601 UTC.
    pub from: String,
    /// The instant after the last.
    pub to: String,
    /// The newest first.
    pub events: Vec<Event>,
    /// Whether the limit left out older ones.
    pub more: bool,
}

/// One state or other event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// `last_updated` of a state, else `time_fired`; ISO 8601 UTC with microseconds.
    pub ts: String,
    /// `state_changed` of a state.
    pub event_type: String,
    /// Of a state; else what the data name under `entity_id`.
    pub entity_id: Option<String>,
    /// The text; null is a removal, or no state.
    pub state: Option<String>,
    /// `unit_of_measurement`.
    pub unit: Option<String>,
    /// The text as a number, where it is one.
    pub value: Option<f64>,
    /// `live`, `snapshot`, `history`, ...: how it is known.
    pub origin: String,
    /// Put back by Home Assistant after a restart; no new reading.
    pub restored: bool,
    /// When the text of a state last changed; left out where it is no state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_changed: Option<String>,
    /// Milliseconds from the event of a state to its arrival here; left out for what was fetched later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_delay_ms: Option<i64>,
    /// The data of an event that is no state, as received.
    pub data: Option<Box<RawValue>>,
    /// °C, outdoors at the time of a state; left out where it is not known, as in the two that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_temperature: Option<f64>,
    /// When that was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_at: Option<String>,
    /// That was long before: the weather may have been otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather_stale: Option<bool>,
}

/// Scans; what is only in memory yet is part of it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Events>, ApiError> {
    let (from, to) = period(parameters.from.as_deref(), parameters.to.as_deref(), SPAN, &*reading.clock)?;
    let which = Which {
        entities: entities("entity", parameters.entity.as_deref())?,
        event_type: parameters.r#type,
        text: parameters.text.map(|text| text.to_lowercase()),
    };
    let limit = limited(parameters.limit, LIMIT);
    blocking("the events cannot be read", move || {
        let newest = which.newest(&reading.store, from, to, limit)?;
        let more = newest.more();
        Ok(Json(Events { from: from.to_string(), to: to.to_string(), events: newest.into_rows(), more }))
    })
    .await
}

/// Which rows are asked for.
struct Which {
    entities: Option<Filter>,
    event_type: Option<String>,
    /// In small letters.
    text: Option<String>,
}

impl Which {
    fn newest(
        &self,
        store: &Store,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Newest<Event>, StoreError> {
        let mut newest = Newest::new(limit);
        let ids = self.entities.as_ref().map(|entities| known(store, entities));
        for (from, to) in days_backwards(store, from, to) {
            if newest.more() {
                break;
            }
            if self.event_type.as_deref().is_none_or(|event_type| event_type == STATE_CHANGED) {
                let query = StatesQuery { entities: ids.clone(), renamed: true, from, to };
                store.states(&query, |row| {
                    if self.takes_text(state_texts(&row)) {
                        newest.offer(row.ts, || Event::of_state(&row));
                    }
                    ControlFlow::Continue(())
                })?;
            }
            if self.event_type.as_deref() != Some(STATE_CHANGED) {
                let query = EventsQuery { event_type: self.event_type.clone(), from, to };
                store.events(&query, |row| {
                    if self.takes_entity(&row) && self.takes_text([&*row.event_type, &*row.data]) {
                        newest.offer(row.ts, || Event::of_event(&row));
                    }
                    ControlFlow::Continue(())
                })?;
            }
        }
        Ok(newest)
    }

    fn takes_entity(&self, row: &EventRow) -> bool {
        let Some(entities) = &self.entities else { return true };
        entity_of(row).is_some_and(|entity_id| entities.keeps(entity_id.as_str()))
    }

    fn takes_text<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let Some(wanted) = &self.text else { return true };
        texts.into_iter().any(|text| text.to_lowercase().contains(wanted))
    }
}

impl Event {
    fn of_state(row: &StateRow) -> Self {
        let weather = row.weather.as_deref();
        Self {
            ts: row.ts.to_string(),
            event_type: STATE_CHANGED.into(),
            entity_id: Some(row.entity_id.to_string()),
            state: row.state.as_deref().map(str::to_owned),
            unit: row.unit.as_deref().map(str::to_owned),
            value: row.value,
            origin: row.origin.to_string(),
            restored: row.restored,
            last_changed: Some(row.last_changed.to_string()),
            received_delay_ms: row.received_delay_ms,
            data: None,
            weather_temperature: weather.and_then(|weather| weather.temperature),
            weather_at: weather.map(|weather| weather.at.to_string()),
            weather_stale: weather.map(|_| row.weather_stale),
        }
    }

    pub(super) fn of_event(row: &EventRow) -> Self {
        Self {
            ts: row.ts.to_string(),
            event_type: row.event_type.to_string(),
            entity_id: entity_of(row),
            state: None,
            unit: None,
            value: None,
            origin: row.origin.to_string(),
            restored: false,
            last_changed: None,
            received_delay_ms: None,
            data: RawValue::from_string(row.data.to_string()).ok(),
            weather_temperature: None,
            weather_at: None,
            weather_stale: None,
        }
    }
}

/// The entity that an event's data name.
pub(super) fn entity_of(row: &EventRow) -> Option<String> {
    #[derive(Deserialize)]
    struct Data {
        entity_id: String,
    }
    serde_json::from_str(&row.data).ok().map(|data: Data| data.entity_id)
}

fn state_texts(row: &StateRow) -> impl Iterator<Item = &str> {
    let given = [row.state.as_deref(), row.attributes.as_deref()];
    iter::once(row.entity_id.as_str()).chain(given.into_iter().flatten())
}

/// Of all entities ever recorded, those that are meant by a name that they have or had.
fn known(store: &Store, entities: &Filter) -> Vec<EntityId> {
    store.entity_ids().into_iter().filter(|id| was_called(store, id.as_str(), entities)).collect()
}

/// Whether an entity has or had a name that is meant.
pub(super) fn was_called(store: &Store, entity_id: &str, entities: &Filter) -> bool {
    let Series { info, segments, .. } = store.series(entity_id);
    let subject = |entity_id| Subject { entity_id, info: info.as_deref(), device_class: None };
    segments.iter().any(|name| entities.keeps(subject(name.entity_id.as_str())))
}

/// The period cut at the starts of the days that have states, the newest piece first.
fn days_backwards(
    store: &Store,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<> {
    let stats = store.stats();
    let days = stats.first.zip(stats.last).map(|(first, last)| first.day()..=last.day());
    let cuts = days.into_iter().flatten().rev().map(Timestamp::start_of_day);
    let cuts = cuts.filter(move |cut| from < *cut && *cut < to);
    cuts.clone().chain(iter::once(from)).zip(iter::once(to).chain(cuts))
}
