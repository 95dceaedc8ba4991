//! OpenWeatherMap: with a key that is made for free.
//!
//! `GET /data/2.5/weather?units=metric` answers with °C, hPa, % and m/s, as documented; the answer names no units. A refusal
//! is `401` (the key) or `429` (too many calls). The key goes in the query, so the question is never shown.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Observation, Secret, Timestamp};
use serde::Deserialize;
use url::Url;

use super::provider::{Attribution, Facts, Place, ReadError, Reading, below};

/// What is to be known before it is asked. Its free plan allows 60 calls a minute and 1,000,000 a month.
pub const FACTS: Facts = Facts {
    name: "openweathermap",
    title: "OpenWeather",
    attribution: Attribution {
        text: "Weather data provided by OpenWeather",
        url: "https://openweathermap.org/",
    },
    base_url: "https://api.openweathermap.org",
    needs_key: true,
    good_for: Duration::from_secs(600),
    calls_per_minute: 10,
    calls_per_day: 1000,
};

/// The question.
#[must_use]
pub fn request(place: Place, base: &Url, key: Option<&Secret>) -> Url {
    let mut url = below(base, "/data/2.5/weather");
    url.query_pairs_mut()
        .append_pair("lat", &place.latitude())
        .append_pair("lon", &place.longitude())
        .append_pair("units", "metric")
        .extend_pairs(key.map(|key| ("appid", key.expose())));
    url
}

#[derive(Deserialize)]
struct Answer {
    dt: Option<i64>,
    main: Main,
    #[serde(default)]
    weather: Vec<Condition>,
    #[serde(default)]
    wind: Wind,
    #[serde(default)]
    clouds: Clouds,
    #[serde(default)]
    rain: Fall,
    #[serde(default)]
    snow: Fall,
}

#[derive(Deserialize)]
struct Main {
    temp: Option<f64>,
    feels_like: Option<f64>,
    humidity: Option<f64>,
    /// At sea level.
    pressure: Option<f64>,
}

#[derive(Deserialize)]
struct Condition {
    id: u64,
    /// Ends in `n` at night.
    #[serde(default)]
    icon: String,
}

#[derive(Default, Deserialize)]
struct Wind {
    speed: Option<f64>,
    gust: Option<f64>,
    deg: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Clouds {
    all: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Fall {
    #[serde(rename = "1h")]
    hour: Option<f64>,
}

/// The answer.
///
/// # Errors
/// When it says nothing.
pub fn read(body: &[u8]) -> Result<Reading, ReadError> {
    let answer: Answer = serde_json::from_slice(body)?;
    let seconds = answer.dt.ok_or(ReadError::Time)?;
    let first = answer.weather.first();
    // Where nothing falls, neither key is there.
    let falls = answer.rain.hour.unwrap_or(0.0) + answer.snow.hour.unwrap_or(0.0);
    let observation = Observation {
        at: Timestamp(seconds.saturating_mul(1_000_000)),
        temperature: answer.main.temp,
        apparent_temperature: answer.main.feels_like,
        dew_point: None,
        humidity: answer.main.humidity,
        pressure: answer.main.pressure,
        wind_speed: answer.wind.speed,
        wind_gust_speed: answer.wind.gust,
        wind_bearing: answer.wind.deg,
        cloud_cover: answer.clouds.all,
        precipitation: first.map(|_| falls),
        condition: first.and_then(|first| condition(first.id, !first.icon.ends_with('n'))).map(Arc::from),
    };
    Reading::of(observation, Vec::new())
}

/// Home Assistant's word for one of OpenWeatherMap's condition ids; none for one that is not in use.
fn condition(id: u64, is_day: bool) -> Option<&'static str> {
    Some(match id {
        200..=202 | 230..=232 => "lightning-rainy",
        210..=221 => "lightning",
        502..=504 | 522 => "pouring",
        511 | 611..=616 => "snowy-rainy",
        300..=321 | 500..=531 => "rainy",
        600..=622 => "snowy",
        701..=741 => "fog",
        751..=762 | 781 => "exceptional",
        771 => "windy",
        800 if is_day => "sunny",
        800 => "clear-night",
        801 | 802 => "partlycloudy",
        803 | 804 => "cloudy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"coord":{"lon":10.99,"lat":44.34},
        "weather":[{"id":501,"main":"Rain","description":"moderate rain","icon":"10d"}],"base":"stations",
        "main":{"temp":25.33,"feels_like":25.59,"temp_min":24.41,"temp_max":26.9,"pressure":1015,"humidity":64,
            "sea_level":1015,"grnd_level":933},
        "visibility":10000,"wind":{"speed":0.62,"deg":349,"gust":1.18},"rain":{"1h":3.16},"clouds":{"all":100},
        "dt":1661870592,"sys":{"type":2,"id":2075663,"country":"IT","sunrise":1661834187,"sunset":1661882248},
        "timezone":7200,"id":3163858,"name":"Zocca","cod":200}"#;

    #[test]
    fn an_answer_as_documented_is_read() {
        let expected = Observation {
            at: Timestamp(1_661_870_592_000_000),
            temperature: Some(25.33),
            apparent_temperature: Some(25.59),
            dew_point: None,
            humidity: Some(64.0),
            pressure: Some(1015.0),
            wind_speed: Some(0.62),
            wind_gust_speed: Some(1.18),
            wind_bearing: Some(349.0),
            cloud_cover: Some(100.0),
            precipitation: Some(3.16),
            condition: Some("rainy".into()),
        };
        assert_eq!(read(ANSWER.as_bytes()).unwrap().observation, expected);
    }

    #[test]
    fn a_dry_night_has_no_rain_and_no_sun() {
        let dry = ANSWER.replace(r#""rain":{"1h":3.16},"#, "").replace("501", "800").replace("10d", "01n");
        let observation = read(dry.as_bytes()).unwrap().observation;
        assert_eq!(
            (observation.precipitation, observation.condition.as_deref()),
            (Some(0.0), Some("clear-night"))
        );
    }

    #[test]
    fn what_is_no_observation_is_refused_in_words() {
        for body in ["", "[]", r#"{"cod":401,"message":"Invalid API key."}"#, r#"{"main":{"temp":1}}"#] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_id_is_said_in_home_assistants_words() {
        let words =
            [201, 211, 301, 500, 504, 511, 601, 741, 781, 771, 802, 804, 999].map(|id| condition(id, true));
        assert_eq!(
            words.map(Option::unwrap_or_default),
            [
                "lightning-rainy",
                "lightning",
                "rainy",
                "rainy",
                "pouring",
                "snowy-rainy",
                "snowy",
                "fog",
                "exceptional",
                "windy",
                "partlycloudy",
                "cloudy",
                "",
            ]
        );
    }

    #[test]
    fn the_question_holds_the_key_and_asks_for_metric_units() {
        let (place, key) = (Place::near(44.34, 10.99).unwrap(), Secret::new("hunter2"));
        let url = request(place, &FACTS.base_url.parse().unwrap(), Some(&key));
        assert_eq!(
            url.as_str(),
            "https://api.openweathermap.org/data/2.5/weather?lat=44.34&lon=10.99&units=metric&appid=hunter2"
        );
    }
}
