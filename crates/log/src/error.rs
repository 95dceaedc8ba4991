//! What can go wrong, and what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::ErrorKind;

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What waits to be written has reached `queue_bytes`.
    #[error("the log's queue is full: the disk is slower than what is appended")]
    QueueFull,
    /// There is no room; appends are taken again by themselves when there is.
    #[error("{reason}")]
    Full {
        /// What is full, where, and what to do.
        reason: String,
    },
    /// A write or a sync failed; the writer tries again each second on a new segment.
    #[error("{reason}")]
    Failed {
        /// What failed, where, and what to do.
        reason: String,
    },
    /// The writer has stopped.
    #[error("the log is closed")]
    Closed,
    /// The writer's thread ended in a panic.
    #[error("the log's thread ended in a panic")]
    Panicked,
    /// Another has become the producer.
    #[error("another has become the producer of the log")]
    TakenOver,
    /// The writer is there, and a log is opened by it alone.
    #[error("the log has a writer")]
    HasWriter,
    /// One append is larger than a batch can be.
    #[error("an append of {bytes} bytes is too large for the log")]
    TooLarge {
        /// Its records together.
        bytes: usize,
    },
    /// The segment was written by a later version of this program.
    #[error("{} has format {version}, which this version does not know", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        version: u16,
    },
    /// The disk said no.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

impl LogError {
    /// Whether trying again is worth it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::QueueFull | Self::Full { .. } | Self::Failed { .. } => ErrorKind::Transient,
            Self::Closed
            | Self::Panicked
            | Self::TakenOver
            | Self::HasWriter
            | Self::TooLarge { .. }
            | Self::Newer { .. } => ErrorKind::Fatal,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Fatal,
                _ => ErrorKind::Transient,
            },
        }
    }

    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_path_buf(), source }
    }

    /// Whether the disk had no room.
    pub(crate) fn is_full_disk(&self) -> bool {
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}
