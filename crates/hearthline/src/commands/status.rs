//! `hearthline status`: how the running program is doing.

use std::time::Duration;

use comfy_table::Table;
use hearthline_core::figures::{figure, many, short};
use hearthline_runbook::parts::STORE;
use hearthline_runbook::status::{Backup, Criterion, Maintenance, Overall, Part, Refill, Sink, Status};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the document; the exit code is the state of the whole.
pub(crate) async fn run(_args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let status = program.status().await?;
    if context.json {
        context.write_json(&status)?;
    } else {
        context.write_page(&render(&status))?;
    }
    Ok(match status.overall {
        Overall::Healthy => Exit::Ok,
        Overall::Degraded => Exit::Degraded,
        Overall::Unhealthy => Exit::Failed,
    })
}

/// The page of text: five rows by the names that the former dashboard gave them, then what is behind them.
fn render(status: &Status) -> String {
    let mut blocks = vec![text(&summary(status))];
    blocks.extend(status.maintenance.iter().map(maintenance));
    blocks.extend([text(&criteria(&status.criteria)), text(&sinks(status)), text(&parts(status))]);
    blocks.push(format!(
        "Gaps: {} open, {} filled, {} partly filled, {} lost\n",
        status.gaps.open, status.gaps.filled, status.gaps.partly, status.gaps.lost
    ));
    let refills: Vec<String> = status.sinks.iter().filter_map(refill).collect();
    if !refills.is_empty() {
        blocks.push(format!("From the store:\n{}", refills.concat()));
    }
    let losses: Vec<String> = status.sinks.iter().filter_map(loss).collect();
    if !losses.is_empty() {
        blocks.push(format!("Lost to a sink:\n{}", losses.concat()));
    }
    if !status.silent.items.is_empty() {
        let silent = status.silent.items.iter().map(|item| format!("  {}\n", item.sentence));
        blocks.push(format!("Silent: {}\n{}", status.silent.count, silent.collect::<String>()));
    }
    let alerts = &status.alerts;
    if alerts.active > 0 {
        let (active, critical) = (alerts.active, alerts.critical);
        blocks.push(format!(
            "Alerts: {active}, of which {critical} critical; `hearthline alerts` says which\n"
        ));
    }
    if let Some(note) = &status.settings_note {
        blocks.push(format!("Settings: {note}; `hearthline settings` says more\n"));
    }
    let attention: Vec<String> = status.parts.iter().filter_map(needs_attention).collect();
    if !attention.is_empty() {
        blocks.push(format!("Needs attention:\n{}", attention.concat()));
    }
    blocks.join("\n")
}

fn maintenance(of: &Maintenance) -> String {
    let why = of.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!(
        "Maintenance until {}{why}: what goes wrong is told to nobody; `hearthline maintenance end` ends it\n",
        of.until
    )
}

fn summary(status: &Status) -> Table {
    let mut rows = table(&[]);
    rows.add_row(["Overall Status", status.overall.as_str(), &status.verdict]);
    rows.add_row(["WebSocket Connection", &status.home_assistant.state, &connection(status)]);
    let events = &status.events;
    let rate = events.per_minute.map_or("in the first minute".into(), |rate| format!("{rate} per minute"));
    let account = format!(
        "received {} = filtered {} + duplicate {} + logged {} + unlogged {}; quarantined {}",
        events.received,
        events.filtered,
        events.duplicate,
        events.logged,
        events.unlogged,
        events.quarantined
    );
    rows.add_row(["Event Processing", &rate, &account]);
    let (state, detail) = storage(status);
    rows.add_row(["Database Storage", &state, &detail]);
    let weather = &status.weather;
    rows.add_row(["Weather", &weather.state, &super::weather::line(weather)]);
    if let Some(backup) = &status.backup {
        let (state, detail) = self::backup(backup);
        rows.add_row(["Backup", state, &detail]);
    }
    rows
}

/// Those that the program takes by itself.
fn backup(backup: &Backup) -> (&'static str, String) {
    let seconds = |seconds: u64| span(Duration::from_secs(seconds).as_secs_f64());
    let newest = backup.age_s.map_or("none yet".into(), |age| format!("the newest {} old", seconds(age)));
    let every = format!("{newest}, one every {}", seconds(backup.every_s));
    match &backup.failed {
        Some(failed) => ("failed", format!("{every}: {failed}")),
        None => ("on", every),
    }
}

fn connection(status: &Status) -> String {
    let peer = &status.home_assistant;
    let mut words = Vec::new();
    words.extend(peer.version.as_ref().map(|version| format!("Home Assistant {version}")));
    words.push(format!("since {}", peer.since));
    words.push(many(peer.attempts, "attempt"));
    words.extend(peer.last_event_age_s.map(|age| format!("last event {age:.0} s ago")));
    words.extend(peer.reason.clone());
    words.join(", ")
}

