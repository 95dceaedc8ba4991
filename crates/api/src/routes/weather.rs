//! `GET /api/v1/weather?from=&to=&every=&limit=`: the weather as it was observed, or means of lengths of time.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hearthline_core::{Observation, Timestamp, WeatherRow};
use hearthline_store::{Store, StoreError, WeatherQuery};
use serde::{Deserialize, Serialize};

use super::parameters::{Query, check_count, length, limited, period};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Observations of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (1000, 10_000);
/// How far back an answer goes where the caller does not say.
const SPAN: Duration = Duration::from_secs(86_400);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    every: Option<String>,
    limit: Option<usize>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Observations {
    /// The first instant, ISO 8601 UTC.
    pub from: String,
    /// The instant after the last.
    pub to: String,
    /// The oldest first.
    pub observations: Vec<Observed>,
    /// Whether the limit left something out at the end.
    pub more: bool,
}

/// An observation, or the mean of those of a length of time. What is not known is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Its own time; of a mean the beginning, a multiple of the length since 1970 in UTC.
    pub at: String,
    /// Who observed it.
    pub provider: String,
    /// Which entity or place it is of.
    pub source: String,
    /// °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apparent_temperature: Option<f64>,
    /// °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dew_point: Option<f64>,
    /// %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    /// hPa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<f64>,
    /// m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_speed: Option<f64>,
    /// m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_gust_speed: Option<f64>,
    /// Where the wind comes from, degrees clockwise from north; of a length of time the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_bearing: Option<f64>,
    /// %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_cover: Option<f64>,
    /// mm in the hour before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precipitation: Option<f64>,
    /// Home Assistant's word for it; of a length of time the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Scans; what is only in memory yet is part of it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Observations>, ApiError> {
    let (from, to) = period(parameters.from.as_deref(), parameters.to.as_deref(), SPAN, &*reading.clock)?;
    let limit = limited(parameters.limit, LIMIT);
    let every = length("every", parameters.every.as_deref())?;
    if let Some(every) = every {
        check_count("every", from, to, every)?;
    }
    blocking("the weather cannot be read", move || {
        let (observations, more) = observed(&reading.store, WeatherQuery { from, to }, every, limit)?;
        Ok(Json(Observations { from: from.to_string(), to: to.to_string(), observations, more }))
    })
    .await
}

fn observed(
    store: &Store,
    query: WeatherQuery,
    every: Option<Duration>,
    limit: usize,
) -> Result<(Vec<Observed>, bool), StoreError> {
    let every = every.map_or(1, |every| i64::try_from(every.as_micros()).unwrap_or(i64::MAX).max(1));
    let (mut seen, mut more) = (Vec::new(), false);
    let mut mean: Option<Mean> = None;
    store.weather(&query, |row| {
        let at = row.observation.at;
        let start = Timestamp(at.0.saturating_sub(at.0.rem_euclid(every)));
        match &mut mean {
            // Without a length each observation is one, also where two providers' are of one instant.
            Some(mean) if every > 1 && mean.start == start => mean.add(&row),
            _ => {
                seen.extend(mean.take().map(Mean::observed));
                more = seen.len() == limit;
                if more {
                    return ControlFlow::Break(());
                }
                mean = Some(Mean::of(start, &row));
            }
        }
        ControlFlow::Continue(())
    })?;
    seen.extend(mean.map(Mean::observed));
    Ok((seen, more))
}

/// What can be averaged.
fn figures(observation: &Observation) -> [Option<f64>; 9] {
    [
        observation.temperature,
        observation.apparent_temperature,
        observation.dew_point,
        observation.humidity,
        observation.pressure,
        observation.wind_speed,
        observation.wind_gust_speed,
        observation.cloud_cover,
        observation.precipitation,
    ]
}

/// The observations of a length of time.
struct Mean {
    start: Timestamp,
    sums: [(f64, u32); 9],
    provider: Arc<str>,
    source: Arc<str>,
    bearing: Option<f64>,
    condition: Option<Arc<str>>,
}

impl Mean {
    fn of(start: Timestamp, row: &WeatherRow) -> Self {
        let (provider, source) = (Arc::clone(&row.provider), Arc::clone(&row.source));
        let mut mean = Self { start, sums: [(0.0, 0); 9], provider, source, bearing: None, condition: None };
        mean.add(row);
        mean
    }

    fn add(&mut self, row: &WeatherRow) {
        for ((sum, count), figure) in self.sums.iter_mut().zip(figures(&row.observation)) {
            *sum += figure.unwrap_or_default();
            *count += u32::from(figure.is_some());
        }
        (self.provider, self.source) = (Arc::clone(&row.provider), Arc::clone(&row.source));
        self.bearing = row.observation.wind_bearing.or(self.bearing);
        self.condition = row.observation.condition.clone().or(self.condition.take());
    }

    fn observed(self) -> Observed {
        let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
        let [
            temperature,
            apparent_temperature,
            dew_point,
            humidity,
            pressure,
            wind_speed,
            wind_gust_speed,
            cloud_cover,
            precipitation,
        ] = self.sums.map(mean);
        Observed {
            at: self.start.to_string(),
            provider: self.provider.to_string(),
            source: self.source.to_string(),
            temperature,
            apparent_temperature,
            dew_point,
            humidity,
            pressure,
            wind_speed,
            wind_gust_speed,
            wind_bearing: self.bearing,
            cloud_cover,
            precipitation,
            condition: self.condition.map(|word| word.to_string()),
        }
    }
}
