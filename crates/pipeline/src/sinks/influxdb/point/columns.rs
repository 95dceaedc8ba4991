//! The fields that every house has.

use hearthline_core::Observation;

use super::tally::{Fate, Note, Tally};
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::schema::{FieldType, Schema};

/// The measurement of weather observations.
pub const WEATHER: &str = "weather";

/// A number of an observation.
type Figure = fn(&Observation) -> Option<f64>;

const BESIDE_A_STATE: [(&str, Figure); 4] = [
    ("weather_humidity", |weather| weather.humidity),
    ("weather_pressure", |weather| weather.pressure),
    ("weather_temperature", |weather| weather.temperature),
    ("weather_wind_speed", |weather| weather.wind_speed),
];

const OBSERVED: [(&str, Figure); 10] = [
    ("apparent_temperature", |weather| weather.apparent_temperature),
    ("cloud_cover", |weather| weather.cloud_cover),
    ("dew_point", |weather| weather.dew_point),
    ("humidity", |weather| weather.humidity),
    ("precipitation", |weather| weather.precipitation),
    ("pressure", |weather| weather.pressure),
    ("temperature", |weather| weather.temperature),
    ("wind_bearing", |weather| weather.wind_bearing),
    ("wind_gust_speed", |weather| weather.wind_gust_speed),
    ("wind_speed", |weather| weather.wind_speed),
];

/// Where a value goes.
pub(super) struct Target {
    /// The name, escaped, with its `=`.
    start: Box<[u8]>,
    /// Counted if that is not its own name.
    moved: Option<Note>,
}

impl Target {
    /// Where a value of type `ours` of the field goes.
    pub(super) fn of(
        measurement: &str,
        field: &str,
        ours: FieldType,
        schema: &mut Schema,
        tally: &mut Tally,
    ) -> Self {
        let placed = schema.place(measurement, field, ours);
        let mut start = Vec::with_capacity(placed.len() + 1);
        line::key(&mut start, &placed);
        start.push(b'=');
        let moved = (*placed != *field).then(|| {
            let fate = Fate::Moved { measurement: measurement.into(), field: field.into(), ours };
            tally.note(fate)
        });
        if moved.is_some() {
            schema.count_moved(measurement, field, ours, 0);
        }
        Self { start: start.into(), moved }
    }

    /// How long the name is, as written, with its `=`.
    pub(super) const fn len(&self) -> usize {
        self.start.len()
    }

    /// Begins the field: `name=`.
    pub(super) fn begin(&self, out: &mut Vec<u8>, notes: &mut Vec<Note>) {
        out.extend_from_slice(&self.start);
        notes.extend(self.moved);
    }
}

/// Where each of these goes.
pub(super) struct Columns {
    pub(super) state: Target,
    pub(super) value: Target,
    pub(super) old_state: Target,
    pub(super) data: Target,
    pub(super) weather: [(Figure, Target); 4],
    pub(super) weather_condition: Target,
    pub(super) weather_at: Target,
    pub(super) weather_stale: Target,
    pub(super) observed: [(Figure, Target); 10],
    pub(super) condition: Target,
    /// How many of these the measurement of states does not have yet.
    pub(super) to_come: usize,
}

impl Columns {
    pub(super) fn of(own: &str, schema: &mut Schema, tally: &mut Tally) -> Self {
        let mut to_come = 0;
        let mut of = |measurement: &str, field: &str, ours| {
            let placed = schema.place(measurement, field, ours);
            to_come += usize::from(measurement == own && schema.fields(own).all(|known| *known != *placed));
            Target::of(measurement, field, ours, schema, tally)
        };
        Self {
            state: of(own, "state", FieldType::Text),
            value: of(own, "value", FieldType::Float),
            old_state: of(own, "old_state", FieldType::Text),
            data: of(own, "data_json", FieldType::Text),
            weather: BESIDE_A_STATE.map(|(field, figure)| (figure, of(own, field, FieldType::Float))),
            weather_condition: of(own, "weather_condition", FieldType::Text),
            weather_at: of(own, "weather_at", FieldType::Text),
            weather_stale: of(own, "weather_stale", FieldType::Bool),
            observed: OBSERVED.map(|(field, figure)| (figure, of(WEATHER, field, FieldType::Float))),
            condition: of(WEATHER, "condition", FieldType::Text),
            to_come,
        }
    }
}

/// Appends the figures that an observation has, each with a comma before it.
pub(super) fn figures(
    columns: &[(Figure, Target)],
    observation: &Observation,
    out: &mut Vec<u8>,
    notes: &mut Vec<Note>,
) {
    for (figure, target) in columns {
        if let Some(figure) = figure(observation).filter(|figure| figure.is_finite()) {
            out.push(b',');
            target.begin(out, notes);
            line::float(out, figure);
        }
    }
}
