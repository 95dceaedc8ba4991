//! What others may see of an InfluxDB sink, and ask of it.

use std::sync::Arc;

use hearthline_core::Timestamp;
use parking_lot::Mutex;

use super::point::LeftOut;
use super::refill::{Loss, RefillViewOf};
use super::schema::Conflict;

/// What others may see of an InfluxDB sink, at any time, from any thread. Clones are the same view.
#[derive(Clone)]
pub struct InfluxView {
    name: Arc<str>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    seen: InfluxViewOf,
    reset: bool,
    asked: Vec<(Timestamp, Timestamp)>,
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
    /// Our fields that cannot have their own name there.
    pub conflicts: Vec<Conflict>,
    /// Fields that rows were written without.
    pub left_out: Vec<LeftOut>,
    /// Why the fields of the server are not known.
    pub fields_unknown: Option<String>,
    /// Events that the server has and the cursor does not say yet.
    pub ahead: u64,
    /// What is being read from the store and sent.
    pub refill: Option<RefillViewOf>,
    /// Events that were lost to this sink the last time that some were.
    pub loss: Option<Loss>,
}

impl InfluxView {
    pub(super) fn new(name: &str, url: String, database: String) -> Self {
        let seen = InfluxViewOf { url, database, ..InfluxViewOf::default() };
        Self { name: name.into(), inner: Arc::new(Mutex::new(Inner { seen, ..Inner::default() })) }
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

    /// Has the sink forget what it knows of the server's fields and read them again, before it writes the next time.
    pub fn reset(&self) {
        self.inner.lock().reset = true;
    }

    /// Has the sink send once more what the store has from an instant on and before another: for a server that lost it. It is on
    /// disk before the next write; how far it is, is seen in [`InfluxViewOf::refill`]. Asking twice for the same, before it is done,
    /// is asking once.
    pub fn refill(&self, from: Timestamp, to: Timestamp) {
        let mut inner = self.inner.lock();
        if from < to && !inner.asked.contains(&(from, to)) {
            inner.asked.push((from, to));
        }
    }

    /// What was asked for since the last look.
    pub(super) fn take_asked(&self) -> Vec<(Timestamp, Timestamp)> {
        std::mem::take(&mut self.inner.lock().asked)
    }

    /// Whether that was asked since the last look.
    pub(super) fn take_reset(&self) -> bool {
        std::mem::take(&mut self.inner.lock().reset)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut InfluxViewOf)) {
        change(&mut self.inner.lock().seen);
    }
}
