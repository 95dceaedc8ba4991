//! How each part is.

use std::time::Duration;

use hearthline_log::Damage;
use hearthline_pipeline::deliver::SinkViewOf;
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::sources::home_assistant::{LinkState, LinkStatus};
use hearthline_runbook::facts::RESTART;
use hearthline_runbook::parts::{API, LOG, MQTT, NOTIFY, REGISTRY, SETTINGS, SOURCE, STORE, WEATHER};
use hearthline_runbook::{Connection, status};

use super::{Look, Observer};

/// Registries that are not there by then are missing: said before whoever waits for them has waited for 10 s.
const LISTS: Duration = Duration::from_secs(7);

impl Observer {
    pub(super) fn set_parts(&self, look: &Look) {
        let (state, reason) = match (&look.log.refuses, damaged(&self.views.log.damage_in_the_way())) {
            (Some(reason), _) => (PartState::Unhealthy, Some(reason.clone())),
            (None, Some(damaged)) => (PartState::Degraded, Some(damaged)),
            (None, None) => (PartState::Healthy, None),
        };
        self.set(LOG, state, reason);
        for sink in &look.sinks {
            let (state, reason) = look.state_of(sink);
            self.set(&sink.name, state, reason);
        }
        let link = &look.connection;
        let (state, reason) = match self.connection(link) {
            Connection::Connected => match link.slow {
                Some(took) => (PartState::Degraded, Some(busy(took))),
                None => (PartState::Healthy, None),
            },
            Connection::Connecting => (PartState::Starting, link.last_error.clone()),
            Connection::Waiting => (PartState::Degraded, link.last_error.clone()),
            Connection::Disconnected => (PartState::Unhealthy, link.last_error.clone()),
            Connection::Parked => (PartState::Parked, link.last_error.clone()),
        };
        self.set(SOURCE, state, reason);
        let (state, reason) = self.registries(look);
        self.set(REGISTRY, state, reason);
        self.set(WEATHER, look.weather.state, look.weather.reason.clone());
        self.set(API, PartState::Healthy, None);
        if let Some(off) = &self.views.off {
            self.set(SETTINGS, PartState::Parked, Some(off.clone()));
        }
        if self.notify().is_on() {
            let (state, reason) = self.notify().state();
            self.set(NOTIFY, state, reason);
        }
        if let Some(announcer) = &self.views.announcer {
            let (state, reason) = announcer.state();
            self.set(MQTT, state, reason);
        }
    }

    /// What is the matter with a part's thread says more than what the part last said of itself.
    fn set(&self, name: &str, state: PartState, reason: Option<String>) {
        match self.views.supervised.look(name).trouble {
            Some((state, words)) => self.board.set(name, state, Some(words)),
            None => self.board.set(name, state, reason),
        }
    }

    /// What Home Assistant lists of entities, devices and areas.
    fn registries(&self, look: &Look) -> (PartState, Option<String>) {
        let link = &look.connection;
        let connected = self.connection(link) == Connection::Connected;
        match look.ingest.registered {
            Some(_) => (PartState::Healthy, None),
            None if connected && self.clock.monotonic().saturating_sub(link.entered) > LISTS => {
                let words = "Home Assistant does not give its lists of entities, devices and areas; they are asked for again and \
                             again";
                (PartState::Degraded, Some(words.into()))
            }
            None if connected => {
                let words = "Home Assistant was asked for its lists of entities, devices and areas";
                (PartState::Starting, Some(words.into()))
            }
            None => (PartState::Starting, Some("its lists come from Home Assistant".into())),
        }
    }

    pub(super) fn connection(&self, link: &LinkStatus) -> Connection {
        match self.views.supervised.look(SOURCE).trouble {
            Some((PartState::Parked, _)) => return Connection::Parked,
            Some(_) => return Connection::Waiting,
            None => {}
        }
        let away = self.clock.monotonic().saturating_sub(link.entered) >= RESTART;
        match link.state {
            LinkState::Connected => Connection::Connected,
            LinkState::Parked => Connection::Parked,
            LinkState::Connecting | LinkState::Waiting if away => Connection::Disconnected,
            LinkState::Connecting => Connection::Connecting,
            LinkState::Waiting => Connection::Waiting,
        }
    }

    pub(super) fn parts(&self) -> Vec<status::Part> {
        let parts = self.board.parts().into_iter();
        parts
            .map(|part| {
                let supervised = self.views.supervised.look(&part.name);
                let shares = self.uptime.shares(&part.name);
                let [uptime_24h, uptime_7d, uptime_30d] = shares.map(|share| Some(share?.up));
                let [.., month] = shares;
                let down = month.map(|month| month.of.mul_f64(1.0 - month.up));
                let last_restart =
                    supervised.last.map(|(at, why)| status::Restart { at: at.to_string(), why });
                status::Part {
                    since: part.since.to_string(),
                    reason: part.reason,
                    uptime: part.uptime,
                    uptime_24h,
                    uptime_7d,
                    uptime_30d,
                    down_s: down.map(|down| down.as_secs_f64()),
                    restarts: supervised.restarts,
                    last_restart,
                    ..status::Part::new(&part.name, part.state.as_str())
                }
            })
            .collect()
    }
}

impl Look {
    /// How a sink is, and why where it is not well.
    pub(super) fn state_of(&self, sink: &SinkViewOf) -> (PartState, Option<String>) {
        if let Some((state, words)) = self.supervised.look(&sink.name).trouble {
            return (state, Some(words));
        }
        let refill = self.influxdb(&sink.name).and_then(|view| view.refill.as_ref());
        match (sink.state, refill) {
            (PartState::Healthy | PartState::Starting, Some(refill)) => {
                (PartState::Degraded, Some(super::refill::words(refill)))
            }
            (PartState::Healthy, None) => match slowness(sink) {
                Some(took) => (PartState::Degraded, Some(slow(took))),
                None => (PartState::Healthy, None),
            },
            (state, _) => (state, sink.last_error.clone()),
        }
    }
}

/// How long the server of a sink takes that is well otherwise, where that is long. A slow disk is seen by its part's thread.
pub(super) fn slowness(sink: &SinkViewOf) -> Option<Duration> {
    sink.slow.filter(|_| sink.state == PartState::Healthy && sink.name != STORE)
}

/// What is said of a Home Assistant that takes its time.
fn busy(took: Duration) -> String {
    format!(
        "Home Assistant takes {} s to answer a ping; see what keeps it busy, and the line to it",
        took.as_secs()
    )
}

/// What is said of a server that takes its time.
fn slow(took: Duration) -> String {
    format!(
        "its server takes {} s for what it is given; see what keeps it busy, and the line to it",
        took.as_secs()
    )
}

/// What of the log cannot be read, for a person.
fn damaged(damage: &[Damage]) -> Option<String> {
    let (first, more) = damage.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!("; and {} more such places", more.len()) };
    Some(format!(
        "a part of it cannot be read, what follows it can: {first}{more}; see what `dmesg` and `smartctl` tell of the \
         disk, and `hearthline log verify` for all of it"
    ))
}
