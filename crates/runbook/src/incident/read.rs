//! Gathers what is kept of a period. Changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::health::uptime::Uptime;

use super::{Known, Period, RunOf};
use crate::Status;
use crate::alerts::{self, Listed};
use crate::logs::{Level, Lines, Logs, Wanted};
use crate::notes::Notes;
use crate::repair::{Receipt, Receipts};
use crate::runbook::{self, Saved, saved};
use crate::status::Gap;
use crate::verify::{self, Verified};

/// Lines of the program's own log that a report has room for.
pub(super) const LINES: usize = 200;

/// What a data folder has kept. Clones are the same.
#[derive(Clone)]
pub struct Incidents {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    data_dir: PathBuf,
}

/// What is known beside it.
pub struct Live {
    /// How everything is at this moment; none where the program does not run.
    pub status: Option<Status>,
    /// Every gap, the newest first; else why that is not known.
    pub gaps: Result<Vec<Gap>, String>,
    /// Alerts as the program has them in memory; none where it does not run.
    pub alerts: Option<Listed>,
    /// The program's own log; none where it does not run.
    pub logs: Option<Logs>,
    /// What was set aside in the period: the reason, and how many; else why that is not known.
    pub aside: Result<Vec<(String, u64)>, String>,
}

impl Incidents {
    /// Those of a data folder.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, data_dir: &Path) -> Self {
        Self { fs, clock, data_dir: data_dir.to_owned() }
    }

    /// All that is kept of a period. Waits for the disk. What cannot be read is told in what it answers.
    #[must_use]
    pub fn read(&self, period: Period, live: Live) -> Known {
        let (fs, now) = (&*self.fs, self.clock.now());
        let mut unread = Vec::new();
        let alerts = match live.alerts {
            Some(alerts) => alerts,
            None => told(alerts::kept(fs, &self.data_dir, now), alerts::FILE, &mut unread),
        };
        let repaired = Receipts::new(Arc::clone(&self.fs), &self.data_dir.join("repairs"));
        let repairs = receipts(&repaired, period, &mut unread);
        let folder = runbook::receipts(Arc::clone(&self.fs), &self.data_dir);
        let runs = receipts(&folder, period, &mut unread);
        let runs = runs.into_iter().map(|receipt| {
            let before = Saved::read(fs, &folder.dir_of(&receipt.id), saved::BEFORE);
            let before = told(before, &format!("how everything was before {}", receipt.id), &mut unread);
            RunOf { receipt, before }
        });
        let runs = runs.collect();
        let uptime = Uptime::kept(fs, &self.data_dir.join("uptime"));
        let uptime = told(uptime, "uptime", &mut unread);
        let notes = Notes::new(Arc::clone(&self.fs), Arc::clone(&self.clock), &self.data_dir).list();
        let mut notes = told(notes, "notes.json", &mut unread).notes;
        notes.retain(|note| period.has(&note.at));
        notes.reverse();
        let lines = self.lines(period, live.logs.as_ref(), &mut unread);
        let said_since = told(Logs::begin(fs, &self.data_dir), "the program's own log", &mut unread);
        Known {
            period,
            now,
            status: live.status,
            gaps: live.gaps,
            alerts,
            repairs,
            runs,
            verified: self.verified(period, &mut unread),
            uptime,
            notes,
            lines,
            said_since,
            aside: live.aside,
            unread,
        }
    }

    fn verified(&self, period: Period, unread: &mut Vec<String>) -> Vec<Verified> {
        let mut results = told(verify::kept(&*self.fs, &self.data_dir), "verifications", unread);
        results.retain(|result| period.has(&result.at));
        results.reverse();
        results
    }

    fn lines(&self, period: Period, logs: Option<&Logs>, unread: &mut Vec<String>) -> Lines {
        let Period { since, until } = period;
        let wanted =
            Wanted { level: Level::Warn, since: Some(since), until: Some(until), ..Wanted::newest(LINES) };
        let read = match logs {
            Some(logs) => Ok(logs.read(&wanted)),
            None => Logs::read_files(&*self.fs, &self.data_dir, &wanted),
        };
        let lines = told(read, "the program's own log", unread);
        unread.extend(lines.unread.iter().map(|why| format!("the program's own log: {why}")));
        lines
    }
}

impl Live {
    /// Nothing runs, and nobody looked at the log and at the store.
    #[must_use]
    pub fn nothing(why: &str) -> Self {
        let unknown = || why.to_owned();
        Self { status: None, gaps: Err(unknown()), alerts: None, logs: None, aside: Err(unknown()) }
    }
}

/// Those that touch the period, the oldest first.
fn receipts(receipts: &Receipts, period: Period, unread: &mut Vec<String>) -> Vec<Receipt> {
    let listed = told(receipts.list(), "receipts", unread);
    unread.extend(listed.damaged.into_iter().map(|damaged| damaged.why));
    let mut receipts = listed.receipts;
    receipts.retain(|receipt| period.touches(&receipt.started, receipt.ended.as_deref()));
    receipts.sort_by(|a, b| a.started.cmp(&b.started));
    receipts
}

/// What was read; nothing where it could not be, which is noted.
fn told<T: Default, E: ToString>(read: Result<T, E>, what: &str, unread: &mut Vec<String>) -> T {
    read.unwrap_or_else(|error| {
        unread.push(format!("{what}: {}", error.to_string()));
        T::default()
    })
}
