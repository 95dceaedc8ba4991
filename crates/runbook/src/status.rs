//! The status document: what `GET /api/v1/status` answers and `hearthline status` prints.
//!
//! Every figure in it comes from a counter of something that happened. What is not known is null, never 0.

mod gaps;
mod parts;
mod weather;

use serde::{Deserialize, Serialize};

pub use self::gaps::{Gap, Gaps, Interruption, Kept};
pub use self::parts::{Part, Restart};
pub use self::weather::{Attribution, Budget, Weather, WeatherObservation, WeatherQuota, WeatherRequests};

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// Which of the three.
    pub overall: Overall,
    /// One sentence for a person: what is recorded, what is not, what to do.
    pub verdict: String,
    /// Seconds since the program started.
    pub uptime_s: u64,
    /// Since when it is known how much of the time the parts were up, ISO 8601 UTC: over restarts of the program.
    #[serde(default)]
    pub uptime_since: Option<String>,
    /// The connection.
    pub home_assistant: HomeAssistant,
    /// What was offered to the program and what became of it.
    pub events: Events,
    /// The log on disk.
    pub log: Log,
    /// Every place that the log is delivered to.
    pub sinks: Vec<Sink>,
    /// The parts of the program.
    pub parts: Vec<Part>,
    /// The weather feed.
    pub weather: Weather,
    /// Sensors that have fallen silent.
    #[serde(default)]
    pub silent: Silence,
    /// Periods in which events were or may have been missed.
    pub gaps: Gaps,
    /// What was kept that would have been lost.
    #[serde(default)]
    pub kept: Kept,
    /// When the disk is full at the rate of the last days, where that is sooner than `disk` under `[alerts]`; null also where it
    /// is not known.
    #[serde(default)]
    pub disk_full: Option<DiskFull>,
    /// The backups that the program takes by itself; null where it does not.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// How many things are wrong that a person should know of.
    #[serde(default)]
    pub alerts: AlertCounts,
    /// What a person should know of the settings: a file with mistakes, or what waits for the next start.
    #[serde(default)]
    pub settings_note: Option<String>,
    /// The maintenance that goes on; null where none does.
    #[serde(default)]
    pub maintenance: Option<Maintenance>,
    /// The success criteria with their figures.
    pub criteria: Vec<Criterion>,
    /// The house is a simulated one, made up by this program.
    #[serde(default)]
    pub simulated: bool,
}

/// The state of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Everything offered is being recorded and delivered.
    Healthy,
    /// Something is late or absent; nothing is lost.
    Degraded,
    /// Data is being lost, or about to be.
    Unhealthy,
}

impl Overall {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The backups that the program takes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Seconds between two.
    pub every_s: u64,
    /// Seconds since the moment of the newest; null where there is none.
    pub age_s: Option<u64>,
    /// Seconds since the program began to look after them.
    pub waited_s: u64,
    /// Why the last try failed; null where it did not.
    pub failed: Option<String>,
}

/// For a while a person works on the house: what goes wrong is recorded and told to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// When it began, ISO 8601 UTC.
    pub since: String,
    /// When it ends by itself.
    pub until: String,
    /// Seconds until then.
    pub left_s: u64,
    /// In the words of whoever began it.
    pub why: Option<String>,
}

/// A disk that is full soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskFull {
    /// About when, ISO 8601 UTC.
    pub at: String,
    /// Seconds until then, in whole days; 0 where there is no room for another day.
    pub left_s: u64,
}

/// The connection to Home Assistant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HomeAssistant {
    /// `connected`, `connecting`, `waiting`, `disconnected` or `parked`.
    pub state: String,
    /// Since when, ISO 8601 UTC.
    pub since: String,
    /// Home Assistant's version, once it has said it.
    pub version: Option<String>,
    /// Connection attempts since the program started.
    pub attempts: u64,
    /// Of these, those that came as far as a subscription.
    #[serde(default)]
    pub connects: u64,
    /// Seconds since the last event; null before the first.
    pub last_event_age_s: Option<f64>,
    /// The name of the house, once Home Assistant has said it.
    #[serde(default)]
    pub location_name: Option<String>,
    /// Seconds that the last answered ping took.
    #[serde(default)]
    pub ping_s: Option<f64>,
    /// Why it is not connected, and what to do.
    #[serde(default)]
    pub reason: Option<String>,
    /// Why the last attempt failed or the last connection ended, also while it is connected again.
    #[serde(default)]
    pub last_error: Option<String>,
}

/// What was offered and what became of it. `received = filtered + duplicate + logged + unlogged`, counted at separate
/// places, since the data folder was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Events {
    /// Offered, from every origin.
    pub received: u64,
    /// Left out by the settings.
    pub filtered: u64,
    /// Held already.
    pub duplicate: u64,
    /// Handed to the log.
    pub logged: u64,
    /// Not taken by the log (each lies in a gap).
    pub unlogged: u64,
    /// Could not be understood; kept with their bytes.
    pub quarantined: u64,
    /// What the equations leave over, here and for the log and every sink, and has left over for 10 s: a look is not taken in one
    /// instant. 0 at all times.
    #[serde(default)]
    pub unaccounted: i64,
    /// Events received in the last full minute; null in the first.
    pub per_minute: Option<u64>,
}

