//! Whether a thread is alive, and what is done about a part whose thread is not.

use std::collections::VecDeque;
use std::time::Duration;

use hearthline_core::pulse::Beat;

/// A thread that is silent for longer hangs, or waits for something slow. With a look each second it is named within 10 s.
const SILENT: Duration = Duration::from_secs(8);
/// So many ends within that time, and the part is parked for a while: starting it again and again helps nobody.
const MOST: usize = 5;
const WITHIN: Duration = Duration::from_secs(600);
/// Until a parked part is tried again.
const PARKED: Duration = Duration::from_secs(900);
/// The first wait after a second end, which doubles.
const WAIT: Duration = Duration::from_secs(1);

/// What a pulse says of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It goes on.
    Alive,
    /// It does something that rightly takes long, and has done so for a while.
    Slow {
        what: &'static str,
        silent: Duration,
        /// Until it is taken for one that hangs.
        left: Duration,
    },
    /// It says nothing and has not said that it would.
    Hangs { silent: Duration, what: Option<&'static str> },
}

/// Judges one look.
pub(super) fn life(beat: Beat, now: Duration) -> Life {
    let Beat { silent, task } = beat;
    match task {
        _ if silent < SILENT => Life::Alive,
        Some(task) if now < task.until => Life::Slow { what: task.what, silent, left: task.until - now },
        task => Life::Hangs { silent, what: task.map(|task| task.what) },
    }
}

/// What comes after an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another start, after so long.
    Start(Duration),
    /// It is left alone for so long.
    Park(Duration),
}

/// How often a part has ended by itself.
#[derive(Debug, Default)]
pub(super) struct Course(VecDeque<Duration>);

impl Course {
    /// It has ended now.
    pub(super) fn ended(&mut self, now: Duration) -> Next {
        self.0.retain(|at| now.saturating_sub(*at) < WITHIN);
        self.0.push_back(now);
        match u32::try_from(self.0.len()).unwrap_or(u32::MAX) {
            1 => Next::Start(Duration::ZERO),
            ends if ends as usize <= MOST => Next::Start(WAIT * 2_u32.saturating_pow(ends - 2)),
            _ => {
                self.0.clear();
                Next::Park(PARKED)
            }
        }
    }

    /// A person wants it started: what was is forgotten.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::pulse::Task;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_is_judged_by_what_was_said_before_it() {
        let task = |until: u32| Some(Task { what: "writing", until: until * SECOND });
        let at = |silent: u32, task| life(Beat { silent: silent * SECOND, task }, 100 * SECOND);
        assert_eq!(at(7, None), Life::Alive);
        assert_eq!(at(8, None), Life::Hangs { silent: 8 * SECOND, what: None });
        assert_eq!(at(7, task(1)), Life::Alive);
        let slow = Life::Slow { what: "writing", silent: 9 * SECOND, left: 20 * SECOND };
        assert_eq!(at(9, task(120)), slow);
        assert_eq!(at(9, task(100)), Life::Hangs { silent: 9 * SECOND, what: Some("writing") });
    }

    #[test]
    fn a_part_that_keeps_ending_is_started_ever_later_and_then_parked() {
        let mut course = Course::default();
        let ends: Vec<_> = (0..6).map(|n| course.ended(n * SECOND)).collect();
        let start = |seconds| Next::Start(seconds * SECOND);
        assert_eq!(ends, [start(0), start(1), start(2), start(4), start(8), Next::Park(PARKED)]);
        assert_eq!(course.ended(2000 * SECOND), start(0), "then it begins anew");
        assert_eq!(course.ended(2000 * SECOND + WITHIN), start(0), "what is long ago does not count");
        course.ended(2001 * SECOND + WITHIN);
        course.forget();
        assert_eq!(course.ended(2002 * SECOND + WITHIN), start(0));
    }
}
