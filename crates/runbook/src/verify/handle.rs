//! The verification of a running program, for all who ask: one at a time, carried out beside everything else.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::document::{By, Change, Instead, Underway, Verifications, Verified};
use super::kept::Kept;
use crate::doctor::millis;
use crate::repair::receipts::stamp;

/// The most rounds at once.
pub const MOST_ROUNDS: u32 = 100;
/// How long the program is given to come up before the first that it does by itself.
const FIRST: Duration = Duration::from_secs(120);

/// What was seen.
pub struct Carried {
    /// What was followed in place of the canary.
    pub instead: Option<Instead>,
    /// All changes.
    pub changes: Vec<Change>,
}

/// Is told the round that begins, from 1.
pub type Progress = Arc<dyn Fn(u32) + Send + Sync>;

/// Carries out so many rounds.
pub type Carry = Arc<dyn Fn(u32, Progress) -> Pin<Box<dyn Future<Output = Carried> + Send>> + Send + Sync>;

/// Why none was begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One is under way.
    #[error("a verification is under way since {0}")]
    Running(String),
    /// So many rounds are none, or too many.
    #[error("{0} rounds cannot be done at once: from 1 to {MOST_ROUNDS} can")]
    Rounds(u32),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
}

/// Verifies, and knows the last results. Clones are the same.
#[derive(Clone)]
pub struct Verify(Arc<Inner>);

struct Inner {
    carry: Carry,
    kept: Arc<Kept>,
    clock: Arc<dyn Clock>,
    place: Handle,
    every: Option<Duration>,
    started: Timestamp,
    running: watch::Sender<Option<Underway>>,
    numbers: AtomicU32,
}

impl Verify {
    /// One that is carried out by `carry` on the threads of `place`. `every` is what the settings say.
    #[must_use]
    pub fn new(
        carry: Carry,
        kept: Arc<Kept>,
        clock: Arc<dyn Clock>,
        place: Handle,
        every: Option<Duration>,
    ) -> Self {
        let (running, started, numbers) = (watch::Sender::new(None), clock.now(), AtomicU32::new(0));
        Self(Arc::new(Inner { carry, kept, clock, place, every, started, running, numbers }))
    }

    /// Begins one, and answers with its name at once.
    ///
    /// # Errors
    /// When one is under way, or so many rounds cannot be done.
    pub fn begin(&self, rounds: u32, by: By) -> Result<String, Refused> {
        if !(1..=MOST_ROUNDS).contains(&rounds) {
            return Err(Refused::Rounds(rounds));
        }
        let now = self.0.clock.now();
        let underway = Underway { id: self.name(now), at: now.to_string(), by, round: 1, rounds };
        let mut other = None;
        self.0.running.send_if_modified(|running| {
            other.clone_from(running);
            if running.is_none() {
                *running = Some(underway.clone());
            }
            other.is_none()
        });
        if let Some(other) = other {
            return Err(Refused::Running(other.at));
        }
        let (verify, id) = (self.clone(), underway.id.clone());
        self.0.place.spawn(async move { verify.carry_out(underway).await });
        Ok(id)
    }

    /// Does one, and waits for its result.
    ///
    /// # Errors
    /// As [`Verify::begin`]; or when the program ends meanwhile.
    pub async fn run(&self, rounds: u32, by: By) -> Result<Verified, Refused> {
        let id = self.begin(rounds, by)?;
        let mut running = self.0.running.subscribe();
        let is_over = |running: &Option<Underway>| running.as_ref().is_none_or(|running| running.id != id);
        running.wait_for(is_over).await.map_err(|_| Refused::Ending)?;
        self.0.kept.results().into_iter().find(|result| result.id == id).ok_or(Refused::Ending)
    }

    /// What is known now.
    #[must_use]
    pub fn look(&self) -> Verifications {
        Verifications {
            running: self.0.running.borrow().clone(),
            every_s: self.0.every.map(|every| every.as_secs()),
            next: self.due().map(|due| due.to_string()),
            results: self.0.kept.results(),
        }
    }

    /// Does one whenever it is due, for ever; returns at once where the settings do not want that.
    pub async fn keep_verifying(&self) {
        while let Some(due) = self.due() {
            let wait = due.since(self.0.clock.now());
            if wait.is_zero() {
                if let Err(error) = self.run(1, By::Schedule).await {
                    tracing::info!(%error, "the canary waits for the next time");
                    tokio::time::sleep(FIRST).await;
                }
            } else {
                // In pieces, so that a clock that is set is noticed.
                tokio::time::sleep(wait.min(FIRST)).await;
            }
        }
    }

    /// When the next is due that the program does by itself.
    fn due(&self) -> Option<Timestamp> {
        let every = self.0.every?;
        let first = self.0.started.plus(FIRST);
        Some(self.0.kept.last_at().map_or(first, |last| last.plus(every).max(first)))
    }

    async fn carry_out(&self, begun: Underway) {
        /// It is over however it ends.
        struct Over<'v>(&'v watch::Sender<Option<Underway>>);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.send_replace(None);
            }
        }
        let over = Over(&self.0.running);
        let began = self.0.clock.monotonic();
        let verify = self.clone();
        let progress: Progress = Arc::new(move |round| {
            verify.0.running.send_if_modified(|running| {
                if let Some(running) = running {
                    running.round = round;
                }
                true
            });
        });
        let Carried { instead, changes } = (self.0.carry)(begun.rounds, progress).await;
        let took = millis(self.0.clock.monotonic().saturating_sub(began));
        let result = Verified::of(begun, took, instead, changes);
        if result.through {
            tracing::info!(id = result.id, took_ms = result.took_ms, "verified: {}", result.says);
        } else {
            tracing::warn!(
                id = result.id,
                took_ms = result.took_ms,
                "an event does not get through: {}",
                result.says
            );
        }
        self.0.kept.keep(result);
        drop(over);
    }

    fn name(&self, at: Timestamp) -> String {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", stamp(at))
    }
}
