//! How often a provider may still be asked: in a minute, and in a UTC day. What was used of a day survives a restart.

use std::collections::VecDeque;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The budget and what was used of it.
#[derive(Clone, Debug)]
pub struct Quota {
    per_minute: u32,
    per_day: u32,
    /// When calls were made, in monotonic time; none older than a minute.
    recent: VecDeque<Duration>,
    /// The number of the UTC day.
    day: i64,
    used: u32,
}

/// Why no call can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// In this minute no more.
    Minute,
    /// On this day no more.
    Day,
}

impl Quota {
    /// With nothing used.
    #[must_use]
    pub fn new(per_minute: u32, per_day: u32) -> Self {
        Self { per_minute, per_day, recent: VecDeque::new(), day: 0, used: 0 }
    }

    /// What was used of a day before the program started.
    #[must_use]
    pub fn with_used(self, day: i64, used: u32) -> Self {
        Self { day, used, ..self }
    }

    /// Takes one call.
    ///
    /// # Errors
    /// Why not.
    pub fn take(&mut self, now: Duration, day: i64) -> Result<(), Spent> {
        self.pass(now, day);
        if self.recent.len() >= self.per_minute as usize {
            return Err(Spent::Minute);
        }
        if self.used >= self.per_day {
            return Err(Spent::Day);
        }
        self.recent.push_back(now);
        self.used += 1;
        Ok(())
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Duration, day: i64) {
        if self.day != day {
            (self.day, self.used) = (day, 0);
        }
        while self.recent.front().is_some_and(|at| now.saturating_sub(*at) >= MINUTE) {
            self.recent.pop_front();
        }
    }

    /// Used and allowed in the last minute.
    #[must_use]
    pub fn minute(&self) -> (u32, u32) {
        (u32::try_from(self.recent.len()).unwrap_or(u32::MAX), self.per_minute)
    }

    /// Used and allowed on this day.
    #[must_use]
    pub const fn today(&self) -> (u32, u32) {
        (self.used, self.per_day)
    }

    /// The day that is counted, and what was used of it.
    #[must_use]
    pub const fn used(&self) -> (i64, u32) {
        (self.day, self.used)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_minute_and_a_day_each_have_an_end() {
        let mut quota = Quota::new(2, 3).with_used(1, 1);
        assert_eq!(quota.take(SECOND, 1), Ok(()));
        assert_eq!(quota.take(2 * SECOND, 1), Ok(()));
        assert_eq!(quota.take(3 * SECOND, 1), Err(Spent::Minute));
        assert_eq!(quota.take(63 * SECOND, 1), Err(Spent::Day));
        assert_eq!(quota.take(64 * SECOND, 2), Ok(()), "another day");
        assert_eq!((quota.minute(), quota.today()), ((1, 2), (1, 3)));
    }

    proptest! {
        #[test]
        fn no_minute_ever_has_more_calls_than_allowed(waits in vec(0u64..30, 1..200), per_minute in 1u32..6) {
            let mut quota = Quota::new(per_minute, u32::MAX);
            let (mut now, mut made) = (Duration::ZERO, Vec::new());
            for wait in waits {
                now += SECOND * u32::try_from(wait).unwrap();
                if quota.take(now, 0).is_ok() {
                    made.push(now);
                }
                let within = made.iter().filter(|at| now - **at < MINUTE).count();
                prop_assert!(within <= per_minute as usize);
            }
        }
    }
}
