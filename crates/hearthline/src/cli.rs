//! The command line. A command that is not built is not here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    alerts, backfill, backup, check, conflicts, demo, doctor, entities, events, export, flush, gaps,
    healthcheck, history, log, logs, maintenance, monitor, note, notify, quarantine, record, reload, repair,
    replay, report, restore, retention, run, runbook, settings, sim, sinks, status, tail, token, verify,
    weather,
};

/// Records a Home Assistant house: every event on disk once, readable by any Parquet engine
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Settings file (TOML); without one, hearthline.toml in the data folder if it is there [env: HEARTHLINE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Answer as JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 usage or settings, 3 degraded, 4 unreachable";

/// One variant for each command, one file for each in `commands`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record until told to stop
    Run(run::Args),
    /// Show a simulated house being recorded, without a Home Assistant at hand
    Demo(demo::Args),
    /// Validate the settings, then ask Home Assistant once
    Check(check::Args),
    /// What is set and who said so, and what was set before while all was well
    Settings(settings::Args),
    /// Have the running program read its settings again
    Reload(reload::Args),
    /// How the running program is doing
    Status(status::Args),
    /// Whether the running program is well, for a container engine: 0 or 1, and one line
    Healthcheck(healthcheck::Args),
    /// Watch the success criteria for a while and say whether they held
    Monitor(monitor::Args),
    /// The states of one entity
    History(history::Args),
    /// Every entity with its latest state
    Entities(entities::Args),
    /// What happened, states and other events together, the newest first
    Events(events::Args),
    /// What happens from now on, a line for each change
    Tail(tail::Args),
    /// Write states as CSV, NDJSON or Parquet, or list the Parquet files
    Export(export::Args),
    /// Ask the running program to put everything into files now
    Flush(flush::Args),
    /// Periods in which events were or may have been missed, and what became of them
    Gaps(gaps::Args),
    /// Where everything is delivered to: how far behind, what the server says, what it costs there
    Sinks(sinks::Args),
    /// Fields that an InfluxDB has as another type, and where our values go
    Conflicts(conflicts::Args),
    /// What is wrong and should be known, what was, and saying that you have seen it
    Alerts(alerts::Args),
    /// Work on the house for a while: what goes wrong meanwhile is recorded and told to nobody
    Maintenance(maintenance::Args),
    /// Where people are told of alerts, what became of the last messages, and trying it out
    Notify(notify::Args),
    /// What is wrong: everything that is looked at, with figures and what to do
    Doctor(doctor::Args),
    /// What is wrong, what mends it, doing it and taking it back
    Repair(repair::Args),
    /// Everything that is to be done when something is wrong: the lines, doing them in order, and the report
    Runbook(runbook::Args),
    /// Whether an event gets through: set a state in Home Assistant and read it back from every place
    Verify(verify::Args),
    /// Fetch the states that Home Assistant's history still has from before
    Backfill(backfill::Args),
    /// Whether the log on disk is what was written
    Log(log::Args),
    /// What the program says of itself: what is late, what was lost, what needs a hand
    Logs(logs::Args),
    /// Write down what you saw or did; it is in the report of an incident
    Note(note::Args),
    /// Tell an incident: what was found and done, what was lost, for how long something stood
    Report(report::Args),
    /// A simulated Home Assistant to record and to break, with a ledger of what it fired
    Sim(sim::Args),
    /// Write down what Home Assistant says, with secrets removed, as a bug report
    Record(record::Args),
    /// Say again what was recorded, as a Home Assistant to record
    Replay(replay::Args),
    /// What came in and could not be understood: look at it, retry it, drop it
    Quarantine(quarantine::Args),
    /// Drop days that are too old, or say which they are
    Retention(retention::Args),
    /// Copy everything that is recorded elsewhere, while it is recorded; list and compare such backups
    Backup(backup::Args),
    /// Put a backup into a folder, or rehearse that
    Restore(restore::Args),
    /// Who observes the weather, what they say, and how often they are asked
    Weather(weather::Args),
    /// The token that the API asks for from another machine
    Token(token::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn config_and_json_stand_before_or_after_the_command() {
        for line in ["hearthline --config a.toml --json status", "hearthline status --json --config a.toml"] {
            let cli = parse(line).unwrap();
            assert_eq!(cli.config, Some("a.toml".into()));
            assert!(cli.json);
            assert!(matches!(cli.command, Command::Status(_)));
        }
    }

    #[test]
    fn the_help_names_what_is_built() {
        insta::assert_snapshot!(Cli::command().render_help());
    }

    #[test]
    fn a_usage_mistake_has_exit_code_2() {
        for line in [
            "hearthline",
            "hearthline fly",
            "hearthline history",
            "hearthline monitor --for ever",
            "hearthline check --toml",
            "hearthline settings show three",
            "hearthline export --format xml",
            "hearthline sim --fault drip@30s",
            "hearthline replay x --speed 0",
            "hearthline alerts mute silent",
            "hearthline doctor --explain ha-unset --full",
            "hearthline maintenance --for ever",
            "hearthline maintenance --why disk",
            "hearthline maintenance --for 30m end",
            "hearthline repair --apply",
            "hearthline repair gaps --plan --apply",
            "hearthline repair gaps --list",
            "hearthline repair schema --measurement m",
            "hearthline repair --undo a --resume b",
            "hearthline runbook --plan --apply",
            "hearthline runbook --yes",
            "hearthline runbook --apply --monitor ever",
            "hearthline runbook --undo a --resume b",
            "hearthline backup fly",
            "hearthline restore a b",
            "hearthline report",
            "hearthline report --send",
            "hearthline report --since 2h --send --out x.md",
            "hearthline logs --level loud",
            "hearthline note",
            "hearthline note a --list",
            "hearthline verify --events 0",
            "hearthline verify --events 2 --last",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    const LINES: &[&str] = &[
        "run",
        "run --strict",
        "demo --data-dir x --hours 12 --rate 2 --seed 7",
        "demo --tour --data-dir x --seed 7",
        "check --offline",
        "check --env-file .env --toml",
        "settings --all",
        "settings list",
        "settings show 3",
        "settings diff 2 3",
        "reload",
        "status",
        "healthcheck",
        "monitor",
        "monitor --for 10s",
        "history sensor.a --from 24h --to now --limit 5 --bucket 1h --fill previous",
        "entities sensor.a --why",
        "export --format parquet --output x.parquet --entity sensor.a",
        "export --files",
        "flush",
        "gaps",
        "gaps retry",
        "gaps retry 7",
        "sinks",
        "sinks influxdb",
        "backfill --from 2026-11-01 --detach",
        "backup",
        "backup --to x",
        "backup list --to x",
        "backup verify 2026-11-26T00-41-07Z",
        "restore x/2026-11-26T00-41-07Z --to y",
        "restore --rehearse",
        "events --entity light --entity sensor.*_t --type state_changed --from 24h --to now --text x --limit 5",
        "tail light.a sensor.*",
        "log verify",
        "logs",
        "logs influxdb --tail 5 --follow --level warn --since 2h",
        "note router",
        "note --list",
        "report --since 22:00",
        "report --since 2h --until now --out x.md",
        "report --since 2h --send",
        "report --since 2h --send phone",
        "sim --scenario x.toml --seed 7 --listen 127.0.0.1:0 --entities 200 --rate 2 --past 6h --token t \
         --exclude sensor.a --control 127.0.0.1:0 --fault drop@30s --fault away@1m..2m --ledger x --for 5m",
        "sim --faults",
        "record --out x.ndjson --for 5m",
        "replay x.ndjson --speed 10 --listen 127.0.0.1:0 --control 127.0.0.1:0",
        "quarantine list --limit 5 --all",
        "quarantine show 7",
        "quarantine retry 7 8",
        "quarantine retry --all",
        "quarantine drop 7 8 --yes",
        "alerts",
        "alerts --history",
        "alerts ack sink_behind:influxdb",
        "alerts mute silent --for 2h",
        "alerts unmute silent",
        "maintenance",
        "maintenance --for 30m --why disk",
        "maintenance end",
        "notify",
        "notify test",
        "notify test phone",
        "doctor",
        "doctor --full --export x.json",
        "doctor --explain ha-unset",
        "repair",
        "repair gaps",
        "repair restart weather --apply",
        "repair sink --plan --sink influxdb --from 10d --to now",
        "repair schema --numbers",
        "repair schema --apply --clear --measurement m --from 10d --to now --restore --yes",
        "repair --list",
        "repair --show 2026-11-26T00-41-07Z-gaps",
        "repair --undo 2026-11-26T00-41-07Z-gaps",
        "repair --resume 2026-11-26T00-41-07Z-gaps",
        "runbook",
        "runbook --plan --monitor 30m",
        "runbook --apply --monitor 30m --maintenance --yes",
        "runbook --show",
        "runbook --show 2026-11-26T00-41-07Z-runbook",
        "runbook --undo 2026-11-26T00-41-07Z-runbook",
        "runbook --resume 2026-11-26T00-41-07Z-runbook",
        "retention --dry-run --keep 365d",
        "retention --receipts",
        "token show",
        "verify",
        "verify --events 20",
        "verify --last",
        "weather",
    ];

    #[test]
    fn every_command_parses() {
        for line in LINES {
            parse(&format!("hearthline {line}")).unwrap_or_else(|e| panic!("{line}: {e}"));
        }
    }
}
