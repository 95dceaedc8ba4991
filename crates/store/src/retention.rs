//! Dropping whole days that are too old.
//!
//! A day is too old when it ended longer ago than is to be kept. It is held nevertheless while somebody needs it: another
//! sink that does not have its rows yet, or a gap that is not closed. A drop takes the files of all tables of its days out of
//! the manifest in one commit, so after a crash each of its days is there as a whole or not at all; a [`Receipt`] is
//! written before and completed after.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Seq, Timestamp};

use crate::manifest::{Contents, FileEntry, Manifest};
use crate::receipt::{Outcome, Receipt, ReceiptFile, Receipts};
use crate::store::Store;
use crate::{StoreError, Table};

const DAY: Duration = Duration::from_secs(86_400);

/// What must stay, whatever its age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// The other sinks, with the last record that each has durably.
    pub sinks: Vec<(String, Seq)>,
    /// The gaps that are not closed, from and to; without an end they go on.
    pub gaps: Vec<(Timestamp, Option<Timestamp>)>,
}

/// Says what must stay, at any time.
pub(crate) type Protect = Arc<dyn Fn() -> Protection + Send + Sync>;

/// What a retention would drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionPlan {
    /// How long a day is kept after its end; none is for ever.
    pub keep: Option<Duration>,
    /// Days before this one are too old.
    pub before: Option<String>,
    /// The days that are too old, oldest first, held ones too.
    pub days: Vec<PlannedDay>,
    /// Everything in files, whatever its age.
    pub all: Amount,
}

/// A day that is too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDay {
    /// As `2026-11-23`.
    pub day: String,
    /// What it has.
    pub amount: Amount,
    /// Why it stays nevertheless.
    pub held: Option<Hold>,
}

/// How much something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// UTC days.
    pub days: u64,
    /// Rows of states, events and records that were set aside.
    pub rows: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// Why a day stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A sink does not have all of it.
    Sink {
        /// Which.
        name: String,
        /// The last record that it has.
        has: Seq,
        /// The record that it needs to have.
        needs: Seq,
    },
    /// A gap that is not closed lies in it.
    Gap {
        /// Its beginning.
        from: Timestamp,
        /// Its end, if it has one.
        to: Option<Timestamp>,
    },
    /// Records of which no time is known: how old they are cannot be said.
    NoTime,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sink { name, has, needs } => {
                write!(f, "{name} does not have it yet (is at record {has}, needs {needs})")
            }
            Self::Gap { from, to: Some(to) } => write!(f, "a gap from {from} to {to} is not closed"),
            Self::Gap { from, to: None } => write!(f, "a gap since {from} is not closed"),
            Self::NoTime => f.write_str("records whose time is not known"),
        }
    }
}

impl Amount {
    fn add(&mut self, file: &FileEntry) {
        self.rows += if matches!(file.table, Table::Settled | Table::Weather) { 0 } else { file.rows };
        self.bytes += file.bytes;
        self.files += 1;
    }
}

impl RetentionPlan {
    /// What would be dropped.
    #[must_use]
    pub fn dropped(&self) -> Amount {
        let mut sum = Amount::default();
        for PlannedDay { amount, .. } in self.days.iter().filter(|day| day.held.is_none()) {
            sum.days += amount.days;
            sum.rows += amount.rows;
            sum.bytes += amount.bytes;
            sum.files += amount.files;
        }
        sum
    }
}

impl Protection {
    fn hold(&self, day: i64, files: &[&FileEntry]) -> Option<Hold> {
        if day == Timestamp::EPOCH.day() && files.iter().any(|file| file.table == Table::Quarantine) {
            return Some(Hold::NoTime);
        }
        let needs = files.iter().map(|file| file.through).max().unwrap_or_default();
        if let Some((name, has)) = self.sinks.iter().find(|(_, has)| *has < needs) {
            return Some(Hold::Sink { name: name.clone(), has: *has, needs });
        }
        let begin = Timestamp::start_of_day(day);
        let meets = |(from, to): &&(Timestamp, Option<Timestamp>)| {
            *from < begin.plus(DAY) && to.is_none_or(|to| to >= begin)
        };
        self.gaps.iter().find(meets).map(|(from, to)| Hold::Gap { from: *from, to: *to })
    }
}

/// The days that are too old, with their files.
struct Old<'c> {
    before: Timestamp,
    days: BTreeMap<i64, (Vec<&'c FileEntry>, Option<Hold>)>,
}

impl Store {
    /// From now on asks `by`, before each drop, what must stay. Until then nothing is held.
    pub fn protect(&self, by: impl Fn() -> Protection + Send + Sync + 'static) {
        *self.protect.lock() = Arc::new(by);
    }

    /// What the retention would drop now: the configured one where none is given. From memory.
    #[must_use]
    pub fn retention_plan(&self, keep: Option<Duration>) -> RetentionPlan {
        let contents = Arc::clone(&self.live.read().contents);
        let keep = keep.or(self.config.retention);
        let mut plan = RetentionPlan { keep, before: None, days: Vec::new(), all: Amount::default() };
        let by_day = by_day(&contents);
        plan.all.days = by_day.len() as u64;
        by_day.values().flatten().for_each(|file| plan.all.add(file));
        if let Some(keep) = keep {
            let old = self.old(&contents, keep);
            plan.before = Some(old.before.date());
            plan.days = old.days.into_iter().map(planned).collect();
        }
        plan
    }