/// The log on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The oldest record that is still there.
    pub first_seq: u64,
    /// The newest record.
    pub last_seq: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The newest record that survives a power cut.
    #[serde(default)]
    pub synced_seq: u64,
}

/// A place that the log is delivered to. Events only: `logged = delivered + filtered + collapsed + quarantined + lost +
/// pending`, counted from the sink's own first record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sink {
    /// As in the settings.
    pub name: String,
    /// Which program or format.
    pub kind: String,
    /// As of a part.
    pub state: String,
    /// Why it is not healthy, and what to do.
    #[serde(default)]
    pub reason: Option<String>,
    /// Durably there.
    pub delivered: u64,
    /// Left out by the sink's own filter.
    pub filtered: u64,
    /// Were there already under the same identity.
    pub collapsed: u64,
    /// Set aside with a reason.
    pub quarantined: u64,
    /// Logged and not yet durably there.
    pub pending: u64,
    /// Seconds between now and the oldest event that the sink has not been given; 0 when it has all.
    pub lag_s: f64,
    /// Writes that failed, retries included.
    pub write_errors: u64,
    /// The last of them, in the server's or the disk's words.
    pub last_error: Option<String>,
    /// What the server calls itself, once it has said it.
    #[serde(default)]
    pub version: Option<String>,
    /// The server's address; null where there is none.
    #[serde(default)]
    pub url: Option<String>,
    /// The database or bucket.
    #[serde(default)]
    pub database: Option<String>,
    /// Fields that the server has as another type; their values go to fields of their own.
    #[serde(default)]
    pub conflicts: Option<u64>,
    /// Events in the log that the server has not taken: less than `pending`, whose position is written down later.
    #[serde(default)]
    pub lag_events: Option<u64>,
    /// Seconds that its server takes for an answer, where that is long; null where it is not.
    #[serde(default)]
    pub slow_s: Option<f64>,
    /// Events that left the log before the sink had them, and that the store does not have either.
    #[serde(default)]
    pub lost: u64,
    /// Of which time the last of those were, and why.
    #[serde(default)]
    pub loss: Option<String>,
    /// What is being read from the store and sent, because the log does not have it.
    #[serde(default)]
    pub refill: Option<Refill>,
}

/// Rows of the store on their way to a sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refill {
    /// `missed`: the log could not wait for the sink. `new`: it gets all that there is. `asked`: a person wants it.
    pub why: String,
    /// Events whose fate is known.
    pub done: u64,
    /// Of so many.
    pub of: u64,
    /// Of which time they are, ISO 8601 UTC; null is from the first.
    pub from: Option<String>,
    /// Up to when; null is up to what the log has.
    pub to: Option<String>,
    /// When it became known that they have to be sent.
    pub since: String,
    /// Seconds that the rest takes, as fast as it goes; null until that is known.
    pub left_s: Option<f64>,
    /// Others that come after it.
    pub waiting: u64,
    /// The sink takes it; false while it waits for its server.
    pub running: bool,
}

/// Sensors that report regularly and have not done so for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// How many devices; an entity without one counts as one.
    pub count: u64,
    /// How many entities.
    pub entities: u64,
    /// Those that have been silent for longest first, 50 at most.
    pub items: Vec<SilentDevice>,
}

/// A device of which entities have fallen silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentDevice {
    /// The device's id, or the entity's where it belongs to none.
    #[serde(default)]
    pub key: String,
    /// For people: the device's name, or the entity's where it has none.
    pub name: String,
    /// The device's name; null where the entity belongs to none.
    pub device: Option<String>,
    /// The name of the area where it is, if that is known.
    pub area: Option<String>,
    /// Its entities that are silent.
    pub entities: Vec<String>,
    /// When the last of them was last heard, by Home Assistant's clock, ISO 8601 UTC.
    pub since: String,
    /// Seconds since then.
    pub silent_s: u64,
    /// Seconds from one report to the next at other times.
    pub usual_s: u64,
    /// All of it in one sentence.
    pub sentence: String,
}

/// Alerts, counted. What they are: `GET /api/v1/alerts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertCounts {
    /// What is wrong and not muted.
    pub active: u64,
    /// Of these, the critical ones.
    pub critical: u64,
    /// Of these, the ones that nobody has acknowledged.
    pub unseen: u64,
    /// What is wrong and muted.
    pub muted: u64,
}

/// One success criterion, evaluated over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    /// For programs.
    pub id: String,
    /// For people.
    pub label: String,
    /// Whether it holds; null when that is not known.
    pub met: Option<bool>,
    /// The figure; null when there is none.
    pub value: Option<f64>,
    /// What the figure has to reach.
    pub target: f64,
    /// Of value and target.
    pub unit: String,
    /// Seconds that the figure looks back.
    pub window_s: u64,
    /// Why it is not known, or what to read into it.
    #[serde(default)]
    pub note: Option<String>,
}
