//! The status document: what `GET /api/v1/status` answers and `hearthline status` prints.
//!
//! Every figure in it comes from a counter of something that happened. What is not known is null, never 0.

use serde::{Deserialize, Serialize};

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

/// A part of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is called in commands and on the page.
    pub name: String,
    /// `starting`, `healthy`, `degraded`, `unhealthy`, `parked` or `off`.
    pub state: String,
    /// Since when, ISO 8601 UTC.
    pub since: String,
    /// Why, where it is not healthy.
    pub reason: Option<String>,
    /// The share of time that it was healthy or degraded, since the program started; null where it is off.
    pub uptime: Option<f64>,
    /// The same over the last 24 hours, or since [`Status::uptime_since`] if that is later. Time in which the program did not
    /// run counts as down.
    #[serde(default)]
    pub uptime_24h: Option<f64>,
    /// The same over 7 days.
    #[serde(default)]
    pub uptime_7d: Option<f64>,
    /// The same over 30 days.
    #[serde(default)]
    pub uptime_30d: Option<f64>,
    /// Seconds of the last 30 days in which it was neither, those in which the program did not run included; looked at each
    /// second.
    #[serde(default)]
    pub down_s: Option<f64>,
    /// What its state means for the data; null where it is as it should be.
    #[serde(default)]
    pub meaning: Option<String>,
    /// What a person can do; null where there is nothing to do but wait.
    #[serde(default)]
    pub todo: Option<String>,
    /// How often it was started anew since the program started.
    #[serde(default)]
    pub restarts: u64,
    /// The last time.
    #[serde(default)]
    pub last_restart: Option<Restart>,
}

/// A part was started anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// When, ISO 8601 UTC.
    pub at: String,
    /// Why, in words.
    pub why: String,
}

impl Restart {
    /// Why, where it did not come of itself.
    pub const WANTED: &str = "a person wanted it";
}

impl Part {
    /// A part of that name in this state, of which nothing else is known.
    #[must_use]
    pub fn new(name: &str, state: &str) -> Self {
        Self {
            name: name.into(),
            state: state.into(),
            since: String::new(),
            reason: None,
            uptime: None,
            uptime_24h: None,
            uptime_7d: None,
            uptime_30d: None,
            down_s: None,
            meaning: crate::parts::meaning(name, state).map(Into::into),
            todo: crate::parts::todo(name, state),
            restarts: 0,
            last_restart: None,
        }
    }

    /// Seconds that it was down since an earlier document; none where one of both does not know.
    pub(crate) fn down_since(&self, earlier: &Status) -> Option<f64> {
        let before = earlier.parts.iter().find(|earlier| earlier.name == self.name)?;
        Some((self.down_s? - before.down_s?).max(0.0))
    }
}

/// The weather feed. Counts are since the program started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weather {
    /// Which provider is in use; `off` where there is none.
    pub provider: String,
    /// What the settings say.
    pub configured: String,
    /// The place that is asked for, rounded, or the entity.
    pub source: Option<String>,
    /// As of a part.
    pub state: String,
    /// Why, where it is not healthy, and what to do.
    pub reason: Option<String>,
    /// Calls made.
    pub calls: u64,
    /// Looks at which the last answer was still good.
    pub cache_hits: u64,
    /// Calls that brought no observation.
    pub errors: u64,
    /// Looks at which no call was made because of the budget or because the provider asked us to wait.
    pub limited: u64,
    /// Calls by provider and by what came of them.
    pub requests: Vec<WeatherRequests>,
    /// Seconds since the observation in use was made; null where there is none.
    pub age_s: Option<f64>,
    /// Seconds to the next call; null where none is planned.
    pub next_call_s: Option<f64>,
    /// What was used of the budget; null where nobody outside is asked.
    pub quota: Option<WeatherQuota>,
    /// The observation in use.
    pub observation: Option<WeatherObservation>,
    /// What has to stand beside the data.
    pub attribution: Option<Attribution>,
    /// Why the last call that failed did.
    pub last_error: Option<String>,
}

/// Calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeatherRequests {
    /// Who was asked.
    pub provider: String,
    /// `ok`, `unauthorised`, `too_many`, `server_error`, `rejected`, `late`, `unreachable` or `garbage`.
    pub outcome: String,
    /// How often.
    pub count: u64,
}

