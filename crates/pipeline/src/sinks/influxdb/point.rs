//! Rows become lines.
//!
//! A state is a point of the layout's measurement, with the tags `area`, `device_class`, `domain`, `entity_id`, `event_type` (where
//! they have a value) and the layout's own, at `last_updated`. Its fields: `state` (text; `removed` without a `value` when the
//! entity was removed), `value` (float, where the state is a number or a switch), `old_state`, the attributes (see
//! [`super::name`]), `weather_temperature`, `weather_humidity`, `weather_pressure`, `weather_wind_speed` (floats),
//! `weather_condition`, `weather_at` (texts) and, where the observation was old, `weather_stale=true`.
//!
//! Another event has the tag `event_type` and the text `data_json`. A weather observation is a point of the measurement `weather`
//! with the tags `provider` and `source`.
//!
//! Times are in nanoseconds. A server keeps one point of each series and time: a state that differs from others with its
//! `last_updated` comes so many nanoseconds later; other events come 0 to 999 nanoseconds later, by a hash of what they say. So a
//! row that is sent again is the point that is there.
//!
//! Attributes mostly do not change: what an entity's were encoded to last is kept, and nothing is allocated for a row whose
//! attributes are the same.

mod columns;
mod kept;
mod layout;
mod names;
mod spread;
mod tally;

use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, EventRow, Row, StateRow, Timestamp, WeatherRow};

pub use self::columns::WEATHER;
use self::columns::figures;
use self::kept::{Entity, Weather};
pub use self::layout::Layout;
use self::names::{Names, text};
use self::spread::Spread;
use self::tally::Note;
pub use self::tally::{LeftOut, Reason};
use super::cardinality::Cardinality;
use super::line;
use super::schema::Schema;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// One line was appended.
    Line,
    /// The row has no line.
    None,
    /// Nothing was appended: the row itself, not only one of its attributes, cannot be written.
    CannotBeWritten(Reason),
}

/// Makes lines of rows.
pub struct Encoder {
    layout: Layout,
    names: Names,
    entities: HashMap<EntityId, Entity>,
    weather: Option<Weather>,
    spread: Spread,
    one_line: bool,
    notes: Vec<Note>,
}

impl Encoder {
    /// Encodes in this layout for a server that has these fields.
    #[must_use]
    pub fn new(layout: Layout, schema: Schema) -> Self {
        let names = Names::new(layout.measurement.clone(), layout.attributes.clone(), schema);
        Self {
            layout,
            names,
            entities: HashMap::new(),
            weather: None,
            spread: Spread::default(),
            one_line: false,
            notes: Vec::new(),
        }
    }

