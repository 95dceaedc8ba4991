//! The weather services of the world outside, played as they document themselves: Open-Meteo (`/v1/forecast`) and
//! OpenWeatherMap (`/data/2.5/weather`), with what such services do badly.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Clock;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::home_assistant::http::{Head, respond_with};

/// How it is outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Outdoors {
    /// °C.
    pub temperature: f64,
    /// %.
    pub humidity: f64,
    /// hPa at sea level.
    pub pressure: f64,
    /// m/s.
    pub wind_speed: f64,
    /// Degrees.
    pub wind_bearing: f64,
    /// %.
    pub cloud_cover: f64,
    /// mm in an hour.
    pub rain: f64,
}

impl Default for Outdoors {
    fn default() -> Self {
        Self {
            temperature: 11.2,
            humidity: 81.0,
            pressure: 1012.3,
            wind_speed: 4.1,
            wind_bearing: 231.0,
            cloud_cover: 100.0,
            rain: 0.0,
        }
    }
}

/// What a weather service does badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeatherFault {
    /// It hangs up without an answer.
    Down,
    /// Its answer takes so long.
    Slow(Duration),
    /// It refuses every key.
    Unauthorised,
    /// It was asked too often; with how many seconds to wait, if it says so.
    TooMany(Option<u64>),
    /// It fails.
    Broken,
    /// It answers with a page that is no JSON.
    Garbage,
    /// It answers in °F and km/h, and says so.
    OtherUnits,
    /// It names a unit that nobody knows.
    UnknownUnit,
    /// It sends whoever asks to another place.
    Moved,
    /// Its answer has no end.
    Endless,
}

/// One service; clones share it.
#[derive(Clone)]
pub struct Weather(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    outdoors: Box<dyn Fn() -> Outdoors + Send + Sync>,
    /// The one key that is right; any is, where there is none.
    key: Option<String>,
    now: Mutex<(Option<WeatherFault>, u64)>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status and its words.
    pub status: &'static str,
    /// `Retry-After`.
    pub retry_after: Option<u64>,
    /// JSON, mostly.
    pub body: String,
}

impl Weather {
    /// A service that says what `outdoors` says at each moment. OpenWeatherMap's side wants `key`, if there is one.
    pub fn new(
        clock: Arc<dyn Clock>,
        key: Option<&str>,
        outdoors: impl Fn() -> Outdoors + Send + Sync + 'static,
    ) -> Self {
        let outdoors = Box::new(outdoors);
        Self(Arc::new(Inner { clock, outdoors, key: key.map(Into::into), now: Mutex::default() }))
    }

    /// From now on it does badly, until another fault or none is named.
    pub fn cause(&self, fault: Option<WeatherFault>) {
        self.0.now.lock().0 = fault;
    }

