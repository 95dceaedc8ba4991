//! What others may see of an InfluxDB sink, and ask of it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hearthline_core::Fs;
use parking_lot::Mutex;

use super::cardinality::Cardinality;
use super::point::LeftOut;
use super::schema::Conflict;
use super::server::Version;
use super::state::{RefusedRow, newest_refused};

/// What others may see of an InfluxDB sink, at any time, from any thread. Clones are the same view.
#[derive(Clone)]
pub struct InfluxView {
    name: Arc<str>,
    /// Where the refused rows are.
    dir: Arc<Path>,
    fs: Arc<dyn Fs>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    seen: InfluxViewOf,
    reset: bool,
}

/// One look at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InfluxViewOf {
    /// The server's address, without a secret.
    pub url: String,
    /// The database or bucket.
    pub database: String,
    /// What the server calls itself, once it has said it.
    pub version: Option<String>,
    /// How it is written to, once it is known.
    pub speaks: Option<Version>,
    /// Our fields that cannot have their own name there.
    pub conflicts: Vec<Conflict>,
    /// Fields that rows were written without.
    pub left_out: Vec<LeftOut>,
    /// Why the fields of the server are not known.
    pub fields_unknown: Option<String>,
    /// Events that the server has and the cursor does not say yet.
    pub ahead: u64,
    /// Events that left the log before the sink had them. The store has them.
    pub missed: u64,
    /// What the points cost the server.
    pub cardinality: Cardinality,
}

impl InfluxView {
    /// Of the sink of that name, whose folder is `dir`.
    #[must_use]
    pub fn new(name: &str, dir: &Path, fs: Arc<dyn Fs>, url: String, database: String) -> Self {
        let seen = InfluxViewOf { url, database, ..InfluxViewOf::default() };
        Self {
            name: name.into(),
            dir: dir.into(),
            fs,
            inner: Arc::new(Mutex::new(Inner { seen, reset: false })),
        }
    }

    /// As in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One look.
    #[must_use]
    pub fn look(&self) -> InfluxViewOf {
        self.inner.lock().seen.clone()
    }

    /// The newest rows that were set aside, the newest first. It reads a file.
    ///
    /// # Errors
    /// As the disk says.
    pub fn refused(&self, most: usize) -> io::Result<Vec<RefusedRow>> {
        newest_refused(&*self.fs, &self.dir, most)
    }

    /// Has the sink forget what it knows of the server's fields and read them again, before it writes the next time.
    pub fn reset(&self) {
        self.inner.lock().reset = true;
    }

    /// Whether that was asked since the last look.
    pub(super) fn take_reset(&self) -> bool {
        std::mem::take(&mut self.inner.lock().reset)
    }

    /// Changes what is seen: for the sink itself.
    pub fn change(&self, change: impl FnOnce(&mut InfluxViewOf)) {
        change(&mut self.inner.lock().seen);
    }
}
