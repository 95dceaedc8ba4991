//! One leg of the way: how it ended, in words, and what to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::doctor::millis;

/// How a leg ended, or all of them together: the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was not tried, because of a leg before it.
    Skipped,
    /// It arrived.
    Passed,
    /// It is late, or cannot be looked at; nothing is lost.
    Degraded,
    /// It did not arrive, or not as it was set.
    Failed,
    /// Home Assistant cannot be asked.
    Unreachable,
}

/// Which leg, in the order in which they are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Home Assistant takes the state.
    Set,
    /// It is heard over the WebSocket.
    Heard,
    /// It is read back from the log.
    Logged,
    /// The log is on the disk.
    Synced,
    /// It is read back from the store.
    Stored,
    /// The row knows the weather.
    Weather,
    /// It is read back from the store's files.
    Files,
    /// The sink's server has answered for it.
    Delivered,
    /// It is read back from the sink's server.
    ReadBack,
}

impl Step {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Set => "taken by Home Assistant",
            Self::Heard => "heard",
            Self::Logged => "in the log, read back",
            Self::Synced => "in the log, on the disk",
            Self::Stored => "in the store, read back",
            Self::Weather => "with the weather",
            Self::Files => "in the store's files, read back",
            Self::Delivered => "delivered",
            Self::ReadBack => "read back",
        }
    }
}

/// One leg of the way of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// The part that it leads to, as in the status document.
    pub part: String,
    /// Which leg.
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds from the setting of the state to here (of a natural one: from when it was heard; of the store's files: from when
    /// they were asked for); none where it did not arrive.
    pub ms: Option<f64>,
    /// The evidence, or what is wrong.
    pub says: String,
    /// What to do, where something is wrong.
    pub todo: Option<String>,
}

/// Why a leg was not passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Home Assistant cannot be asked, for this reason.
    Unreachable(String),
    /// Home Assistant answered this to the state.
    Refused(String),
    /// Nothing was heard of it for so long. The connection is in this state, for that reason.
    Unheard(Duration, String, Option<String>),
    /// No state came by itself for so long; the connection is in this state.
    Quiet(Duration, String),
    /// The log takes nothing.
    LogRefuses(String),
    /// The disk or the part said this.
    Says(String),
    /// Not there after so long, though the part says it is well.
    Late(Duration),
    /// What is there is not what was set.
    Differs(String),
    /// The sink takes nothing now; the event waits in the log.
    Away(String),
    /// So many events are before it; the event waits in the log.
    Behind(u64),
    /// The sink's filter leaves the entity out, by this rule if one did.
    LeftOut(String, Option<String>),
    /// What was delivered cannot be read, in the server's words.
    Unread(String),
    /// The server takes lines and answers no questions.
    NoQuestions,
    /// The layout of the sink has no point of such a state.
    NoPoint,
    /// The row has no weather, for this reason.
    NoWeather(String),
    /// A leg before it was not passed.
    Earlier,
}

impl Leg {
    /// A leg to a part that was passed after so long, with evidence, or was not.
    #[must_use]
    pub fn of(part: &str, step: Step, ended: Result<(Duration, String), Trouble>) -> Self {
        match ended {
            Ok((after, says)) => Self {
                part: part.to_owned(),
                step,
                outcome: Outcome::Passed,
                ms: Some(millis(after)),
                says,
                todo: None,
            },
            Err(trouble) => {
                let (outcome, says, todo) = told(part, step, trouble);
                Self { part: part.to_owned(), step, outcome, ms: None, says, todo }
            }
        }
    }
}

