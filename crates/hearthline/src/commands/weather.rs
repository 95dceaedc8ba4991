//! `hearthline weather`: who observes the weather, what they say, and how often they are asked.

use comfy_table::Table;
use hearthline_runbook::status::{Budget, Weather, WeatherObservation};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints what the running program knows; the exit code says whether the weather comes.
pub(crate) async fn run(_args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let weather = Program::required(&context.settings)?.status().await?.weather;
    context.answer(&weather, &render(&weather))?;
    let comes = matches!(weather.state.as_str(), "healthy" | "starting" | "off");
    Ok(if comes { Exit::Ok } else { Exit::Degraded })
}

/// All of it in one line.
pub(super) fn line(weather: &Weather) -> String {
    let mut words = Vec::new();
    if weather.provider != "off" {
        words.push(weather.provider.clone());
        words.extend(weather.source.clone());
        words.extend(weather.age_s.map(|age| format!("{age:.0} s old")));
        words.extend(weather.quota.map(|_| format!("{} calls", weather.calls)));
    }
    words.extend(weather.reason.clone());
    if words.is_empty() { "no weather is fetched or stored".into() } else { words.join(", ") }
}

fn render(weather: &Weather) -> String {
    let mut rows = table(&[]);
    rows.add_row(["Weather", &weather.state]);
    rows.add_row(["Provider", &format!("{} (settings: {})", weather.provider, weather.configured)]);
    let mut row = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            rows.add_row([name, &value]);
        }
    };
    row("Of", weather.source.clone());
    row("Why", weather.reason.clone());
    row("Age", weather.age_s.map(|age| format!("{age:.0} s")));
    if let Some(quota) = weather.quota {
        let budget = |budget: Budget| format!("{} of {}", budget.used, budget.limit);
        row("Calls", Some(format!("{}, {} without an observation", weather.calls, weather.errors)));
        row("Cache hits", Some(weather.cache_hits.to_string()));
        row("Not made", Some(format!("{} (budget, or asked to wait)", weather.limited)));
        row("This minute", Some(budget(quota.minute)));
        row("This day", Some(budget(quota.day)));
        row("Next call", weather.next_call_s.map(|wait| format!("in {wait:.0} s")));
    }
    row("Last error", weather.last_error.clone());
    row("Source", weather.attribution.as_ref().map(|of| format!("{}, {}", of.text, of.url)));
    let mut blocks = vec![text(&rows)];
    blocks.extend(weather.observation.as_ref().map(|observation| text(&figures(observation))));
    blocks.join("\n")
}

fn figures(observation: &WeatherObservation) -> Table {
    let mut rows = table(&["Observed", &observation.at]);
    for (name, value, unit) in [
        ("Temperature", observation.temperature, "°C"),
        ("Feels like", observation.apparent_temperature, "°C"),
        ("Dew point", observation.dew_point, "°C"),
        ("Humidity", observation.humidity, "%"),
        ("Pressure", observation.pressure, "hPa"),
        ("Wind", observation.wind_speed, "m/s"),
        ("Gusts", observation.wind_gust_speed, "m/s"),
        ("Wind from", observation.wind_bearing, "°"),
        ("Clouds", observation.cloud_cover, "%"),
        ("Rain in an hour", observation.precipitation, "mm"),
    ] {
        if let Some(value) = value {
            rows.add_row([name, &format!("{value:.1} {unit}")]);
        }
    }
    if let Some(condition) = &observation.condition {
        rows.add_row(["Condition", condition]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_shows_who_says_what_and_how_often_they_are_asked() {
        let weather: Weather = serde_json::from_value(json!({
            "provider": "open_meteo", "configured": "auto", "source": "52.37, 4.89", "state": "degraded",
            "reason": "open_meteo gave no answer in time", "calls": 12, "cache_hits": 55, "errors": 1, "limited": 2,
            "age_s": 312.4, "next_call_s": 48.0,
            "quota": { "minute": { "used": 1, "limit": 10 }, "day": { "used": 97, "limit": 1000 } },
            "observation": { "at": "2026-11-23T11:55:00.000000Z", "temperature": 11.24, "condition": "cloudy" },
            "attribution": { "text": "Weather data by Open-Meteo.com", "url": "https://open-meteo.com/" },
            "last_error": "open_meteo gave no answer in time",
        }))
        .unwrap();
        insta::assert_snapshot!(format!("{}\n{}", render(&weather), line(&weather)));
    }

    #[test]
    fn without_weather_it_says_so() {
        assert_eq!(
            line(&Weather { provider: "off".into(), ..Weather::default() }),
            "no weather is fetched or stored"
        );
    }
}
