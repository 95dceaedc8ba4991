//! Whether a thread is alive, and what is done about a part whose thread is not.

use std::collections::VecDeque;
use std::time::Duration;

use hearthline_core::pulse::Beat;

/// A thread that is silent for longer hangs, or waits for something slow. With a look each second it is named within 10 s.
const SILENT: Duration = Duration::from_secs(7);
/// So many ends within that time, and the part is parked for a while: starting it again and again helps nobody.
const MOST: usize = 5;
const WITHIN: Duration = Duration::from_secs(600);
/// Until a parked part is tried again.
const PARKED: Duration = Duration::from_secs(900);
/// The first wait after a second end, which doubles.
const WAIT: Duration = Duration::from_secs(1);

/// How late the looks themselves were: while the machine has no time for us, no thread can show a sign of life.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    /// When the next look is due.
    due: Option<Duration>,
    /// When looks were late, and by how much.
    late: VecDeque<(Duration, Duration)>,
}

impl Lateness {
    /// A look is taken now, and the next one is to be taken after so long.
    pub(super) fn look(&mut self, now: Duration, next: Duration) {
        if let Some(late) = self.due.map(|due| now.saturating_sub(due)).filter(|late| !late.is_zero()) {
            self.late.push_back((now, late));
        }
        self.late.retain(|(at, _)| now.saturating_sub(*at) < WITHIN);
        self.due = Some(now + next);
    }

    /// A look without the time that the machine had not for us.
    pub(super) fn fair(&self, beat: Beat, now: Duration) -> Beat {
        Beat { silent: self.discount(beat.silent, now), ..beat }
    }

    fn discount(&self, silent: Duration, now: Duration) -> Duration {
        let within = self.late.iter().filter(|(at, _)| now.saturating_sub(*at) < silent);
        silent.saturating_sub(within.map(|(_, late)| *late).sum())
    }
}

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
        assert_eq!(at(6, None), Life::Alive);
        assert_eq!(at(7, None), Life::Hangs { silent: 7 * SECOND, what: None });
        assert_eq!(at(6, task(1)), Life::Alive);
        let slow = Life::Slow { what: "writing", silent: 9 * SECOND, left: 20 * SECOND };
        assert_eq!(at(9, task(120)), slow);
        assert_eq!(at(9, task(100)), Life::Hangs { silent: 9 * SECOND, what: Some("writing") });
    }

    #[test]
    fn whenever_a_thread_stops_it_is_named_within_ten_seconds() {
        for phase in 0..100 {
            // Looked at each second, it stops so many hundredths after a look.
            let stopped = SECOND + phase * SECOND / 100;
            let silent = |now: Duration| Beat { silent: now.saturating_sub(stopped), task: None };
            let named = (1..).map(|look| look * SECOND).find(|now| life(silent(*now), *now) != Life::Alive);
            assert!(named.unwrap() - stopped <= 8 * SECOND, "{phase}");
        }
    }

    #[test]
    fn a_machine_that_stands_still_is_no_thread_that_hangs() {
        let mut lateness = Lateness::default();
        for now in [0, 1, 2] {
            lateness.look(now * SECOND, SECOND);
        }
        assert_eq!(lateness.discount(2 * SECOND, 2 * SECOND), 2 * SECOND);
        lateness.look(12 * SECOND, SECOND);
        assert_eq!(lateness.discount(11 * SECOND, 12 * SECOND), 2 * SECOND, "nine of them nobody looked");
        lateness.look(13 * SECOND, SECOND);
        assert_eq!(lateness.discount(12 * SECOND, 13 * SECOND), 3 * SECOND);
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
