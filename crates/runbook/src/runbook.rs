//! The runbook: the page of steps that a person went through at night, as one run of lines.
//!
//! It is a [`Repair`] like any other, over receipts of its own, so that it is planned, carried out one line after the other, and
//! gone on with where it was killed, as they are. A line that mends is a repair with its own receipt, which names the line: so
//! it is found again after a kill, and not begun twice. What was so before and after lies beside the receipt; the [`report`] is a
//! pure function of these, and is written whenever a run ends, well or not.

pub mod lines;
mod mend;
pub mod report;
pub(crate) mod saved;
pub mod since;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::figures::many;
use hearthline_core::{Clock, Fs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::lines::{Line, Looked};
pub use self::report::{Outcome, Run};
pub use self::saved::{Found, Saved};
use crate::Status;
use crate::doctor::Doctor;
use crate::maintenance::{self, Maintenance};
use crate::repair::{
    AtEnd, Doing, Done, Options, Plan, Program, Receipt, Receipts, Refused, Repair, RepairError, Repairs,
    Scribe, Step,
};
use crate::reports::Reports;
use crate::status::{Criterion, Overall};
use crate::verify::Verify;

/// The receipts of runs, in the data folder.
const FOLDER: &str = "runbooks";

/// Copies the settings into a folder, or says why that cannot be done.
pub type Keep = Arc<dyn Fn(&Path) -> Result<Kept, String> + Send + Sync>;

/// The settings of the program, which only it can read.
#[derive(Clone)]
pub struct Settings {
    /// The names of the InfluxDB sinks.
    pub sinks: Vec<String>,
    /// Copies the settings into a folder, readable by its owner alone.
    pub keep: Keep,
}

/// What was kept of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The copy and its bytes; none where there is no settings file.
    pub copy: Option<(PathBuf, u64)>,
    /// What holds and where it comes from, without a secret.
    pub lines: Vec<String>,
}

/// The runbook of a running program.
pub struct Runbook {
    means: Means,
    monitor: std::time::Duration,
    maintenance: bool,
}

