//! When a command that lasts ends.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// Returns at `SIGTERM` or `SIGINT`, or after so long.
///
/// # Errors
/// When the system has no signals.
pub(crate) async fn told_to_stop(after: Option<Duration>) -> io::Result<()> {
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let over = async {
        match after {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = signals.0.recv() => {}
        _ = signals.1.recv() => {}
        () = over => {}
    }
    Ok(())
}
