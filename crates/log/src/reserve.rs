//! Room that is kept for a full disk, so that what has to be said then can still be written: that there is a gap, and
//! how far the store is.
//!
//! `reserve` in the log's folder is a file of zeros whose room on the disk is really taken. When the disk is full it is
//! removed, and the log takes nothing but checkpoints until there is room for it twice: then it is made again.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::Fs;

/// The reserve of a log.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    /// 0 where none is kept.
    bytes: u64,
    held: bool,
}

impl Reserve {
    /// As an earlier run has left it. One of another size is removed.
    pub(crate) fn open(fs: &dyn Fs, dir: &Path, bytes: u64) -> Self {
        let path = dir.join("reserve");
        let found = fs.open(&path).and_then(|file| file.len()).ok();
        if found.is_some_and(|found| found != bytes) {
            drop(fs.remove(&path)); // what is in the way of making it is told then
        }
        Self { path, bytes, held: bytes > 0 && found == Some(bytes) }
    }

    /// Whether there should be one and is not.
    pub(crate) const fn is_spent(&self) -> bool {
        self.bytes > 0 && !self.held
    }

    /// Bytes that a disk has free when it is as good as full.
    pub(crate) const fn full(&self) -> u64 {
        self.bytes / 16
    }

    /// Bytes that have to be free for it to be made again where `least` always have to be: enough that it is not spent
    /// at once, and that the log then goes on.
    pub(crate) fn again(&self, least: u64) -> u64 {
        least.saturating_add((self.bytes * 2).max(self.bytes + least / 8))
    }

    /// The disk is full: gives the room to whoever writes first.
    pub(crate) fn release(&mut self, fs: &dyn Fs) {
        if self.held {
            self.held = false;
            match fs.remove(&self.path) {
                Ok(()) => {
                    tracing::warn!(bytes = self.bytes, "the disk is full; the log's reserve on it was freed")
                }
                Err(error) => {
                    tracing::error!(%error, "the disk is full, and the log's reserve cannot be freed")
                }
            }
        }
    }

    /// Takes the room.
    pub(crate) fn make(&mut self, fs: &dyn Fs) {
        match fs.allocate(&self.path, self.bytes) {
            Ok(()) => self.held = true,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {}
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%error, "no reserve for a full disk is kept: {path} cannot be made");
                self.bytes = 0;
            }
        }
    }
}