/// What a runbook works with.
#[derive(Clone)]
pub struct Means {
    /// The program.
    pub program: Arc<dyn Program>,
    /// What mends what.
    pub repairs: Repairs,
    /// What is wrong.
    pub doctor: Doctor,
    /// Whether an event gets through.
    pub verify: Verify,
    /// Whether a person works on the house.
    pub maintenance: Maintenance,
    /// Its settings.
    pub settings: Settings,
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Runbook {
    /// As it is asked for.
    ///
    /// # Errors
    /// In words: what of the options means nothing.
    pub fn new(means: Means, options: &Options) -> Result<Self, Refused> {
        Ok(Self { means, monitor: lines::monitor_of(options)?, maintenance: options.maintenance })
    }

    /// How everything is, without the doctor.
    fn look(program: &dyn Program, clock: &dyn Clock) -> Saved {
        Saved { at: clock.now().to_string(), status: program.status(), findings: Vec::new(), unlooked: None }
    }

    async fn document(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        let mut saved = Self::look(&*self.means.program, &*self.means.clock);
        match self.means.doctor.report().await {
            Ok(report) => saved.findings = saved::findings(&report),
            Err(why) => saved.unlooked = Some(why),
        }
        saved.write(&*self.means.fs, &scribe.dir, saved::BEFORE)?;
        let Saved { status, findings, unlooked, .. } = &saved;
        let doctor = match unlooked {
            Some(why) => format!("the doctor could not look: {why}"),
            None => {
                let found = |what| findings.iter().filter(|found| found.severity == what).count() as u64;
                let count = |what| many(found(what), what);
                format!("the doctor finds {}, {}", count("fault"), count("warning"))
            }
        };
        Ok(Done {
            says: format!("{}; {doctor}. {}", status.overall.as_str(), status.verdict),
            data: json!({ "file": saved::BEFORE }),
        })
    }

    fn keep_settings(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        let kept = (self.means.settings.keep)(&scribe.dir).map_err(RepairError::Person)?;
        let says = match &kept.copy {
            Some((path, bytes)) => {
                format!("{} ({bytes} bytes), readable by its owner alone", path.display())
            }
            None => "there is no settings file; what holds is in the receipt, without a secret".into(),
        };
        Ok(Done { says, data: json!(kept) })
    }

    fn begin_maintenance(&self, seconds: u64) -> Result<Done, RepairError> {
        let length = std::time::Duration::from_secs(seconds);
        match self.means.maintenance.begin(length, Some("the runbook")) {
            Ok(period) => Ok(Done { says: format!("maintenance until {}", period.until), data: Value::Null }),
            Err(why) => Err(RepairError::Later(why.to_string())),
        }
    }

    fn end_maintenance(&self) -> Result<Done, RepairError> {
        match self.means.maintenance.end() {
            Ok(over) => Ok(Done {
                says: format!("maintenance from {} to {}", over.since, over.at),
                data: Value::Null,
            }),
            Err(maintenance::Refused::None) => Ok(mend::skipped("it was over already".into())),
            Err(why) => Err(RepairError::Later(why.to_string())),
        }
    }

    async fn criteria(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        self.no_gap_is_open(scribe).await;
        let now = self.means.program.status();
        let criteria = match Saved::read(&*self.means.fs, &scribe.dir, saved::HEALTHY)? {
            Some(then) => since::since(&then.status, &now),
            None => now.criteria.clone(),
        };
        let mut known = Status { criteria: criteria.clone(), ..now.clone() };
        let mut late = since::late(&mut known);
        let of = |met| known.criteria.iter().filter(move |one| one.met == met);
        let unmet: Vec<_> = of(Some(false)).map(report::told).collect();
        if !unmet.is_empty() {
            return Err(RepairError::Person(format!("not met: {}", unmet.join("; "))));
        }
        // Missed over the time that they look back over, of which the part since the repair is not known. A quiet house is none.
        let missed =
            |one: &&Criterion| now.criteria.iter().any(|was| was.id == one.id && was.met == Some(false));
        late.extend(
            criteria.iter().filter(|one| one.met.is_none()).filter(missed).map(|one| one.label.clone()),
        );
        let open: Vec<_> = of(None).map(report::told).collect();
        let open = if open.is_empty() {
            String::new()
        } else {
            format!("; not met or not known: {}", open.join("; "))
        };
        Ok(Done {
            says: format!("{} of {} criteria are met{open}", of(Some(true)).count(), criteria.len()),
            data: json!({ "criteria": criteria, "late": late }),
        })
    }
}

impl Repair for Runbook {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let findings =
                self.means.repairs.findings().await.map_err(|why| RepairError::Later(why.to_string()))?;
            let sinks = &self.means.settings.sinks;
            let Self { monitor, maintenance, .. } = *self;
            Ok(lines::plan(&Looked { findings: &findings, sinks, monitor, maintenance }))
        })
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            match step.read()? {
                Line::Document => self.document(scribe).await,
                Line::Settings => self.keep_settings(scribe),
                Line::Mend { repair, options, if_wrong } => {
                    self.mend(repair, options, if_wrong, scribe).await
                }
                Line::Nothing { why } => Ok(mend::skipped(why)),
                Line::Healthy => self.healthy(scribe).await,
                Line::Canary => self.canary(scribe).await,
                Line::Monitor { seconds } => self.watch(seconds, scribe).await,
                Line::Criteria => self.criteria(scribe).await,
                Line::Maintenance { seconds } => self.begin_maintenance(seconds),
                Line::MaintenanceEnd => self.end_maintenance(),
            }
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            match step.read()? {
                Line::Mend { repair, options, .. } => self.take_back(&repair, &options, scribe).await,
                _ => Ok(Done::default()),
            }
        })
    }

    /// Every line was done: what is said of the whole.
    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let status = self.means.program.status();
            let says = format!("{}: {}", status.overall.as_str(), status.verdict);
            if status.overall == Overall::Unhealthy {
                return Err(RepairError::Person(says));
            }
            Ok(Done { says, data: json!({ "overall": status.overall }) })
        })
    }
}

/// The receipts of runs.
#[must_use]
pub fn receipts(fs: Arc<dyn Fs>, data_dir: &Path) -> Receipts {
    Receipts::new(fs, &data_dir.join(FOLDER))
}

/// Writes the report of each run that has come to an end.
#[must_use]
pub fn reporting(
    program: Arc<dyn Program>,
    (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>),
    data_dir: &Path,
) -> AtEnd {
    let (runs, reports) = (receipts(Arc::clone(&fs), data_dir), Reports::new(Arc::clone(&fs), data_dir));
    Arc::new(move |receipt: &Receipt| {
        let dir = runs.dir_of(&receipt.id);
        let write = || {
            let after = Runbook::look(&*program, &*clock);
            after.write(&*fs, &dir, saved::AFTER)?;
            let before = Saved::read(&*fs, &dir, saved::BEFORE)?;
            let run = Run { receipt, before: before.as_ref(), after: &after };
            reports.write(&receipt.id, &report::render(&run))
        };
        write().map_err(|error: std::io::Error| format!("the report cannot be written: {error}"))
    })
}

#[cfg(test)]
mod tests;
