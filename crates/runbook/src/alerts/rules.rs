//! The rules: what of a status document is a condition for an alert. All of them are functions of what they are given.

use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_pipeline::metrics::Window;
use hearthline_pipeline::silence::TIMES;
use hearthline_pipeline::sources::home_assistant::SWEEP;
use serde::{Deserialize, Serialize};

use super::{Beside, Figure, Severity, Words};
use crate::criteria::Targets;
use crate::facts::{Canary, RESTART};
use crate::parts;
use crate::silent::about;
use crate::space::{ABOUT_TO, SOON, Space, TODO};
use crate::status::{Backup, Gap, SilentDevice, Sink, Status};
use crate::verify::Outcome;

/// Silence is looked at with each sweep, and shows itself at the second one.
const LOOKS: u32 = 2;
/// After a start the program is given two minutes before it verifies or takes a backup, and that takes its time.
const VERIFIES: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(86_400);

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nothing comes in from Home Assistant.
    NoEvents,
    /// A place that everything is delivered to lacks something.
    SinkBehind,
    /// What came in was set aside, here or by a server.
    Refused,
    /// What was missed could not be had afterwards, or not all of it.
    GapLost,
    /// The disk fills, or is full.
    Disk,
    /// A sensor that reports regularly does not.
    Silent,
    /// A state does not get through to every place, or that was not tried for long.
    Canary,
    /// A backup that the program takes by itself was not taken.
    Backup,
}

impl Rule {
    /// All of them, as they are listed.
    pub const ALL: [Self; 8] = [
        Self::NoEvents,
        Self::SinkBehind,
        Self::Refused,
        Self::GapLost,
        Self::Disk,
        Self::Silent,
        Self::Canary,
        Self::Backup,
    ];

    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEvents => "no_events",
            Self::SinkBehind => "sink_behind",
            Self::Refused => "refused",
            Self::GapLost => "gap_lost",
            Self::Disk => "disk",
            Self::Silent => "silent",
            Self::Canary => "canary",
            Self::Backup => "backup",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

/// From where on something is wrong; none where the rule is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connected, and no event at all for so long.
    pub no_events: Option<Duration>,
    /// A sink is behind by more than this.
    pub sink_behind: Option<Duration>,
    /// So many events set aside within the window of the criteria.
    pub refused: Option<u64>,
    /// A loss is told for so long after the gap's end.
    pub gap_lost: Option<Duration>,
    /// Less time than this until the disk is full.
    pub disk: Option<Duration>,
    /// Whether silent sensors are told.
    pub silent: bool,
    /// The last canary that got through is older than this. One that did not is told at once.
    pub canary: Option<Duration>,
    /// Whether backups are told that were not taken.
    pub backup: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A house in which not one of its sensors says anything for an hour is none.
            no_events: Some(Duration::from_hours(1)),
            // Behind a server that is started anew one catches up in less.
            sink_behind: Some(Duration::from_secs(300)),
            refused: Some(1),
            gap_lost: Some(DAY),
            disk: Some(SOON),
            silent: true,
            canary: Some(Targets::default().canary),
            backup: true,
        }
    }
}

impl Limits {
    /// Whether the rule is on.
    #[must_use]
    pub const fn looks_at(&self, rule: Rule) -> bool {
        match rule {
            Rule::NoEvents => self.no_events.is_some(),
            Rule::SinkBehind => self.sink_behind.is_some(),
            Rule::Refused => self.refused.is_some(),
            Rule::GapLost => self.gap_lost.is_some(),
            Rule::Disk => self.disk.is_some(),
            Rule::Silent => self.silent,
            Rule::Canary => self.canary.is_some(),
            Rule::Backup => self.backup,
        }
    }
}

/// Whether a condition is enough to raise an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// It is.
    Raise,
    /// Only to keep one that is raised already: what swings around a limit is one alert.
    Keep,
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) rule: Rule,
    pub(super) subject: Option<String>,
    pub(super) level: Level,
    /// How long it has to hold; none is what holds for most.
    pub(super) hold: Option<Duration>,
    /// How long the rule needs after a start until it can tell.
    pub(super) settles: Duration,
    pub(super) words: Words,
}

/// What one look shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) conditions: Vec<Condition>,
    /// Rules that can say nothing at this moment.
    pub(super) unknown: Vec<Rule>,
}

