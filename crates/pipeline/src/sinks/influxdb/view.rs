//! What others may see of an InfluxDB sink, and ask of it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Fs, Seq, Timestamp};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use super::cardinality::Cardinality;
use super::point::LeftOut;
use super::refill::{Loss, RefillViewOf, Why};
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
    /// What is to be written to from now on.
    measurement: Option<String>,
    asked: Vec<(Timestamp, Timestamp)>,
    /// Of what was asked for, what is sent, and how many events that were.
    refilled: Vec<(Timestamp, Timestamp, u64)>,
    /// Why the sink has to stand still, and by which hold.
    held: Option<(u64, String)>,
    holds: u64,
    /// It does: nothing of it is on its way.
    stands: bool,
}

/// A sink that stands still until this is dropped. Its events wait in the log. Afterwards it reads the server's fields again.
pub struct Hold {
    view: InfluxView,
    number: u64,
}

/// Between two looks whether a sink stands still.
const LOOK: Duration = Duration::from_millis(50);

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
    /// How points look, as in the settings.
    pub layout: &'static str,
    /// What states are written to; none where the layout has a measurement for each unit or the like.
    pub measurement: Option<String>,
    /// Our fields that cannot have their own name there.
    pub conflicts: Vec<Conflict>,
    /// Fields that rows were written without.
    pub left_out: Vec<LeftOut>,
    /// Why the fields of the server are not known.
    pub fields_unknown: Option<String>,
    /// Events that the server has and the cursor does not say yet.
    pub ahead: u64,
    /// The server has answered for everything up to this record: the rows are there, were left out, or were set aside.
    pub settled: Seq,
    /// The server takes lines as an InfluxDB 1 does, and answers no questions as that does.
    pub reads_lines: bool,
    /// What is being read from the store and sent.
    pub refill: Option<RefillViewOf>,
    /// Events that were lost to this sink the last time that some were.
    pub loss: Option<Loss>,
    /// Events that were set aside since the program started because the server refused the type of a field.
    pub refused_for_type: u64,
    /// What the points cost the server.
    pub cardinality: Cardinality,
}

impl InfluxViewOf {
    /// Events that left the log before the sink had them, and that are still to be read from the store.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let missed = self.refill.as_ref().filter(|refill| refill.why == Why::Missed);
        missed.map_or(0, |refill| refill.of.saturating_sub(refill.done))
    }
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
            inner: Arc::new(Mutex::new(Inner { seen, ..Inner::default() })),
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

    /// The server has answered for everything up to this record.
    #[must_use]
    pub fn settled(&self) -> Seq {
        self.inner.lock().seen.settled
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

    /// Has the sink send once more what the store has from an instant on and before another: for a server that lost it. It is on
    /// disk before the next write; how far it is, is seen in [`InfluxViewOf::refill`]. Asking twice for the same, before it is done,
    /// is asking once.
    pub fn refill(&self, from: Timestamp, to: Timestamp) {
        let mut inner = self.inner.lock();
        inner.refilled.retain(|refilled| (refilled.0, refilled.1) != (from, to));
        if from < to && !inner.asked.contains(&(from, to)) {
            inner.asked.push((from, to));
        }
    }

    /// How many events were sent for a period that was asked for; none before all of them are.
    #[must_use]
    pub fn refilled(&self, from: Timestamp, to: Timestamp) -> Option<u64> {
        let inner = self.inner.lock();
        inner
            .refilled
            .iter()
            .find(|refilled| (refilled.0, refilled.1) == (from, to))
            .map(|refilled| refilled.2)
    }

    /// All of a period is sent.
    pub(super) fn has_refilled(&self, from: Timestamp, to: Timestamp, events: u64) {
        let mut inner = self.inner.lock();
        inner.refilled.retain(|refilled| (refilled.0, refilled.1) != (from, to));
        inner.refilled.push((from, to, events));
    }

    /// What was asked for since the last look.
    pub(super) fn take_asked(&self) -> Vec<(Timestamp, Timestamp)> {
        std::mem::take(&mut self.inner.lock().asked)
    }

    /// Whether that was asked since the last look.
    pub(super) fn take_reset(&self) -> bool {
        std::mem::take(&mut self.inner.lock().reset)
    }

    /// Has the sink write to another measurement from now on. It does when [`InfluxViewOf::measurement`] says so: then nothing is on
    /// its way to the old one. The switch is not kept on disk by this: see [`super::switched`].
    pub fn write_to(&self, measurement: &str) {
        self.inner.lock().measurement = Some(measurement.to_owned());
    }

    /// What is to be written to from now on, if that is another than is.
    pub(super) fn wants(&self) -> Option<String> {
        self.inner.lock().measurement.clone()
    }

    /// It is written to. For whoever delivers; nothing happens where nobody wants that.
    pub fn writes_to(&self, measurement: &str) {
        let mut inner = self.inner.lock();
        if inner.measurement.take_if(|wanted| wanted == measurement).is_some() {
            inner.seen.measurement = Some(measurement.to_owned());
        }
    }

    /// Has the sink send nothing, and say so with these words, until what is given back is dropped. See [`Hold::stands`].
    #[must_use]
    pub fn hold(&self, words: &str) -> Hold {
        let mut inner = self.inner.lock();
        inner.holds += 1;
        let number = inner.holds;
        (inner.held, inner.stands) = (Some((number, words.to_owned())), false);
        Hold { view: self.clone(), number }
    }

    /// Why the sink has to stand still, if it has to; asked when it does.
    pub(super) fn stand(&self) -> Option<String> {
        let mut inner = self.inner.lock();
        inner.stands = inner.held.is_some();
        inner.held.as_ref().map(|(_, words)| words.clone())
    }

    /// Changes what is seen: for the sink itself.
    pub fn change(&self, change: impl FnOnce(&mut InfluxViewOf)) {
        change(&mut self.inner.lock().seen);
    }
}

impl Hold {
    /// Waits until nothing of the sink is on its way; false if it still is after so long.
    pub async fn stands(&self, within: Duration) -> bool {
        let standing = async {
            while !self.view.inner.lock().stands {
                sleep(LOOK).await;
            }
        };
        timeout(within, standing).await.is_ok()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut inner = self.view.inner.lock();
        if inner.held.as_ref().is_some_and(|(number, _)| *number == self.number) {
            (inner.held, inner.stands, inner.reset) = (None, false, true);
        }
    }
}