/// The budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeatherQuota {
    /// Of the last minute.
    pub minute: Budget,
    /// Of the UTC day.
    pub day: Budget,
}

/// Calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Made.
    pub used: u32,
    /// Allowed.
    pub limit: u32,
}

/// Words and a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// The words.
    pub text: String,
    /// Where the link leads.
    pub url: String,
}

/// An observation; what is not known is left out. Units as in the `weather` table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named as in the observation itself")]
pub struct WeatherObservation {
    /// Its own time, ISO 8601 UTC.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparent_temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dew_point: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_gust_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_bearing: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_cover: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl From<&hearthline_core::Observation> for WeatherObservation {
    fn from(of: &hearthline_core::Observation) -> Self {
        Self {
            at: of.at.to_string(),
            temperature: of.temperature,
            apparent_temperature: of.apparent_temperature,
            dew_point: of.dew_point,
            humidity: of.humidity,
            pressure: of.pressure,
            wind_speed: of.wind_speed,
            wind_gust_speed: of.wind_gust_speed,
            wind_bearing: of.wind_bearing,
            cloud_cover: of.cloud_cover,
            precipitation: of.precipitation,
            condition: of.condition.as_deref().map(Into::into),
        }
    }
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

/// Gaps by their state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// Named and not yet closed.
    pub open: u64,
    /// Everything was had afterwards.
    pub filled: u64,
    /// Some of it was had afterwards.
    pub partly: u64,
    /// Nothing could be had.
    pub lost: u64,
    /// The newest ones, newest first.
    #[serde(default)]
    pub recent: Vec<Gap>,
}

/// One gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its number, rising.
    pub id: u64,
    /// `open`, `filled`, `partly` or `lost`.
    pub state: String,
    /// From this instant of Home Assistant's clock, ISO 8601 UTC.
    pub from: String,
    /// To this instant; null while the stream has not come back.
    pub to: Option<String>,
    /// What ended the stream.
    pub cause: String,
    /// The entities concerned; empty means all.
    pub entities: Vec<String>,
    /// States that were had afterwards.
    pub recovered: u64,
    /// The cause as one word, for programs: `disconnected`, `restarted`, `stopped`, `not_running`, `power_cut`,
    /// `queue_full`, `log_refused`, `chain_broken`, `compared`, `damaged` or `requested`.
    #[serde(default)]
    pub kind: String,
    /// While it is being filled: history was asked for up to here, ISO 8601 UTC.
    #[serde(default)]
    pub through: Option<String>,
    /// Entities that changed in it and that Home Assistant's history does not have: states of them may be lost.
    #[serde(default)]
    pub not_kept: Vec<String>,
    /// Of the recovered states, those whose attributes Home Assistant did not keep.
    #[serde(default)]
    pub without_attributes: u64,
    /// Why something could not be had.
    #[serde(default)]
    pub note: Option<String>,
    /// How often history was asked for all of it.
    #[serde(default)]
    pub tries: u32,
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

impl From<&hearthline_pipeline::gaps::Gap> for Gap {
    fn from(gap: &hearthline_pipeline::gaps::Gap) -> Self {
        let cause = match gap.detail.as_str() {
            "" => gap.cause.to_string(),
            detail => format!("{}: {detail}", gap.cause),
        };
        Self {
            id: gap.id,
            state: gap.state.as_str().into(),
            from: gap.from.to_string(),
            to: gap.to.map(|to| to.to_string()),
            cause,
            entities: gap.entities.iter().map(ToString::to_string).collect(),
            recovered: gap.recovered,
            kind: gap.cause.as_str().into(),
            through: gap.through.map(|through| through.to_string()),
            not_kept: gap.result.not_kept.iter().map(ToString::to_string).collect(),
            without_attributes: gap.without_attributes,
            note: Some(gap.result.note.clone()).filter(|note| !note.is_empty()),
            tries: gap.closings,
        }
    }
}

/// What was kept that would have been lost, since the first connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The first connection, ISO 8601 UTC; null before it.
    pub since: Option<String>,
    /// States that were had after a gap.
    pub recovered: u64,
    /// States from before the first connection that a person asked for.
    pub requested: u64,
    /// What came between, by cause, the frequent ones first.
    pub interruptions: Vec<Interruption>,
    /// All of it in one sentence; null before the first connection.
    pub sentence: Option<String>,
}

/// Something that came between, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// As [`Gap::kind`].
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Both in words.
    pub words: String,
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