/// Looks by every rule that is on.
pub(super) fn look(
    limits: &Limits,
    status: &Status,
    Beside { window, space, canary }: Beside<'_>,
    now: Timestamp,
) -> Seen {
    let mut seen = Seen::default();
    if let Some(most) = limits.no_events {
        seen.conditions.extend(no_events(status, most, now));
    }
    if let Some(most) = limits.sink_behind {
        seen.conditions.extend(status.sinks.iter().filter_map(|sink| sink_behind(sink, most)));
    }
    match (limits.refused, window) {
        (Some(least), Some(window)) => seen.conditions.extend(refused(&window, least)),
        (Some(_), None) => seen.unknown.push(Rule::Refused),
        (None, _) => {}
    }
    if let Some(told) = limits.gap_lost {
        seen.conditions.extend(status.gaps.recent.iter().filter_map(|gap| gap_lost(gap, told, now)));
    }
    if let Some(soon) = limits.disk {
        let condition = log_refuses(status).or_else(|| disk(space?, soon, now));
        if condition.is_none() && space.is_none() {
            seen.unknown.push(Rule::Disk);
        }
        seen.conditions.extend(condition);
    }
    if limits.silent {
        if status.home_assistant.state != "connected" {
            seen.unknown.push(Rule::Silent); // nobody is heard, which says nothing of a sensor
        }
        seen.conditions.extend(status.silent.items.iter().map(silent));
    }
    if let (Some(most), Some(known)) = (limits.canary, canary) {
        seen.conditions.extend(self::canary(known, most));
    }
    if limits.backup {
        seen.conditions.extend(status.backup.as_ref().and_then(backup));
    }
    seen
}

impl Condition {
    fn new(rule: Rule, severity: Severity, title: impl Into<String>, says: impl Into<String>) -> Self {
        let words = Words {
            severity,
            title: title.into(),
            says: says.into(),
            evidence: Vec::new(),
            todo: String::new(),
            link: "#/".into(),
        };
        Self { rule, subject: None, level: Level::Raise, hold: None, settles: Duration::ZERO, words }
    }

    fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn figure(mut self, name: &str, value: f64, unit: &str) -> Self {
        self.words.evidence.push(Figure { name: name.into(), value, unit: unit.into() });
        self
    }

    fn todo(mut self, todo: impl Into<String>) -> Self {
        self.words.todo = todo.into();
        self
    }

    fn link(mut self, link: impl Into<String>) -> Self {
        self.words.link = link.into();
        self
    }
}

/// Not connected, or connected to a house that says nothing at all. Few events are no fault: a house is quiet at night.
fn no_events(status: &Status, most: Duration, now: Timestamp) -> Option<Condition> {
    let peer = &status.home_assistant;
    let age = Timestamp::parse(&peer.since).map_or(Duration::ZERO, |since| now.since(since));
    let reason = peer.reason.as_deref().unwrap_or("no reason is known");
    let source = status.parts.iter().find(|part| parts::Kind::of(&part.name) == parts::Kind::Source);
    let todo = source.and_then(|part| part.todo.clone());
    let severity = Severity::Critical;
    match peer.state.as_str() {
        "connected" => {
            let quiet = peer.last_event_age_s.map_or(age, |age_s| age.min(seconds(age_s)));
            let says = format!(
                "Home Assistant is connected and answers, but has sent no event for {}",
                about(quiet)
            );
            (quiet >= most).then(|| {
                Condition::new(Rule::NoEvents, Severity::Warning, "No events", says)
                    .figure("without an event", quiet.as_secs_f64(), "s")
                    .todo("see in Home Assistant whether its entities change; `[filter]` and `events` say what is recorded")
            })
        }
        "parked" => {
            let says = format!("Nothing is recorded: {reason}");
            let condition = Condition::new(Rule::NoEvents, severity, "Not recording", says);
            let todo = todo.unwrap_or_else(|| "put right what its reason says".into());
            Some(condition.figure("not connected", age.as_secs_f64(), "s").todo(todo))
        }
        _ => {
            let says = format!("Nothing comes in from Home Assistant: {reason}");
            let condition = Condition::new(Rule::NoEvents, severity, "Home Assistant is away", says);
            let todo =
                todo.unwrap_or_else(|| "see whether Home Assistant runs and can be reached from here".into());
            let condition = condition.figure("not connected", age.as_secs_f64(), "s").todo(todo);
            Some(Condition { hold: Some(RESTART), ..condition })
        }
    }
}

