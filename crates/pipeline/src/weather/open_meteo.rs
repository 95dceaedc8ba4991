//! Open-Meteo: free for private use, without a key, and a server of one's own speaks the same.
//!
//! `GET /v1/forecast` with `current=` answers with `current` (one figure for each variable, with `time` and the `interval`
//! that sums stand for) and `current_units` (the unit of each). The answer names its units, so they are what is believed,
//! not the question. A sum of rain in `current` stands for a quarter of an hour; that of an hour is asked as `hourly`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Observation, Secret, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::provider::{Attribution, Facts, Place, ReadError, Reading, below};
use super::units::{celsius, degrees, hectopascals, metres_per_second, millimetres, percent};

/// What is to be known before it is asked. Its terms allow 600 calls a minute and 10,000 a day.
pub const FACTS: Facts = Facts {
    name: "open_meteo",
    title: "Open-Meteo",
    attribution: Attribution { text: "Weather data by Open-Meteo.com", url: "https://open-meteo.com/" },
    base_url: "https://api.open-meteo.com",
    needs_key: false,
    good_for: Duration::from_secs(600),
    calls_per_minute: 10,
    calls_per_day: 1000,
};

const CURRENT: &str = "temperature_2m,relative_humidity_2m,apparent_temperature,dew_point_2m,weather_code,cloud_cover,\
                       pressure_msl,wind_speed_10m,wind_gusts_10m,wind_direction_10m,is_day";
const RAIN: &str = "precipitation";

/// The question. A key is for those who pay.
#[must_use]
pub fn request(place: Place, base: &Url, key: Option<&Secret>) -> Url {
    let mut url = below(base, "/v1/forecast");
    url.query_pairs_mut()
        .append_pair("latitude", &place.latitude())
        .append_pair("longitude", &place.longitude())
        .append_pair("current", CURRENT)
        .append_pair("hourly", RAIN)
        .append_pair("forecast_hours", "1")
        .append_pair("timeformat", "unixtime")
        .append_pair("temperature_unit", "celsius")
        .append_pair("wind_speed_unit", "ms")
        .append_pair("precipitation_unit", "mm")
        .extend_pairs(key.map(|key| ("apikey", key.expose())));
    url
}

