//! Starts the parts, sees whether their threads are alive, and starts one anew that is not.
//!
//! [`Supervisor`] is a plain struct that is stepped; [`run`] is the thin loop around it. Each step looks at every thread: one
//! that has ended though nobody told it to, or that has shown no sign of life for too long, is named, left behind and
//! replaced by one that goes on where it was, while the others run. What cannot be replaced within the process is the log's
//! writer while it hangs, since it owns its file, and whatever hangs in the middle of a change: then the program ends with a
//! sentence, and is to be started again by whoever started it. A log's writer that panicked is gone, so the log is opened anew
//! and everything behind it begins from what the log has.

mod carry;
mod judge;
mod plan;
mod shown;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use hearthline_log::LogWriter;
use hearthline_pipeline::health::PartState;
use tokio::sync::{oneshot, watch};

use self::judge::{Course, Lateness, Life, Next, life};
use self::plan::{Plan, Step, start_all, stop_all};
pub(crate) use self::shown::Supervised;
use super::parts::{Part, Parts};
use super::thread::{End, Thread};

/// Between two looks, and while parts are stopped and started.
const LOOK: [Duration; 2] = [Duration::from_secs(1), Duration::from_millis(20)];
/// After a start that failed.
const AGAIN: Duration = Duration::from_secs(5);

/// What is asked of the supervisor.
pub(super) enum Ask {
    /// Stop and start one part, or all in order. Answered with what was done.
    Restart(Option<String>, oneshot::Sender<Result<String, String>>),
    /// Stop everything for good.
    Stop(oneshot::Sender<Result<String, String>>),
}

/// The parts and their threads.
pub(super) struct Supervisor {
    parts: Arc<Parts>,
    threads: Vec<Managed>,
    plans: VecDeque<Plan>,
    shown: Supervised,
    /// Why the program has to end, for whoever waits for that.
    gave_up: watch::Sender<Option<String>>,
    /// The same, until everything else has ended.
    leaving: Option<String>,
    lateness: Lateness,
    ended: bool,
}

struct Managed {
    part: Part,
    state: State,
    course: Course,
    /// What is wrong with its thread was said.
    said: bool,
    starts: u64,
}

enum State {
    Up(Thread),
    Stopping(Thread),
    /// It is being made, which may wait for the disk.
    Starting(JoinHandle<anyhow::Result<Thread>>, String),
    /// It has no thread. It gets one then, with what became of the last.
    Down(Option<(Duration, String)>),
}

