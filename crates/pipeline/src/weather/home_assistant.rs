//! The house's own weather: a `weather.*` entity of Home Assistant. It comes with the events: no key, no quota, nothing
//! leaves the house.

use std::sync::Arc;

use hearthline_core::{EntityId, Observation};
use serde::Deserialize;
use serde_json::Value;

use super::units::{celsius, hectopascals, metres_per_second};
use crate::sources::home_assistant::wire::State;

/// As in the settings and in the records.
pub const NAME: &str = "home_assistant";
/// What the ids of these entities begin with.
const DOMAIN: &str = "weather.";

/// Which of the house's weather entities is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum House {
    /// None.
    #[default]
    Ignored,
    /// The first by entity id of those that are recorded.
    First,
    /// The one that a person named, if it is recorded.
    Entity(EntityId),
}

/// What the house knows of its weather.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HouseView {
    /// Whether it is known yet which weather entities there are.
    pub known: bool,
    /// The entity that is used; none where there is none.
    pub entity: Option<EntityId>,
    /// Whether it says anything just now.
    pub available: bool,
    /// The newest observation that was logged of it since the program started.
    pub observed: Option<Arc<Observation>>,
}

/// Whether an entity is one that says how the weather is.
#[must_use]
pub fn is_weather(entity_id: &str) -> bool {
    entity_id.starts_with(DOMAIN)
}

#[derive(Deserialize)]
struct Attributes {
    temperature: Option<f64>,
    apparent_temperature: Option<f64>,
    dew_point: Option<f64>,
    temperature_unit: Option<String>,
    humidity: Option<f64>,
    pressure: Option<f64>,
    pressure_unit: Option<String>,
    wind_speed: Option<f64>,
    wind_gust_speed: Option<f64>,
    wind_speed_unit: Option<String>,
    /// Degrees, or a word as in `NNW`.
    wind_bearing: Option<Value>,
    cloud_coverage: Option<f64>,
    #[serde(default)]
    restored: bool,
}

/// The observation that a state of a weather entity is; none where it says nothing, or was put back from before a restart.
#[must_use]
pub fn read(state: &State<'_>) -> Option<Observation> {
    if matches!(state.state.as_ref(), "unavailable" | "unknown") {
        return None;
    }
    let attributes: Attributes = serde_json::from_str(state.attributes).ok()?;
    if attributes.restored {
        return None;
    }
    let degrees = |value: Option<f64>| celsius(value?, attributes.temperature_unit.as_deref()?);
    let speed = |value: Option<f64>| metres_per_second(value?, attributes.wind_speed_unit.as_deref()?);
    let figures = Observation {
        at: state.last_updated,
        temperature: degrees(attributes.temperature),
        apparent_temperature: degrees(attributes.apparent_temperature),
        dew_point: degrees(attributes.dew_point),
        humidity: attributes.humidity,
        pressure: attributes
            .pressure
            .and_then(|value| hectopascals(value, attributes.pressure_unit.as_deref()?)),
        wind_speed: speed(attributes.wind_speed),
        wind_gust_speed: speed(attributes.wind_gust_speed),
        wind_bearing: attributes.wind_bearing.as_ref().and_then(bearing),
        cloud_cover: attributes.cloud_coverage,
        precipitation: None,
        condition: None,
    };
    // A word alone would hide the figures of the observation before it.
    (!figures.is_empty()).then(|| Observation { condition: Some(state.state.as_ref().into()), ..figures })
}

