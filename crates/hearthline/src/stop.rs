//! When a command that lasts ends.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that tell a program to stop. From now on they end nothing by themselves: one that comes while nobody listens is told to
/// the next who does.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// # Errors
    /// When the system has no signals.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ready when one has come, with its name.
    pub(crate) async fn told(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Returns at `SIGTERM` or `SIGINT`, or after so long.
///
/// # Errors
/// When the system has no signals.
pub(crate) async fn told_to_stop(after: Option<Duration>) -> io::Result<()> {
    let mut signals = Signals::new()?;
    let over = async {
        match after {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = signals.told() => {}
        () = over => {}
    }
    Ok(())
}
