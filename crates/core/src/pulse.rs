//! Whether a thread is alive, as others see it.
//!
//! Whatever loops in a thread beats its [`Pulse`] in each round, also while it waits. A call that rightly takes long says so
//! beforehand, with what it does and how long that may take, so that a slow disk is not taken for a thread that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::Clock;

/// The pulse of one thread. Clones are the same pulse.
#[derive(Clone, Default)]
pub struct Pulse(Option<Arc<Inner>>);

struct Inner {
    clock: Arc<dyn Clock>,
    /// Of the last beat, in microseconds of monotonic time.
    at: AtomicU64,
    long: Mutex<Option<Task>>,
}

/// Something that rightly takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// What is done, as the words behind "it is".
    pub what: &'static str,
    /// Until when it may take, in monotonic time.
    pub until: Duration,
}

/// One look at a pulse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// Since the last beat.
    pub silent: Duration,
    /// What was begun before that, and rightly takes long.
    pub task: Option<Task>,
}

/// Holds while something takes long.
pub struct Long<'p>(&'p Pulse);

impl Pulse {
    /// A pulse that beats now.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let pulse = Self(Some(Arc::new(Inner { clock, at: AtomicU64::new(0), long: Mutex::new(None) })));
        pulse.beat();
        pulse
    }

    /// A pulse that nobody looks at.
    #[must_use]
    pub const fn unwatched() -> Self {
        Self(None)
    }

    /// The thread is alive.
    pub fn beat(&self) {
        if let Some(inner) = &self.0 {
            let now = u64::try_from(inner.clock.monotonic().as_micros()).unwrap_or(u64::MAX);
            inner.at.store(now, Ordering::Release);
        }
    }

    /// What comes now may take so long, without a beat.
    #[must_use]
    pub fn takes_long(&self, what: &'static str, at_most: Duration) -> Long<'_> {
        self.beat();
        if let Some(inner) = &self.0 {
            *inner.long.lock() = Some(Task { what, until: inner.clock.monotonic().saturating_add(at_most) });
        }
        Long(self)
    }

    /// How it is now. One that nobody looks at always beats.
    #[must_use]
    pub fn look(&self) -> Beat {
        let Some(inner) = &self.0 else { return Beat::default() };
        let at = Duration::from_micros(inner.at.load(Ordering::Acquire));
        Beat { silent: inner.clock.monotonic().saturating_sub(at), task: *inner.long.lock() }
    }
}

impl Drop for Long<'_> {
    fn drop(&mut self) {
        if let Some(inner) = &self.0.0 {
            *inner.long.lock() = None;
        }
        self.0.beat();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, Timestamp};

    #[test]
    fn silence_is_counted_from_the_last_beat() {
        let clock = ManualClock::at(Timestamp(0));
        let pulse = Pulse::new(Arc::new(clock.clone()));
        let thread = pulse.clone();
        let second = Duration::from_secs(1);
        clock.advance(3 * second);
        assert_eq!(pulse.look(), Beat { silent: 3 * second, task: None });
        thread.beat();
        assert_eq!(pulse.look().silent, Duration::ZERO);
        let long = thread.takes_long("writing files", 60 * second);
        clock.advance(9 * second);
        let task = Some(Task { what: "writing files", until: 63 * second });
        assert_eq!(pulse.look(), Beat { silent: 9 * second, task });
        drop(long);
        assert_eq!(pulse.look(), Beat::default());
    }
}
