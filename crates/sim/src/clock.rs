//! Wall time that follows the runtime.

use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use tokio::time::Instant;

/// A clock that moves with tokio's time, also while that is paused: then it stands still until the runtime is idle.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    wall: Timestamp,
    start: Instant,
}

impl TokioClock {
    /// A clock that shows `wall` now.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall, start: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.wall.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}