/// Whatever it is behind by is safe in the log, so only what waits for a person is critical.
fn sink_behind(sink: &Sink, most: Duration) -> Option<Condition> {
    let (name, lag) = (&sink.name, seconds(sink.lag_s));
    // What it has taken and not yet written down does not wait.
    let pending = sink.lag_events.unwrap_or(sink.pending);
    let stands = matches!(sink.state.as_str(), "parked" | "unhealthy");
    let level = match lag {
        _ if stands => Level::Raise,
        lag if lag > most => Level::Raise,
        lag if lag > most / 2 => Level::Keep,
        _ => return None,
    };
    let why = sink.reason.as_ref().or(sink.last_error.as_ref());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let (severity, title, says) = if stands {
        let says = format!("Nothing is written to {name}, which waits for a person{why}");
        (Severity::Critical, format!("{name} stands still"), says)
    } else {
        let says = format!("What goes to {name} is {} late{why}", about(lag));
        (Severity::Warning, format!("{name} is behind"), says)
    };
    let says = format!("{says}; its {pending} events are safe on disk");
    let todo = parts::todo(name, &sink.state).unwrap_or_else(|| "wait: it takes what it lacks".into());
    let condition = Condition::new(Rule::SinkBehind, severity, title, says).of(name.clone());
    let condition = condition
        .figure("behind", lag.as_secs_f64(), "s")
        .figure("waiting", count(pending), "events")
        .todo(todo)
        .link(format!("#/place/{name}"));
    Some(Condition { level, ..condition })
}

/// Each of them is kept with its bytes.
fn refused(window: &Window, least: u64) -> Option<Condition> {
    let Window { failed, received, refused, span, .. } = *window;
    if failed == 0 {
        return None;
    }
    let of_type = match refused {
        0 => String::new(),
        of_type => format!(", {of_type} of them by a server for the type of a field"),
    };
    let says = format!(
        "{failed} of {received} events of the last {} were refused or could not be understood{of_type}; each is kept with its \
         bytes and the reason",
        about(span)
    );
    let condition = Condition::new(Rule::Refused, Severity::Warning, "Events are set aside", says)
        .figure("set aside", count(failed), "events")
        .figure("for their type", count(refused), "events")
        .figure("received", count(received), "events")
        .todo("`hearthline quarantine list` and `hearthline sinks NAME` say which and why; `hearthline repair` what mends it");
    let level = if failed >= least { Level::Raise } else { Level::Keep };
    Some(Condition { level, ..condition })
}

/// A period of which something is gone for good. Told while it is news.
fn gap_lost(gap: &Gap, told: Duration, now: Timestamp) -> Option<Condition> {
    let ended = Timestamp::parse(gap.to.as_deref()?).ok()?;
    let lost = gap.state == "lost";
    if !(lost || gap.state == "partly") || gap.kind == "requested" || now.since(ended) > told {
        return None;
    }
    let from = Timestamp::parse(&gap.from).unwrap_or(ended);
    let whose = match gap.entities.as_slice() {
        [] => "of the whole house".to_owned(),
        [one] => format!("of {one}"),
        all => format!("of {} entities", all.len()),
    };
    let why = gap.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
    let period = format!("{} to {}", clock_time(from), clock_time(ended));
    let (title, says) = if lost {
        let says = format!(
            "What happened from {period} {whose} could not be had from Home Assistant's history{why}"
        );
        ("A gap is lost", says)
    } else {
        let says = format!(
            "From {period} {} states {whose} were had from Home Assistant's history, and not all that there were{why}",
            gap.recovered
        );
        ("A gap is filled in part", says)
    };
    // Of named entities it is a state or two; of the house it is everything.
    let severity = if lost && gap.entities.is_empty() { Severity::Critical } else { Severity::Warning };
    let condition = Condition::new(Rule::GapLost, severity, title, says).of(gap.id.to_string());
    Some(
        condition
            .figure("length", ended.since(from).as_secs_f64(), "s")
            .figure("recovered", count(gap.recovered), "events")
            .figure("entities that are not kept", count(gap.not_kept.len() as u64), "entities")
            .todo(format!(
                "`hearthline gaps retry {}` asks once more; what Home Assistant's recorder does not keep is in nobody's hands",
                gap.id
            )),
    )
}

/// Whatever the reason: the disk is full, or takes nothing, or the log's quota is used up.
fn log_refuses(status: &Status) -> Option<Condition> {
    let log = status.parts.iter().find(|part| parts::Kind::of(&part.name) == parts::Kind::Log)?;
    let reason = log.reason.as_deref().unwrap_or("no reason is known");
    let says = format!("Nothing is recorded, because the log takes no events: {reason}");
    (log.state == "unhealthy").then(|| {
        Condition::new(Rule::Disk, Severity::Critical, "The log takes nothing", says)
            .todo(log.todo.clone().unwrap_or_default())
    })
}