/// The embedded store, by the sink that fills it.
fn storage(status: &Status) -> (String, String) {
    let Some(store) = status.sinks.iter().find(|sink| sink.name == STORE) else {
        return ("off".into(), "no store".into());
    };
    let mut detail =
        format!("{} delivered, {} pending, {:.0} s behind", store.delivered, store.pending, store.lag_s);
    if let Some(error) = &store.last_error {
        detail.push_str(&format!(", {} write errors, the last: {error}", store.write_errors));
    }
    (store.state.clone(), detail)
}

fn criteria(criteria: &[Criterion]) -> Table {
    let mut rows = table(&["Criterion", "Met", "Value", "Target", "Note"]);
    for criterion in criteria {
        let met = match criterion.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "not known",
        };
        let figure = |value| figure(value, &criterion.unit);
        let value = criterion.value.map_or("-".into(), figure);
        let note = criterion.note.clone().unwrap_or_default();
        rows.add_row([criterion.label.clone(), met.into(), value, figure(criterion.target), note]);
    }
    rows
}

fn sinks(status: &Status) -> Table {
    let head = [
        "Sink",
        "Kind",
        "State",
        "Delivered",
        "Filtered",
        "Collapsed",
        "Quarantined",
        "Pending",
        "Lag",
        "Write errors",
    ];
    let mut rows = table(&head);
    for sink in &status.sinks {
        let counts = [sink.delivered, sink.filtered, sink.collapsed, sink.quarantined, sink.pending];
        let mut row = vec![sink.name.clone(), sink.kind.clone(), sink.state.clone()];
        row.extend(counts.map(|count| count.to_string()));
        row.extend([format!("{:.0} s", sink.lag_s), sink.write_errors.to_string()]);
        rows.add_row(row);
    }
    rows
}

/// What a sink is given from the store, and how long that takes.
fn refill(sink: &Sink) -> Option<String> {
    let Refill { why, done, of, from, to, left_s, waiting, running, .. } = sink.refill.as_ref()?;
    let why = match why.as_str() {
        "missed" => "the log could not keep it",
        "new" => "the sink is new",
        _ => "as was asked",
    };
    let from = from.as_deref().unwrap_or("the first");
    let to = to.as_deref().unwrap_or("what the log has");
    let left = match left_s {
        _ if !running => ", waits for the server".into(),
        Some(left) => format!(", about {} left", span(*left)),
        None => String::new(),
    };
    let more = if *waiting > 0 { format!(", then {waiting} more") } else { String::new() };
    let name = &sink.name;
    Some(format!("  {name}: {done} of {of} events from {from} to {to} ({why}){left}{more}\n"))
}

fn loss(sink: &Sink) -> Option<String> {
    let words = sink.loss.as_deref().filter(|_| sink.lost > 0)?;
    Some(format!("  {}: {} in all; the last: {words}\n", sink.name, sink.lost))
}

/// Seconds, or minutes, or hours.
fn span(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.0} h", seconds / 3600.0),
    }
}

/// Each part, and how much of the time it was up.
fn parts(status: &Status) -> Table {
    let mut rows = table(&["Part", "State", "Since", "Up in 24 h", "in 7 d", "in 30 d", "Started anew"]);
    for part in &status.parts {
        let mut row = vec![part.name.clone(), part.state.clone(), part.since.clone()];
        let share = |share: Option<f64>| {
            share.map_or("-".into(), |share| format!("{} %", short(floor(share * 100.0))))
        };
        row.extend([part.uptime_24h, part.uptime_7d, part.uptime_30d].map(share));
        row.push(part.last_restart.as_ref().map_or_else(
            || part.restarts.to_string(),
            |last| format!("{}, last at {}: {}", part.restarts, last.at, last.why),
        ));
        rows.add_row(row);
    }
    rows
}

/// To two decimals: what is not all is not said to be.
fn floor(percent: f64) -> f64 {
    (percent * 100.0).floor() / 100.0
}

fn needs_attention(part: &Part) -> Option<String> {
    let fine = matches!(part.state.as_str(), "healthy" | "starting" | "off");
    let reason = part.reason.as_deref().unwrap_or("no reason is known");
    let more = |what: &Option<String>| what.as_ref().map(|what| format!("    {what}\n")).unwrap_or_default();
    let (meaning, todo) = (more(&part.meaning), more(&part.todo));
    (!fine)
        .then(|| format!("  {} is {} since {}: {reason}\n{meaning}{todo}", part.name, part.state, part.since))
}

#[cfg(test)]
mod tests;
