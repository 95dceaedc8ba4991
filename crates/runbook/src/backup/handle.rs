//! The backups of a running program, for all who ask: one thing at a time, on a thread that may wait for the disk.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, Timestamp};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::document::{Backups as Listed, Ended, Kind, Rehearsed, Summary, Underway, Unreadable};
use super::folder::{names, prune, read, rehearsed};
use super::rehearse::{Scratch, rehearse};
use super::source::Taker;
use super::{BackupError, Progress};
use crate::repair::receipts::stamp;
use crate::verify::By;

/// How long the program is given to come up before the first backup that it takes by itself.
const FIRST: Duration = Duration::from_secs(120);
/// After one that failed.
const AGAIN: Duration = Duration::from_secs(600);

/// What the settings want of backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Where they lie.
    pub dir: PathBuf,
    /// Between two that the program takes by itself; none is never.
    pub every: Option<Duration>,
    /// How many are kept; none is all.
    pub keep: Option<usize>,
}

/// What is known of backups that the program takes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Between two.
    pub every: Duration,
    /// Since the newest; none where there is none.
    pub age: Option<Duration>,
    /// Since when the program runs that takes them.
    pub waited: Duration,
    /// Why the last try failed, if it did.
    pub failed: Option<String>,
}

/// Why something was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something is under way.
    #[error("a {0} is under way")]
    Running(&'static str),
    /// There is no such backup.
    #[error("{0}")]
    Unknown(String),
}

/// Takes backups and rehearses them, and knows which there are. Clones are the same.
#[derive(Clone)]
pub struct Backups(Arc<Inner>);

struct Inner {
    take: Taker,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    job: Job,
    site: &'static str,
    place: Handle,
    started: Timestamp,
    state: watch::Sender<State>,
    known: Mutex<HashMap<String, Summary>>,
}

#[derive(Clone, Default)]
struct State {
    running: Option<Underway>,
    ended: Option<Ended>,
    /// Why the last backup failed, if it did.
    failed: Option<String>,
    /// The moment of the newest one.
    newest: Option<Timestamp>,
}

impl Backups {
    /// Those that `take` takes, on the threads of `place`. `site` is the house that rows are stored under. Waits for the disk once,
    /// to see what there is.
    #[must_use]
    pub fn new(
        take: Taker,
        (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>),
        job: Job,
        site: &'static str,
        place: Handle,
    ) -> Self {
        let started = clock.now();
        let (state, known) = (watch::Sender::default(), Mutex::default());
        let backups = Self(Arc::new(Inner { take, fs, clock, job, site, place, started, state, known }));
        let _ = backups.look(); // from now on it is known from memory
        backups
    }

    /// What is known now. Waits for the disk.
    #[must_use]
    pub fn look(&self) -> Listed {
        let Inner { job, state, .. } = &*self.0;
        let mut listed = Listed {
            dir: job.dir.display().to_string(),
            every_s: job.every.map(|every| every.as_secs()),
            keep: job.keep.map(|keep| keep as u64),
            ..Listed::default()
        };
        match self.read() {
            Ok((backups, unreadable)) => {
                let newest = backups.first().and_then(|backup| Timestamp::parse(&backup.at).ok());
                state.send_modify(|state| state.newest = newest);
                (listed.backups, listed.unreadable) = (backups, unreadable);
            }
            Err(error) => listed.trouble = Some(error.to_string()),
        }
        let State { running, ended, .. } = state.borrow().clone();
        (listed.running, listed.ended) = (running, ended);
        listed.next = self.due().map(|due| due.to_string());
        listed
    }

    /// A manifest is read once; how its rehearsal ended, each time.
    fn read(&self) -> Result<(Vec<Summary>, Vec<Unreadable>), BackupError> {
        let (fs, dir) = (&*self.0.fs, self.0.job.dir.as_path());
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        let mut known = self.0.known.lock();
        for name in names(fs, dir)?.0 {
            let summary = match known.get(&name) {
                Some(summary) => Ok(summary.clone()),
                None => read(fs, dir, &name).map(|manifest| manifest.summary(None)),
            };
            match summary {
                Ok(summary) => {
                    known.insert(name.clone(), summary.clone());
                    found.push(Summary { rehearsed: rehearsed(fs, dir, &name), ..summary });
                }
                Err(why) => unreadable.push(Unreadable { name, why: why.to_string() }),
            }
        }
        known.retain(|name, _| found.iter().any(|summary| summary.name == *name));
        Ok((found, unreadable))
    }

    /// What a person should know of those that the program takes by itself; none where it does not. From memory.
    #[must_use]
    pub fn facts(&self, now: Timestamp) -> Option<Facts> {
        let every = self.0.job.every?;
        let state = self.0.state.borrow();
        let (age, failed) = (state.newest.map(|newest| now.since(newest)), state.failed.clone());
        Some(Facts { every, age, waited: now.since(self.0.started), failed })
    }

