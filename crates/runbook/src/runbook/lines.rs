//! The lines of a runbook, in their order: a pure function of what is wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::repair::restart::ALL;
use crate::repair::{Finding, Kind, Options, Plan, Refused, Step};

/// As in `hearthline runbook`.
pub const NAME: &str = "runbook";
/// All that the engine of runbooks does.
pub const CATALOGUE: &[Kind] = &[Kind {
    name: NAME,
    mends: "everything that a repair is called for, then starts all parts anew and looks whether all is well",
    touches: "what its lines touch: the plan names each",
    undo: "lines that mend are taken back, each as its repair says",
    options: &["monitor_s", "maintenance"],
    needs_program: true,
}];
/// How long it watches at its end where nobody says how long. The criterion that looks back least, at events, does so over a
/// minute: after two, every look of the second minute was at the time after the restart.
pub const MONITOR: Duration = Duration::from_secs(120);

/// The longest that it watches: whoever wants more has `hearthline monitor`.
const LONGEST: Duration = Duration::from_secs(86_400);

/// What mends before `schema`, in the order in which one needs the other: a log and a store before what is sent from them, a
/// database before its fields are looked at.
const FIRST: [&str; 4] = ["connection", "log", "store", "sink"];
/// And after it.
const THEN: [&str; 2] = ["quarantine", "gaps"];

/// What a line does: the data of its step, whose kind is a word for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Line {
    /// Writes down how everything is.
    Document,
    /// Copies the settings.
    Settings,
    /// Carries a repair out.
    Mend {
        repair: String,
        options: Value,
        /// Only if something is wrong.
        if_wrong: bool,
    },
    /// Does nothing, and says why.
    Nothing { why: String },
    /// Waits until every part is healthy.
    Healthy,
    /// Follows a canary from Home Assistant to every place.
    Canary,
    /// Watches the criteria.
    Monitor { seconds: u64 },
    /// Looks at each criterion.
    Criteria,
    /// Begins maintenance.
    Maintenance { seconds: u64 },
    /// Ends it.
    MaintenanceEnd,
}

/// What the lines follow from.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// What each repair would mend.
    pub findings: &'a [Finding],
    /// The InfluxDB sinks of the settings.
    pub sinks: &'a [String],
    /// How long is watched at the end.
    pub monitor: Duration,
    /// Whether people are told before and after, and of nothing between.
    pub maintenance: bool,
}

/// How long is watched.
///
/// # Errors
/// In words: it cannot be so long.
pub fn monitor_of(options: &Options) -> Result<Duration, Refused> {
    let asked = options.monitor_s.map_or(MONITOR, Duration::from_secs);
    if (Duration::from_secs(1)..=LONGEST).contains(&asked) {
        return Ok(asked);
    }
    Err(Refused::Options("it is watched for a second at least, and for a day at most".into()))
}

/// The lines.
#[must_use]
pub fn plan(looked: &Looked<'_>) -> Plan {
    let called = |names: &'static [&str]| {
        let found =
            names.iter().flat_map(|name| looked.findings.iter().filter(|found| found.repair == *name));
        found.map(|found| mend(found, &found.repair, &found.options))
    };
    let mut steps = vec![document(), settings()];
    steps.extend(called(&FIRST));
    if looked.sinks.is_empty() {
        let why = "the settings name no sink of type influxdb".to_owned();
        steps.push(line(
            "schema",
            "repair schema: no field has another type",
            "nothing",
            0,
            &Line::Nothing { why },
        ));
    }
    steps.extend(looked.sinks.iter().map(|sink| {
        let found = looked.findings.iter().find(|found| found.repair == "schema" && is_of(found, sink));
        schema(sink, found)
    }));
    steps.extend(called(&THEN));
    steps.extend([restart(), healthy(), canary(), monitor(looked.monitor), criteria()]);
    if looked.maintenance {
        let seconds = steps.iter().filter_map(|step| step.seconds).sum();
        steps.insert(0, maintenance(seconds));
        steps.push(maintenance_end());
    }
    let called: Vec<_> = looked.findings.iter().filter(|found| found.plan.is_some()).map(title).collect();
    let finding = match called.as_slice() {
        [] => "no repair is called for; the parts are started anew, and looked at".to_owned(),
        called => format!("called for: {}", called.join(", ")),
    };
    let notes = vec![
        "a line that fails ends it; what was done stays done, and a report is written all the same"
            .to_owned(),
        "what takes data away is done by no line: `hearthline repair NAME --apply` asks for it".to_owned(),
    ];
    Plan { repair: NAME.into(), finding, steps, confirm: None, notes }
}

