//! `states`: one row for each state of an entity and for its removal, which has a null `state`.
//!
//! `last_changed` is null where it equals `ts`. `tie` is 0 but where one entity has several states with one `ts`.
//!
//! `seq` and `old_state` are for who reads rows [again](crate::Reread). A `seq` costs 1.6 bytes a row, so it is null in files that
//! were merged when every sink had their rows. What the event said that the state before was is mostly
//! the state of the entity's row before: then `follows` is true and `old_state` null.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch};
use hearthline_core::{EntityId, Observation, Origin, Seq, StateRow, Timestamp};

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, flag, is_set, number, optional, required, text, time};

/// In place of an old state that is the state of the entity's row before.
static OF_ROW_BEFORE: LazyLock<Arc<str>> = LazyLock::new(|| "as of the row before".into());

/// The mark that stands for the state of the entity's row before.
pub(crate) fn of_row_before() -> Arc<str> {
    Arc::clone(&OF_ROW_BEFORE)
}

/// Whether this is that mark, and no text that says the same.
pub(crate) fn is_of_row_before(old_state: &Arc<str>) -> bool {
    Arc::ptr_eq(old_state, &OF_ROW_BEFORE)
}

impl Record for StateRow {
    type Identity = (Arc<str>, Arc<str>, Timestamp, u8);

