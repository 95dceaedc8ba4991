//! Carries out plans: parts stopped and started in order, because a person wants that, because the log's writer is gone, or
//! because the program ends.

use std::time::Duration;

use hearthline_pipeline::health::PartState;
use hearthline_pipeline::sources::home_assistant::LinkState;
use hearthline_runbook::parts::LOG;

use super::judge::Next;
use super::plan::{Plan, Step, start_all, stop_all};
use super::{State, Supervisor};
use crate::app::parts::Part;

/// How long a part may take to end, for the disk; and one that waits for nothing but its own next step.
const STOPPED: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(10)];
/// How long those behind it wait for a part to do what it is for.
const READY: Duration = Duration::from_secs(10);
/// How long all have to end in order before the program ends without that.
const LEAVE: Duration = Duration::from_secs(3);

impl Supervisor {
    /// What was not written is lost with it, so the producer and whoever reads begin from what the log has.
    pub(super) fn log_is_gone(&mut self, n: usize, words: &str) {
        let now = self.now();
        tracing::error!(
            part = LOG,
            "log: {words}; it is opened anew, and everything behind it begins from what it has"
        );
        let words = format!("the log's writer ended: {words}");
        let behind: Vec<_> = self.parts.all().into_iter().filter(|part| *part != Part::Log).collect();
        let stops = stop_all(&behind).into_iter().filter(|step| *step != Step::Save);
        let stops = stops.filter(|step| *step != Step::Stop(vec![Part::Log]));
        let steps: Vec<_> = stops.chain(start_all(&self.parts.all(), &words)).collect();
        let Some(managed) = self.threads.get_mut(n) else { return };
        if let Next::Park(_) = managed.course.ended(now) {
            return self.give_up(format!("{words}, again and again; the program ends, to be started again"));
        }
        let name = self.parts.name(Part::Log);
        self.shown.change(name, |shown| {
            shown.trouble = Some((PartState::Unhealthy, format!("{words}; it is being opened anew")));
        });
        self.plans.push_front(Plan::new(steps, now));
    }

    /// Nothing within the process helps.
    pub(super) fn give_up(&mut self, sentence: String) {
        tracing::error!("{sentence}");
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(sentence);
        self.plans.clear();
        let steps = stop_all(&self.parts.all()).into_iter().filter(|step| *step != Step::Save);
        self.plans.push_back(Plan { last: true, at_most: Some(LEAVE), ..Plan::new(steps, self.now()) });
    }

    pub(super) fn say(&mut self, words: String) {
        if let Some(plan) = self.plans.front_mut() {
            plan.said.push(words);
        }
    }

    /// Does the next step, if it can be done now.
    pub(super) fn go_on(&mut self) -> bool {
        let now = self.now();
        let Some(plan) = self.plans.front() else { return false };
        let since = now.saturating_sub(plan.since);
        let (step, at_most) = (plan.steps.front().cloned(), plan.at_most);
        let Some(step) = step else {
            self.finish();
            return true;
        };
        let done = match step {
            Step::Stop(parts) => {
                let goes_on = !self.plans.front().is_some_and(|plan| plan.last);
                let stopped: Vec<_> =
                    parts.into_iter().map(|part| self.stop(part, goes_on, since, at_most)).collect();
                stopped.into_iter().all(|stopped| stopped)
            }
            Step::Start(part, why) => self.start_planned(part, &why),
            Step::Await(part) => {
                let ready = self.is_ready(part);
                if !ready && since >= READY {
                    tracing::warn!(
                        "{} is not ready after {} s; the others go on",
                        self.parts.name(part),
                        since.as_secs()
                    );
                }
                ready || since >= READY
            }
            Step::Save => {
                self.save();
                true
            }
        };
        if done && let Some(plan) = self.plans.front_mut() {
            plan.steps.pop_front();
            plan.since = now;
        }
        done
    }

    /// Whether it has ended. One that takes too long for that is left behind.
    fn stop(&mut self, part: Part, goes_on: bool, since: Duration, at_most: Option<Duration>) -> bool {
        let Some(managed) = self.threads.iter_mut().find(|managed| managed.part == part) else { return true };
        let [disk, soon] = STOPPED;
        let usual = if matches!(part, Part::Log | Part::Store) { disk } else { soon };
        let late = since >= at_most.unwrap_or(usual);
        match std::mem::replace(&mut managed.state, State::Down(None)) {
            State::Up(thread) => {
                thread.stop(goes_on);
                managed.state = State::Stopping(thread);
                false
            }
            State::Stopping(thread) if late => {
                thread.give_up();
                let name = self.parts.name(part);
                let words = format!("{name} did not end within {} s and is left behind", since.as_secs());
                tracing::warn!(part = name, "{words}");
                let taken = goes_on && part != Part::Log && self.parts.shared.turn(part).is_ok();
                if goes_on && !taken {
                    self.give_up(format!(
                        "{words}, in the middle of a change that nobody else can go on with; the program ends, to be started \
                         again"
                    ));
                } else {
                    self.say(words);
                }
                true
            }
            State::Down(_) => true,
            state => {
                managed.state = state;
                false
            }
        }
    }

    /// Whether it has a thread.
    fn start_planned(&mut self, part: Part, why: &str) -> bool {
        let Some(n) = self.threads.iter().position(|managed| managed.part == part) else { return true };
        match self.threads.get(n).map(|managed| &managed.state) {
            Some(State::Up(_)) => true,
            Some(State::Down(None)) => {
                self.start(n, why.to_owned());
                false
            }
            _ => false,
        }
    }

    /// Whether a part does what those behind it need of it.
    fn is_ready(&self, part: Part) -> bool {
        let views = &self.parts.views;
        let stored = || views.sinks.first().is_some_and(|store| store.look().state != PartState::Starting);
        match part {
            Part::Log => self.parts.shared.log.stats().refuses.is_none(),
            Part::Store => stored(),
            // Nobody waits for another's server, nor at the first start for Home Assistant.
            Part::Sink(_) => true,
            Part::Source => {
                self.threads.iter().all(|managed| managed.starts < 2)
                    || matches!(views.link.borrow().state, LinkState::Connected | LinkState::Parked)
            }
            Part::Weather | Part::Notify | Part::Mqtt => true,
        }
    }

    fn save(&self) {
        self.parts.cadence.write();
        if let Err(error) = self.parts.shared.store.save_latest() {
            tracing::warn!(%error, "the last states could not be saved; the next start reads them from the files");
        }
    }

    /// The front plan is carried out.
    fn finish(&mut self) {
        let Some(plan) = self.plans.pop_front() else { return };
        self.ended = plan.last;
        if let Some(reply) = plan.asked {
            let said = plan.said.join("; ");
            let failed = plan.last && !plan.said.is_empty();
            drop(reply.send(if failed { Err(said) } else { Ok(said) }));
        }
        if plan.last
            && let Some(sentence) = self.leaving.take()
        {
            self.gave_up.send_replace(Some(sentence));
        }
    }
}
