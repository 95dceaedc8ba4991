//! The door to time.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::Timestamp;

/// Wall time for what is stored, monotonic time for what is waited for.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump, forward and back.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves only when told to. Clones share their time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<(Timestamp, Duration)>>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new((now, Duration::ZERO))))
    }

    /// Lets time pass, on both the wall and the monotonic side.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock();
        time.0 = time.0.plus(by);
        time.1 += by;
    }

    /// Sets the wall clock, as a person or NTP does; monotonic time does not move.
    pub fn set_wall(&self, now: Timestamp) {
        self.0.lock().0 = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().1
    }
}
