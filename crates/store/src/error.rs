//! What can go wrong in the store.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::ErrorKind;

use crate::Table;

/// Why the store could not do what it was asked. Nothing that was flushed is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// A Parquet file cannot be read. Questions that do not need it are answered.
    #[error("{} cannot be read: {why}", path.display())]
    DamagedFile {
        /// Which.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// The manifest is not what was written, or not there. Nothing was changed.
    #[error("{} is damaged: {why}; `hearthline repair store` makes it anew from the files; else put the folder back from a backup", path.display())]
    DamagedManifest {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Rows could not be made a file; a mistake in this program.
    #[error("rows of {table} cannot be encoded: {source}")]
    Encode {
        /// Of which table.
        table: Table,
        /// What the writer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store was opened for reading.
    #[error("the store in {} is open for reading only", .0.display())]
    ReadOnly(PathBuf),
    /// The answer would not fit in memory.
    #[error("{count} buckets were asked for, and at most {limit} are answered")]
    TooManyBuckets {
        /// How many the window has.
        count: u128,
        /// How many it may have.
        limit: u128,
    },
    /// Whoever reads the export does not take it.
    #[error("cannot write the export: {0}")]
    Export(#[source] io::Error),
}

impl StoreError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Disk { .. } | Self::Export(_) => ErrorKind::Transient,
            Self::DamagedFile { .. } | Self::DamagedManifest { .. } => ErrorKind::Corrupt,
            Self::Encode { .. } | Self::ReadOnly(_) => ErrorKind::Fatal,
            Self::TooManyBuckets { .. } => ErrorKind::Config,
        }
    }
}

/// Says what was tried, for an error of the disk.
pub(crate) fn disk<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StoreError + use<'a> {
    move |source| StoreError::Disk { action, path: path.to_path_buf(), source }
}
