//! The program, if it runs: what it says of its parts, its gaps and its quarantine.

use super::catalogue::{
    EVENTS_UNACCOUNTED, GAPS_LEFT, PART_RESTARTED, PART_UNWELL, PROGRAM_OK, PROGRAM_SILENT, PROGRAM_STARTING,
    PROGRAM_STOPPED, QUARANTINE_WAITING,
};
use super::{Check, Finding, Running, Severity, Subject, seconds};
use crate::Status;
use crate::parts;
use crate::status::Part;

pub(super) const CHECK: Check = Check {
    name: "program",
    within: seconds(5, 5),
    look: |subject, _| Box::pin(async move { look(&subject).into() }),
};

fn look(subject: &Subject) -> Vec<Finding> {
    let dir = subject.data_dir.display();
    match &subject.running {
        Running::No => vec![
            Finding::of(PROGRAM_STOPPED, format!("nothing runs on {dir}, so nothing is recorded"))
                .todo("hearthline run"),
        ],
        Running::Starting { pid } => vec![
            Finding::of(PROGRAM_STARTING, format!("process {pid} on {dir} is starting or ending"))
                .todo("ask again in a moment"),
        ],
        Running::Silent { pid, address, why } => vec![
            Finding::of(PROGRAM_SILENT, format!("process {pid} does not answer at http://{address}: {why}"))
                .todo(format!("see what it says on standard error; `kill {pid}` ends it in order, and what it received is in the log")),
        ],
        Running::Yes { pid, address, status } => running(*pid, &address.to_string(), status),
    }
}

fn running(pid: u32, address: &str, status: &Status) -> Vec<Finding> {
    let mut findings = vec![
        Finding::of(PROGRAM_OK, format!("process {pid} runs and answers at http://{address}"))
            .word("overall", status.overall.as_str())
            .word("verdict", status.verdict.clone())
            .figure("uptime", status.uptime_s, "s")
            .figure("events received", status.events.received, "1"),
    ];
    findings.extend(status.parts.iter().filter_map(part));
    findings.extend(status.parts.iter().filter_map(restarted));
    let unaccounted = status.events.unaccounted;
    if unaccounted != 0 {
        findings.push(
            Finding::of(
                EVENTS_UNACCOUNTED,
                format!("{unaccounted} events are in no account: what was received is not the sum of what became of it"),
            )
            .figure("unaccounted", unaccounted, "1")
            .todo("this is a mistake in the program: report it with `hearthline doctor --export FILE`"),
        );
    }
    let gaps = &status.gaps;
    if gaps.partly + gaps.lost > 0 {
        let says = format!(
            "of {} gaps {} were filled in part and {} not at all",
            gaps.open + gaps.filled + gaps.partly + gaps.lost,
            gaps.partly,
            gaps.lost
        );
        findings.push(
            Finding::of(GAPS_LEFT, says)
                .figure("partly", gaps.partly, "1")
                .figure("lost", gaps.lost, "1")
                .todo("hearthline repair gaps --apply")
                .repair("gaps"),
        );
    }
    if status.events.quarantined > 0 {
        let count = status.events.quarantined;
        findings.push(
            Finding::of(QUARANTINE_WAITING, format!("{count} records came in and could not be understood"))
                .figure("quarantined", count, "1")
                .todo("hearthline quarantine list; after an update: hearthline repair quarantine --apply")
                .repair("quarantine"),
        );
    }
    findings
}

/// One that was well again after a second is told all the same: it does not end by itself in a program without mistakes.
fn restarted(part: &Part) -> Option<Finding> {
    let last = part.last_restart.as_ref()?;
    let times = if part.restarts == 1 { "once".to_owned() } else { format!("{} times", part.restarts) };
    let says = format!(
        "{} was started anew {times} since the program began, last at {}: {}",
        part.name, last.at, last.why
    );
    let finding = Finding::of(PART_RESTARTED, says).about(&part.name).figure("restarts", part.restarts, "1");
    Some(
        finding.todo(
            "nothing is lost by it; if nobody wanted it, report it with `hearthline doctor --export FILE`",
        ),
    )
}

fn part(part: &Part) -> Option<Finding> {
    let severity = match &*part.state {
        "healthy" | "off" => return None,
        "starting" => Severity::Note,
        "degraded" => Severity::Warning,
        _ => Severity::Fault,
    };
    let reason = part.reason.as_deref().unwrap_or("no reason is known");
    let mut says = format!("{} is {} since {}: {reason}", part.name, part.state, part.since);
    if let Some(meaning) = &part.meaning {
        says.push_str(&format!("; {meaning}"));
    }
    let repair = match parts::Kind::of(&part.name) {
        parts::Kind::Source => Some("connection"),
        parts::Kind::Sink => Some("sink"),
        parts::Kind::Store | parts::Kind::Weather | parts::Kind::Log => Some("restart"),
        parts::Kind::Registry
        | parts::Kind::Api
        | parts::Kind::Settings
        | parts::Kind::Notify
        | parts::Kind::Mqtt => None,
    };
    let mut finding = Finding::of(PART_UNWELL, says).about(&part.name).severity(severity);
    if severity > Severity::Note {
        finding.remedy.clone_from(&part.todo);
        finding.repair = repair;
    }
    Some(finding)
}