#[derive(Deserialize)]
struct Answer {
    current: BTreeMap<String, Value>,
    #[serde(default)]
    current_units: BTreeMap<String, String>,
    #[serde(default)]
    hourly: Hourly,
    #[serde(default)]
    hourly_units: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Hourly {
    #[serde(default)]
    time: Vec<i64>,
    #[serde(default)]
    precipitation: Vec<Option<f64>>,
}

/// The answer.
///
/// # Errors
/// When it says nothing.
pub fn read(body: &[u8]) -> Result<Reading, ReadError> {
    let answer: Answer = serde_json::from_slice(body)?;
    let number = |name: &str| answer.current.get(name).and_then(Value::as_f64);
    let seconds = answer.current.get("time").and_then(Value::as_i64).ok_or(ReadError::Time)?;
    let mut left_out = Vec::new();
    let mut take = |name: &str, convert: fn(f64, &str) -> Option<f64>| {
        let unit = answer.current_units.get(name).map_or("", String::as_str);
        let value = number(name)?;
        let converted = convert(value, unit);
        if converted.is_none() {
            left_out.push(named(name, unit));
        }
        converted
    };
    let mut observation = Observation {
        at: Timestamp(seconds.saturating_mul(1_000_000)),
        temperature: take("temperature_2m", celsius),
        apparent_temperature: take("apparent_temperature", celsius),
        dew_point: take("dew_point_2m", celsius),
        humidity: take("relative_humidity_2m", percent),
        pressure: take("pressure_msl", hectopascals),
        wind_speed: take("wind_speed_10m", metres_per_second),
        wind_gust_speed: take("wind_gusts_10m", metres_per_second),
        wind_bearing: take("wind_direction_10m", degrees),
        cloud_cover: take("cloud_cover", percent),
        precipitation: None,
        condition: None,
    };
    let is_day = number("is_day").is_none_or(|day| day > 0.5);
    let code = answer.current.get("weather_code").and_then(Value::as_u64);
    observation.condition = code.and_then(|code| condition(code, is_day)).map(Arc::from);
    if let Some(rain) = answer.hourly.latest(seconds) {
        let unit = answer.hourly_units.get(RAIN).map_or("", String::as_str);
        observation.precipitation = millimetres(rain, unit);
        if observation.precipitation.is_none() {
            left_out.push(named(RAIN, unit));
        }
    }
    Reading::of(observation, left_out)
}

/// A figure and its unit, cut where it is no unit at all.
fn named(name: &str, unit: &str) -> String {
    format!("{name} in {:?}", unit.chars().take(12).collect::<String>())
}

impl Hourly {
    /// The sum of the newest hour that was over at `now`, in seconds.
    fn latest(&self, now: i64) -> Option<f64> {
        let hours = self.time.iter().zip(&self.precipitation);
        hours.filter(|(time, _)| **time <= now).max_by_key(|(time, _)| **time).and_then(|(_, sum)| *sum)
    }
}

/// Home Assistant's word for a WMO code (table 4677 as Open-Meteo uses it); none for one that is not in use.
fn condition(code: u64, is_day: bool) -> Option<&'static str> {
    Some(match code {
        0 | 1 if is_day => "sunny",
        0 | 1 => "clear-night",
        2 => "partlycloudy",
        3 => "cloudy",
        45 | 48 => "fog",
        51 | 53 | 55 | 61 | 63 | 80 | 81 => "rainy",
        65 | 82 => "pouring",
        56 | 57 | 66 | 67 => "snowy-rainy", // freezing rain, for which there is no word
        71 | 73 | 75 | 77 | 85 | 86 => "snowy",
        95 => "lightning-rainy",
        96 | 99 => "hail",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"latitude":52.38,"longitude":4.9,"generationtime_ms":0.15,"utc_offset_seconds":0,
        "timezone":"GMT","timezone_abbreviation":"GMT","elevation":7.0,
        "current_units":{"time":"unixtime","interval":"seconds","temperature_2m":"°C","relative_humidity_2m":"%",
            "apparent_temperature":"°C","dew_point_2m":"°C","weather_code":"wmo code","cloud_cover":"%",
            "pressure_msl":"hPa","wind_speed_10m":"m/s","wind_gusts_10m":"m/s","wind_direction_10m":"°","is_day":""},
        "current":{"time":1763985600,"interval":900,"temperature_2m":11.2,"relative_humidity_2m":81,
            "apparent_temperature":9.1,"dew_point_2m":8.0,"weather_code":3,"cloud_cover":100,"pressure_msl":1012.3,
            "wind_speed_10m":4.1,"wind_gusts_10m":9.2,"wind_direction_10m":231,"is_day":1},
        "hourly_units":{"time":"unixtime","precipitation":"mm"},
        "hourly":{"time":[1763985600],"precipitation":[0.4]}}"#;

    #[test]
    fn an_answer_as_documented_is_read() {
        let expected = Observation {
            at: Timestamp(1_763_985_600_000_000),
            temperature: Some(11.2),
            apparent_temperature: Some(9.1),
            dew_point: Some(8.0),
            humidity: Some(81.0),
            pressure: Some(1012.3),
            wind_speed: Some(4.1),
            wind_gust_speed: Some(9.2),
            wind_bearing: Some(231.0),
            cloud_cover: Some(100.0),
            precipitation: Some(0.4),
            condition: Some("cloudy".into()),
        };
        let reading = read(ANSWER.as_bytes()).unwrap();
        assert_eq!(reading, Reading { observation: expected, left_out: Vec::new() });
    }

    #[test]
    fn the_units_of_the_answer_are_believed_not_those_of_the_question() {
        let imperial = ANSWER
            .replace(r#""temperature_2m":"°C""#, r#""temperature_2m":"°F""#)
            .replace(r#""temperature_2m":11.2"#, r#""temperature_2m":52.16"#)
            .replace(r#""wind_speed_10m":"m/s""#, r#""wind_speed_10m":"km/h""#)
            .replace(r#""precipitation":"mm""#, r#""precipitation":"inch""#);
        let reading = read(imperial.as_bytes()).unwrap().observation;
        assert!((reading.temperature.unwrap() - 11.2).abs() < 1e-9);
        assert!((reading.wind_speed.unwrap() - 4.1 / 3.6).abs() < 1e-9);
        assert!((reading.precipitation.unwrap() - 10.16).abs() < 1e-9);
    }

    #[test]
    fn a_figure_in_a_unit_that_is_not_known_is_absent_and_named() {
        let odd = ANSWER.replace(r#""pressure_msl":"hPa""#, r#""pressure_msl":"furlongs""#);
        let reading = read(odd.as_bytes()).unwrap();
        assert_eq!(reading.observation.pressure, None);
        assert_eq!(reading.observation.temperature, Some(11.2), "its neighbours are there");
        assert_eq!(reading.left_out, ["pressure_msl in \"furlongs\""]);
    }

    #[test]
    fn what_is_no_observation_is_refused_in_words() {
        for (body, words) in [
            ("<html>", "not as documented"),
            (r#"{"error":true,"reason":"x"}"#, "not as documented"),
            (r#"{"current":{"temperature_2m":1}}"#, "no time"),
            (r#"{"current":{"time":1763985600}}"#, "no figure"),
            (r#"{"current":{"time":1763985600,"temperature_2m":null}}"#, "no figure"),
        ] {
            let error = read(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{body}: {error}");
        }
    }

    #[test]
    fn a_code_is_said_in_home_assistants_words() {
        let day = [0, 2, 3, 45, 53, 61, 65, 71, 67, 82, 86, 95, 99, 100].map(|code| condition(code, true));
        assert_eq!(
            day.map(Option::unwrap_or_default),
            [
                "sunny",
                "partlycloudy",
                "cloudy",
                "fog",
                "rainy",
                "rainy",
                "pouring",
                "snowy",
                "snowy-rainy",
                "pouring",
                "snowy",
                "lightning-rainy",
                "hail",
                "",
            ]
        );
        assert_eq!(condition(0, false), Some("clear-night"));
    }

    #[test]
    fn the_question_names_place_and_units_and_no_more_of_the_house() {
        let url = request(Place::near(52.373_081, 4.893).unwrap(), &FACTS.base_url.parse().unwrap(), None);
        assert!(
            url.as_str().starts_with("https://api.open-meteo.com/v1/forecast?latitude=52.37&longitude=4.89&"),
            "{url}"
        );
        for part in
            ["wind_speed_unit=ms", "timeformat=unixtime", "temperature_unit=celsius", "precipitation_unit=mm"]
        {
            assert!(url.as_str().contains(part), "{part}");
        }
    }
}