    const TABLE: Table = Table::States;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::Time),
        required("tie", Kind::Tie),
        required("entity_id", Kind::Text),
        required("entity_key", Kind::Text),
        required("domain", Kind::Text),
        optional("state", Kind::Text),
        optional("value", Kind::Float),
        optional("unit", Kind::Text),
        optional("device_class", Kind::Text),
        optional("last_changed", Kind::Time),
        optional("received_delay_ms", Kind::Int),
        required("origin", Kind::Text),
        required("restored", Kind::Bool),
        optional("attributes", Kind::Text),
        optional("context_id", Kind::Text),
        optional("area", Kind::Text),
        optional("device", Kind::Text),
        optional("weather_temperature", Kind::Float),
        optional("weather_humidity", Kind::Float),
        optional("weather_pressure", Kind::Float),
        optional("weather_wind_speed", Kind::Float),
        optional("weather_condition", Kind::Text),
        optional("weather_at", Kind::SharedTime),
        optional("weather_stale", Kind::Bool),
        required("site", Kind::Text),
        optional("seq", Kind::Seq),
        optional("old_state", Kind::Text),
        optional("follows", Kind::Bool),
    ];
    /// Without the last three.
    const EXPORTED: &'static [Column] = Self::COLUMNS.split_at(Self::COLUMNS.len() - 3).0;
    const SORTED: &'static [&'static str] = &["entity_id", "ts", "tie"];
    const KEY: &'static [&'static str] = &["site", "entity_id", "entity_key", "ts", "tie"];
    const NAME: &'static str = "entity_id";

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn name(&self) -> &str {
        self.entity_id.as_str()
    }

    fn identity(&self) -> Self::Identity {
        (Arc::clone(&self.site), Arc::clone(&self.entity_key), self.ts, self.tie)
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        (self.entity_id.as_str(), self.ts, Seq::ZERO)
    }

    fn number(&self) -> Seq {
        self.seq
    }

    fn without_number(mut row: Arc<Self>) -> Arc<Self> {
        Arc::make_mut(&mut row).seq = Seq::ZERO;
        row
    }

    fn order(&self, other: &Self) -> Ordering {
        let key = |row: &'_ Self| (row.ts, row.tie);
        (self.entity_id.cmp(&other.entity_id))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.entity_key.cmp(&other.entity_key))
            .then_with(|| self.site.cmp(&other.site))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        let weather = |of: fn(&Observation) -> Option<f64>| {
            number::<Float64Type, _>(rows, move |row: &Self| row.weather.as_deref().and_then(of))
        };
        vec![
            time(rows, |row| Some(row.ts.0)),
            number::<UInt8Type, _>(rows, |row| Some(row.tie)),
            text(rows, |row| Some(row.entity_id.as_str())),
            text(rows, |row| Some(&row.entity_key)),
            text(rows, |row| Some(row.entity_id.domain())),
            text(rows, |row| row.state.as_deref()),
            number::<Float64Type, _>(rows, |row| row.value),
            text(rows, |row| row.unit.as_deref()),
            text(rows, |row| row.device_class.as_deref()),
            time(rows, |row| (row.last_changed != row.ts).then_some(row.last_changed.0)),
            number::<Int64Type, _>(rows, |row| row.received_delay_ms),
            text(rows, |row| Some(row.origin.as_str())),
            flag(rows, |row| row.restored),
            text(rows, |row| row.attributes.as_deref()),
            text(rows, |row| row.context_id.as_deref()),
            text(rows, |row| row.area.as_deref()),
            text(rows, |row| row.device.as_deref()),
            weather(|weather| weather.temperature),
            weather(|weather| weather.humidity),
            weather(|weather| weather.pressure),
            weather(|weather| weather.wind_speed),
            text(rows, |row| row.weather.as_deref()?.condition.as_deref()),
            time(rows, |row| row.weather.as_deref().map(|weather| weather.at.0)),
            flag(rows, |row| row.weather_stale),
            text(rows, |row| Some(&row.site)),
            number::<UInt64Type, _>(rows, |row| Some(row.seq.0).filter(|seq| *seq > 0)),
            text(rows, |row| row.old_state.as_ref().filter(|old| !is_of_row_before(old)).map(|old| &**old)),
            flag(rows, |row| row.old_state.as_ref().is_some_and(is_of_row_before)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let texts = |name| Texts::of(batch, name);
        let [mut site, mut entity_id, mut entity_key] = ["site", "entity_id", "entity_key"].map(texts);
        let [mut state, mut unit, mut device_class] = ["state", "unit", "device_class"].map(texts);
        let [mut attributes, mut context_id, mut origin] = ["attributes", "context_id", "origin"].map(texts);
        let [mut area, mut device] = ["area", "device"].map(texts);
        let [ts, last_changed] =
            ["ts", "last_changed"].map(|name| Numbers::<TimestampMicrosecondType>::of(batch, name));
        let tie = Numbers::<UInt8Type>::of(batch, "tie");
        let value = Numbers::<Float64Type>::of(batch, "value");
        let delay = Numbers::<Int64Type>::of(batch, "received_delay_ms");
        let [restored, weather_stale, follows] =
            ["restored", "weather_stale", "follows"].map(|name| is_set(batch, name));
        let seq = Numbers::<UInt64Type>::of(batch, "seq");
        let mut old_state = texts("old_state");
        let mut weather = WeatherColumns::of(batch);
        let row = |row: usize| {
            let at = ts.get(row).unwrap_or_default();
            Self {
                seq: Seq(seq.get(row).unwrap_or_default()),
                ts: Timestamp(at),
                tie: tie.get(row).unwrap_or_default(),
                site: site.required(row),
                entity_id: EntityId::new(entity_id.required(row)),
                entity_key: entity_key.required(row),
                state: state.get(row),
                old_state: if follows(row) { Some(of_row_before()) } else { old_state.get(row) },
                value: value.get(row),
                unit: unit.get(row),
                device_class: device_class.get(row),
                last_changed: Timestamp(last_changed.get(row).unwrap_or(at)),
                received_delay_ms: delay.get(row),
                origin: origin.get(row).and_then(|name| Origin::from_name(&name)).unwrap_or(Origin::Live),
                restored: restored(row),
                attributes: attributes.get(row),
                context_id: context_id.get(row),
                area: area.get(row),
                device: device.get(row),
                weather: weather.get(row),
                weather_stale: weather_stale(row),
            }
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.states
    }
}

/// The columns of the weather; rows that follow each other mostly share one observation.
struct WeatherColumns<'a> {
    at: Numbers<'a, TimestampMicrosecondType>,
    figures: [Numbers<'a, Float64Type>; 4],
    condition: Texts<'a>,
    last: Option<Arc<Observation>>,
}

impl<'a> WeatherColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let figures = ["weather_temperature", "weather_humidity", "weather_pressure", "weather_wind_speed"];
        Self {
            at: Numbers::of(batch, "weather_at"),
            figures: figures.map(|name| Numbers::of(batch, name)),
            condition: Texts::of(batch, "weather_condition"),
            last: None,
        }
    }

    fn get(&mut self, row: usize) -> Option<Arc<Observation>> {
        let at = Timestamp(self.at.get(row)?);
        let [temperature, humidity, pressure, wind_speed] =
            self.figures.each_ref().map(|column| column.get(row));
        let condition = self.condition.get(row);
        let weather = Observation {
            at,
            temperature,
            humidity,
            pressure,
            wind_speed,
            condition,
            ..Observation::default()
        };
        if self.last.as_deref() != Some(&weather) {
            self.last = Some(Arc::new(weather));
        }
        self.last.clone()
    }
}
