//! The success criteria: what has to hold, over which window, with the figure that says whether it does.

use std::time::Duration;

use hearthline_pipeline::metrics::{MINUTE, Samples};

use crate::facts::{Canary, Connection, Facts, Missed};
use crate::parts::WEATHER;
use crate::status::{Criterion, Overall, Part};

/// What has to be reached, and over which time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// Events per minute under which a house is called quiet.
    pub events_per_minute: f64,
    /// Errors in percent of what was received, which have to be fewer.
    pub error_rate: f64,
    /// Uptime of each part in percent, which has to be more.
    pub uptime: f64,
    /// The share of live states, in percent, that are to know their weather.
    pub weather: f64,
    /// Over which errors, refusals, losses and weather are counted; an hour at most.
    pub window: Duration,
    /// Over which uptime is counted.
    pub uptime_window: UptimeWindow,
    /// How old the last verification may be in which every leg was passed.
    pub canary: Duration,
}

/// Over which uptime is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UptimeWindow {
    /// 24 hours.
    #[default]
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            events_per_minute: 10.0,
            error_rate: 1.0,
            uptime: 99.0,
            weather: 95.0,
            window: Duration::from_secs(900),
            uptime_window: UptimeWindow::default(),
            canary: Duration::from_secs(86_400),
        }
    }
}

impl UptimeWindow {
    /// How long it is.
    #[must_use]
    pub const fn span(self) -> Duration {
        Duration::from_secs(
            86_400
                * match self {
                    Self::Day => 1,
                    Self::Week => 7,
                    Self::Month => 30,
                },
        )
    }

    /// As in the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    const fn of(self, part: &Part) -> Option<f64> {
        match self {
            Self::Day => part.uptime_24h,
            Self::Week => part.uptime_7d,
            Self::Month => part.uptime_30d,
        }
    }
}

/// All criteria, in the order in which they are shown. `overall` is what [`crate::verdict`] says of the same facts. The canary is
/// one of them where it is followed.
#[must_use]
pub fn evaluate(facts: &Facts, samples: &Samples, overall: Overall, targets: &Targets) -> Vec<Criterion> {
    let mut criteria = vec![
        connected(facts),
        events_per_minute(facts, samples, targets),
        type_refusals(samples, targets),
        parts_healthy(facts),
        overall_healthy(facts, overall),
        error_rate(samples, targets),
        uptime(facts, targets),
        persistence(samples, targets),
        weather_rows(facts, samples, targets),
    ];
    criteria.extend(facts.canary.as_ref().map(|known| canary(known, targets)));
    criteria
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

fn events_per_minute(facts: &Facts, samples: &Samples, targets: &Targets) -> Criterion {
    let floor = targets.events_per_minute;
    let (id, label, unit) = ("events_per_minute", "Events per minute over the floor", "1/min");
    let mut criterion = match samples.window(MINUTE).and_then(|window| window.per_minute()) {
        Some(rate) => {
            let quiet = rate <= floor && facts.connection == Connection::Connected && facts.ping_answered;
            let mut criterion =
                criterion(id, label, (!quiet).then_some(rate > floor), Some(rate), floor, unit);
            criterion.note =
                quiet.then(|| "quiet house: few events, and Home Assistant answers pings".into());
            criterion
        }
        None => {
            let mut criterion = criterion(id, label, None, None, floor, unit);
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

/// Rows that a server refused for the type of a field, and that had to be set aside for it.
fn type_refusals(samples: &Samples, targets: &Targets) -> Criterion {
    let window = samples.window(targets.window);
    #[expect(clippy::cast_precision_loss, reason = "a count for people")]
    let count = window.map(|window| window.refused as f64);
    let met = window.map(|window| window.refused == 0);
    let mut criterion =
        criterion("type_refusals", "No event refused for its type", met, count, 0.0, "events");
    criterion.window_s = targets.window.as_secs();
    criterion.note = count.is_none().then(|| "the first second is not over".into());
    criterion
}

fn error_rate(samples: &Samples, targets: &Targets) -> Criterion {
    let (window, target) = (samples.window(targets.window), targets.error_rate);
    let window = window.filter(|window| window.received > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = window.map(|window| window.failed as f64 * 100.0 / window.received as f64);
    let label = format!("Error rate under {target} %");
    let mut criterion = criterion("error_rate", &label, rate.map(|rate| rate < target), rate, target, "%");
    criterion.window_s = targets.window.as_secs();
    criterion.note = rate.is_none().then(|| "no event in the window".into());
    criterion
}

fn uptime(facts: &Facts, targets: &Targets) -> Criterion {
    let (window, target) = (targets.uptime_window, targets.uptime);
    let lowest = facts
        .parts
        .iter()
        .filter_map(|part| window.of(part).map(|uptime| (uptime * 100.0, &part.name)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let value = lowest.map(|(uptime, _)| uptime);
    let met = value.map(|uptime| uptime > target);
    let label = format!("Uptime of each part over {target} %");
    let mut criterion = criterion("uptime", &label, met, value, target, "%");
    let since_install = facts.known_for < window.span();
    criterion.window_s = window.span().min(facts.known_for).as_secs();
    criterion.note = Some(match lowest {
        Some((_, name)) if since_install => {
            format!("the lowest is {name}, since the first start, which is less than {} ago", window.as_str())
        }
        Some((_, name)) => format!("the lowest is {name}, over {}", window.as_str()),
        None => "no part has been up yet".into(),
    });
    criterion
}

fn persistence(samples: &Samples, targets: &Targets) -> Criterion {
    let window = samples.window(targets.window).filter(|window| window.received > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let share = window.map(|window| window.persisted as f64 * 100.0 / window.received as f64);
    let met = window.map(|window| window.persisted == window.received);
    let mut criterion = criterion("persistence", "Persisted of received", met, share, 100.0, "%");
    criterion.window_s = targets.window.as_secs();
    criterion.note = share.is_none().then(|| "no event in the window".into());
    criterion
}

fn weather_rows(facts: &Facts, samples: &Samples, targets: &Targets) -> Criterion {
    let target = targets.weather;
    let (id, label) = ("weather_rows", "Live states that know their weather");
    let off = facts.parts.iter().find(|part| part.name == WEATHER).is_none_or(|part| part.state == "off");
    let window = samples.window(targets.window).filter(|window| !off && window.states > 0);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let share = window.map(|window| window.with_weather as f64 * 100.0 / window.states as f64);
    let mut criterion = criterion(id, label, share.map(|share| share >= target), share, target, "%");
    criterion.window_s = targets.window.as_secs();
    criterion.note = match share {
        Some(_) => None,
        None if off => Some("the weather is off".into()),
        None => Some("no live state was stored in the window".into()),
    };
    criterion
}

fn canary(known: &Canary, targets: &Targets) -> Criterion {
    let target = targets.canary.as_secs_f64();
    let age = known.age.map(|age| age.as_secs_f64().round());
    let met = match known.failed {
        Some(_) => Some(false),
        // Whoever tried it once by hand has not promised to go on.
        None => age.map(|age| age <= target).filter(|met| *met || known.every.is_some()),
    };
    let mut criterion = criterion("canary", "Age of the last verified canary", met, age, target, "s");
    criterion.note = match (&known.failed, age, known.every) {
        (Some(Missed { at, says, .. }), ..) => {
            Some(format!("the last one, at {at}, did not get through: {says}"))
        }
        (None, None, _) => Some("none was verified yet".into()),
        (None, Some(_), None) => Some("nothing verifies by itself: set every under [verify]".into()),
        (None, Some(_), Some(_)) => None,
    };
    criterion
}

#[cfg(test)]
mod tests;