    /// How points look.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is known of the server's fields. To be kept on disk after a [`Encoder::keep`].
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        self.names.schema()
    }

    /// Adopts, learns or forgets. Rows are written accordingly from then on.
    pub fn change_schema<R>(&mut self, change: impl FnOnce(&mut Schema) -> R) -> R {
        self.forget_encoded();
        self.names.change_schema(change)
    }

    /// States and events go to this measurement from now on.
    pub fn write_to(&mut self, measurement: &str) {
        self.forget_encoded();
        self.layout.measurement = measurement.to_owned();
        self.names.write_to(measurement);
    }

    /// The server takes no more fields than this in a measurement. Attributes that would need another one than the schema has are
    /// left out.
    pub fn limit_fields(&mut self, most: usize) {
        self.forget_encoded();
        self.names.limit_fields(most);
    }

    /// The server reads line by line and knows no line breaks inside of texts (VictoriaMetrics, which then loses the point
    /// without a word): spaces are written in their place.
    pub const fn join_lines(&mut self, join: bool) {
        self.one_line = join;
    }

    fn forget_encoded(&mut self) {
        self.entities.clear();
        self.weather = None;
    }

    /// What was encoded since the last call of this or of [`Encoder::discard`] was delivered: its counts hold.
    pub fn keep(&mut self) {
        self.names.keep();
    }

    /// What was encoded since was not delivered and will be encoded again: its counts are dropped.
    pub fn discard(&mut self) {
        self.names.tally.discard();
    }

    /// The fields that rows were delivered without, most rows first.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.names.tally.all_left_out()
    }

    /// What the points cost the server, as far as they were written or their fields are known of it.
    #[must_use]
    pub fn cardinality(&self) -> Cardinality {
        Cardinality {
            series: self.spread.series(),
            entities: self.spread.entities(),
            fields: self.names.fields(),
            tags: self.spread.tags(),
            most_series: self.spread.most(),
            most_fields: self.names.most_fields(),
        }
    }

    /// How many series were written to, and how many fields are known: when neither is another, [`Encoder::cardinality`] is the same.
    #[must_use]
    pub fn size(&self) -> (u64, usize) {
        (self.spread.series(), self.names.field_count())
    }

    /// Appends the line of a row, with its line break.
    pub fn encode(&mut self, row: &Row, out: &mut Vec<u8>) -> Encoded {
        let start = out.len();
        self.notes.clear();
        let encoded = match row {
            Row::State(row) => self.state(row, out),
            Row::Event(row) => self.event(row, out),
            Row::Weather(row) if self.layout.weather => self.observation(row, out),
            Row::Weather(_) | Row::Entity(_) | Row::Quarantined(_) | Row::Settled(_) => Ok(false),
        };
        match encoded {
            Ok(true) => {
                if self.one_line {
                    let breaks = out.iter_mut().skip(start).filter(|byte| **byte == b'\n');
                    breaks.for_each(|byte| *byte = b' ');
                }
                out.push(b'\n');
                self.names.tally.count(&self.notes);
                Encoded::Line
            }
            Ok(false) => {
                out.truncate(start);
                Encoded::None
            }
            Err(reason) => {
                out.truncate(start);
                Encoded::CannotBeWritten(reason)
            }
        }
    }

    fn state(&mut self, row: &StateRow, out: &mut Vec<u8>) -> Result<bool, Reason> {
        let Self { layout, names, entities, weather, spread, notes, .. } = self;
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
        text(out, row.state.as_deref().unwrap_or("removed"))?;
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
                notes.push(names.tally.left_out("old_state", reason));
            }
        }
        if let Some(attributes) = &row.attributes {
            entity.attributes(attributes, &row.entity_id, names, out, notes);
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
        time(out, row.ts, row.tie.into())
    }

    fn event(&mut self, row: &EventRow, out: &mut Vec<u8>) -> Result<bool, Reason> {
        self.series_of(None, &row.event_type, &[("event_type", &row.event_type)], out)?;
        out.push(b' ');
        self.names.columns.data.begin(out, &mut self.notes);
        text(out, &row.data)?;
        time(out, row.ts, tie_of(row))
    }

    /// Measurement (the layout's own if none is said) and tags of a row whose series is not kept.
    fn series_of(
        &mut self,
        measurement: Option<&str>,
        owner: &str,
        tags: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        let start = out.len();
        self.layout.series(measurement.unwrap_or(&self.layout.measurement), tags, out)?;
        self.spread.meet(out.get(start..).unwrap_or_default(), owner, false);
        Ok(())
    }

    fn observation(&mut self, row: &WeatherRow, out: &mut Vec<u8>) -> Result<bool, Reason> {
        let tags = [("provider", &*row.provider), ("source", &*row.source)];
        self.series_of(Some(WEATHER), &row.provider, &tags, out)?;
        let fields = out.len();
        let columns = &self.names.columns;
        figures(&columns.observed, &row.observation, out, &mut self.notes);
        if let Some(condition) = &row.observation.condition {
            out.push(b',');
            columns.condition.begin(out, &mut self.notes);
            text(out, condition)?;
        }
        // Before the first field stands a space.
        let Some(first) = out.get_mut(fields) else { return Ok(false) };
        *first = b' ';
        time(out, row.observation.at, 0)
    }
}

/// Ends the line.
fn time(out: &mut Vec<u8>, at: Timestamp, tie: u16) -> Result<bool, Reason> {
    out.push(b' ');
    if line::time(out, at, tie) { Ok(true) } else { Err(Reason::TimeOutOfRange) }
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

#[cfg(test)]
mod tests;
