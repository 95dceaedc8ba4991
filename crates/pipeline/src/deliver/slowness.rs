//! Whether a sink's other side takes its time.

use std::time::Duration;

/// What takes so long is slow: a client of a database is usually given up after twice of it.
const SLOW: Duration = Duration::from_secs(5);
/// For so long after that, too: one that is slow each time is not well in between.
const STILL: Duration = Duration::from_secs(30);

/// How long a sink takes for what it is given, in monotonic time.
#[derive(Debug, Default)]
pub(super) struct Slowness {
    /// Since when it has been at work.
    since: Option<Duration>,
    /// What it took when it last was slow, and when that was over.
    last: Option<(Duration, Duration)>,
}

impl Slowness {
    /// It is given something, or does of itself what it has to do.
    pub(super) fn begins(&mut self, now: Duration) {
        self.since = Some(now);
    }

    /// It has done that, well or not.
    pub(super) fn ends(&mut self, now: Duration) {
        let took = self.since.take().map(|since| now.saturating_sub(since));
        if let Some(took) = took.filter(|took| *took >= SLOW) {
            self.last = Some((took, now));
        }
    }

    /// How long it has been at work, or was a moment ago, where that is long.
    pub(super) fn look(&self, now: Duration) -> Option<Duration> {
        let works = self.since.map(|since| now.saturating_sub(since)).filter(|works| *works >= SLOW);
        let was = self.last.filter(|(_, over)| now.saturating_sub(*over) < STILL).map(|(took, _)| took);
        works.max(was)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_told_while_it_lasts_and_until_it_has_been_quick_for_a_while() {
        let mut slowness = Slowness::default();
        slowness.begins(SECOND);
        assert_eq!(slowness.look(5 * SECOND), None);
        assert_eq!(slowness.look(6 * SECOND), Some(5 * SECOND));
        slowness.ends(9 * SECOND);
        slowness.begins(10 * SECOND);
        slowness.ends(11 * SECOND);
        assert_eq!(slowness.look(38 * SECOND), Some(8 * SECOND), "quick once is not well yet");
        assert_eq!(slowness.look(39 * SECOND), None);
        slowness.begins(40 * SECOND);
        slowness.ends(44 * SECOND);
        assert_eq!(slowness.look(44 * SECOND), None, "that was quick enough");
    }
}