    /// Begins a backup, into `to` where that is given, and answers with its name for [`Listed::ended`] at once.
    ///
    /// # Errors
    /// When something is under way.
    pub fn begin(&self, to: Option<PathBuf>, by: By) -> Result<String, Refused> {
        let backups = self.clone();
        self.start(Kind::Backup, move |progress| {
            let Inner { take, fs, job, .. } = &*backups.0;
            let (dir, listed) = (to.as_ref().unwrap_or(&job.dir), to.is_none());
            let done = take(dir, by, progress);
            match &done {
                Ok(manifest) => tracing::info!(
                    name = manifest.name,
                    bytes = manifest.bytes,
                    new_bytes = manifest.new_bytes,
                    took_ms = manifest.took_ms,
                    damaged = manifest.damaged.len(),
                    "a backup was taken"
                ),
                Err(error) => tracing::warn!(%error, dir = %dir.display(), "no backup was taken"),
            }
            if let (Ok(_), Some(keep), true) = (&done, job.keep, listed) {
                match prune(&**fs, dir, keep) {
                    Ok(pruned) if pruned.backups.is_empty() => {}
                    Ok(pruned) => {
                        let (backups, bytes) = (pruned.backups.join(", "), pruned.bytes);
                        tracing::info!(backups, bytes, "old backups were taken away");
                    }
                    Err(error) => tracing::warn!(%error, "old backups could not be taken away"),
                }
            }
            backups.0.state.send_modify(|state| {
                state.failed = done.as_ref().err().map(ToString::to_string);
            });
            done.map(|manifest| (Some(manifest.summary(None)), None))
        })
    }

    /// Begins a rehearsal, and answers with its name for [`Listed::ended`] at once.
    ///
    /// # Errors
    /// When something is under way, or there is no such backup.
    pub fn rehearse(&self, name: String) -> Result<String, Refused> {
        let (fs, dir) = (Arc::clone(&self.0.fs), self.0.job.dir.clone());
        read(&*fs, &dir, &name).map_err(|error| Refused::Unknown(error.to_string()))?;
        let (site, clock) = (self.0.site, Arc::clone(&self.0.clock));
        self.start(Kind::Rehearsal, move |progress| {
            let scratch = Scratch { fs, clock, dir: None, site };
            let done = rehearse(&scratch, &dir, &name, progress);
            match &done {
                Ok(Rehearsed { equal: true, says, .. }) => tracing::info!(name, "rehearsed: {says}"),
                Ok(Rehearsed { says, .. }) => tracing::error!(name, "a rehearsal: {says}"),
                Err(error) => tracing::warn!(%error, name, "a backup could not be rehearsed"),
            }
            done.map(|rehearsed| (None, Some(rehearsed)))
        })
    }

    fn start(
        &self,
        kind: Kind,
        work: impl FnOnce(Progress<'_>) -> Result<(Option<Summary>, Option<Rehearsed>), BackupError>
        + Send
        + 'static,
    ) -> Result<String, Refused> {
        let now = self.0.clock.now();
        let id = format!("{}-{}", stamp(now), if kind == Kind::Backup { "backup" } else { "rehearsal" });
        let underway = Underway { id: id.clone(), kind, at: now.to_string(), files: 0, bytes: 0 };
        let mut other = None;
        self.0.state.send_if_modified(|state| {
            other = state.running.as_ref().map(|running| running.kind);
            if other.is_none() {
                state.running = Some(underway);
            }
            other.is_none()
        });
        match other {
            Some(Kind::Backup) => return Err(Refused::Running("backup")),
            Some(Kind::Rehearsal) => return Err(Refused::Running("rehearsal")),
            None => {}
        }
        let (backups, over) = (self.clone(), Over(self.clone(), id.clone(), kind));
        self.0.place.spawn_blocking(move || {
            let done = work(&|files, bytes| {
                backups.0.state.send_if_modified(|state| {
                    if let Some(running) = &mut state.running {
                        (running.files, running.bytes) = (files, bytes);
                    }
                    false // nobody waits for this
                });
            });
            over.with(done);
        });
        Ok(id)
    }

    /// Takes one whenever it is due, for ever; returns at once where the settings do not want that.
    pub async fn keep_taking(&self) {
        while let Some(due) = self.due() {
            let wait = due.since(self.0.clock.now());
            if !wait.is_zero() {
                // In pieces, so that a clock that is set is noticed.
                tokio::time::sleep(wait.min(FIRST)).await;
                continue;
            }
            match self.begin(None, By::Schedule) {
                Ok(id) => {
                    let mut state = self.0.state.subscribe();
                    let is_over =
                        |state: &State| state.running.as_ref().is_none_or(|running| running.id != id);
                    let failed = match state.wait_for(is_over).await {
                        Ok(state) => state.failed.is_some(),
                        Err(_) => return,
                    };
                    if failed {
                        tokio::time::sleep(AGAIN).await;
                    }
                }
                Err(error) => {
                    tracing::info!(%error, "the backup waits for the next time");
                    tokio::time::sleep(FIRST).await;
                }
            }
        }
    }

    /// When the next is due that the program takes by itself.
    fn due(&self) -> Option<Timestamp> {
        let every = self.0.job.every?;
        let first = self.0.started.plus(FIRST);
        Some(self.0.state.borrow().newest.map_or(first, |newest| newest.plus(every).max(first)))
    }
}

/// It is over however it ends.
struct Over(Backups, String, Kind);

impl Over {
    fn with(self, done: Result<(Option<Summary>, Option<Rehearsed>), BackupError>) {
        let _ = self.0.look();
        let at = self.0.0.clock.now().to_string();
        let ended = |failed, backup, rehearsed| {
            Some(Ended { id: self.1.clone(), kind: self.2, at, failed, backup, rehearsed })
        };
        let ended = match done {
            Ok((backup, rehearsed)) => ended(None, backup, rehearsed),
            Err(error) => ended(Some(error.to_string()), None, None),
        };
        self.0.0.state.send_modify(|state| (state.running, state.ended) = (None, ended));
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        self.0.0.state.send_if_modified(|state| {
            let running = state.running.as_ref().is_some_and(|running| running.id == self.1);
            if running {
                // A panic, which says itself what it is.
                state.running = None;
            }
            running
        });
    }
}
