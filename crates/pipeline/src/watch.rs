//! A thread's work as others watch it: each time it goes on, its pulse beats.
//!
//! Work that is asked to go on by nothing for some seconds looks like work that hangs. A wait that has an end of its own (an
//! answer with a deadline, a pause) therefore is [`ticking`]; one that has none must not be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hearthline_core::Pulse;
use tokio::time::{MissedTickBehavior, interval};

/// Between two ticks.
const TICK: Duration = Duration::from_secs(1);

/// Waits, and ticks meanwhile.
pub async fn ticking<T>(awaited: impl Future<Output = T>) -> T {
    let mut awaited = std::pin::pin!(awaited);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased; // so that a simulation does the same twice
            done = &mut awaited => return done,
            _ = tick.tick() => {}
        }
    }
}

/// Work with a pulse. Once it is given up it does not go on any more when it wakes up.
pub struct Watched<F> {
    work: Option<Pin<Box<F>>>,
    pulse: Pulse,
    given_up: Arc<AtomicBool>,
}

impl<F: Future<Output = ()>> Watched<F> {
    /// `given_up` says whether another does the work now.
    pub fn new(work: F, pulse: Pulse, given_up: Arc<AtomicBool>) -> Self {
        Self { work: Some(Box::pin(work)), pulse, given_up }
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.pulse.beat();
        if this.given_up.load(Ordering::Acquire) {
            this.work = None;
        }
        let Some(work) = &mut this.work else { return Poll::Ready(()) };
        let polled = work.as_mut().poll(context);
        this.pulse.beat();
        polled
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::{Clock, ManualClock, Timestamp};
    use tokio::time::{advance, sleep};

    use super::*;

    fn pulse() -> (ManualClock, Pulse) {
        let clock = ManualClock::at(Timestamp(0));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        (clock, Pulse::new(shared))
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beats_only_if_it_ticks() {
        let (clock, pulse) = pulse();
        for (ticks, silent) in [(true, 0), (false, 10)] {
            pulse.beat();
            let work = async move {
                let wait = sleep(Duration::from_secs(60));
                if ticks { ticking(wait).await } else { wait.await }
            };
            let task = tokio::spawn(Watched::new(work, pulse.clone(), Arc::default()));
            tokio::task::yield_now().await;
            for _ in 0..10 {
                clock.advance(TICK);
                advance(TICK).await;
                tokio::task::yield_now().await;
            }
            assert_eq!(pulse.look().silent, Duration::from_secs(silent), "ticks: {ticks}");
            task.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_does_not_go_on() {
        let (given_up, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let set = Arc::clone(&done);
        let work = async move {
            sleep(TICK).await;
            set.store(true, Ordering::Relaxed);
        };
        let task = tokio::spawn(Watched::new(work, Pulse::unwatched(), Arc::clone(&given_up)));
        tokio::task::yield_now().await;
        given_up.store(true, Ordering::Release);
        task.await.unwrap();
        assert!(!done.load(Ordering::Relaxed));
    }
}
