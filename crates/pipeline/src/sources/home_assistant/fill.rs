//! Fills gaps from Home Assistant's history, on the connection that records, beside the live events.
//!
//! First the *fence*: history is asked until it shows a live event from behind the gap; since the recorder writes in
//! order, it is complete up to the gap's end then. Then the gap is asked for in windows of time, each window in batches
//! of entities; a window grows while answers are small and shrinks when they are large. What the store has already is
//! looked up and left out. After each window the place is logged, so that a restart goes on there. One question is
//! on its way at a time, and the next waits as long as the last one took: Home Assistant has other things to do.

mod plan;
mod stored;

use std::future::pending;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hashbrown::HashSet;
use hearthline_core::{EntityId, Seq, Timestamp};
use hearthline_log::Log;
use tokio::time::{Instant, sleep_until};

use self::plan::Plan;
pub use self::stored::{Stored, in_store};
use super::SessionError;
use super::command::{Command, Period};
use super::wire;
use crate::gaps::{Outcome, State};
use crate::ingest::{Ingest, PastState};
use crate::portion::portion;
use crate::weather::home_assistant::is_weather;

/// How long an event from behind the gap is waited for. A recorder commits each few seconds.
const FENCE: Duration = Duration::from_secs(120);
/// Between two looks for it.
const LOOK: Duration = Duration::from_secs(2);
/// The least between two questions.
const PAUSE: Duration = Duration::from_millis(20);
/// How long nothing is asked while Home Assistant is busy.
const REST: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(120);
/// After a question was refused, and how often it is asked again.
const REFUSED: (Duration, u32) = (Duration::from_secs(20), 3);
/// States that are logged at once, and their attributes in bytes.
const CHUNK: (usize, usize) = (500, 256 << 10);

/// Fills one gap after the other.
pub(super) struct Filler {
    stored: Stored,
    log: Log,
    plan: Option<Plan>,
    step: Step,
    not_before: Instant,
    /// A gap was closed just now: the next one need not wait.
    more: bool,
    /// Up to here history is known to be complete.
    complete: Option<Timestamp>,
    refusals: u32,
}

/// What is waited for.
enum Step {
    /// For the time to ask.
    Idle,
    /// For an answer.
    Asked { id: u64, at: Instant },
    /// For the store to say what it has.
    Looking { rows: Vec<PastState>, had: BoxFuture<'static, Result<Had, String>> },
    /// For the log to have written what it was given.
    Writing { rows: std::vec::IntoIter<PastState>, had: Had, seq: Seq },
}

/// Identities of states.
type Had = HashSet<(EntityId, Timestamp)>;

/// Something to go on with.
pub(super) enum Ready {
    Had(Result<Had, String>),
    Written,
    Due,
}

impl Filler {
    pub(super) fn new(stored: Stored, log: Log) -> Self {
        Self {
            stored,
            log,
            plan: None,
            step: Step::Idle,
            not_before: Instant::now(),
            more: false,
            complete: None,
            refusals: 0,
        }
    }

    /// What is to be asked now, if it is time. Tell [`Filler::asked`] then.
    ///
    /// # Errors
    /// When the log takes nothing.
    pub(super) fn due(&mut self, ingest: &mut Ingest) -> Result<Option<Command>, SessionError> {
        let now = Instant::now();
        match self.step {
            Step::Asked { at, .. } if at.elapsed() > ANSWER => {
                self.refused("it gave no answer", ingest)?;
                return Ok(None);
            }
            Step::Idle if now >= self.not_before => {}
            _ => return Ok(None),
        }
        if self.plan.is_none() {
            self.plan = ingest.next_fill()?.map(|fill| Plan::new(fill, now));
            if let Some(plan) = self.plan.as_mut().filter(|plan| Some(plan.fill.fence) <= self.complete) {
                plan.pass_fence();
            }
        }
        let Some(plan) = &mut self.plan else { return Ok(None) };
        if plan.waits_for_fence() {
            let behind = ingest.fences(plan.fill.fence);
            if plan.began.elapsed() < FENCE {
                self.not_before = now + LOOK;
                return Ok(plan.fence(behind).map(Command::History));
            }
            tracing::warn!(
                gap = plan.fill.gap,
                "history shows no event from behind the gap; filling it as it is"
            );
            plan.pass_fence();
        }
        // In a house that has been quiet since, something may have gone behind the newest state that is known.
        let quiet = ingest.fences(plan.fill.to).iter().all(|(_, ts)| *ts <= plan.fill.to);
        Ok(Some(Command::History(plan.question(quiet))))
    }

    /// Home Assistant has something else to do just now.
    pub(super) fn rest(&mut self) {
        self.not_before = Instant::now() + REST;
    }

    /// An entity has another name, under which history has it as soon as it shows what came after: what was planned, asked or
    /// found so far is of the names before.
    pub(super) fn plan_anew(&mut self) {
        if self.plan.take().is_some() {
            (self.step, self.more) = (Step::Idle, true);
        }
    }

    /// The question is on its way.
    pub(super) fn asked(&mut self, id: u64) {
        self.step = Step::Asked { id, at: Instant::now() };
    }

