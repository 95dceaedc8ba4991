//! How long to wait before the next attempt.

use std::time::Duration;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The bound that no wait passes.
const LAST: Duration = Duration::from_secs(60);
/// No wait is shorter: a peer that closes at once is not to be hammered.
const LEAST: Duration = Duration::from_millis(250);

/// Bounds that double from 1 s to 60 s, and a random wait below each ("full jitter"), so that the clients of a peer that
/// comes back do not all come at once.
#[derive(Debug)]
pub struct Backoff {
    bound: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    /// The same seed gives the same waits.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { bound: FIRST, random: fastrand::Rng::with_seed(seed) }
    }

    /// The next wait.
    pub fn wait(&mut self) -> Duration {
        let wait = self.bound.mul_f64(self.random.f64()).max(LEAST);
        self.bound = (self.bound * 2).min(LAST);
        wait
    }

    /// The next wait is a first one again.
    pub const fn reset(&mut self) {
        self.bound = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_minute_and_begin_again_after_a_reset() {
        let mut backoff = Backoff::new(7);
        let bounds = [1, 2, 4, 8, 16, 32, 60, 60, 60];
        for bound in bounds {
            let wait = backoff.wait();
            assert!(LEAST <= wait && wait <= Duration::from_secs(bound), "{wait:?} of {bound} s");
        }
        let long = (0..100).map(|_| backoff.wait()).max().unwrap();
        assert!(long > Duration::from_secs(45), "{long:?}");
        backoff.reset();
        assert!(backoff.wait() <= FIRST);
    }
}
