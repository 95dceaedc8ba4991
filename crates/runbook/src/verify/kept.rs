//! What is kept of verifications on disk.
//!
//! ```text
//! <data_dir>/verify/results.json   one JSON array: the last 20 results, the newest first, put in place as a whole
//! <data_dir>/verify/canary         is there while the canary may be in Home Assistant, and is empty
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Fs, Timestamp};
use parking_lot::Mutex;

use super::document::Verified;
use crate::facts::{Canary, Missed};

/// How many results are kept.
const MOST: usize = 20;

const RESULTS: &str = "results.json";

/// The results that a data folder has, the newest first.
///
/// # Errors
/// As the disk says, or as the file cannot be read.
pub fn kept(fs: &dyn Fs, data_dir: &Path) -> io::Result<Vec<Verified>> {
    Ok(fs.read_json(&data_dir.join("verify").join(RESULTS))?.unwrap_or_default())
}

/// The last results. Others may look at any time.
pub struct Kept {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    results: Mutex<Vec<Verified>>,
}

impl Kept {
    /// Those of a data folder. A file that cannot be read is said and begun anew.
    #[must_use]
    pub fn open(fs: Arc<dyn Fs>, data_dir: &Path) -> Self {
        let dir = data_dir.join("verify");
        let results = kept(&*fs, data_dir).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %dir.join(RESULTS).display(), "the results of former verifications cannot be read");
            Vec::new()
        });
        Self { fs, dir, results: Mutex::new(results) }
    }

    /// The last ones, the newest first.
    #[must_use]
    pub fn results(&self) -> Vec<Verified> {
        self.results.lock().clone()
    }

    /// When the last one began.
    pub(super) fn last_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.results.lock().first()?.at).ok()
    }

    /// What is known of the canary; none where it was never followed and is not to be. `every`: between two that the program
    /// follows by itself. No result is copied: this is asked each second.
    #[must_use]
    pub fn canary(&self, every: Option<Duration>, now: Timestamp) -> Option<Canary> {
        let results = self.results.lock();
        let last = results.first();
        if every.is_none() && last.is_none() {
            return None;
        }
        let through = results.iter().find(|result| result.through);
        let through = through.and_then(|result| Timestamp::parse(&result.at).ok());
        Some(Canary { every, age: through.map(|at| now.since(at)), failed: last.and_then(Missed::of) })
    }

    /// Keeps one. That it could not be written is said; it is known until the program ends.
    pub(super) fn keep(&self, result: Verified) {
        let results = {
            let mut results = self.results.lock();
            results.iter_mut().for_each(|older| older.changes.clear());
            results.insert(0, result);
            // The one that says when an event last got through stays, however many came after it.
            while results.len() > MOST {
                let through = results.iter().position(|result| result.through);
                let oldest = results.len() - 1;
                results.remove(if through == Some(oldest) { oldest - 1 } else { oldest });
            }
            results.clone()
        };
        let made = self.fs.create_dir_all(&self.dir);
        let written = made.and_then(|()| self.fs.write_json(&self.dir.join(RESULTS), &results));
        if let Err(error) = written {
            tracing::warn!(%error, "the result of a verification could not be kept");
        }
    }

    /// From now on the canary may be in Home Assistant, also when the program is killed.
    ///
    /// # Errors
    /// As the disk says: it must not be set then.
    pub fn may_be_set(&self) -> io::Result<()> {
        self.fs.create_dir_all(&self.dir)?;
        self.fs.write_atomic(&self.note(), b"")
    }

    /// It is not there any more.
    pub fn is_removed(&self) {
        match self.fs.remove(&self.note()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, path = %self.note().display(), "the canary's note could not be removed");
            }
            _ => {}
        }
    }

    /// Whether it may be there.
    #[must_use]
    pub fn is_left(&self) -> bool {
        matches!(self.fs.read_if_exists(&self.note()), Ok(Some(_)))
    }

    fn note(&self) -> PathBuf {
        self.dir.join("canary")
    }
}
