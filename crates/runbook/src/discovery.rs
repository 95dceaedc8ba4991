//! Hearthline as a device of Home Assistant, over MQTT discovery: what is said under which topic, and how often.
//!
//! ```text
//! <prefix>/<sensor|binary_sensor>/<id>/<key>/config   what the entity is; kept by the broker, said on each connection
//! <id>/availability                                   online; offline when we stop, and as the will
//! <id>/state                                          one JSON object (`Figures`) for all entities; kept by the broker
//! ```
//!
//! What is said here makes Home Assistant change a state, which comes back as an event and is recorded as any other. So that this is
//! not a circle, three things hold. An event of one of [`Device::entities`] is no sign of life of the house (the producer is told
//! their names): the age of the last event does not begin anew because it was said. Figures are coarse, so that what a single event
//! more or less changes is not said. And a figure is said once a minute at most: four events a minute are the most that comes
//! back, of entities that a filter can leave out as any other.

use std::time::Duration;

use hearthline_pipeline::mqtt::Said;
use serde::Serialize;
use serde_json::{Value, json};

use crate::status::{Overall, Status};

/// The state of the whole is said no more often.
const STATE: Duration = Duration::from_secs(10);
/// Figures are said no more often.
const FIGURES: Duration = Duration::from_secs(60);
/// A rate that differs by a tenth, or by no more than this, is not said anew.
const FEW: u64 = 2;
const DAY_S: u64 = 86_400;

/// The device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where Home Assistant looks for devices; `homeassistant` where nobody has changed it.
    pub prefix: String,
    /// What it is called there. Two on one broker need two names.
    pub name: String,
}

/// An entity of it.
struct Entity {
    component: &'static str,
    /// As in [`Figures`].
    key: &'static str,
    name: &'static str,
    more: fn() -> Value,
}

const ENTITIES: [Entity; 7] = [
    Entity {
        component: "sensor",
        key: "health",
        name: "Health",
        more: || {
            let options = [Overall::Healthy, Overall::Degraded, Overall::Unhealthy].map(Overall::as_str);
            json!({ "device_class": "enum", "options": options })
        },
    },
    Entity {
        component: "binary_sensor",
        key: "problem",
        name: "Problem",
        more: || json!({ "device_class": "problem" }),
    },
    Entity {
        component: "sensor",
        key: "last_event_age",
        name: "Last event age",
        more: || json!({ "device_class": "duration", "unit_of_measurement": "s" }),
    },
    Entity {
        component: "sensor",
        key: "events_per_minute",
        name: "Events per minute",
        more: || json!({ "unit_of_measurement": "events/min", "state_class": "measurement" }),
    },
    Entity {
        component: "sensor",
        key: "behind",
        name: "Behind",
        more: || json!({ "device_class": "duration", "unit_of_measurement": "s" }),
    },
    Entity {
        component: "sensor",
        key: "lost",
        name: "Lost",
        more: || json!({ "unit_of_measurement": "gaps", "icon": "mdi:database-alert" }),
    },
    Entity {
        component: "sensor",
        key: "days_until_full",
        name: "Days until full",
        more: || json!({ "unit_of_measurement": "d", "icon": "mdi:harddisk" }),
    },
];

/// What is said of a moment. Null is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The state of the whole.
    pub health: &'static str,
    /// `ON` where it is not healthy.
    pub problem: &'static str,
    /// Seconds since the last event of the house, in whole minutes.
    pub last_event_age: Option<u64>,
    /// Events of the last full minute.
    pub events_per_minute: Option<u64>,
    /// Seconds that the sink that is furthest behind is behind, in whole ten.
    pub behind: u64,
    /// Gaps of which something could not be had afterwards, since the data folder was made.
    pub lost: u64,
    /// Whole days until the disk is full, where that is sooner than `disk` under `[alerts]`.
    pub days_until_full: Option<u64>,
}

