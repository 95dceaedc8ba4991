//! One thread of a part, from its start to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hearthline_core::{Clock, Pulse};
use hearthline_log::{LogThread, LogWriter, Round};
use hearthline_pipeline::watch::Watched;
use hearthline_runbook::parts::LOG;
use tokio_util::sync::CancellationToken;

use super::panics;
use super::snag::Snags;

/// How often a demonstration looks whether something is to happen to a thread.
const SNAGS: Duration = Duration::from_millis(100);

/// A running thread.
pub(super) struct Thread {
    handle: Handle,
    pub(super) pulse: Pulse,
    stop: CancellationToken,
    given_up: Arc<AtomicBool>,
}

enum Handle {
    Work(JoinHandle<()>),
    Log(LogThread),
}

/// How a thread ended.
pub(super) enum End {
    /// In order; with the log's writer, if that was to be handed over.
    InOrder(Option<Box<LogWriter>>),
    /// In these words.
    Broken(String),
}

impl Thread {
    /// Starts a thread of that name that runs one future until told to stop. What a demonstration does to `part` happens on it.
    pub(super) fn spawn<F: Future<Output = ()>>(
        name: &str,
        clock: &Arc<dyn Clock>,
        (part, snags): (&str, &Snags),
        work: impl FnOnce(CancellationToken, Pulse) -> F + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (stop, pulse) = (CancellationToken::new(), Pulse::new(Arc::clone(clock)));
        let given_up = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (given, beats, gone) = (stop.clone(), pulse.clone(), Arc::clone(&given_up));
        let (part, snags) = (part.to_owned(), snags.clone());
        let run = move || {
            runtime.block_on(async {
                let work = Watched::new(work(given, beats.clone()), beats, gone);
                let snagged = async {
                    loop {
                        tokio::time::sleep(SNAGS).await;
                        snags.meet(&part);
                    }
                };
                tokio::select! {
                    () = work => {}
                    () = snagged => {}
                }
            });
        };
        let handle = Handle::Work(std::thread::Builder::new().name(name.into()).spawn(run)?);
        Ok(Self { handle, pulse, stop, given_up })
    }

    /// Starts the log's thread.
    pub(super) fn of_log(writer: LogWriter, clock: &Arc<dyn Clock>, snags: &Snags) -> anyhow::Result<Self> {
        let (pulse, snags) = (Pulse::new(Arc::clone(clock)), snags.clone());
        let round = move |round| match round {
            Round::Begins => snags.meet(LOG),
            Round::Writes => snags.meet_inside(LOG),
        };
        let handle = Handle::Log(writer.spawn_watched(pulse.clone(), round)?);
        Ok(Self { handle, pulse, stop: CancellationToken::new(), given_up: Arc::default() })
    }

    /// Tells it to stop. A log's writer is handed over, if it is to go on later.
    pub(super) fn stop(&self, goes_on: bool) {
        match &self.handle {
            Handle::Log(log) if goes_on => log.hand_over(),
            Handle::Log(log) => log.close(),
            Handle::Work(_) => self.stop.cancel(),
        }
    }

    /// Another does its work: it goes no further than to its next wait when it wakes up.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        self.stop.cancel();
    }

    pub(super) fn is_finished(&self) -> bool {
        match &self.handle {
            Handle::Work(thread) => thread.is_finished(),
            Handle::Log(thread) => thread.is_finished(),
        }
    }

    /// Waits for its end.
    pub(super) fn end(self) -> End {
        let id = match &self.handle {
            Handle::Work(thread) => thread.thread().id(),
            Handle::Log(thread) => thread.id(),
        };
        let ended = match self.handle {
            Handle::Work(thread) => thread.join().map(|()| None).map_err(|_| "it panicked".to_owned()),
            Handle::Log(thread) => thread.join().map_err(|error| error.to_string()),
        };
        match (ended, panics::take(id)) {
            (Ok(writer), _) => End::InOrder(writer.map(Box::new)),
            (Err(_), Some(words)) => End::Broken(format!("it panicked: {words}")),
            (Err(words), None) => End::Broken(words),
        }
    }
}
