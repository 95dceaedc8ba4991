//! The engine: it plans, begins, goes on and takes back. One repair at a time.
//!
//! A [`Job`] is a repair that may go on now: whoever runs it drives it to its end, and whoever drops it leaves a receipt with
//! which anybody can go on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;

use super::catalogue::{CATALOGUE, Kind};
use super::options::Options;
use super::receipt::{Receipt, State, StepReceipt};
use super::receipts::{Listed, Receipts};
use super::{Plan, Progress, Repair, RepairError};
use crate::status::Criterion;

/// The receipts of repairs, in the data folder.
const FOLDER: &str = "repairs";
/// How long one repair is looked at where all are.
const LOOK: Duration = Duration::from_secs(10);

/// Looks at the criteria of this moment; nothing where no program runs.
pub type Watch = Arc<dyn Fn() -> Vec<Criterion> + Send + Sync>;

/// Is given the receipt of each that has come to an end, before that is written. The error says why it could not do its work.
pub type AtEnd = Arc<dyn Fn(&Receipt) -> Result<(), String> + Send + Sync>;

/// Builds a repair, or says why it cannot be done here.
pub type Make = Arc<dyn Fn(&'static Kind, &Options) -> Result<Box<dyn Repair>, Refused> + Send + Sync>;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// There is no such repair, or no such receipt.
    #[error("{0}")]
    Unknown(String),
    /// The options mean nothing.
    #[error("{0}")]
    Options(String),
    /// Another repair is under way, or this one is not in a state for that.
    #[error("{0}")]
    State(String),
    /// A person has to type this first.
    #[error("this takes data away: to confirm, type {0:?}")]
    Unconfirmed(String),
    /// There is nothing to mend.
    #[error("{}", .0.finding)]
    Nothing(Box<Plan>),
    /// Only the running program can do it.
    #[error("{0}")]
    NeedsProgram(String),
    /// It could not be planned.
    #[error(transparent)]
    Repair(#[from] RepairError),
    /// The disk refused.
    #[error("the receipt cannot be written or read: {0}")]
    Disk(String),
}

/// What is wrong, and what would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// As in `hearthline repair <name>`.
    pub repair: String,
    /// What it is asked with, to do that.
    pub options: Value,
    /// What would be done; none where that is not known.
    pub plan: Option<Plan>,
    /// Why it is not known whether something is wrong.
    pub unknown: Option<String>,
}

/// A receipt, and how far its repair is at this moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Up to now.
    pub receipt: Receipt,
    /// It is being carried out at this moment.
    pub running: bool,
    /// Which step is being done, from 0.
    pub step: Option<usize>,
    /// How far that one is, if it says so.
    pub progress: Option<Progress>,
}

/// For which line of which runbook something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForLine {
    /// As [`Receipt::line`].
    pub line: String,
    /// It plans only what is wrong at that moment, since nobody asked for it by name.
    pub only_what_is_wrong: bool,
}

/// Plans, begins, goes on, takes back.
pub struct Engine {
    pub(super) receipts: Receipts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watch: Watch,
    pub(super) at_end: AtEnd,
    make: Make,
    catalogue: &'static [Kind],
    /// Names of sinks, for repairs that are of one.
    sinks: Vec<String>,
    /// The one that is being carried out.
    current: Mutex<Option<Shared>>,
}

/// What of a running repair anybody may see.
pub(super) type Shared = Arc<Mutex<Seen>>;

impl Engine {
    /// Of all repairs, over their receipts in a data folder.
    #[must_use]
    pub fn new(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        data_dir: &std::path::Path,
        watch: Watch,
        make: Make,
    ) -> Self {
        let receipts = Receipts::new(fs, &data_dir.join(FOLDER));
        let (at_end, catalogue): (AtEnd, _) = (Arc::new(|_| Ok(())), CATALOGUE);
        Self { receipts, clock, watch, at_end, make, catalogue, sinks: Vec::new(), current: Mutex::default() }
    }

    /// It does these, and its receipts are in a folder of their own.
    #[must_use]
    pub fn of(mut self, catalogue: &'static [Kind], receipts: Receipts) -> Self {
        (self.catalogue, self.receipts) = (catalogue, receipts);
        self
    }

    /// Gives the receipt of each that has come to an end to `at_end`.
    #[must_use]
    pub fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    /// Repairs that are of one sink are looked for at each of these.
    #[must_use]
    pub fn with_sinks(mut self, sinks: Vec<String>) -> Self {
        self.sinks = sinks;
        self
    }