    /// How often it was asked.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.now.lock().1
    }

    /// Opens a port and answers everyone, in tasks of the runtime that live as long as it does.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        let service = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    if let Err(error) = service.serve(stream).await {
                        tracing::debug!(%error, "a connection to the simulated weather broke");
                    }
                });
            }
        });
        Ok(bound)
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let (head, _) = Head::read(&mut stream).await?;
        let reply = self.answer(&head.path);
        let fault = self.0.now.lock().0.clone();
        match fault {
            Some(WeatherFault::Down) => return Ok(()),
            Some(WeatherFault::Slow(by)) => tokio::time::sleep(by).await,
            _ => {}
        }
        let mut headers =
            reply.retry_after.map_or_else(String::new, |wait| format!("Retry-After: {wait}\r\n"));
        if fault == Some(WeatherFault::Moved) {
            headers.push_str(&format!("Location: http://elsewhere.invalid{}\r\n", head.path));
        }
        respond_with(&mut stream, reply.status, &headers, &reply.body).await
    }

    /// What it says to a request for `target` (path and query), counted. Hanging up and taking long are left to the caller.
    #[must_use]
    pub fn answer(&self, target: &str) -> Reply {
        let mut now = self.0.now.lock();
        now.1 += 1;
        let fault = now.0.clone();
        drop(now);
        let say = |status, body: Value| Reply { status, retry_after: None, body: body.to_string() };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        match &fault {
            Some(WeatherFault::TooMany(wait)) => {
                let body = json!({"error": true, "reason": "Minutely API request limit exceeded."});
                return Reply { retry_after: *wait, ..say("429 Too Many Requests", body) };
            }
            Some(WeatherFault::Broken) => return say("500 Internal Server Error", json!({"error": true})),
            Some(WeatherFault::Moved) => return say("301 Moved Permanently", json!({})),
            Some(WeatherFault::Garbage) => {
                return Reply { body: "<html>maintenance</html>".into(), ..say("200 OK", Value::Null) };
            }
            Some(WeatherFault::Endless) => {
                return Reply { body: " ".repeat(2 << 20), ..say("200 OK", Value::Null) };
            }
            _ => {}
        }
        let refused = fault == Some(WeatherFault::Unauthorised);
        match path {
            "/v1/forecast" if refused => {
                say("401 Unauthorized", json!({"error": true, "reason": "The supplied API key is invalid."}))
            }
            "/v1/forecast" => match (parameter("latitude"), parameter("longitude")) {
                (Some(latitude), Some(longitude)) => {
                    say("200 OK", self.open_meteo(&latitude, &longitude, fault.as_ref()))
                }
                _ => say(
                    "400 Bad Request",
                    json!({"error": true, "reason": "Parameter 'latitude' is required"}),
                ),
            },
            "/data/2.5/weather" => {
                let right = self.0.key.as_ref().is_none_or(|key| parameter("appid").as_ref() == Some(key));
                if right && !refused {
                    say("200 OK", self.openweathermap(fault.as_ref()))
                } else {
                    say("401 Unauthorized", json!({"cod": 401, "message": "Invalid API key."}))
                }
            }
            _ => say("404 Not Found", json!({"error": true, "reason": "Not Found"})),
        }
    }

    fn seconds(&self) -> i64 {
        self.0.clock.now().0.div_euclid(1_000_000)
    }

    /// Figures are of the last whole quarter of an hour, sums of rain of the last whole hour.
    fn open_meteo(&self, latitude: &str, longitude: &str, fault: Option<&WeatherFault>) -> Value {
        let (outdoors, now) = ((self.0.outdoors)(), self.seconds());
        let other = fault == Some(&WeatherFault::OtherUnits);
        let degrees = |celsius: f64| rounded(if other { celsius * 1.8 + 32.0 } else { celsius });
        let speed = |metres: f64| rounded(if other { metres * 3.6 } else { metres });
        let temperature_unit = match fault {
            Some(WeatherFault::UnknownUnit) => "°Ré",
            Some(WeatherFault::OtherUnits) => "°F",
            _ => "°C",
        };
        let speed_unit = if other { "km/h" } else { "m/s" };
        let sixth_to_eighteenth = (6..18).contains(&(now.rem_euclid(86_400) / 3600));
        json!({
            "latitude": latitude.parse::<f64>().ok(), "longitude": longitude.parse::<f64>().ok(),
            "generationtime_ms": 0.1, "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT",
            "elevation": 7.0,
            "current_units": {
                "time": "unixtime", "interval": "seconds", "temperature_2m": temperature_unit,
                "relative_humidity_2m": "%", "apparent_temperature": temperature_unit,
                "dew_point_2m": temperature_unit, "weather_code": "wmo code", "cloud_cover": "%",
                "pressure_msl": "hPa", "wind_speed_10m": speed_unit, "wind_gusts_10m": speed_unit,
                "wind_direction_10m": "°", "is_day": "",
            },
            "current": {
                "time": now - now.rem_euclid(900), "interval": 900,
                "temperature_2m": degrees(outdoors.temperature),
                "relative_humidity_2m": outdoors.humidity.round(),
                "apparent_temperature": degrees(outdoors.temperature - 0.5 * outdoors.wind_speed),
                "dew_point_2m": degrees(outdoors.temperature - (100.0 - outdoors.humidity) / 5.0),
                "weather_code": outdoors.wmo_code(), "cloud_cover": outdoors.cloud_cover.round(),
                "pressure_msl": rounded(outdoors.pressure), "wind_speed_10m": speed(outdoors.wind_speed),
                "wind_gusts_10m": speed(outdoors.wind_speed * 1.9),
                "wind_direction_10m": outdoors.wind_bearing.round(), "is_day": u8::from(sixth_to_eighteenth),
            },
            "hourly_units": {"time": "unixtime", "precipitation": "mm"},
            "hourly": {"time": [now - now.rem_euclid(3600)], "precipitation": [rounded(outdoors.rain)]},
        })
    }

    fn openweathermap(&self, fault: Option<&WeatherFault>) -> Value {
        let (outdoors, now) = ((self.0.outdoors)(), self.seconds());
        // Its answers name no units. What it can get wrong is the shape.
        let temperature = match fault {
            Some(WeatherFault::UnknownUnit | WeatherFault::OtherUnits) => json!("52 °F"),
            _ => json!(rounded(outdoors.temperature)),
        };
        let (id, main) = if outdoors.rain > 0.0 { (500, "Rain") } else { (804, "Clouds") };
        json!({
            "coord": {"lon": 4.89, "lat": 52.37},
            "weather": [{"id": id, "main": main, "description": "as simulated", "icon": "04d"}],
            "base": "stations",
            "main": {
                "temp": temperature, "feels_like": rounded(outdoors.temperature - 0.5 * outdoors.wind_speed),
                "temp_min": rounded(outdoors.temperature - 1.0), "temp_max": rounded(outdoors.temperature + 1.0),
                "pressure": outdoors.pressure.round(), "humidity": outdoors.humidity.round(),
                "sea_level": outdoors.pressure.round(), "grnd_level": (outdoors.pressure - 1.0).round(),
            },
            "visibility": 10_000,
            "wind": {"speed": rounded(outdoors.wind_speed), "deg": outdoors.wind_bearing.round()},
            "clouds": {"all": outdoors.cloud_cover.round()},
            "dt": now - now.rem_euclid(60), "timezone": 3600, "id": 2_759_794, "name": "Simulated", "cod": 200,
        })
    }
}

