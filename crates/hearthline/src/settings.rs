//! The settings: plain data, each value with its origin.
//!
//! They come from the defaults, one TOML file and the environment, the later winning. Every mistake is told at once,
//! with its place and what to do.

pub(crate) mod catalogue;
pub(crate) mod change;
mod document;
pub(crate) mod environment;
mod kinds;
pub(crate) mod mistake;
mod notify;
pub(crate) mod origin;
mod read;
pub(crate) mod secret;
mod sinks;
pub(crate) mod source;
pub(crate) mod text;
mod written;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::filter::{self, FilterError};
use hearthline_pipeline::weather::Choice;
use hearthline_runbook::alerts::Limits;
use hearthline_runbook::criteria::{Targets, UptimeWindow};
use url::Url;

pub(crate) use document::nearest;
pub(crate) use environment::Environment;
pub(crate) use kinds::{duration_of as duration, token_of as token, url_of as url};
pub(crate) use mistake::Mistakes;
pub(crate) use notify::{Mqtt, Notify};
pub(crate) use origin::Setting;
pub(crate) use read::load;
pub(crate) use secret::Secret;
pub(crate) use sinks::InfluxDb;
pub(crate) use source::Source;

/// What the settings are needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Recording: Home Assistant's address and token have to be there.
    Record,
    /// Reading what is recorded, or asking the running program.
    Read,
}

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The file that was read.
    pub(crate) config: Option<PathBuf>,
    /// Holds the log, the store and the secrets.
    pub(crate) data_dir: Setting<PathBuf>,
    /// The peer.
    pub(crate) home_assistant: HomeAssistant,
    /// Which entities are recorded.
    pub(crate) filter: Filter,
    /// The log.
    pub(crate) log: Log,
    /// The embedded store.
    pub(crate) store: Store,
    /// Where the weather comes from.
    pub(crate) weather: Weather,
    /// The HTTP API.
    pub(crate) api: Api,
    /// What has to be reached.
    pub(crate) criteria: Criteria,
    /// What is verified without being asked.
    pub(crate) verify: Verify,
    /// From where on a person should know of it.
    pub(crate) alerts: Alerts,
    /// What is copied elsewhere.
    pub(crate) backup: Backup,
    /// Where everything is delivered to beside the store.
    pub(crate) sinks: Vec<InfluxDb>,
    /// Where people are told.
    pub(crate) notify: Vec<Notify>,
    /// The broker over which Home Assistant shows how we are.
    pub(crate) mqtt: Option<Mqtt>,
    /// What the program says on standard error, in the syntax of the tracing crates.
    pub(crate) log_filter: Setting<String>,
    /// Things a person should know: variables that are set and do nothing.
    pub(crate) notes: Vec<String>,
    /// What is switched off because of mistakes in it, and which these are; recording goes on without it.
    pub(crate) off: Option<String>,
}

/// `[home_assistant]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HomeAssistant {
    /// `http`, `https`, `ws` or `wss`, with or without a path. Always there when loaded for [`Purpose::Record`].
    pub(crate) url: Option<Setting<Url>>,
    /// The access token. Always there when loaded for [`Purpose::Record`].
    pub(crate) token: Option<Setting<Secret>>,
    /// The file that the token was read from; another token may be put there while the program runs.
    pub(crate) token_file: Option<Setting<PathBuf>>,
    /// Running as an app under Home Assistant's supervisor, whose token it is.
    pub(crate) supervised: bool,
    /// Types of events; `*` is all that the token may see.
    pub(crate) events: Setting<Vec<String>>,
    /// Between two pings.
    pub(crate) ping_interval: Setting<Duration>,
    /// More certificates to trust, PEM.
    pub(crate) ca_file: Option<Setting<PathBuf>>,
    /// Whether the certificate is checked.
    pub(crate) tls_verify: Setting<bool>,
}

/// `[filter]`: rules as written; an exclude wins over an include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Empty means everything.
    pub(crate) include: Setting<Vec<String>>,
    /// Left out even if included.
    pub(crate) exclude: Setting<Vec<String>>,
}

impl Filter {
    /// What decides by these rules.
    ///
    /// # Errors
    /// When a rule cannot be read, which settings that were loaded do not have.
    pub(crate) fn compiled(&self) -> Result<filter::Filter, FilterError> {
        filter::Filter::new(&self.include, &self.exclude)
    }
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// What a power cut can take.
    pub(crate) sync: Setting<SyncPolicy>,
    /// Bytes on disk before the oldest stored segments go.
    pub(crate) max_bytes: Setting<u64>,
    /// How long a segment stays after every sink has it.
    pub(crate) keep: Setting<Duration>,
    /// Bytes that stay free on the disk.
    pub(crate) min_free: Setting<u64>,
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    /// Rows in memory before they go to files.
    pub(crate) flush_rows: Setting<usize>,
    /// The longest that a row stays in memory alone.
    pub(crate) flush_interval: Setting<Duration>,
    /// How long rows are kept; none means for ever.
    pub(crate) retention: Setting<Option<Duration>>,
    /// Whether the id of each event's context is stored.
    pub(crate) context_ids: Setting<bool>,
}

