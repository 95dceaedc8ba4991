//! The way through the steps of a repair, forward and back, with a receipt before and after each.

use std::io;
use std::time::Duration;

use hearthline_core::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep};

use super::engine::{Job, Shared, Slot};
use super::receipt::{Done, Receipt, Second, State, StepReceipt};
use super::{Doing, Plan, Repair, RepairError, Scribe, Step};

/// How long a step is tried again by itself while something does not answer.
const PATIENCE: Duration = Duration::from_secs(300);
/// The first and the longest pause between two attempts.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Between two looks at the criteria.
const SECOND: Duration = Duration::from_secs(1);

/// Which way a step is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

/// What a repair is told to do.
#[derive(Clone, Copy)]
enum Task<'a> {
    Step(&'a Step, Way, &'a Scribe),
    Verify(&'a Plan),
}

impl<'a> Task<'a> {
    fn begin(self, repair: &'a mut dyn Repair) -> Doing<'a, Done> {
        match self {
            Self::Step(step, Way::Forward, scribe) => repair.apply(step, scribe),
            Self::Step(step, Way::Back, scribe) => repair.undo(step, scribe),
            Self::Verify(plan) => repair.verify(plan),
        }
    }
}

impl Job {
    /// Carries it out to its end, which the receipt tells. May be dropped at any point: whoever resumes it goes on there.
    ///
    /// # Errors
    /// When a receipt cannot be written: nothing further is done then.
    pub async fn run(mut self) -> io::Result<Receipt> {
        let undoing = self.slot.change(|receipt| receipt.undoing);
        let done = if undoing { self.back().await? } else { self.forward().await? };
        let (engine, now) = (&self.slot.engine, self.slot.engine.clock.now());
        let criteria = (engine.watch)();
        self.slot.change(|receipt| {
            receipt.state = match (done, undoing) {
                (false, _) => State::Failed,
                (true, true) => State::Undone,
                (true, false) => State::Done,
            };
            receipt.ended = Some(now.to_string());
            receipt.after = criteria;
        });
        // Before its end is written: whoever is killed in between comes here again.
        if let Err(why) = (engine.at_end)(&self.slot.change(|receipt| receipt.clone())) {
            self.slot.change(|receipt| (receipt.state, receipt.error) = (State::Failed, Some(why)));
        }
        self.slot.save()?;
        let mut seen = self.slot.shared.lock();
        (seen.running, seen.step, seen.progress) = (false, None, None);
        Ok(seen.receipt.clone())
    }

    /// Each step that is not done, then whether what was wrong is gone.
    async fn forward(&mut self) -> io::Result<bool> {
        let steps = self.slot.change(|receipt| receipt.plan.steps.clone());
        for (at, step) in steps.iter().enumerate() {
            if self.slot.step(at, |was| was.done.is_some()) {
                continue;
            }
            if !self.one(at, step, Way::Forward).await? {
                return Ok(false);
            }
        }
        self.verify().await
    }

