//! `weather`: one row for each weather observation; `ts` is its own time, `received` when it was had. The units are those of
//! [`Observation`] whatever the provider's are: °C, %, hPa, m/s, degrees, mm.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, RecordBatch};
use hearthline_core::{Observation, Seq, Timestamp, WeatherRow};

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, number, optional, required, text, time};

impl Record for WeatherRow {
    type Identity = (Arc<str>, Arc<str>, Timestamp);

    const TABLE: Table = Table::Weather;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::Time),
        required("provider", Kind::Text),
        required("source", Kind::Text),
        optional("temperature", Kind::Float),
        optional("apparent_temperature", Kind::Float),
        optional("dew_point", Kind::Float),
        optional("humidity", Kind::Float),
        optional("pressure", Kind::Float),
        optional("wind_speed", Kind::Float),
        optional("wind_gust_speed", Kind::Float),
        optional("wind_bearing", Kind::Float),
        optional("cloud_cover", Kind::Float),
        optional("precipitation", Kind::Float),
        optional("condition", Kind::Text),
        required("received", Kind::Time),
        required("site", Kind::Text),
    ];
    const SORTED: &'static [&'static str] = &["ts"];
    const KEY: &'static [&'static str] = &["site", "provider", "ts"];
    const NAME: &'static str = "provider";

    fn ts(&self) -> Timestamp {
        self.observation.at
    }

    fn name(&self) -> &str {
        &self.provider
    }

    fn identity(&self) -> Self::Identity {
        (Arc::clone(&self.site), Arc::clone(&self.provider), self.ts())
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        ("", self.ts(), Seq::ZERO)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.ts().cmp(&other.ts()))
            .then_with(|| self.provider.cmp(&other.provider))
            .then_with(|| self.site.cmp(&other.site))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        let figure = |of: fn(&Observation) -> Option<f64>| {
            number::<Float64Type, _>(rows, move |row: &Self| of(&row.observation))
        };
        vec![
            time(rows, |row| Some(row.ts().0)),
            text(rows, |row| Some(&row.provider)),
            text(rows, |row| Some(&row.source)),
            figure(|observation| observation.temperature),
            figure(|observation| observation.apparent_temperature),
            figure(|observation| observation.dew_point),
            figure(|observation| observation.humidity),
            figure(|observation| observation.pressure),
            figure(|observation| observation.wind_speed),
            figure(|observation| observation.wind_gust_speed),
            figure(|observation| observation.wind_bearing),
            figure(|observation| observation.cloud_cover),
            figure(|observation| observation.precipitation),
            text(rows, |row| row.observation.condition.as_deref()),
            time(rows, |row| Some(row.received.0)),
            text(rows, |row| Some(&row.site)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let [mut provider, mut source, mut condition, mut site] =
            ["provider", "source", "condition", "site"].map(|name| Texts::of(batch, name));
        let [ts, received] =
            ["ts", "received"].map(|name| Numbers::<TimestampMicrosecondType>::of(batch, name));
        let figure = |name| Numbers::<Float64Type>::of(batch, name);
        let [temperature, apparent_temperature, dew_point] =
            ["temperature", "apparent_temperature", "dew_point"].map(figure);
        let [humidity, pressure, cloud_cover, precipitation] =
            ["humidity", "pressure", "cloud_cover", "precipitation"].map(figure);
        let [wind_speed, wind_gust_speed, wind_bearing] =
            ["wind_speed", "wind_gust_speed", "wind_bearing"].map(figure);
        let row = |row| Self {
            seq: Seq::ZERO,
            received: Timestamp(received.get(row).unwrap_or_default()),
            site: site.required(row),
            provider: provider.required(row),
            source: source.required(row),
            observation: Arc::new(Observation {
                at: Timestamp(ts.get(row).unwrap_or_default()),
                temperature: temperature.get(row),
                apparent_temperature: apparent_temperature.get(row),
                dew_point: dew_point.get(row),
                humidity: humidity.get(row),
                pressure: pressure.get(row),
                wind_speed: wind_speed.get(row),
                wind_gust_speed: wind_gust_speed.get(row),
                wind_bearing: wind_bearing.get(row),
                cloud_cover: cloud_cover.get(row),
                precipitation: precipitation.get(row),
                condition: condition.get(row),
            }),
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.weather
    }
}
