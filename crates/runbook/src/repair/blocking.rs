//! Work with the disk, beside what must not wait.

use std::fmt::Display;

use super::RepairError;

/// Does it on a thread that may wait. What the disk refuses may go better in a moment.
pub(super) async fn blocking<T: Send + 'static, E: Display + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, RepairError> {
    let done = tokio::task::spawn_blocking(move || work().map_err(|error| error.to_string())).await;
    done.unwrap_or_else(|error| Err(error.to_string())).map_err(RepairError::Later)
}