impl Outdoors {
    fn wmo_code(&self) -> u8 {
        match (self.rain, self.cloud_cover) {
            (rain, _) if rain > 4.0 => 65,
            (rain, _) if rain > 0.0 => 61,
            (_, clouds) if clouds > 80.0 => 3,
            (_, clouds) if clouds > 30.0 => 2,
            _ => 0,
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use hearthline_core::{ManualClock, Timestamp};

    use super::*;

    fn service() -> Weather {
        let clock = ManualClock::at(Timestamp(1_763_985_700_000_000));
        Weather::new(Arc::new(clock), Some("right"), Outdoors::default)
    }

    #[test]
    fn it_answers_as_documented_and_counts() {
        let service = service();
        let reply = service.answer("/v1/forecast?latitude=52.37&longitude=4.89&current=temperature_2m");
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(
            (&body["current"]["temperature_2m"], &body["current_units"]["temperature_2m"]),
            (&json!(11.2), &json!("°C"))
        );
        assert_eq!(body["current"]["time"], json!(1_763_985_600), "of the last quarter");
        assert_eq!(service.answer("/v1/forecast").status, "400 Bad Request");
        assert_eq!(service.answer("/data/2.5/weather?appid=wrong").status, "401 Unauthorized");
        assert_eq!(service.answer("/data/2.5/weather?appid=right").status, "200 OK");
        assert_eq!(service.requests(), 4);
    }

    #[test]
    fn it_does_badly_on_demand() {
        let service = service();
        service.cause(Some(WeatherFault::TooMany(Some(90))));
        assert_eq!(service.answer("/v1/forecast").retry_after, Some(90));
        service.cause(Some(WeatherFault::OtherUnits));
        assert!(service.answer("/v1/forecast?latitude=1&longitude=2").body.contains("°F"));
        service.cause(None);
        assert!(!service.answer("/v1/forecast?latitude=1&longitude=2").body.contains("°F"));
    }
}