    /// Home Assistant's answer to a question.
    ///
    /// # Errors
    /// When the log takes nothing.
    pub(super) fn answered(
        &mut self,
        id: u64,
        period: &Period,
        outcome: Result<&str, &str>,
        ingest: &mut Ingest,
    ) -> Result<(), SessionError> {
        let Step::Asked { id: asked, at } = self.step else { return Ok(()) };
        if asked != id {
            return Ok(()); // of a question that was given up
        }
        let Some(plan) = &mut self.plan else { return Ok(()) };
        let read = outcome.map_err(ToOwned::to_owned).and_then(|answer| {
            wire::parse_history(answer).map_err(|error| error.to_string()).map(|read| (read, answer.len()))
        });
        let ((rows, unreadable), bytes) = match read {
            Ok(read) => read,
            Err(why) => return self.refused(&why, ingest),
        };
        self.step = Step::Idle;
        self.refusals = 0;
        if plan.waits_for_fence() {
            plan.look_behind(period, &rows);
            if !plan.waits_for_fence() {
                self.complete = rows.iter().map(|row| row.last_updated).max().max(self.complete);
                self.not_before = Instant::now() + PAUSE;
            }
            return Ok(());
        }
        self.not_before = Instant::now() + at.elapsed().max(PAUSE);
        let mut rows = plan.take(period, rows, unreadable, bytes);
        rows.sort_by_key(|row| !is_weather(row.entity_id.as_str())); // first, so that what comes behind it finds it
        if rows.is_empty() {
            return self.next(ingest);
        }
        let entities = ingest.names_of(&period.entities);
        let span = (period.start, period.end.unwrap_or(Timestamp(i64::MAX)));
        let had = (self.stored)(entities, span, ingest.appended());
        self.step = Step::Looking { rows, had };
        Ok(())
    }

    /// Waits until something can go on by itself. May be dropped and called again.
    pub(super) async fn ready(&mut self) -> Ready {
        match &mut self.step {
            Step::Looking { had, .. } => Ready::Had(had.await),
            Step::Writing { seq, .. } => {
                self.log.wait_written(*seq).await;
                Ready::Written
            }
            Step::Idle if self.more || self.plan.is_some() => {
                sleep_until(self.not_before).await;
                Ready::Due
            }
            Step::Idle | Step::Asked { .. } => pending().await,
        }
    }

    /// Goes on with what [`Filler::ready`] brought.
    ///
    /// # Errors
    /// When the log takes nothing.
    pub(super) fn go_on(&mut self, ready: Ready, ingest: &mut Ingest) -> Result<(), SessionError> {
        match (std::mem::replace(&mut self.step, Step::Idle), ready) {
            (Step::Looking { rows, .. }, Ready::Had(Ok(had))) => self.write(rows.into_iter(), had, ingest),
            (Step::Looking { .. }, Ready::Had(Err(why))) => self.refused(&why, ingest),
            (Step::Writing { rows, had, .. }, Ready::Written) => self.write(rows, had, ingest),
            (Step::Idle, Ready::Due) => {
                self.more = false;
                Ok(())
            }
            (step, _) => {
                self.step = step;
                Ok(())
            }
        }
    }

    /// Logs some of the rows, never more than the log's queue takes beside the live events.
    fn write(
        &mut self,
        mut rows: std::vec::IntoIter<PastState>,
        had: Had,
        ingest: &mut Ingest,
    ) -> Result<(), SessionError> {
        let Some(plan) = &mut self.plan else { return Ok(()) };
        let count = portion(rows.as_slice(), CHUNK, |row| row.attributes.len());
        let some: Vec<_> = rows.by_ref().take(count).collect();
        if some.is_empty() {
            return self.next(ingest);
        }
        plan.leave_out(ingest.history(plan.fill.gap, &some, &had)?);
        self.step = Step::Writing { rows, had, seq: ingest.appended() };
        Ok(())
    }

    /// The answer is dealt with: the next batch, the next window, or the end of the gap.
    fn next(&mut self, ingest: &mut Ingest) -> Result<(), SessionError> {
        let Some(plan) = &mut self.plan else { return Ok(()) };
        if let Some(through) = plan.advance() {
            if plan.is_done() {
                let (gap, (state, result)) = (plan.fill.gap, plan.outcome());
                self.close(gap, state, result, ingest)?;
            } else if plan.keeps_place() {
                ingest.filled_through(plan.fill.gap, through)?;
            }
        }
        Ok(())
    }

    fn close(
        &mut self,
        gap: u64,
        state: State,
        result: Outcome,
        ingest: &mut Ingest,
    ) -> Result<(), SessionError> {
        let (not_kept, note) = (result.not_kept.len(), result.note.clone());
        ingest.close_gap(gap, state, result)?;
        (self.plan, self.more) = (None, true);
        match state {
            State::Filled | State::Open => {
                tracing::info!(gap, "a gap was filled from home assistant's history. {note}");
            }
            State::Partly | State::Lost => tracing::error!(
                gap,
                state = state.as_str(),
                not_kept,
                "home assistant's history does not have all of a gap: states may be lost. {note}"
            ),
        }
        Ok(())
    }

    /// The question is asked again some times; then the gap is closed with what is had, and can be tried again by a
    /// person.
    fn refused(&mut self, why: &str, ingest: &mut Ingest) -> Result<(), SessionError> {
        let Some(plan) = &mut self.plan else { return Ok(()) };
        self.step = Step::Idle;
        self.refusals += 1;
        self.not_before = Instant::now() + REFUSED.0;
        tracing::warn!(gap = plan.fill.gap, why, "history could not be had");
        if self.refusals >= REFUSED.1 {
            self.refusals = 0;
            let (gap, result) = (plan.fill.gap, plan.without_history(why));
            let recovered = ingest.has_recovered(gap);
            self.close(gap, if recovered { State::Partly } else { State::Lost }, result, ingest)?;
        }
        Ok(())
    }
}
