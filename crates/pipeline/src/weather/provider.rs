//! What all providers outside have in common, and the dispatch between them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Observation, Secret};
use url::Url;

use super::{open_meteo, openweathermap};

/// Somebody outside of the house who can be asked how the weather is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// No key.
    OpenMeteo,
    /// With a key.
    OpenWeatherMap,
}

/// What is to be known of a provider before it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// As in the settings.
    pub name: &'static str,
    /// As it calls itself.
    pub title: &'static str,
    /// What its licence wants to stand beside the data.
    pub attribution: Attribution,
    /// Where it is, unless the settings name another place.
    pub base_url: &'static str,
    /// Whether it wants a key.
    pub needs_key: bool,
    /// How long an answer stays good.
    pub good_for: Duration,
    /// Calls in a minute, below what its terms allow without pay.
    pub calls_per_minute: u32,
    /// Calls in a UTC day, the same.
    pub calls_per_day: u32,
}

/// Words and a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The words.
    pub text: &'static str,
    /// Where the link leads.
    pub url: &'static str,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// In the units that are stored.
    pub observation: Observation,
    /// What was left out because its unit is not known: which, and in which unit it came.
    pub left_out: Vec<String>,
}

/// An answer that says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Of another shape. Nothing of it is repeated: it may hold what it was asked with.
    #[error("its answer is not as documented (line {}, column {})", .0.line(), .0.column())]
    Shape(#[from] serde_json::Error),
    /// A time that is none.
    #[error("its answer has no time that can be read")]
    Time,
    /// Of the right shape, and empty.
    #[error("its answer holds no figure that can be read{}", if .0.is_empty() { String::new() } else { format!(" ({})", .0.join(", ")) })]
    Nothing(Vec<String>),
}

impl Reading {
    /// # Errors
    /// Where nothing was observed.
    pub(super) fn of(observation: Observation, left_out: Vec<String>) -> Result<Self, ReadError> {
        if observation.is_empty() {
            Err(ReadError::Nothing(left_out))
        } else {
            Ok(Self { observation, left_out })
        }
    }
}

impl Provider {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::OpenMeteo, Self::OpenWeatherMap];

    /// What is to be known before it is asked.
    #[must_use]
    pub const fn facts(self) -> &'static Facts {
        match self {
            Self::OpenMeteo => &open_meteo::FACTS,
            Self::OpenWeatherMap => &openweathermap::FACTS,
        }
    }

    /// The question. With a key it holds the key: it is for the wire and for nothing else.
    #[must_use]
    pub fn request(self, place: Place, base: &Url, key: Option<&Secret>) -> Url {
        match self {
            Self::OpenMeteo => open_meteo::request(place, base, key),
            Self::OpenWeatherMap => openweathermap::request(place, base, key),
        }
    }

    /// The answer.
    ///
    /// # Errors
    /// When it says nothing.
    pub fn read(self, body: &[u8]) -> Result<Reading, ReadError> {
        match self {
            Self::OpenMeteo => open_meteo::read(body),
            Self::OpenWeatherMap => openweathermap::read(body),
        }
    }
}

/// What the settings say about where the weather comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The house's own entity if there is one, else Open-Meteo if that may be asked.
    Auto,
    /// Nowhere.
    Off,
    /// The house's own entity.
    HomeAssistant,
    /// Somebody outside, named by a person.
    Outside(Provider),
}

impl Choice {
    /// The word of the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
            Self::HomeAssistant => super::home_assistant::NAME,
            Self::Outside(provider) => provider.facts().name,
        }
    }

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        let outside = Provider::ALL.into_iter().map(Self::Outside);
        [Self::Auto, Self::HomeAssistant].into_iter().chain(outside).chain([Self::Off])
    }

    /// Whether the house's own entity may be what is used.
    #[must_use]
    pub const fn takes_house(self) -> bool {
        matches!(self, Self::Auto | Self::HomeAssistant)
    }
}

/// Where the house is, no more exact than weather needs it: to 0.01°, which is about a kilometre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

impl Place {
    /// Of coordinates in degrees; none where there is no such place.
    #[must_use]
    pub fn near(latitude: f64, longitude: f64) -> Option<Self> {
        let rounded = |degrees: f64| (degrees * 100.0).round() / 100.0;
        let exists = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        exists.then(|| Self { latitude: rounded(latitude), longitude: rounded(longitude) })
    }

    pub(super) fn latitude(self) -> String {
        format!("{:.2}", self.latitude)
    }

    pub(super) fn longitude(self) -> String {
        format!("{:.2}", self.longitude)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}, {:.2}", self.latitude, self.longitude)
    }
}

/// Answers with the key that holds now: a person may put another in place while the program runs.
pub type KeySource = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

/// The address below which a path lies, whether or not the base ends in a slash.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let joined = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&joined);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_no_more_exact_than_a_kilometre() {
        assert_eq!(Place::near(52.373_081, 4.893_333).unwrap().to_string(), "52.37, 4.89");
        assert_eq!(Place::near(-33.999, 179.999).unwrap().to_string(), "-34.00, 180.00");
        for (latitude, longitude) in [(91.0, 0.0), (0.0, 180.5), (f64::NAN, 0.0)] {
            assert_eq!(Place::near(latitude, longitude), None);
        }
    }

    #[test]
    fn an_own_server_may_lie_below_a_path() {
        for base in ["http://box:8080/meteo", "http://box:8080/meteo/"] {
            let base = base.parse().unwrap();
            assert_eq!(below(&base, "/v1/forecast").as_str(), "http://box:8080/meteo/v1/forecast");
        }
    }

    #[test]
    fn every_choice_has_a_word_of_its_own() {
        let words: Vec<_> = Choice::all().map(Choice::as_str).collect();
        assert_eq!(words, ["auto", "home_assistant", "open_meteo", "openweathermap", "off"]);
    }
}
