//! Which attributes are written.
//!
//! Everything is in the log and in the store; a field of InfluxDB costs memory in the server for as long as the measurement
//! lives, and most attributes say the same for ever (`supported_features`, `friendly_name`) or are lists for a user interface
//! (`effect_list`). Written by default is what changes with what happens in the house and a person would draw.
//!
//! By default not written: where people are (`latitude`, `longitude`), what gives access (`access_token` of a camera, `code`), and
//! addresses of pictures and media (`entity_picture`, `media_content_id`), which change with each request and say nothing later.
//!
//! The names are those of the state attributes of Home Assistant's entity base classes, and a few that old integrations have.

use std::fmt;

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};

/// Which attributes are written: a word or a list in the settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Setting", into = "Setting")]
pub enum Attributes {
    /// None at all.
    None,
    /// Those of [`ANYWHERE`] and, of each domain, those of [`BY_DOMAIN`].
    #[default]
    Default,
    /// Every one.
    All,
    /// What is on the list.
    Chosen(Vec<Rule>),
}

/// An entry of the list: `brightness` or `*_temperature` of any domain; with a dot, of some: `climate.*_mode`,
/// `light.brightness`; or `default`.
#[derive(Clone)]
pub struct Rule {
    text: String,
    glob: GlobMatcher,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Attributes that are written of entities of any domain.
pub const ANYWHERE: [&str; 2] = ["battery", "battery_level"];

/// Attributes that are written of entities of some domains.
pub const BY_DOMAIN: [(&str, &[&str]); 24] = [
    ("air_quality", &["carbon_dioxide", "nitrogen_oxide", "particulate_matter_10", "particulate_matter_2_5"]),
    ("alarm_control_panel", &["changed_by"]),
    ("automation", &["last_triggered"]),
    (
        "climate",
        &[
            "current_humidity",
            "current_temperature",
            "fan_mode",
            "humidity",
            "hvac_action",
            "preset_mode",
            "swing_horizontal_mode",
            "swing_mode",
            "target_temp_high",
            "target_temp_low",
            "temperature",
            "valve_position",
        ],
    ),
    ("cover", &["current_position", "current_tilt_position"]),
    ("device_tracker", &["gps_accuracy"]),
    ("event", &["event_type"]),
    ("fan", &["direction", "oscillating", "percentage", "preset_mode"]),
    ("humidifier", &["action", "current_humidity", "humidity", "mode"]),
    ("image_processing", &["total_faces"]),
    ("light", &["brightness", "color_mode", "color_temp", "color_temp_kelvin", "dynamics", "effect"]),
    ("lock", &["changed_by"]),
    (
        "media_player",
        &[
            "app_name",
            "is_volume_muted",
            "media_album_name",
            "media_artist",
            "media_channel",
            "media_content_type",
            "media_series_title",
            "media_title",
            "repeat",
            "shuffle",
            "sound_mode",
            "source",
            "volume_level",
        ],
    ),
    ("person", &["gps_accuracy", "source"]),
    ("remote", &["current_activity"]),
    ("script", &["last_triggered"]),
    // The canary's, which is a text and then a boolean: see `sources/home_assistant/canary.rs`.
    ("sensor", &["dynamics"]),
    ("sun", &["azimuth", "elevation", "rising"]),
    ("switch", &["current_power_w", "today_energy_kwh"]),
    ("update", &["in_progress", "installed_version", "latest_version", "update_percentage"]),
    ("vacuum", &["cleaned_area", "fan_speed", "status"]),
    ("valve", &["current_position"]),
    (
        "water_heater",
        &[
            "away_mode",
            "current_temperature",
            "operation_mode",
            "target_temp_high",
            "target_temp_low",
            "temperature",
        ],
    ),
    (
        "weather",
        &[
            "apparent_temperature",
            "cloud_coverage",
            "dew_point",
            "humidity",
            "ozone",
            "pressure",
            "temperature",
            "uv_index",
            "visibility",
            "wind_bearing",
            "wind_gust_speed",
            "wind_speed",
        ],
    ),
];

impl Attributes {
    /// Whether this attribute of an entity of this domain is written.
    #[must_use]
    pub fn keeps(&self, domain: &str, attribute: &str) -> bool {
        match self {
            Self::None => false,
            Self::Default => is_default(domain, attribute),
            Self::All => true,
            Self::Chosen(rules) => rules.iter().any(|rule| rule.matches(domain, attribute)),
        }
    }

    /// Whether this attribute of the entities of some domain is written.
    #[must_use]
    pub fn keeps_anywhere(&self, attribute: &str) -> bool {
        match self {
            Self::None => false,
            Self::Default => is_default_anywhere(attribute),
            Self::All => true,
            Self::Chosen(rules) => rules.iter().any(|rule| rule.matches_anywhere(attribute)),
        }
    }
}

fn is_default(domain: &str, attribute: &str) -> bool {
    let of_domain = BY_DOMAIN.iter().filter(|(of, _)| *of == domain).flat_map(|(_, names)| *names);
    ANYWHERE.iter().chain(of_domain).any(|name| *name == attribute)
}

fn is_default_anywhere(attribute: &str) -> bool {
    BY_DOMAIN.iter().any(|(domain, _)| is_default(domain, attribute))
}

impl Rule {
    fn parse(text: String) -> Result<Self, String> {
        let refuse = |reason: &str| {
            format!(
                "attribute {text:?}: {reason}; write a name (brightness), a glob (*_temperature), either of one domain (climate.*_mode), or default"
            )
        };
        if text.is_empty() {
            return Err(refuse("nothing"));
        }
        let glob = Glob::new(&text).map_err(|error| refuse(&error.kind().to_string()))?.compile_matcher();
        Ok(Self { text, glob })
    }

    fn matches(&self, domain: &str, attribute: &str) -> bool {
        match self.text.as_str() {
            "default" => is_default(domain, attribute),
            text if text.contains('.') => self.glob.is_match(format!("{domain}.{attribute}")),
            text => text == attribute || self.glob.is_match(attribute),
        }
    }

    fn matches_anywhere(&self, attribute: &str) -> bool {
        match self.text.split_once('.') {
            None if self.text == "default" => is_default_anywhere(attribute),
            None => self.matches("", attribute),
            Some((_, of)) => {
                of == attribute || Glob::new(of).is_ok_and(|glob| glob.compile_matcher().is_match(attribute))
            }
        }
    }
}

/// As it is written in the settings.
#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "expected \"none\", \"default\", \"all\" or a list of names")]
enum Setting {
    Word(String),
    List(Vec<String>),
}

impl TryFrom<Setting> for Attributes {
    type Error = String;

    fn try_from(setting: Setting) -> Result<Self, String> {
        match setting {
            Setting::Word(word) => match word.as_str() {
                "none" => Ok(Self::None),
                "default" => Ok(Self::Default),
                "all" => Ok(Self::All),
                _ => Err(format!(
                    "{word:?} is no choice of attributes: write \"none\", \"default\", \"all\" or a list of names"
                )),
            },
            Setting::List(list) => {
                Ok(Self::Chosen(list.into_iter().map(Rule::parse).collect::<Result<_, _>>()?))
            }
        }
    }
}

impl From<Attributes> for Setting {
    fn from(attributes: Attributes) -> Self {
        let word = match attributes {
            Attributes::None => "none",
            Attributes::Default => "default",
            Attributes::All => "all",
            Attributes::Chosen(rules) => {
                return Self::List(rules.into_iter().map(|rule| rule.text).collect());
            }
        };
        Self::Word(word.into())
    }
}

#[cfg(test)]
mod tests;
