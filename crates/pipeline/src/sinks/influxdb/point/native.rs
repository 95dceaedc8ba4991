//! Our own layout.
//!
//! A state is a point of the layout's measurement, with the tags `area`, `device_class`, `domain`, `entity_id`, `event_type` (where
//! they have a value) and the layout's own, at `last_updated`. Its fields: `state` (text; `removed` without a `value` when the
//! entity was removed), `value` (float, where the state is a number or a switch), `old_state`, the attributes (see
//! [`crate::sinks::influxdb::name`]), `weather_temperature`, `weather_humidity`, `weather_pressure`, `weather_wind_speed` (floats),
//! `weather_condition`, `weather_at` (texts) and, where the observation was old, `weather_stale=true`.
//!
//! Another event has the tag `event_type` and the text `data_json`. A weather observation is a point of the measurement `weather`
//! with the tags `provider` and `source`.

use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, EventRow, StateRow, WeatherRow};

use super::Writing;
use super::columns::{WEATHER, figures};
use super::fields::Fields;
use super::kept::{Entity, Weather};
use super::layout::{NativeLayout, series};
use super::names::{Names, text};
use super::tally::Reason;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::writable;

/// The text of a removal.
pub(super) const REMOVED: &str = "removed";

/// Makes lines in it.
pub(super) struct Native {
    layout: NativeLayout,
    names: Names,
    entities: HashMap<EntityId, Entity>,
    weather: Option<Weather>,
}

impl Native {
    pub(super) fn new(layout: NativeLayout, fields: &mut Fields) -> Self {
        let names = Names::new(layout.measurement.clone(), layout.attributes.clone(), fields);
        Self { layout, names, entities: HashMap::new(), weather: None }
    }

    /// States and events go to this measurement from now on.
    pub(super) fn write_to(&mut self, measurement: &str, fields: &mut Fields) {
        self.forget_encoded();
        self.layout.measurement = measurement.to_owned();
        self.names.write_to(measurement, fields);
    }

    /// What is known of the fields has changed.
    pub(super) fn begin_anew(&mut self, fields: &mut Fields) {
        self.forget_encoded();
        self.names.plan_again(fields);
    }

    fn forget_encoded(&mut self) {
        self.entities.clear();
        self.weather = None;
    }

    /// The measurement gets so many fields in any case.
    pub(super) fn to_come(&self, measurement: &str) -> usize {
        self.names.to_come(measurement)
    }

    pub(super) fn state(&mut self, row: &StateRow, to: Writing<'_>) -> Result<bool, Reason> {
        let Self { layout, names, entities, weather } = self;
        let Writing { fields, spread, notes, out } = to;
        let entity = match entities.get_mut(row.entity_id.as_str()) {
            Some(entity) => entity,
            None => entities.entry(row.entity_id.clone()).or_default(),
        };
        if entity.key.is_empty() || entity.area != row.area || entity.device_class != row.device_class {
            entity.area.clone_from(&row.area);
            entity.device_class.clone_from(&row.device_class);
            entity.key.clear();
            let tags = [
                ("area", row.area.as_deref().unwrap_or_default()),
                ("device_class", row.device_class.as_deref().unwrap_or_default()),
                ("domain", row.entity_id.domain()),
                ("entity_id", row.entity_id.as_str()),
                ("event_type", "state_changed"),
            ];
            layout.series(&layout.measurement, &tags, &mut entity.key)?;
            spread.meet(&entity.key, row.entity_id.as_str(), true);
        }
        out.extend_from_slice(&entity.key);
        out.push(b' ');
        names.columns.state.begin(out, notes);
        text(out, row.state.as_deref().unwrap_or(REMOVED))?;
        if let Some(value) = row.value.filter(|value| value.is_finite()) {
            out.push(b',');
            names.columns.value.begin(out, notes);
            line::float(out, value);
        }
        if let Some(old) = row.old_state.as_deref() {
            let start = out.len();
            out.push(b',');
            names.columns.old_state.begin(out, notes);
            if let Err(reason) = text(out, old) {
                out.truncate(start);
                notes.push(fields.tally.left_out("old_state", reason));
            }
        }
        if let Some(attributes) = &row.attributes {
            entity.attributes(attributes, &row.entity_id, names, fields, out, notes);
        }
        if let Some(observation) = row.weather.as_ref().filter(|_| layout.weather) {
            let is_same = |known: &Weather| Arc::ptr_eq(&known.of, observation) || known.of == *observation;
            let known = weather.take().filter(is_same);
            let known = weather.insert(known.unwrap_or_else(|| Weather::new(observation, names)));
            out.extend_from_slice(&known.fields);
            notes.extend_from_slice(&known.notes);
            if row.weather_stale {
                out.push(b',');
                names.columns.weather_stale.begin(out, notes);
                out.extend_from_slice(b"true");
            }
        }
        super::time(out, row.ts, row.tie.into())
    }

    pub(super) fn event(&self, row: &EventRow, mut to: Writing<'_>) -> Result<bool, Reason> {
        let measurement = &self.layout.measurement;
        self.series_of(measurement, &row.event_type, &[("event_type", &row.event_type)], &mut to)?;
        let Writing { notes, out, .. } = to;
        out.push(b' ');
        self.names.columns.data.begin(out, notes);
        text(out, &row.data)?;
        super::time(out, row.ts, tie_of(row))
    }

    pub(super) fn observation(&self, row: &WeatherRow, mut to: Writing<'_>) -> Result<bool, Reason> {
        if !self.layout.weather {
            return Ok(false);
        }
        let tags = [("provider", &*row.provider), ("source", &*row.source)];
        self.series_of(WEATHER, &row.provider, &tags, &mut to)?;
        let Writing { notes, out, .. } = to;
        let fields = out.len();
        let columns = &self.names.columns;
        figures(&columns.observed, &row.observation, out, notes);
        if let Some(condition) = &row.observation.condition {
            out.push(b',');
            columns.condition.begin(out, notes);
            text(out, condition)?;
        }
        // Before the first field stands a space.
        let Some(first) = out.get_mut(fields) else { return Ok(false) };
        *first = b' ';
        super::time(out, row.observation.at, 0)
    }

    /// Measurement and tags of a row whose series is not kept.
    fn series_of(
        &self,
        measurement: &str,
        owner: &str,
        tags: &[(&str, &str)],
        to: &mut Writing<'_>,
    ) -> Result<(), Reason> {
        let start = to.out.len();
        self.layout.series(measurement, tags, to.out)?;
        to.spread.meet(to.out.get(start..).unwrap_or_default(), owner, false);
        Ok(())
    }
}

impl NativeLayout {
    /// Measurement and tags, with those that every point has.
    fn series(&self, measurement: &str, tags: &[(&str, &str)], out: &mut Vec<u8>) -> Result<(), Reason> {
        let own = self.tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()));
        series(&writable(measurement), tags.iter().copied().chain(own).collect(), out)
    }
}

/// How many nanoseconds later an event is written than it was fired, so that two of one microsecond are two points: by what
/// makes it another one, so that it is the same each time it is sent.
fn tie_of(row: &EventRow) -> u16 {
    // FNV-1a: it has to be the same in every release.
    let says = row.data.bytes().chain([0]).chain(row.context_id.as_deref().unwrap_or_default().bytes());
    let hash = says.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u16::try_from(hash % 1000).unwrap_or_default()
}