/// Looks again and again until everything is stopped.
pub(super) fn run(mut supervisor: Supervisor, asked: &Receiver<Ask>) {
    while !supervisor.ended {
        supervisor.step();
        let [rest, soon] = LOOK;
        let wait = if supervisor.is_busy() { soon } else { rest };
        supervisor.lateness.look(supervisor.now(), wait);
        match asked.recv_timeout(wait) {
            Ok(ask) => supervisor.ask(ask),
            Err(RecvTimeoutError::Timeout) => {}
            // Nobody can ask for a stop any more: the program ends.
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Supervisor {
    /// Starts everything with its first steps.
    pub(super) fn new(parts: Arc<Parts>, shown: Supervised, gave_up: watch::Sender<Option<String>>) -> Self {
        let all = parts.all();
        let managed = |part: &Part| Managed {
            part: *part,
            state: State::Down(None),
            course: Course::default(),
            said: false,
            starts: 0,
        };
        let threads = all.iter().map(managed).collect();
        let plan = Plan::new(start_all(&all, ""), parts.shared.clock.monotonic());
        Self {
            parts,
            threads,
            plans: [plan].into(),
            shown,
            gave_up,
            leaving: None,
            lateness: Lateness::default(),
            ended: false,
        }
    }

    fn is_busy(&self) -> bool {
        let moves = |managed: &Managed| matches!(managed.state, State::Starting(..) | State::Stopping(_));
        !self.plans.is_empty() || self.threads.iter().any(moves)
    }

    fn now(&self) -> Duration {
        self.parts.shared.clock.monotonic()
    }

    fn ask(&mut self, ask: Ask) {
        let now = self.now();
        match ask {
            Ask::Restart(name, reply) => {
                let parts = match self.named(name.as_deref()) {
                    Ok(parts) => parts,
                    Err(why) => return drop(reply.send(Err(why))),
                };
                let why = hearthline_runbook::status::Restart::WANTED;
                let steps = match parts.as_slice() {
                    [one] => [Step::Stop(vec![*one])].into_iter().chain(start_all(&[*one], why)).collect(),
                    all => [stop_all(all), start_all(all, why)].concat(),
                };
                for managed in self.threads.iter_mut().filter(|managed| parts.contains(&managed.part)) {
                    managed.course.forget();
                }
                self.plans.push_back(Plan { asked: Some(reply), ..Plan::new(steps, now) });
            }
            Ask::Stop(reply) => {
                let all = self.parts.all();
                self.plans.clear(); // whatever is being started is stopped
                self.plans.push_back(Plan {
                    asked: Some(reply),
                    last: true,
                    ..Plan::new(stop_all(&all), now)
                });
            }
        }
    }

    /// One part by its name, or all of them.
    fn named(&self, name: Option<&str>) -> Result<Vec<Part>, String> {
        let all = self.parts.all();
        let Some(name) = name else { return Ok(all) };
        match all.iter().find(|part| self.parts.name(**part) == name) {
            Some(part) => Ok(vec![*part]),
            None => {
                let names: Vec<_> = all.iter().map(|part| self.parts.name(*part)).collect();
                Err(format!(
                    "no part that can be started anew is called {name:?}; there are {}",
                    names.join(", ")
                ))
            }
        }
    }

    /// Looks at every thread, and goes on with what is being done.
    pub(super) fn step(&mut self) {
        for n in 0..self.threads.len() {
            self.look_at(n);
        }
        while self.go_on() {}
    }

    fn look_at(&mut self, n: usize) {
        let now = self.now();
        let Some(managed) = self.threads.get_mut(n) else { return };
        match std::mem::replace(&mut managed.state, State::Down(None)) {
            State::Up(thread) if thread.is_finished() => self.ended(n, thread),
            State::Up(thread) => match life(self.lateness.fair(thread.pulse.look(), now), now) {
                Life::Hangs { silent, what } => self.hangs(n, &thread, silent, what),
                alive => {
                    managed.state = State::Up(thread);
                    self.lives(n, alive);
                }
            },
            State::Stopping(thread) if thread.is_finished() => {
                let part = managed.part;
                match thread.end() {
                    End::InOrder(writer) => self.keep_writer(writer),
                    End::Broken(words) => {
                        let name = self.parts.name(part).to_owned();
                        tracing::warn!(part = name, "{name} did not end in order: {words}");
                        self.say(format!("{name} did not end in order: {words}"));
                    }
                }
            }
            State::Starting(making, why) if making.is_finished() => {
                let made =
                    making.join().unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked while it was made")));
                self.made(n, made, why);
            }
            State::Down(Some((at, why))) if now >= at => self.start(n, why),
            state => managed.state = state,
        }
    }

    fn keep_writer(&self, writer: Option<Box<LogWriter>>) {
        if let Some(writer) = writer {
            self.parts.made.lock().log = Some(*writer);
        }
    }

    /// It has a thread that lives, fast or not.
    fn lives(&mut self, n: usize, life: Life) {
        let Some(managed) = self.threads.get_mut(n) else { return };
        let name = self.parts.name(managed.part);
        let Life::Slow { what, silent, left } = life else {
            if std::mem::take(&mut managed.said) {
                tracing::info!(part = name, "{name} goes on");
                self.shown.change(name, |shown| shown.trouble = None);
            }
            return;
        };
        let words = format!(
            "it has been {what} for {} s; a slow disk does that, and after {} s more it is taken for one that hangs",
            silent.as_secs(),
            left.as_secs()
        );
        if !std::mem::replace(&mut managed.said, true) {
            tracing::warn!(part = name, "{name}: {words}");
        }
        self.shown.change(name, |shown| shown.trouble = Some((PartState::Degraded, words)));
    }

    /// It ended though nobody told it to.
    fn ended(&mut self, n: usize, thread: Thread) {
        let Some(managed) = self.threads.get(n) else { return };
        let words = match thread.end() {
            End::Broken(words) => words,
            End::InOrder(_) => "its thread ended though nobody told it to".into(),
        };
        if managed.part == Part::Log {
            return self.log_is_gone(n, &words);
        }
        self.again(n, words);
    }

    /// It shows no sign of life.
    fn hangs(&mut self, n: usize, thread: &Thread, silent: Duration, what: Option<&str>) {
        let Some(managed) = self.threads.get(n) else { return };
        let part = managed.part;
        let name = self.parts.name(part);
        let doing = what.map(|what| format!(" while {what}")).unwrap_or_default();
        let words = format!("it hung: no sign of life for {} s{doing}", silent.as_secs());
        thread.give_up();
        if part == Part::Log {
            return self.give_up(format!(
                "the log's writer shows no sign of life for {} s{doing}, and nobody else can write its file; the program ends, \
                 to be started again: see what `dmesg` says of the disk",
                silent.as_secs()
            ));
        }
        if self.parts.shared.turn(part).is_err() {
            return self.give_up(format!(
                "{name} shows no sign of life for {} s in the middle of a change{doing}, which nobody else can go on with; the \
                 program ends, to be started again: see what `dmesg` says of the disk",
                silent.as_secs()
            ));
        }
        self.again(n, words);
    }

    /// Its thread is no more: another is started, now or later.
    fn again(&mut self, n: usize, words: String) {
        let now = self.now();
        let Some(managed) = self.threads.get_mut(n) else { return };
        let name = self.parts.name(managed.part);
        let (wait, state, what) = match managed.course.ended(now) {
            Next::Start(wait) => (wait, bad(managed.part), format!("{words}; it is being started anew")),
            Next::Park(wait) => {
                let minutes = wait.as_secs() / 60;
                let what = format!(
                    "{words}; it has ended too often and is left alone for {minutes} min: please report this with the \
                     program's log; `hearthline repair restart {name}` starts it now"
                );
                (wait, PartState::Parked, what)
            }
        };
        match state {
            PartState::Parked => tracing::error!(part = name, "{name}: {what}"),
            _ => tracing::warn!(part = name, "{name}: {what}"),
        }
        managed.said = false;
        managed.state = State::Down(Some((now + wait, words)));
        self.shown.change(name, |shown| shown.trouble = Some((state, what)));
        if wait.is_zero() {
            self.look_at(n);
        }
    }

    fn start(&mut self, n: usize, why: String) {
        let Some(managed) = self.threads.get_mut(n) else { return };
        let (parts, part, words) = (Arc::clone(&self.parts), managed.part, why.clone());
        if managed.starts > 0 {
            let name = self.parts.name(part);
            let what = format!("it is being started anew: {why}");
            self.shown.change(name, |shown| {
                shown.trouble.get_or_insert((PartState::Starting, what));
            });
        }
        let making =
            std::thread::Builder::new().name("start".into()).spawn(move || parts.start(part, &words));
        managed.state = match making {
            Ok(making) => State::Starting(making, why),
            Err(error) => {
                tracing::warn!(%error, "the system gives no thread; it is asked again");
                State::Down(Some((self.parts.shared.clock.monotonic() + AGAIN, why)))
            }
        };
    }

    fn made(&mut self, n: usize, made: anyhow::Result<Thread>, why: String) {
        let now = self.now();
        let Some(managed) = self.threads.get_mut(n) else { return };
        let (part, name) = (managed.part, self.parts.name(managed.part));
        match made {
            Ok(thread) => {
                managed.state = State::Up(thread);
                managed.starts += 1;
                let anew = managed.starts > 1;
                if anew {
                    tracing::info!(part = name, "{name} was started anew: {why}");
                }
                let at = self.parts.shared.clock.now();
                self.shown.change(name, |shown| {
                    shown.trouble = None;
                    if anew {
                        shown.restarts += 1;
                        shown.last = Some((at, why));
                    }
                });
            }
            Err(error) => {
                let what =
                    format!("it cannot be started: {error:#}; it is tried again in {} s", AGAIN.as_secs());
                tracing::error!(part = name, "{name}: {what}");
                managed.state = State::Down(Some((now + AGAIN, why)));
                self.shown.change(name, |shown| shown.trouble = Some((bad(part), what)));
            }
        }
    }
}

/// What a part without a thread means: of these two nothing is recorded, the others are late.
const fn bad(part: Part) -> PartState {
    match part {
        Part::Log | Part::Source => PartState::Unhealthy,
        Part::Store | Part::Sink(_) | Part::Weather | Part::Notify | Part::Mqtt => PartState::Degraded,
    }
}
