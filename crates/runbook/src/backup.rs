//! Backups of a data folder: taken while it is recorded into, compared, put back, and rehearsed.
//!
//! ```text
//! <dir>/files/<sha256>                 what files had in them, each once for all backups
//! <dir>/2026-11-26T00-41-07Z/manifest.json   a backup: which file has what in it, and what is to be found in it (`document`)
//! <dir>/2026-11-26T00-41-07Z/rehearsed.json  how its last rehearsal ended
//! <dir>/rehearsal/                     the folder of a rehearsal, while it lasts
//! ```
//!
//! A backup is the folder as a program could have left it when it was killed, so what is put back needs nothing but a start. For
//! that it is read in the order in which the one must not be ahead of the other: first what lies beside store and log (the
//! places of the sinks are in it), then the store as it is committed, then the log. So neither store nor sink is ever ahead of the
//! log, and what the log let go of meanwhile is in the store, or all is read again.
//!
//! It is there once its manifest is, which is written last. A killed one leaves files of no use, which the next one uses or
//! removes. `docs/formats/backup.md` tells the same to people.

mod document;
mod folder;
mod handle;
mod pool;
mod rehearse;
mod restore;
mod source;
mod take;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use self::document::{
    Backups as Listed, Bad, Compared, Ended, Kind, LeftOut, LogCounts, Manifest, Pruned, Rehearsed, Saved,
    StoreCounts, Summary, TableCounts, Underway, Unreadable, Verified,
};
pub use self::folder::{Rehearsable, list, newest, prune, read, verify};
pub use self::handle::{Backups, Facts, Job, Refused};
pub use self::rehearse::{Scratch, rehearse};
pub use self::restore::{UNFINISHED, restore};
pub use self::source::{Settings, Source, Taker};
pub use self::take::take;

/// How far it is: files and bytes that were looked at.
pub type Progress<'p> = &'p dyn Fn(u64, u64);

/// Why a backup was not taken, compared or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The disk did not do it.
    #[error("cannot {did} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        did: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] hearthline_store::StoreError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] hearthline_log::LogError),
    /// A backup is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// It cannot be done as it was asked for.
    #[error("{0}")]
    Refused(String),
}

fn disk<'p>(did: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> BackupError + 'p {
    move |source| BackupError::Disk { did, path: path.to_path_buf(), source }
}

/// Whole milliseconds.
fn millis(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
