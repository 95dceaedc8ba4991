//! The success criteria: what has to hold, over which window, with the figure that says whether it does.

use std::time::Duration;

use hearthline_pipeline::metrics::{MINUTE, Samples};

use crate::facts::{Connection, Facts};
use crate::status::{Criterion, Overall};

/// Events per minute under which a house is called quiet.
pub const FLOOR: f64 = 10.0;
/// The share of live states, in percent, that are to know their weather.
const WEATHER: f64 = 95.0;
const QUARTER: Duration = Duration::from_secs(900);

/// All criteria, in the order in which they are shown. `overall` is what [`crate::verdict`] says of the same facts.
#[must_use]
pub fn evaluate(facts: &Facts, samples: &Samples, overall: Overall) -> Vec<Criterion> {
    vec![
        connected(facts),
        events_per_minute(facts, samples),
        parts_healthy(facts),
        overall_healthy(facts, overall),
        error_rate(samples),
        uptime(facts),
        persistence(samples),
        weather_rows(facts, samples),
    ]
}

fn criterion(
    id: &str,
    label: &str,
    met: Option<bool>,
    value: Option<f64>,
    target: f64,
    unit: &str,
) -> Criterion {
    Criterion {
        id: id.into(),
        label: label.into(),
        met,
        value,
        target,
        unit: unit.into(),
        window_s: 0,
        note: None,
    }
}

fn connected(facts: &Facts) -> Criterion {
    let connected = facts.connection == Connection::Connected;
    let value = f64::from(u8::from(connected));
    criterion("connection", "WebSocket connected", Some(connected), Some(value), 1.0, "")
}

fn events_per_minute(facts: &Facts, samples: &Samples) -> Criterion {
    let (id, label, unit) = ("events_per_minute", "Events per minute over the floor", "1/min");
    let mut criterion = match samples.window(MINUTE).and_then(|window| window.per_minute()) {
        Some(rate) => {
            let quiet = rate <= FLOOR && facts.connection == Connection::Connected && facts.ping_answered;
            let mut criterion =
                criterion(id, label, (!quiet).then_some(rate > FLOOR), Some(rate), FLOOR, unit);
            criterion.note =
                quiet.then(|| "quiet house: few events, and Home Assistant answers pings".into());
            criterion
        }
        None => {
            let mut criterion = criterion(id, label, None, None, FLOOR, unit);
            criterion.note = Some("the first minute is not over".into());
            criterion
        }
    };
    criterion.window_s = MINUTE.as_secs();
    criterion
}

#[expect(clippy::cast_precision_loss, reason = "a handful of parts")]
fn parts_healthy(facts: &Facts) -> Criterion {
    let wanted: Vec<_> = facts.parts.iter().filter(|part| part.state != "off").collect();
    let healthy = wanted.iter().filter(|part| part.state == "healthy").count();
    let met = Some(healthy == wanted.len());
    criterion("parts", "Every part healthy", met, Some(healthy as f64), wanted.len() as f64, "parts")
}

fn overall_healthy(facts: &Facts, overall: Overall) -> Criterion {
    let healthy = overall == Overall::Healthy;
    let starting = facts.parts.iter().any(|part| part.state == "starting");
    let met = (!starting || !healthy).then_some(healthy);
    criterion("overall", "Overall healthy", met, Some(f64::from(u8::from(healthy))), 1.0, "")
}

fn error_rate(samples: &Samples) -> Criterion {
    let window = samples.window(QUARTER).filter(|window| window.received > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = window.map(|window| window.failed as f64 * 100.0 / window.received as f64);
    let mut criterion =
        criterion("error_rate", "Error rate under 1 %", rate.map(|rate| rate < 1.0), rate, 1.0, "%");
    criterion.window_s = QUARTER.as_secs();
    criterion.note = rate.is_none().then(|| "no event in the window".into());
    criterion
}

fn uptime(facts: &Facts) -> Criterion {
    let lowest = facts
        .parts
        .iter()
        .filter_map(|part| part.uptime.map(|uptime| (uptime * 100.0, &part.name)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let value = lowest.map(|(uptime, _)| uptime);
    let mut criterion = criterion(
        "uptime",
        "Uptime of each part over 99 %",
        value.map(|uptime| uptime > 99.0),
        value,
        99.0,
        "%",
    );
    criterion.window_s = facts.uptime.as_secs();
    criterion.note = lowest.map(|(_, name)| format!("the lowest is {name}, since the program started"));
    criterion
}

fn persistence(samples: &Samples) -> Criterion {
    let window = samples.window(QUARTER).filter(|window| window.received > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let share = window.map(|window| window.persisted as f64 * 100.0 / window.received as f64);
    let met = window.map(|window| window.persisted == window.received);
    let mut criterion = criterion("persistence", "Persisted of received", met, share, 100.0, "%");
    criterion.window_s = QUARTER.as_secs();
    criterion.note = share.is_none().then(|| "no event in the window".into());
    criterion
}

fn weather_rows(facts: &Facts, samples: &Samples) -> Criterion {
    let (id, label) = ("weather_rows", "Live states that know their weather");
    let off = facts.parts.iter().find(|part| part.name == "weather").is_none_or(|part| part.state == "off");
    let window = samples.window(QUARTER).filter(|window| !off && window.states > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let share = window.map(|window| window.with_weather as f64 * 100.0 / window.states as f64);
    let mut criterion = criterion(id, label, share.map(|share| share >= WEATHER), share, WEATHER, "%");
    criterion.window_s = QUARTER.as_secs();
    criterion.note = match share {
        Some(_) => None,
        None if off => Some("the weather is off".into()),
        None => Some("no live state was stored in the window".into()),
    };
    criterion
}

#[cfg(test)]
mod tests;