/// `[weather]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Who observes it.
    pub(crate) provider: Setting<Choice>,
    /// The house's entity to be used; none is the first one.
    pub(crate) entity: Option<Setting<String>>,
    /// Whether `auto` may ask outside of the house.
    pub(crate) outside: Setting<bool>,
    /// Where the provider is, if not where it usually is.
    pub(crate) base_url: Option<Setting<Url>>,
    /// What the provider lets us in with.
    pub(crate) api_key: Option<Setting<Secret>>,
    /// The file that the key was read from; another key may be put there while the program runs.
    pub(crate) api_key_file: Option<Setting<PathBuf>>,
    /// Between two calls; none is what the provider likes.
    pub(crate) interval: Option<Setting<Duration>>,
    /// None is below what the provider's terms allow.
    pub(crate) calls_per_minute: Option<Setting<u32>>,
    /// The same for a UTC day.
    pub(crate) calls_per_day: Option<Setting<u32>>,
}

/// `[criteria]`: what has to be reached, and over which time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Criteria {
    /// Events per minute under which a house is called quiet.
    pub(crate) events_per_minute: Setting<usize>,
    /// Errors have to be fewer than this share of what was received.
    pub(crate) error_rate: Setting<Percent>,
    /// Each part has to be up for more than this share of the time.
    pub(crate) uptime: Setting<Percent>,
    /// The share of live states that are to know their weather.
    pub(crate) weather: Setting<Percent>,
    /// Over which errors, refusals, losses and weather are counted.
    pub(crate) window: Setting<Duration>,
    /// Over which uptime is counted.
    pub(crate) uptime_window: Setting<UptimeWindow>,
    /// How old the last verification may be; none is twice `every` under `[verify]`, else a day.
    pub(crate) canary: Option<Setting<Duration>>,
}

/// `[verify]`: whether an event gets through, as the program finds out by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verify {
    /// Between two times; none is never.
    pub(crate) every: Option<Setting<Duration>>,
}

/// A share, in thousandths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent(pub(crate) u32);

impl Percent {
    fn value(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl Criteria {
    /// The same for those who judge.
    pub(crate) fn targets(&self, verify: &Verify) -> Targets {
        #[expect(clippy::cast_precision_loss, reason = "a handful of events")]
        let events_per_minute = *self.events_per_minute as f64;
        Targets {
            events_per_minute,
            error_rate: self.error_rate.value.value(),
            uptime: self.uptime.value.value(),
            weather: self.weather.value.value(),
            window: *self.window,
            uptime_window: *self.uptime_window,
            canary: match (&self.canary, &verify.every) {
                (Some(canary), _) => canary.value,
                (None, Some(every)) => every.value * 2,
                (None, None) => Targets::default().canary,
            },
        }
    }
}

/// `[alerts]`: from where on a person should know of it; none is a rule that is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alerts {
    /// Connected, and no event at all for so long. Off, a lost connection is no alert either.
    pub(crate) no_events: Setting<Option<Duration>>,
    /// A sink that is further behind. Off, one that stands still is no alert either.
    pub(crate) sink_behind: Setting<Option<Duration>>,
    /// So many events set aside within the window of the criteria.
    pub(crate) refused: Setting<Option<usize>>,
    /// A loss is told for so long.
    pub(crate) gap_lost: Setting<Option<Duration>>,
    /// Less time until the disk is full. Off, a full one is no alert either.
    pub(crate) disk: Setting<Option<Duration>>,
    /// Sensors that have fallen silent.
    pub(crate) silent: Setting<bool>,
    /// Verifications that do not get through, or are not done.
    pub(crate) canary: Setting<bool>,
    /// Backups that were not taken.
    pub(crate) backup: Setting<bool>,
}

/// `[backup]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backup {
    /// Where backups lie; none is `backups` in the data folder.
    pub(crate) dir: Option<Setting<PathBuf>>,
    /// Between two that the program takes by itself; none is never.
    pub(crate) every: Option<Setting<Duration>>,
    /// How many are kept; none is all, and 14 of those that the program takes by itself.
    pub(crate) keep: Option<Setting<usize>>,
}

impl Settings {
    /// Every secret that they hold, with the file that it was read from. What a message has for headers is not among them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&Setting<Secret>, Option<&Path>)> {
        fn held<'s>(
            secret: &'s Option<Setting<Secret>>,
            file: Option<&'s Path>,
        ) -> Option<(&'s Setting<Secret>, Option<&'s Path>)> {
            secret.as_ref().map(|secret| (secret, file))
        }
        fn named(file: &Option<Setting<PathBuf>>) -> Option<&Path> {
            file.as_ref().map(|file| file.value.as_path())
        }
        let peer = &self.home_assistant;
        let sinks = self.sinks.iter().flat_map(|sink| {
            [held(&sink.token, named(&sink.token_file)), held(&sink.password, named(&sink.password_file))]
        });
        let places = self.notify.iter().flat_map(|place| {
            [Some((&place.url, named(&place.url_file))), held(&place.token, named(&place.token_file))]
        });
        let broker = self.mqtt.as_ref().and_then(|mqtt| held(&mqtt.password, named(&mqtt.password_file)));
        let key = held(&self.weather.api_key, named(&self.weather.api_key_file));
        let token = held(&peer.token, named(&peer.token_file));
        [token, key, broker].into_iter().chain(sinks).chain(places).flatten()
    }
}

impl Alerts {
    /// The same for those who look. `canary` is how old the last verification may be, as the criteria say.
    pub(crate) fn limits(&self, canary: Duration) -> Limits {
        Limits {
            no_events: *self.no_events,
            sink_behind: *self.sink_behind,
            refused: self.refused.value.map(|count| count as u64),
            gap_lost: *self.gap_lost,
            disk: *self.disk,
            silent: *self.silent,
            canary: self.canary.then_some(canary),
            backup: *self.backup,
        }
    }
}

/// `[api]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    /// Where the HTTP API listens.
    pub(crate) listen: Setting<SocketAddr>,
}