/// By how much the store has grown in the last days.
fn disk(space: &Space, soon: Duration, now: Timestamp) -> Option<Condition> {
    let free = format!("{} MiB are free", space.free >> 20);
    let condition = if space.is_full() {
        let says = format!(
            "{free}, and {} MiB are to stay free: the log lets go of what is stored, and then takes nothing more",
            space.kept_free >> 20
        );
        Condition::new(Rule::Disk, Severity::Critical, "The disk is full", says)
    } else {
        let left = space.left()?;
        // A tenth more, since the days that are measured are not alike.
        let level = match left {
            left if left < soon => Level::Raise,
            left if left < soon + soon / 10 => Level::Keep,
            _ => return None,
        };
        let date = now.plus(left).day_in_words();
        let says = format!("{free}: at the rate of the last days the disk is full on about {date}");
        let severity = if left < ABOUT_TO { Severity::Critical } else { Severity::Warning };
        let condition = Condition::new(Rule::Disk, severity, format!("The disk is full on {date}"), says);
        Condition { level, ..condition }.figure("days left", left.as_secs_f64() / DAY.as_secs_f64(), "d")
    };
    let condition = condition.figure("free", count(space.free), "bytes").todo(TODO);
    Some(match space.growth {
        Some(growth) => condition.figure("store grows a day", count(growth), "bytes"),
        None => condition,
    })
}

/// After a start every sensor's time begins anew, so that one is silent again only after as long as it takes to become so.
fn silent(device: &SilentDevice) -> Condition {
    let usual = Duration::from_secs(device.usual_s);
    let place = device.area.as_ref().map(|area| format!(" ({area})")).unwrap_or_default();
    let condition = Condition::new(
        Rule::Silent,
        Severity::Warning,
        format!("{}{place} is silent", device.name),
        device.sentence.clone(),
    );
    let condition = condition
        .of(device.key.clone())
        .figure("silent", count(device.silent_s), "s")
        .figure("usually each", count(device.usual_s), "s")
        .figure("entities", count(device.entities.len() as u64), "entities")
        .todo("Home Assistant still shows its last value: look at its battery and its radio");
    let condition = match device.entities.as_slice() {
        [one] => condition.link(format!("#/entity/{one}")),
        _ => condition,
    };
    Condition { settles: usual * TIMES + SWEEP * LOOKS, ..condition }
}

/// A state that did not arrive as it was set is lost for all that is known; one whose server is away follows.
fn canary(known: &Canary, most: Duration) -> Option<Condition> {
    let condition = if let Some(missed) = &known.failed {
        let severity = match missed.outcome {
            Outcome::Failed => Severity::Critical,
            _ => Severity::Warning,
        };
        let at = Timestamp::parse(&missed.at).map_or_else(|_| missed.at.clone(), clock_time);
        let says =
            format!("The verification of {at} did not get through: {}", missed.says.trim_end_matches('.'));
        // It stays until one gets through, which may be long where nothing is scheduled.
        let todo = missed.todo.as_ref().map(|todo| format!("{todo}; ")).unwrap_or_default();
        Condition::new(Rule::Canary, severity, "A state does not get through", says)
            .todo(format!("{todo}`hearthline verify` tries it once more"))
    } else {
        known.every?;
        let age = known.age.filter(|age| *age > most)?;
        let says = format!(
            "No state was followed to every place for {}, and {} is the most that is wished",
            about(age),
            about(most)
        );
        let todo = "`hearthline verify` does it now, and says what is in its way";
        let condition = Condition::new(Rule::Canary, Severity::Warning, "The last canary is old", says);
        Condition { hold: Some(VERIFIES), ..condition.todo(todo) }
    };
    let condition = condition.link("#/verify");
    Some(match known.age {
        Some(age) => condition.figure("since the last that got through", age.as_secs_f64(), "s"),
        None => condition,
    })
}

/// Nothing is lost by it, until the disk is.
fn backup(known: &Backup) -> Option<Condition> {
    let (every, age) = (Duration::from_secs(known.every_s), known.age_s.map(Duration::from_secs));
    // Before the first, the time counts in which there could have been one.
    let without = age.unwrap_or(Duration::from_secs(known.waited_s));
    let newest = match age {
        Some(age) => format!("the newest is {} old", about(age)),
        None => "there is none yet".into(),
    };
    let (title, says) = match &known.failed {
        Some(failed) => ("A backup failed", format!("No backup was taken: {failed}; {newest}")),
        None if without > every * 2 => (
            "The last backup is old",
            format!("A backup is to be taken every {}, and {newest}", about(every)),
        ),
        None => return None,
    };
    let hold = known.failed.is_none().then_some(VERIFIES);
    let condition = Condition { hold, ..Condition::new(Rule::Backup, Severity::Warning, title, says) }
        .todo("`hearthline backup` takes one now, and says what is in its way")
        .link("#/backup");
    Some(match age {
        Some(age) => condition.figure("since the newest", age.as_secs_f64(), "s"),
        None => condition,
    })
}

/// `2026-11-23 11:57:01`, UTC: a sentence is no place for microseconds.
fn clock_time(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.get(..19).map(Into::into).unwrap_or(text)
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
const fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
