//! Work with the disk, which must not hold up the other checks and ends when nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks whether anybody still waits.
pub(super) type GoesOn = Box<dyn Fn() -> bool + Send>;

struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does it on a thread that may wait; none where it ended in a panic.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(GoesOn) -> T + Send + 'static,
) -> Option<T> {
    let given_up = Arc::new(AtomicBool::new(false));
    let _waits = Waits(Arc::clone(&given_up));
    let goes_on: GoesOn = Box::new(move || !given_up.load(Ordering::Relaxed));
    tokio::task::spawn_blocking(move || work(goes_on)).await.ok()
}