fn told(part: &str, step: Step, trouble: Trouble) -> (Outcome, String, Option<String>) {
    let seconds = |within: Duration| within.as_secs();
    let (outcome, says, todo) = match trouble {
        Trouble::Unreachable(why) => (
            Outcome::Unreachable,
            why,
            "`hearthline doctor` goes the way to Home Assistant step by step".into(),
        ),
        Trouble::Refused(words) => (
            Outcome::Failed,
            format!("Home Assistant did not take it: {words}"),
            "see Settings, System, Logs in Home Assistant".into(),
        ),
        Trouble::Unheard(within, connection, why) => {
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            (
                Outcome::Failed,
                format!(
                    "Home Assistant took it, and nothing was heard of it within {} s; the connection is {connection}{why}",
                    seconds(within)
                ),
                "make the connection anew with `hearthline repair connection --apply`, then verify again"
                    .into(),
            )
        }
        Trouble::Quiet(within, connection) => (
            Outcome::Degraded,
            format!("no state came by itself within {} s; the connection is {connection}", seconds(within)),
            "verify again when something happens in the house".into(),
        ),
        Trouble::LogRefuses(why) => (
            Outcome::Failed,
            format!("the log takes nothing: {why}"),
            "`hearthline doctor` says what to do".into(),
        ),
        Trouble::Says(words) => (Outcome::Failed, words, "`hearthline doctor` says what to do".into()),
        Trouble::Late(within) => late(part, step, within),
        Trouble::Differs(how) => (
            Outcome::Failed,
            how,
            "this is a mistake in the program, or somebody else has written there: report it with \
             `hearthline doctor --export FILE`"
                .into(),
        ),
        Trouble::Away(why) => (
            Outcome::Degraded,
            format!("{part} takes nothing now, and the event waits in the log: {why}"),
            "`hearthline doctor` says what to do; verify again when it is well".into(),
        ),
        Trouble::Behind(events) => (
            Outcome::Degraded,
            format!("{part} has {events} events before it, and the event waits in the log"),
            "verify again when it has caught up".into(),
        ),
        Trouble::LeftOut(entity, rule) => {
            let (by, todo) = left_out(&entity, rule.as_deref());
            let says = format!("the filter of {part} leaves {entity} out{by}: nothing of it was tried");
            (Outcome::Degraded, says, format!("{todo}, under this sink in the settings"))
        }
        Trouble::Unread(words) => (
            Outcome::Degraded,
            format!("{part} took it, and does not let us read it back: {words}"),
            "let the user or token read there too".into(),
        ),
        Trouble::NoQuestions => {
            return skipped(
                "the server takes lines and answers no questions in InfluxQL: that it took the point is known, and no more",
            );
        }
        Trouble::NoPoint => {
            return skipped("of a removal, and of a state that is not known, the layout `ha` has no point");
        }
        Trouble::NoWeather(why) => (
            Outcome::Degraded,
            format!("the row has no weather: {why}"),
            "`hearthline weather` says who is asked and what they say".into(),
        ),
        Trouble::Earlier => return skipped("not tried: a leg before it was not passed"),
    };
    (outcome, says, Some(todo))
}

fn skipped(why: &str) -> (Outcome, String, Option<String>) {
    (Outcome::Skipped, why.into(), None)
}

fn late(part: &str, step: Step, within: Duration) -> (Outcome, String, String) {
    let within = within.as_secs();
    let restart =
        format!("`hearthline repair restart {part} --apply` starts this part anew; no event is lost by it");
    let says = match step {
        Step::Logged => format!("it was heard, and is not in the log after {within} s"),
        Step::Synced => format!("the log is not on the disk after {within} s"),
        Step::Stored => format!("it is in the log, and the store does not show it after {within} s"),
        Step::Files => format!("the store has not written its files after {within} s"),
        Step::Delivered => {
            format!(
                "{part} says that it is well, and its server has not answered for the event after {within} s"
            )
        }
        Step::ReadBack => {
            let says = format!("the server of {part} took the event, and does not have it after {within} s");
            let todo = format!(
                "see whether its rows are set aside or go elsewhere: `hearthline sinks {part}`, `hearthline conflicts`"
            );
            return (Outcome::Failed, says, todo);
        }
        Step::Set | Step::Heard | Step::Weather => format!("nothing came within {within} s"),
    };
    (Outcome::Failed, says, restart)
}

/// By which rule a filter leaves an entity out, and what lets it in.
#[must_use]
pub fn left_out(entity: &str, rule: Option<&str>) -> (String, String) {
    match rule {
        Some(rule) => {
            (format!(" (exclude has {rule:?})"), format!("write an exclude that does not fit {entity}"))
        }
        None => (" (include does not have it)".into(), format!("add {entity:?} to include")),
    }
}