    /// Drops the days that are too old and that nobody needs. None when there is none of them.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says: then nothing is dropped, or what the receipt says once it is completed.
    pub fn apply_retention(&self, keep: Option<Duration>, why: &str) -> Result<Option<Receipt>, StoreError> {
        let mut manifest = self.manifest()?;
        self.complete_receipt(&mut manifest)?;
        let Some(keep) = keep.or(self.config.retention) else { return Ok(None) };
        let contents = Arc::clone(manifest.contents());
        let old = self.old(&contents, keep);
        let free: Vec<_> = old.days.into_iter().filter(|(_, (_, held))| held.is_none()).collect();
        if free.is_empty() {
            return Ok(None);
        }
        let files: Vec<&FileEntry> = free.iter().flat_map(|(_, (files, _))| files.iter().copied()).collect();
        let mut sum = Amount::default();
        files.iter().for_each(|file| sum.add(file));
        let receipts = self.receipts();
        let receipt = Receipt {
            number: receipts.next()?,
            why: why.into(),
            before: old.before.date(),
            begun: self.clock.now().to_string(),
            ended: None,
            outcome: Outcome::Begun,
            days: free.iter().map(|(day, _)| Timestamp::start_of_day(*day).date()).collect(),
            rows: sum.rows,
            bytes: sum.bytes,
            files: files.iter().map(|file| ReceiptFile::of(file)).collect(),
        };
        // Before it is written: after an error nothing is known about what is there.
        *self.open_receipt.lock() = Some(receipt.clone());
        receipts.write(&receipt)?;

        let mut edit = contents.edit();
        edit.expired += sum.rows;
        edit.remove = files.iter().map(|file| file.id).collect();
        let first_kept = old.before.day();
        let dropped = self.commit(&mut manifest, edit, |live| {
            live.latest.retain(|_, row| row.state.is_some() || row.ts.day() >= first_kept);
            live.names.forget(Timestamp::start_of_day(first_kept));
        });
        let completed = receipt.completed(manifest.contents(), self.clock.now());
        if let Err(error) = self.complete_receipt(&mut manifest) {
            tracing::warn!(%error, number = completed.number, "a receipt could not be completed yet");
        }
        dropped?;
        tracing::info!(
            days = free.len(),
            rows = sum.rows,
            before = completed.before,
            why,
            "dropped old days"
        );
        Ok(Some(completed))
    }

    /// The receipts of all drops, oldest first.
    ///
    /// # Errors
    /// `DamagedFile` when one is not what was written, or as the disk says.
    pub fn retention_receipts(&self) -> Result<Vec<Receipt>, StoreError> {
        self.receipts().all()
    }

    /// Completes the receipt of a drop that did not end, if there is one. What became of it is known once a commit has
    /// gone well again.
    pub(crate) fn complete_receipt(&self, manifest: &mut Manifest) -> Result<(), StoreError> {
        let Some(receipt) = self.open_receipt.lock().clone() else { return Ok(()) };
        if !manifest.is_known() {
            let nothing = manifest.contents().edit();
            self.commit(manifest, nothing, |_| {})?;
        }
        self.receipts().write(&receipt.completed(manifest.contents(), self.clock.now()))?;
        *self.open_receipt.lock() = None;
        Ok(())
    }

    /// Completes the receipts that another run left open.
    pub(crate) fn complete_receipts(&self) -> Result<(), StoreError> {
        let contents = Arc::clone(&self.live.read().contents);
        for receipt in self.receipts().begun()? {
            self.receipts().write(&receipt.completed(&contents, self.clock.now()))?;
        }
        Ok(())
    }

    fn old<'c>(&self, contents: &'c Contents, keep: Duration) -> Old<'c> {
        let before = self.clock.now().minus(keep);
        let protect = Arc::clone(&self.protect.lock());
        let protection = protect();
        let mut days = by_day(contents);
        days.retain(|day, _| *day < before.day());
        let held = |(day, files): (i64, Vec<&'c FileEntry>)| {
            let held = protection.hold(day, &files);
            (day, (files, held))
        };
        Old { before, days: days.into_iter().map(held).collect() }
    }

    /// Beside the store's own folder.
    fn receipts(&self) -> Receipts<'_> {
        Receipts { fs: &*self.folder.fs, dir: self.config.dir.with_file_name("receipts") }
    }
}

fn by_day(contents: &Contents) -> BTreeMap<i64, Vec<&FileEntry>> {
    let mut days = BTreeMap::<_, Vec<_>>::new();
    for file in contents.files.iter().filter(|file| file.table.is_by_day()) {
        days.entry(file.day).or_default().push(file);
    }
    days
}

fn planned((day, (files, held)): (i64, (Vec<&FileEntry>, Option<Hold>))) -> PlannedDay {
    let mut amount = Amount { days: 1, ..Amount::default() };
    files.iter().for_each(|file| amount.add(file));
    PlannedDay { day: Timestamp::start_of_day(day).date(), amount, held }
}
