//! Everything that was found, and what follows from it.

use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_core::figures::many;
use serde::Serialize;

use super::catalogue::UNREACHABLE;
use super::finding::millis;
use super::{Depth, Finding, Looked, Severity, Skipped, Subject};

/// All findings of one look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Of the program.
    pub version: &'static str,
    /// When it was looked, ISO 8601 UTC.
    pub at: String,
    /// Milliseconds that all of it took.
    pub took_ms: f64,
    /// How far was looked.
    pub depth: Depth,
    /// Whether the program runs.
    pub running: bool,
    /// The worst of them.
    pub worst: Severity,
    /// One sentence for a person.
    pub verdict: String,
    /// How many findings there are of each severity.
    pub counts: Counts,
    /// The worst first, else in the order of the checks.
    pub findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub skipped: Vec<Skipped>,
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each is named as its severity")]
pub struct Counts {
    pub ok: usize,
    pub note: usize,
    pub warning: usize,
    pub fault: usize,
}

/// How it ends, for whoever goes by one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing has to be done.
    Ok,
    /// A fault that is not the way to Home Assistant.
    Failed,
    /// Warnings at most.
    Degraded,
    /// Home Assistant cannot be reached, and nothing else is at fault.
    Unreachable,
}

impl Report {
    pub(super) fn of(
        subject: &Subject,
        at: Timestamp,
        depth: Depth,
        took: Duration,
        looked: impl Iterator<Item = Looked>,
    ) -> Self {
        let (mut findings, mut skipped) = (Vec::new(), Vec::new());
        for of in looked {
            findings.extend(of.findings);
            skipped.extend(of.skipped);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let counts = Counts {
            ok: count(Severity::Ok),
            note: count(Severity::Note),
            warning: count(Severity::Warning),
            fault: count(Severity::Fault),
        };
        let worst = findings.first().map_or(Severity::Ok, |finding| finding.severity);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            at: at.to_string(),
            took_ms: millis(took),
            depth,
            running: subject.running.is_running(),
            worst,
            verdict: verdict(&findings, &counts),
            counts,
            findings,
            skipped,
        }
    }

    /// How it ends.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let faults = || self.findings.iter().filter(|finding| finding.severity == Severity::Fault);
        let is_reach = |finding: &Finding| UNREACHABLE.iter().any(|kind| kind.id == finding.id);
        match self.worst {
            Severity::Ok | Severity::Note => Outcome::Ok,
            Severity::Warning => Outcome::Degraded,
            Severity::Fault if faults().all(is_reach) => Outcome::Unreachable,
            Severity::Fault => Outcome::Failed,
        }
    }
}

fn verdict(findings: &[Finding], counts: &Counts) -> String {
    let looked = findings.len();
    match findings.first() {
        Some(first) if first.severity >= Severity::Warning => format!(
            "{}, {}: {}.",
            many(counts.fault as u64, "fault"),
            many(counts.warning as u64, "warning"),
            first.says
        ),
        _ => format!("Nothing is wrong: {looked} findings, {} to know.", many(counts.note as u64, "thing")),
    }
}