fn bearing(value: &Value) -> Option<f64> {
    const POINTS: [&str; 16] =
        ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];
    let text = match value {
        Value::Number(number) => return number.as_f64(),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    let point = POINTS.into_iter().zip(0_u32..).find(|(name, _)| *name == text);
    point.map(|(_, number)| f64::from(number) * 22.5).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::home_assistant::wire::parse_state;

    /// As recorded from the demo integration of 2024.3.3 and 2026.11.0, which differ in `last_reported` alone.
    const RECORDED: [&str; 2] = [
        r#"{"entity_id":"weather.demo_weather_south","state":"sunny","attributes":{"temperature":21.6,"temperature_unit":"\u00b0C","humidity":92,"pressure":1099.0,"pressure_unit":"hPa","wind_speed":1.8,"wind_speed_unit":"km/h","visibility_unit":"km","precipitation_unit":"mm","attribution":"Powered by Home Assistant","friendly_name":"Demo Weather South","supported_features":1},"last_changed":"2026-11-23T11:56:34.852808+00:00","last_updated":"2026-11-23T11:56:34.852808+00:00","context":{"id":"01M8447Q54G0FSNYPV7EF4C849","parent_id":null,"user_id":null}}"#,
        r#"{"entity_id":"weather.demo_weather_north","state":"rainy","attributes":{"temperature":-24.4,"temperature_unit":"\u00b0C","humidity":54,"pressure":33423.66,"pressure_unit":"hPa","wind_speed":7.72,"wind_speed_unit":"km/h","visibility_unit":"km","precipitation_unit":"mm","attribution":"Powered by Home Assistant","friendly_name":"Demo Weather North","supported_features":7},"last_changed":"2026-11-23T11:49:43.435890+00:00","last_reported":"2026-11-23T11:49:43.456975+00:00","last_updated":"2026-11-23T11:49:43.435890+00:00","context":{"id":"01M843V5CBEAX47HV7QTB7XST9","parent_id":null,"user_id":null}}"#,
    ];

    fn observed(attributes: &str, text: &str) -> Option<Observation> {
        let raw = format!(
            r#"{{"entity_id":"weather.home","state":"{text}","attributes":{attributes},"last_changed":"2026-11-23T11:00:00+00:00","last_updated":"2026-11-23T11:00:00+00:00"}}"#
        );
        read(&parse_state(&raw).unwrap())
    }

    #[test]
    fn entities_of_two_real_releases_are_read() {
        let [south, north] = RECORDED.map(|raw| read(&parse_state(raw).unwrap()).unwrap());
        assert_eq!(
            (south.temperature, south.humidity, south.pressure),
            (Some(21.6), Some(92.0), Some(1099.0))
        );
        assert_eq!((south.wind_speed, south.condition.as_deref()), (Some(0.5), Some("sunny")));
        assert_eq!(south.at.to_string(), "2026-11-23T11:56:34.852808Z");
        assert_eq!((north.temperature, north.condition.as_deref()), (Some(-24.4), Some("rainy")));
        assert!((north.wind_speed.unwrap() - 2.1444).abs() < 1e-3);
    }

    #[test]
    fn units_of_the_house_are_converted_and_unknown_ones_give_nothing() {
        let imperial = r#"{"temperature":50.0,"temperature_unit":"°F","pressure":29.92,"pressure_unit":"inHg","wind_speed":10,"wind_speed_unit":"mph","wind_bearing":"SSW"}"#;
        let observation = observed(imperial, "cloudy").unwrap();
        assert!((observation.temperature.unwrap() - 10.0).abs() < 1e-9);
        assert!((observation.pressure.unwrap() - 1013.2).abs() < 0.1);
        assert!((observation.wind_speed.unwrap() - 4.4704).abs() < 1e-9);
        assert_eq!(observation.wind_bearing, Some(202.5));
        let odd = observed(r#"{"temperature":50.0,"temperature_unit":"°R","humidity":5}"#, "cloudy").unwrap();
        assert_eq!((odd.temperature, odd.humidity), (None, Some(5.0)));
    }

    #[test]
    fn what_says_nothing_is_no_observation() {
        let good = r#"{"temperature":5,"temperature_unit":"°C"}"#;
        assert!(observed(good, "fog").is_some());
        for (attributes, text) in [
            (good, "unavailable"),
            (good, "unknown"),
            ("{}", "fog"),
            ("null", "fog"),
            (r#"{"temperature":"warm"}"#, "fog"),
            (r#"{"temperature":5,"temperature_unit":"°C","restored":true}"#, "fog"),
        ] {
            assert_eq!(observed(attributes, text), None, "{attributes} {text}");
        }
    }
}
