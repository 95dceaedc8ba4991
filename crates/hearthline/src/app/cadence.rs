//! How often each sensor reports, on disk, so that a restart need not learn it again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Fs;
use hearthline_pipeline::silence::{Learnt, SilenceView};
use parking_lot::Mutex;

/// Between two writes, beside the one at the end.
const EVERY: Duration = Duration::from_secs(3600);

/// The file, and what is to be in it.
pub(super) struct Cadence {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    view: Arc<SilenceView>,
    /// When it was last written, on the clock that never goes back.
    written: Mutex<Duration>,
}

impl Cadence {
    pub(super) const fn new(fs: Arc<dyn Fs>, path: PathBuf, view: Arc<SilenceView>, now: Duration) -> Self {
        Self { fs, path, view, written: Mutex::new(now) }
    }

    /// What an earlier run has learnt.
    pub(super) fn read(&self) -> Learnt {
        Learnt::read(&*self.fs, &self.path)
    }

    /// What is learnt by now, of this run or of an earlier one.
    pub(super) fn learnt(&self) -> Learnt {
        self.view.learnt().map_or_else(|| self.read(), |learnt| Learnt::clone(&learnt))
    }

    /// Writes it if it is old.
    pub(super) fn refresh(&self, now: Duration) {
        if now.saturating_sub(*self.written.lock()) >= EVERY {
            *self.written.lock() = now;
            self.write();
        }
    }

    /// Waits for the disk.
    pub(super) fn write(&self) {
        if let Some(learnt) = self.view.learnt()
            && let Err(error) = learnt.write(&*self.fs, &self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "how often each sensor reports could not be kept");
        }
    }
}
