//! How much of the time the parts were up, in the data folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, Timestamp};
use hearthline_pipeline::health::Part;
use hearthline_pipeline::health::uptime::{Share, Uptime};
use parking_lot::Mutex;

/// Between two writes, beside the one at the end.
const EVERY: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// A day, a week, a month.
const WINDOWS: [Duration; 3] = [DAY, Duration::from_secs(7 * 86_400), Duration::from_secs(30 * 86_400)];

/// The file, and what is to be in it.
pub(super) struct Uptimes {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    uptime: Uptime,
    /// Of the last look, and of the last write, on the clock that never jumps.
    looked: Duration,
    written: Duration,
    /// It could not be written, which was said.
    said: bool,
}

impl Uptimes {
    /// Goes on with what the file says.
    pub(super) fn open(fs: Arc<dyn Fs>, path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let (uptime, now) = (Uptime::read(&*fs, &path, clock.now()), clock.monotonic());
        let inner = Inner { uptime, looked: now, written: now, said: false };
        Self { fs, path, clock, inner: Mutex::new(inner) }
    }

    /// The parts have been so since the last look.
    pub(super) fn look(&self, parts: &[Part]) {
        let (now, at) = (self.clock.monotonic(), self.clock.now());
        let mut inner = self.inner.lock();
        let passed = now.saturating_sub(inner.looked);
        inner.looked = now;
        for part in parts {
            inner.uptime.add(&part.name, part.state, passed, at);
        }
    }

    /// Over a day, a week and a month, or since the first start if that is later.
    pub(super) fn shares(&self, part: &str) -> [Option<Share>; 3] {
        let (inner, now) = (self.inner.lock(), self.clock.now());
        WINDOWS.map(|window| inner.uptime.share(part, window, now))
    }

    /// The first start.
    pub(super) fn since(&self) -> Timestamp {
        self.inner.lock().uptime.since()
    }

    /// Writes it if it is old. Waits for the disk.
    pub(super) fn refresh(&self) {
        if self.clock.monotonic().saturating_sub(self.inner.lock().written) >= EVERY {
            self.write();
        }
    }

    /// Waits for the disk.
    pub(super) fn write(&self) {
        let uptime = {
            let mut inner = self.inner.lock();
            inner.written = self.clock.monotonic();
            inner.uptime.clone()
        };
        let written = uptime.write(&*self.fs, &self.path);
        let said = std::mem::replace(&mut self.inner.lock().said, written.is_err());
        if let Err(error) = written
            && !said
        {
            tracing::warn!(%error, path = %self.path.display(), "how long the parts were up could not be kept");
        }
    }
}