    /// What a repair would do. Changes nothing.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub async fn plan(&self, name: &str, options: &Value) -> Result<Plan, Refused> {
        let (mut repair, _) = self.make(name, options)?;
        Ok(repair.plan().await?)
    }

    /// What is wrong: the plan of each repair that would do something, and those of which that is not known.
    pub async fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for kind in self.catalogue {
            let sinks = self.sinks.iter().cloned().map(Some);
            let sinks: Vec<_> = if kind.options.contains(&"sink") { sinks.collect() } else { vec![None] };
            for sink in sinks {
                findings.extend(self.look(kind, sink).await);
            }
        }
        findings
    }

    async fn look(&self, kind: &'static Kind, sink: Option<String>) -> Option<Finding> {
        let options = Options { sink, only_what_is_wrong: true, ..Options::default() };
        let planned = match (self.make)(kind, &options) {
            Ok(mut repair) => match timeout(LOOK, repair.plan()).await {
                Ok(planned) => planned.map_err(|error| error.to_string()),
                Err(_) => Err(format!("it was not known within {} s", LOOK.as_secs())),
            },
            Err(refused) => Err(refused.to_string()),
        };
        let (plan, unknown) = match planned {
            Ok(plan) if plan.steps.is_empty() => return None,
            Ok(plan) => (Some(plan), None),
            Err(why) => (None, Some(why)),
        };
        Some(Finding { repair: kind.name.into(), options: options.to_value(), plan, unknown })
    }

    /// Plans and writes the receipt with which it begins.
    ///
    /// # Errors
    /// Why nothing was begun.
    pub async fn begin(
        self: &Arc<Self>,
        name: &str,
        options: &Value,
        confirm: Option<&str>,
    ) -> Result<Job, Refused> {
        self.begin_made(self.make(name, options)?, name, confirm, None).await
    }

    /// The same for a line of a runbook, by which its receipt is found again; nothing that takes data away.
    ///
    /// # Errors
    /// Why nothing was begun.
    pub async fn begin_for(
        self: &Arc<Self>,
        line: ForLine,
        name: &str,
        options: &Value,
    ) -> Result<Job, Refused> {
        let (kind, mut options) = self.read_options(name, options)?;
        options.only_what_is_wrong = line.only_what_is_wrong;
        let repair = (self.make)(kind, &options)?;
        self.begin_made((repair, options), name, None, Some(line.line)).await
    }

    async fn begin_made(
        self: &Arc<Self>,
        (mut repair, options): (Box<dyn Repair>, Options),
        name: &str,
        confirm: Option<&str>,
        line: Option<String>,
    ) -> Result<Job, Refused> {
        let slot = self.claim(&format!("repair {name}"))?;
        let plan = repair.plan().await?;
        if plan.steps.is_empty() {
            return Err(Refused::Nothing(plan.into()));
        }
        if let Some(wanted) = &plan.confirm
            && confirm.map(str::trim) != Some(wanted.as_str())
        {
            return Err(Refused::Unconfirmed(wanted.clone()));
        }
        let now = self.clock.now();
        let receipt = Receipt {
            id: self.receipts.make(now, name).map_err(disk)?,
            options: options.to_value(),
            started: now.to_string(),
            line,
            steps: vec![StepReceipt::default(); plan.steps.len()],
            plan,
            before: (self.watch)(),
            ..Receipt::default()
        };
        self.job(repair, receipt, slot)
    }

    /// Goes on with one that was killed or has failed, in the direction in which it went.
    ///
    /// # Errors
    /// Why it cannot be gone on with.
    pub fn resume(self: &Arc<Self>, id: &str) -> Result<Job, Refused> {
        let slot = self.claim(id)?;
        let mut receipt = self.read(id)?;
        if matches!(receipt.state, State::Done | State::Undone) {
            let state = if receipt.state == State::Done { "done" } else { "taken back" };
            return Err(Refused::State(format!("{id} is {state}; there is nothing to go on with")));
        }
        receipt.resumed.push(self.clock.now().to_string());
        receipt.state = if receipt.undoing { State::Undoing } else { State::Applying };
        self.go_on(receipt, slot)
    }

    /// Takes one back, whether all of it was done or not.
    ///
    /// # Errors
    /// Why it cannot be taken back.
    pub fn undo(self: &Arc<Self>, id: &str) -> Result<Job, Refused> {
        let slot = self.claim(id)?;
        let mut receipt = self.read(id)?;
        if receipt.state == State::Undone {
            return Err(Refused::State(format!("{id} is taken back already")));
        }
        if !receipt.can_be_undone() {
            return Err(Refused::State(format!("{id} has no step that can be taken back")));
        }
        receipt.state = State::Undoing;
        receipt.undoing = true;
        self.go_on(receipt, slot)
    }

    /// The ids of those that were killed, the oldest first.
    ///
    /// # Errors
    /// As the disk says.
    pub fn unfinished(&self) -> io::Result<Vec<String>> {
        let Listed { receipts, damaged } = self.receipts.list()?;
        for damaged in damaged {
            tracing::error!(id = damaged.id, "the receipt of a repair: {}", damaged.why);
        }
        let unfinished = receipts.into_iter().rev().filter(Receipt::is_unfinished);
        Ok(unfinished.map(|receipt| receipt.id).collect())
    }

    /// All receipts, the newest first, as they are on disk, without what each second was like.
    ///
    /// # Errors
    /// As the disk says.
    pub fn list(&self) -> io::Result<Listed> {
        let mut listed = self.receipts.list()?;
        listed.receipts.iter_mut().for_each(|receipt| receipt.during.clear());
        Ok(listed)
    }

    /// One of them at this moment.
    ///
    /// # Errors
    /// Why it cannot be shown.
    pub fn show(&self, id: &str) -> Result<Seen, Refused> {
        let running = self.current.lock().as_ref().map(|shared| shared.lock().clone());
        match running.filter(|seen| seen.receipt.id == id) {
            Some(seen) => Ok(seen),
            None => Ok(Seen { receipt: self.read(id)?, running: false, step: None, progress: None }),
        }
    }

    /// The id of the one that is being carried out.
    pub fn running(&self) -> Option<String> {
        self.current.lock().as_ref().map(|shared| shared.lock().receipt.id.clone())
    }

    fn make(&self, name: &str, options: &Value) -> Result<(Box<dyn Repair>, Options), Refused> {
        let (kind, options) = self.read_options(name, options)?;
        Ok(((self.make)(kind, &options)?, options))
    }

    fn read_options(&self, name: &str, options: &Value) -> Result<(&'static Kind, Options), Refused> {
        let kind = self.catalogue.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<_> = self.catalogue.iter().map(|kind| kind.name).collect();
            Refused::Unknown(format!("there is no repair {name:?}; there are {}", names.join(", ")))
        })?;
        Ok((kind, Options::read(kind, options).map_err(Refused::Options)?))
    }

    fn read(&self, id: &str) -> Result<Receipt, Refused> {
        let none = || Refused::Unknown(format!("there is no receipt {id:?}"));
        self.receipts.read(id).map_err(Refused::Disk)?.ok_or_else(none)
    }

    fn go_on(self: &Arc<Self>, receipt: Receipt, slot: Slot) -> Result<Job, Refused> {
        let (repair, _) = self.make(&receipt.plan.repair, &receipt.options)?;
        self.job(repair, receipt, slot)
    }

    /// Nobody but the holder of the slot carries out a repair.
    fn claim(self: &Arc<Self>, what: &str) -> Result<Slot, Refused> {
        let mut current = self.current.lock();
        if let Some(shared) = &*current {
            let id = shared.lock().receipt.id.clone();
            let words = format!("{what} has to wait: {id} is under way, and one repair is done at a time");
            return Err(Refused::State(words));
        }
        let shared = Arc::new(Mutex::new(Seen {
            receipt: Receipt { id: what.into(), ..Receipt::default() },
            running: true,
            step: None,
            progress: None,
        }));
        *current = Some(Arc::clone(&shared));
        Ok(Slot { engine: Arc::clone(self), shared })
    }

    fn job(&self, repair: Box<dyn Repair>, receipt: Receipt, slot: Slot) -> Result<Job, Refused> {
        self.receipts.write(&receipt).map_err(disk)?;
        let id = receipt.id.clone();
        slot.shared.lock().receipt = receipt;
        Ok(Job { id, repair, slot })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn disk(error: io::Error) -> Refused {
    Refused::Disk(error.to_string())
}

/// The right to carry out a repair; given up on drop.
pub(super) struct Slot {
    pub(super) engine: Arc<Engine>,
    pub(super) shared: Shared,
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.engine.current.lock() = None;
    }
}

/// A repair that may go on now.
pub struct Job {
    id: String,
    pub(super) repair: Box<dyn Repair>,
    pub(super) slot: Slot,
}

impl Job {
    /// Of its receipt.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it is, at any time, from any thread; as [`Engine::show`], also when it is over.
    pub fn watcher(&self) -> impl Fn() -> Seen + Send + Sync + 'static {
        let shared = Arc::clone(&self.slot.shared);
        move || shared.lock().clone()
    }
}

#[cfg(test)]
mod tests;
