//! What a runbook writes down beside its receipt.
//!
//! ```text
//! <data_dir>/runbooks/<id>/before.json    how everything was before the first line that changes something
//! <data_dir>/runbooks/<id>/healthy.json   how it was when it began to be watched, every part healthy
//! <data_dir>/runbooks/<id>/after.json     how it was at the end
//! <data_dir>/runbooks/<id>/…              the copy of the settings
//! ```

use std::io;
use std::path::Path;

use hearthline_core::Fs;
use serde::{Deserialize, Serialize};

use crate::Status;
use crate::doctor::{Report, Severity};

/// Before the first line.
pub(crate) const BEFORE: &str = "before.json";
/// When it began to be watched.
pub(super) const HEALTHY: &str = "healthy.json";
/// At the end.
pub(super) const AFTER: &str = "after.json";

/// How everything was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// When, ISO 8601 UTC.
    pub at: String,
    /// The status document.
    pub status: Status,
    /// What the doctor found that is not as it should be, the worst first; nothing where the doctor was not asked.
    pub findings: Vec<Found>,
    /// Why the doctor could not look.
    pub unlooked: Option<String>,
}

/// A finding of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// As [`crate::doctor::Finding::id`].
    pub id: String,
    /// Of what.
    pub about: Option<String>,
    /// `note`, `warning` or `fault`.
    pub severity: String,
    /// In one sentence.
    pub says: String,
    /// What a person can do.
    pub remedy: Option<String>,
}

/// What of a report is not as it should be.
pub(super) fn findings(report: &Report) -> Vec<Found> {
    let bad = report.findings.iter().filter(|finding| finding.severity > Severity::Ok);
    bad.map(|finding| Found {
        id: finding.id.into(),
        about: finding.about.clone(),
        severity: finding.severity.as_str().into(),
        says: finding.says.clone(),
        remedy: finding.remedy.clone(),
    })
    .collect()
}

impl Saved {
    /// Puts it in place, durably.
    pub(super) fn write(&self, fs: &dyn Fs, dir: &Path, name: &str) -> io::Result<()> {
        fs.write_json(&dir.join(name), self)
    }

    /// What was written; none where nothing was.
    pub(crate) fn read(fs: &dyn Fs, dir: &Path, name: &str) -> io::Result<Option<Self>> {
        fs.read_json(&dir.join(name))
    }
}