fn line(kind: &str, what: impl Into<String>, touches: impl Into<String>, seconds: u64, data: &Line) -> Step {
    Step {
        kind: kind.into(),
        what: what.into(),
        touches: touches.into(),
        seconds: Some(seconds),
        data: json!(data),
        ..Step::default()
    }
}

fn document() -> Step {
    let what = "write down how everything is: status, criteria, what the doctor finds";
    line("document", what, "a file beside the receipt", 5, &Line::Document)
}

fn settings() -> Step {
    let what = "copy the settings file as it is, and what holds with where it comes from";
    let touches = "a copy beside the receipt, readable by its owner alone";
    line("settings", what, touches, 1, &Line::Settings)
}

fn schema(sink: &str, found: Option<&Finding>) -> Step {
    let options = json!({ "sink": sink });
    match found {
        Some(found) => mend(found, "schema", &options),
        None => {
            let data = Line::Mend { repair: "schema".into(), options, if_wrong: true };
            let what =
                format!("repair schema ({sink}), should a field have another type by then; none has now");
            line("schema", what, "nothing, as it is now", 1, &data)
        }
    }
}

fn mend(found: &Finding, repair: &str, options: &Value) -> Step {
    let data = Line::Mend { repair: repair.into(), options: options.clone(), if_wrong: true };
    let Some(plan) = &found.plan else {
        let why = found.unknown.as_deref().unwrap_or("nothing was said");
        let what = format!("repair {}, should it be called for; that is not known: {why}", title(found));
        return line(repair, what, "not known", 1, &data);
    };
    let mut touches: Vec<_> = plan.steps.iter().map(|step| &*step.touches).collect();
    touches.dedup();
    let sum = |of: fn(&Step) -> Option<u64>| plan.steps.iter().map(of).sum::<Option<u64>>();
    Step {
        rows: sum(|step| step.rows),
        bytes: sum(|step| step.bytes),
        seconds: sum(|step| step.seconds),
        undo: plan.steps.iter().any(|step| step.undo),
        ..line(repair, format!("repair {}: {}", title(found), plan.finding), touches.join("; "), 0, &data)
    }
}

fn restart() -> Step {
    let touches = "threads and connections; what happens in between is a gap, and is filled";
    let data = Line::Mend { repair: "restart".into(), options: json!({}), if_wrong: false };
    line("restart", ALL, touches, 10, &data)
}

fn healthy() -> Step {
    line(
        "healthy",
        "wait until every part is healthy, and history has filled the gaps",
        "nothing",
        15,
        &Line::Healthy,
    )
}

fn canary() -> Step {
    let what = "set a state in Home Assistant, and read it back from the log, the store and every sink";
    let touches = "an entity of its own in Home Assistant, which is removed again; its states are recorded";
    line("canary", what, touches, 20, &Line::Canary)
}

fn monitor(lasting: Duration) -> Step {
    let seconds = lasting.as_secs();
    let what = format!("look at every criterion each second for {seconds} s");
    line("monitor", what, "nothing", seconds, &Line::Monitor { seconds })
}

fn criteria() -> Step {
    let what = "wait until no gap is open, then hold each criterion against its target";
    line("criteria", what, "nothing", 10, &Line::Criteria)
}

/// For twice as long as it is to take and a quarter of an hour more: a run that fails leaves it to end by itself.
fn maintenance(planned: u64) -> Step {
    let seconds = (2 * planned + 900).min(LONGEST.as_secs());
    let what = format!("begin maintenance for {} min at most: people are told", seconds.div_ceil(60));
    line("maintenance", what, "nothing; alerts are told to nobody", 1, &Line::Maintenance { seconds })
}

fn maintenance_end() -> Step {
    let what = "end maintenance: people are told what happened meanwhile";
    line("maintenance_end", what, "nothing", 1, &Line::MaintenanceEnd)
}

fn is_of(found: &Finding, sink: &str) -> bool {
    found.options.get("sink").and_then(Value::as_str) == Some(sink)
}

/// A repair with its sink, as a person reads it.
fn title(found: &Finding) -> String {
    name(&found.repair, &found.options)
}

/// The same.
pub(super) fn name(repair: &str, options: &Value) -> String {
    match options.get("sink").and_then(Value::as_str) {
        Some(sink) => format!("{repair} ({sink})"),
        None => repair.to_owned(),
    }
}

#[cfg(test)]
mod tests;
