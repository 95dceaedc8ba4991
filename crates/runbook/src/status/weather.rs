//! The weather feed in the status document.

use serde::{Deserialize, Serialize};

/// The weather feed. Counts are since the program started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weather {
    /// Which provider is in use; `off` where there is none.
    pub provider: String,
    /// What the settings say.
    pub configured: String,
    /// The place that is asked for, rounded, or the entity.
    pub source: Option<String>,
    /// As of a part.
    pub state: String,
    /// Why, where it is not healthy, and what to do.
    pub reason: Option<String>,
    /// Calls made.
    pub calls: u64,
    /// Looks at which the last answer was still good.
    pub cache_hits: u64,
    /// Calls that brought no observation.
    pub errors: u64,
    /// Looks at which no call was made because of the budget or because the provider asked us to wait.
    pub limited: u64,
    /// Calls by provider and by what came of them.
    pub requests: Vec<WeatherRequests>,
    /// Seconds since the observation in use was made; null where there is none.
    pub age_s: Option<f64>,
    /// Seconds to the next call; null where none is planned.
    pub next_call_s: Option<f64>,
    /// What was used of the budget; null where nobody outside is asked.
    pub quota: Option<WeatherQuota>,
    /// The observation in use.
    pub observation: Option<WeatherObservation>,
    /// What has to stand beside the data.
    pub attribution: Option<Attribution>,
    /// Why the last call that failed did.
    pub last_error: Option<String>,
}

/// Calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeatherRequests {
    /// Who was asked.
    pub provider: String,
    /// `ok`, `unauthorised`, `too_many`, `server_error`, `rejected`, `late`, `unreachable` or `garbage`.
    pub outcome: String,
    /// How often.
    pub count: u64,
}

/// The budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeatherQuota {
    /// Of the last minute.
    pub minute: Budget,
    /// Of the UTC day.
    pub day: Budget,
}

/// Calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Made.
    pub used: u32,
    /// Allowed.
    pub limit: u32,
}

/// Words and a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// The words.
    pub text: String,
    /// Where the link leads.
    pub url: String,
}

/// An observation; what is not known is left out. Units as in the `weather` table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named as in the observation itself")]
pub struct WeatherObservation {
    /// Its own time, ISO 8601 UTC.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparent_temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dew_point: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_gust_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_bearing: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_cover: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl From<&hearthline_core::Observation> for WeatherObservation {
    fn from(of: &hearthline_core::Observation) -> Self {
        Self {
            at: of.at.to_string(),
            temperature: of.temperature,
            apparent_temperature: of.apparent_temperature,
            dew_point: of.dew_point,
            humidity: of.humidity,
            pressure: of.pressure,
            wind_speed: of.wind_speed,
            wind_gust_speed: of.wind_gust_speed,
            wind_bearing: of.wind_bearing,
            cloud_cover: of.cloud_cover,
            precipitation: of.precipitation,
            condition: of.condition.as_deref().map(Into::into),
        }
    }
}