    /// Each step that was begun, the last one first.
    async fn back(&mut self) -> io::Result<bool> {
        let steps = self.slot.change(|receipt| receipt.plan.steps.clone());
        for (at, step) in steps.iter().enumerate().rev().filter(|(_, step)| step.undo) {
            if self.slot.step(at, |was| was.started.is_none() || was.undone.is_some()) {
                continue;
            }
            if !self.one(at, step, Way::Back).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One step, with a receipt before and after it.
    async fn one(&mut self, at: usize, step: &Step, way: Way) -> io::Result<bool> {
        let Self { repair, slot, .. } = self;
        let now = slot.engine.clock.now().to_string();
        slot.step(at, |was| {
            was.error = None;
            if way == Way::Forward {
                was.started.get_or_insert(now);
            }
        });
        slot.change(|receipt| (receipt.error, receipt.ended) = (None, None));
        slot.begin(Some(at));
        slot.save()?;
        let began = slot.engine.clock.monotonic();
        let scribe = slot.scribe(at);
        let tried = slot.try_for_a_while(&mut **repair, Task::Step(step, way, &scribe)).await;
        let took = slot.engine.clock.monotonic().saturating_sub(began);
        let good = tried.is_ok();
        slot.step(at, |was| {
            was.took_ms += u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            match (tried, way) {
                (Ok(done), Way::Forward) => was.done = Some(done),
                (Ok(done), Way::Back) => was.undone = Some(done),
                (Err(error), _) => was.error = Some(error.to_string()),
            }
            was.error.take_if(|_| good);
        });
        slot.save()?;
        Ok(good)
    }

    async fn verify(&mut self) -> io::Result<bool> {
        let Self { repair, slot, .. } = self;
        slot.begin(None);
        let plan = slot.change(|receipt| receipt.plan.clone());
        let verified = slot.try_for_a_while(&mut **repair, Task::Verify(&plan)).await;
        let good = verified.is_ok();
        slot.change(|receipt| match verified {
            Ok(done) => (receipt.verified, receipt.error) = (Some(done), None),
            Err(error) => receipt.error = Some(error.to_string()),
        });
        Ok(good)
    }
}

impl Slot {
    fn change<T>(&self, change: impl FnOnce(&mut Receipt) -> T) -> T {
        change(&mut self.shared.lock().receipt)
    }

    /// There is a receipt for each step: that was looked at when it was read.
    fn step<T: Default>(&self, at: usize, change: impl FnOnce(&mut StepReceipt) -> T) -> T {
        self.change(|receipt| receipt.steps.get_mut(at).map(change).unwrap_or_default())
    }

    fn begin(&self, step: Option<usize>) {
        let mut seen = self.shared.lock();
        (seen.step, seen.progress) = (step, None);
    }

    fn save(&self) -> io::Result<()> {
        let receipt = self.shared.lock().receipt.clone();
        self.engine.receipts.write(&receipt)
    }

    fn scribe(&self, at: usize) -> Scribe {
        let (id, done) = (self.change(|receipt| receipt.id.clone()), self.step(at, |was| was.done.clone()));
        let shared = Shared::clone(&self.shared);
        let say = move |progress| shared.lock().progress = Some(progress);
        Scribe { done, ..Scribe::new(self.engine.receipts.dir_of(&id), say) }
    }

    /// Tries again while something does not answer, and looks at the criteria each second.
    async fn try_for_a_while(&self, repair: &mut dyn Repair, task: Task<'_>) -> Result<Done, RepairError> {
        let began = Instant::now();
        let mut pause = PAUSE.0;
        let mut seconds = interval_at(began + SECOND, SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let why = match self.watching(&mut seconds, task.begin(repair)).await {
                Err(RepairError::Later(why)) if began.elapsed() < PATIENCE => why,
                done => return done,
            };
            self.not_yet(&why);
            self.watching(&mut seconds, sleep(pause)).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Says why it is tried again; nothing on disk changes.
    fn not_yet(&self, why: &str) {
        let mut seen = self.shared.lock();
        tracing::info!(id = seen.receipt.id, why, "a step of a repair is tried again");
        let step = seen.step;
        match step.and_then(|at| seen.receipt.steps.get_mut(at)) {
            Some(step) => step.error = Some(why.to_owned()),
            None => seen.receipt.error = Some(why.to_owned()),
        }
    }

    /// Does something, and looks at the criteria each second.
    async fn watching<T>(&self, seconds: &mut Interval, doing: impl Future<Output = T>) -> T {
        let mut doing = std::pin::pin!(doing);
        loop {
            tokio::select! {
                biased;
                done = &mut doing => return done,
                _ = seconds.tick() => self.look(),
            }
        }
    }

    fn look(&self) {
        let criteria = (self.engine.watch)();
        if criteria.is_empty() {
            return; // nobody to look at
        }
        let unmet = criteria.into_iter().filter(|one| one.met == Some(false)).map(|one| one.id).collect();
        let now = self.engine.clock.now();
        self.change(|receipt| {
            let began = Timestamp::parse(&receipt.started).unwrap_or(now);
            receipt.note(Second { at_s: now.since(began).as_secs(), unmet });
        });
    }
}