impl Device {
    /// The name as topics and entities have it.
    #[must_use]
    pub fn id(&self) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        self.name.trim().chars().map(letter).collect()
    }

    /// What Home Assistant calls its entities, where nobody there has named them anew.
    #[must_use]
    pub fn entities(&self) -> Vec<String> {
        let id = self.id();
        ENTITIES.iter().map(|Entity { component, key, .. }| format!("{component}.{id}_{key}")).collect()
    }

    /// What each entity is.
    #[must_use]
    pub fn configs(&self) -> Vec<Said> {
        let (id, version) = (self.id(), env!("CARGO_PKG_VERSION"));
        let configs = ENTITIES.iter().map(|Entity { component, key, name, more }| {
            let mut config = json!({
                "name": name,
                "unique_id": format!("{id}_{key}"),
                "state_topic": self.state_topic(),
                "value_template": format!("{{{{ value_json.{key} }}}}"),
                "availability_topic": self.availability_topic(),
                "device": {
                    "identifiers": [id], "name": self.name, "manufacturer": "Hearthline", "model": "Recorder",
                    "sw_version": version,
                },
                "origin": { "name": "Hearthline", "sw_version": version },
            });
            if let (Some(config), Value::Object(more)) = (config.as_object_mut(), more()) {
                config.extend(more);
            }
            Said {
                topic: format!("{}/{component}/{id}/{key}/config", self.prefix),
                payload: config.to_string(),
            }
        });
        configs.collect()
    }

    /// Whether we are there.
    #[must_use]
    pub fn availability(&self, online: bool) -> Said {
        let payload = if online { "online" } else { "offline" };
        Said { topic: self.availability_topic(), payload: payload.into() }
    }

    /// The figures.
    #[must_use]
    pub fn state(&self, figures: &Figures) -> Said {
        Said { topic: self.state_topic(), payload: json!(figures).to_string() }
    }

    fn availability_topic(&self) -> String {
        format!("{}/availability", self.id())
    }

    fn state_topic(&self) -> String {
        format!("{}/state", self.id())
    }
}

impl Figures {
    /// Of this moment.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let behind = status.sinks.iter().map(|sink| whole(sink.lag_s)).max().unwrap_or(0);
        Self {
            health: status.overall.as_str(),
            problem: if status.overall == Overall::Healthy { "OFF" } else { "ON" },
            last_event_age: status.home_assistant.last_event_age_s.map(|age| whole(age) / 60 * 60),
            events_per_minute: status.events.per_minute,
            behind: behind / 10 * 10,
            lost: status.gaps.lost + status.gaps.partly,
            days_until_full: status.disk_full.as_ref().map(|full| full.left_s / DAY_S),
        }
    }

    /// The rate is about what it was: so that the events that it makes itself do not change it.
    fn rate_is_about(&self, other: &Self) -> bool {
        match (self.events_per_minute, other.events_per_minute) {
            (Some(one), Some(other)) => one.abs_diff(other) <= (one.max(other) / 10).max(FEW),
            (one, other) => one == other,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds, and none before now")]
fn whole(seconds: f64) -> u64 {
    seconds.max(0.0) as u64
}

/// What was said on this connection, and when.
#[derive(Debug, Default)]
pub struct Pace {
    said: Option<Figures>,
    /// When the state of the whole, and when figures were said last; on the clock that never jumps.
    state: Duration,
    figures: Duration,
}

impl Pace {
    /// What is to be said now: all of it at first, then what has changed, each at its pace.
    pub fn next(&mut self, now: Duration, mut figures: Figures) -> Option<Figures> {
        let Some(said) = &self.said else {
            (self.said, self.state, self.figures) = (Some(figures.clone()), now, now);
            return Some(figures);
        };
        if figures.rate_is_about(said) {
            figures.events_per_minute = said.events_per_minute;
        }
        if now.saturating_sub(self.figures) < FIGURES {
            let Figures { last_event_age, events_per_minute, behind, days_until_full, .. } = said.clone();
            figures = Figures { last_event_age, events_per_minute, behind, days_until_full, ..figures };
        }
        if now.saturating_sub(self.state) < STATE || figures == *said {
            return None;
        }
        let coarse = |of: &Figures| (of.last_event_age, of.events_per_minute, of.behind, of.days_until_full);
        if coarse(&figures) != coarse(said) {
            self.figures = now;
        }
        (self.said, self.state) = (Some(figures.clone()), now);
        Some(figures)
    }
}

#[cfg(test)]
mod tests;
