//! What a check found.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::catalogue::{Kind, Severity};
use super::explain;

/// One thing that was found, good or bad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Stays the same in each release: `ha-tcp-refused`.
    pub id: &'static str,
    /// Which check found it.
    pub check: &'static str,
    /// Of what there are several, which: the name of a sink or a part.
    pub about: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in one sentence.
    pub says: String,
    /// The figures behind it.
    pub evidence: Vec<Figure>,
    /// What a person can do: a command or a setting. Null where nothing is to be done.
    pub remedy: Option<String>,
    /// The repair that mends it, as in `hearthline repair <name>`.
    pub repair: Option<&'static str>,
    /// Milliseconds that it took to find out; null where that says nothing.
    pub took_ms: Option<f64>,
    /// What it means and what to do about it: Markdown.
    pub explained: &'static str,
    /// Where that stands, with what else is to be known.
    pub see: String,
}

/// A figure, or a word, that shows a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is of.
    pub name: &'static str,
    /// Null where it is not known.
    pub value: Value,
    /// `ms`, `bytes`, `1`; empty for a word.
    pub unit: &'static str,
}

/// A check that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which.
    pub check: &'static str,
    /// Why.
    pub why: String,
}

/// All that a check has to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// In the order of its steps.
    pub findings: Vec<Finding>,
    /// What it could not look at.
    pub skipped: Vec<Skipped>,
}

impl Finding {
    /// Of that kind, as bad as the catalogue says.
    pub(crate) fn of(kind: &Kind, says: impl Into<String>) -> Self {
        Self {
            id: kind.id,
            check: kind.check,
            about: None,
            severity: kind.severity,
            says: says.into(),
            evidence: Vec::new(),
            remedy: None,
            repair: None,
            took_ms: None,
            explained: explain::explained(kind.id).unwrap_or_default(), // a test: each has a section
            see: explain::place(kind.id),
        }
    }

    pub(crate) fn about(mut self, name: &str) -> Self {
        self.about = Some(name.to_owned());
        self
    }

    pub(crate) const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(crate) fn figure(mut self, name: &'static str, value: impl Into<Value>, unit: &'static str) -> Self {
        self.evidence.push(Figure { name, value: value.into(), unit });
        self
    }

    pub(crate) fn word(self, name: &'static str, value: impl Into<String>) -> Self {
        self.figure(name, value.into(), "")
    }

    pub(crate) fn todo(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(crate) const fn repair(mut self, name: &'static str) -> Self {
        self.repair = Some(name);
        self
    }

    pub(crate) fn took(mut self, took: Duration) -> Self {
        self.took_ms = Some(millis(took));
        self
    }
}

impl Looked {
    pub(crate) fn skip(mut self, check: &'static str, why: impl Into<String>) -> Self {
        self.skipped.push(Skipped { check, why: why.into() });
        self
    }

    /// A finding that a check cannot name itself, since it did not come to an end.
    pub(super) fn about(mut self, check: &'static str) -> Self {
        let nameless = self.findings.iter_mut().filter(|finding| finding.check.is_empty());
        nameless.for_each(|finding| finding.check = check);
        self
    }
}

impl From<Finding> for Looked {
    fn from(finding: Finding) -> Self {
        Self { findings: vec![finding], skipped: Vec::new() }
    }
}

impl From<Vec<Finding>> for Looked {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, skipped: Vec::new() }
    }
}

/// Milliseconds, to the hundredth.
pub(crate) fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}
