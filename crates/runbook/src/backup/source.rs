//! What a backup is taken of.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Clock, Fs};
use hearthline_log::Log;
use hearthline_store::Store;

use super::document::{LeftOut, Manifest};
use super::restore::UNFINISHED;
use super::{BackupError, Progress, take};
use crate::verify::By;

/// A data folder, with what is open of it.
#[derive(Clone)]
pub struct Source {
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The folder.
    pub data_dir: PathBuf,
    /// Its store.
    pub store: Arc<Store>,
    /// Its log.
    pub log: Log,
    /// The settings of this moment.
    pub settings: Arc<dyn Fn() -> Settings + Send + Sync>,
}

/// Takes a backup into a folder of backups.
pub type Taker = Arc<dyn Fn(&Path, By, Progress<'_>) -> Result<Manifest, BackupError> + Send + Sync>;

impl Source {
    /// What takes a backup of it.
    #[must_use]
    pub fn taker(self) -> Taker {
        Arc::new(move |dir, by, progress| take(&self, dir, by, progress))
    }
}

/// The settings, as they go into a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What holds, each with its origin, without a secret.
    pub lines: Vec<String>,
    /// Where the settings file goes: its path, if it lies within the data folder. What is there is passed over.
    pub path: String,
    /// The settings file, without a secret.
    pub file: Option<Vec<u8>>,
    /// What had to be taken out of it, and what stands elsewhere.
    pub left_out: Vec<LeftOut>,
    /// The secrets themselves: no file that has one of them in it goes into a backup.
    pub secrets: Vec<String>,
}

/// What becomes of a file of the data folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Take,
    /// It is of no use elsewhere, or comes in another way.
    Pass,
    /// It is a secret.
    LeaveOut {
        why: &'static str,
        todo: &'static str,
    },
}

/// By its path within the folder.
pub(super) fn rule(path: &Path) -> Rule {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["run.json" | UNFINISHED | "backups", ..] | ["store", ..] | ["log", "reserve"] => Rule::Pass,
        ["log", name] if name.ends_with(".seg") => Rule::Pass,
        [.., name] if name.ends_with(".tmp") => Rule::Pass,
        ["secrets", ..] => Rule::LeaveOut {
            why: "secrets are never in a backup",
            todo: "nothing for the API's token, which is made anew: give it to whoever had the old one",
        },
        ["runbooks", _, "settings.toml"] => Rule::LeaveOut {
            why: "it is a copy of the settings with their secrets",
            todo: "nothing: a run of the runbook can only be taken back where that copy is",
        },
        _ => Rule::Take,
    }
}

/// All files below a folder that a rule is asked about, each with its path within it. `besides` are not looked into.
pub(super) fn files(fs: &dyn Fs, data_dir: &Path, besides: &[&Path]) -> io::Result<Vec<(PathBuf, Rule)>> {
    let (mut found, mut dirs) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs.read_dir(&data_dir.join(&dir))? {
            let path = dir.join(&entry.name);
            match rule(&path) {
                Rule::Pass => {}
                _ if besides.contains(&&*data_dir.join(&path)) => {}
                Rule::Take if entry.is_dir => dirs.push(path),
                rule @ Rule::LeaveOut { .. } if entry.is_dir => {
                    let any = !fs.read_dir(&data_dir.join(&path))?.is_empty();
                    found.extend(any.then_some((path, rule)));
                }
                rule => found.push((path, rule)),
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}
