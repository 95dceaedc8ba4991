//! The thin loop around the writer.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, ThreadId};
use std::time::Duration;

use event_listener::Listener as _;
use hearthline_core::Pulse;

use super::LogWriter;
use crate::error::LogError;
use crate::log::Shared;

/// The longest rest between two rounds, so that the pulse beats.
const ROUND: Duration = Duration::from_secs(1);
/// How long a disk may take for one round, with a sync in it, before it is taken for one that answers no more.
const DISK: Duration = Duration::from_secs(120);

/// Where a round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// At its beginning, where nothing is changed.
    Begins,
    /// Where the disk may rightly take long.
    Writes,
}

/// The thread that steps the writer.
pub struct LogThread {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<Option<LogWriter>, LogError>>,
}

impl LogWriter {
    /// Steps on a thread of its own, named `log`, whenever something is appended or a sync is due.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(self) -> io::Result<LogThread> {
        self.spawn_watched(Pulse::unwatched(), |_| {})
    }

    /// As [`LogWriter::spawn`]: `pulse` beats in each round, and `round` is called twice in it, on that thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn_watched(
        self,
        pulse: Pulse,
        round: impl Fn(Round) + Send + 'static,
    ) -> io::Result<LogThread> {
        let shared = Arc::clone(&self.shared);
        let thread = Builder::new().name("log".into()).spawn(move || self.run(&pulse, round))?;
        Ok(LogThread { shared, thread })
    }

    fn run(mut self, pulse: &Pulse, round: impl Fn(Round)) -> Result<Option<Self>, LogError> {
        let mut refuses = false;
        let shared = Arc::clone(&self.shared);
        loop {
            let listener = shared.wake.listen();
            pulse.beat();
            round(Round::Begins);
            let (closed, hand_over) = {
                let mut queue = shared.queue.lock();
                (queue.closed, std::mem::take(&mut queue.hand_over))
            };
            let long = pulse.takes_long("writing to the disk", DISK);
            round(Round::Writes);
            if closed {
                return self.close().map(|()| None);
            }
            let rest = self.step().unwrap_or(Some(super::RETRY));
            if hand_over {
                // What is not written then is in the writer, which goes on with it.
                drop(self.seal());
                return Ok(Some(self));
            }
            drop(long);
            let reason = shared.queue.lock().refuses();
            match &reason {
                Some(reason) if !refuses => tracing::error!("the log takes nothing: {reason}"),
                None if refuses => {
                    tracing::info!("the log takes everything again; what it had taken is written")
                }
                _ => {}
            }
            refuses = reason.is_some();
            let _ = listener.wait_timeout(rest.map_or(ROUND, |rest| rest.min(ROUND)));
        }
    }
}

impl LogThread {
    /// Writes and syncs what was appended so far, ends the segment and the thread.
    ///
    /// # Errors
    /// When that fails; what was synced before is safe. A thread that panicked is an error, too.
    pub fn stop(self) -> Result<(), LogError> {
        self.close();
        self.join().map(drop)
    }

    /// Asks the thread to do what [`LogThread::stop`] does, without waiting for it.
    pub fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify(1);
    }

    /// Asks the thread to write what was appended so far, to end the segment, and to give the writer back. What is appended
    /// meanwhile waits in the queue.
    pub fn hand_over(&self) {
        self.shared.queue.lock().hand_over = true;
        self.shared.wake.notify(1);
    }

    /// Whether it has ended, for whatever reason.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Which thread it is.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.thread.thread().id()
    }

    /// Waits for its end; the writer, if it was to be handed over.
    ///
    /// # Errors
    /// As [`LogThread::stop`].
    pub fn join(self) -> Result<Option<LogWriter>, LogError> {
        self.thread.join().unwrap_or(Err(LogError::Panicked))
    }
}
