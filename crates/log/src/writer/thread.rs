//! The thin loop around the writer.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use event_listener::Listener as _;

use super::LogWriter;
use crate::error::LogError;
use crate::log::Shared;

/// The thread that steps the writer.
pub struct LogThread {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<(), LogError>>,
}

impl LogWriter {
    /// Steps on a thread of its own, named `log`, whenever something is appended or a sync is due.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(self) -> io::Result<LogThread> {
        let shared = Arc::clone(&self.shared);
        let thread = Builder::new().name("log".into()).spawn(move || self.run())?;
        Ok(LogThread { shared, thread })
    }

    fn run(mut self) -> Result<(), LogError> {
        let mut refuses = false;
        let shared = Arc::clone(&self.shared);
        loop {
            let listener = shared.wake.listen();
            if shared.queue.lock().closed {
                return self.close();
            }
            let rest = self.step().unwrap_or(Some(super::RETRY));
            let reason = shared.queue.lock().refuses();
            match &reason {
                Some(reason) if !refuses => tracing::error!("the log takes nothing: {reason}"),
                None if refuses => {
                    tracing::info!("the log takes everything again; what it had taken is written")
                }
                _ => {}
            }
            refuses = reason.is_some();
            match rest {
                Some(rest) => drop(listener.wait_timeout(rest)),
                None => listener.wait(),
            }
        }
    }
}

impl LogThread {
    /// Writes and syncs what was appended so far, ends the segment and the thread.
    ///
    /// # Errors
    /// When that fails; what was synced before is safe. A thread that panicked is an error, too.
    pub fn stop(self) -> Result<(), LogError> {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify(1);
        self.thread.join().unwrap_or(Err(LogError::Panicked))
    }
}
