//! Waiting for a condition, never for a length of time.

use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock};
use tokio::sync::{Mutex, MutexGuard};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Looks until there is something, and fails the test when it takes longer than `within`.
pub(crate) async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {} s: {what}", within.as_secs());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// For a test that counts days, which end at midnight in UTC: waits for the next one where this is over in so short a time.
pub(crate) async fn within_a_day(lasting: Duration) {
    let clock = SystemClock::new();
    until("a day that lasts long enough", lasting * 2, async || {
        let now = clock.now();
        (now.day() == now.plus(lasting).day()).then_some(())
    })
    .await;
}

/// For a test that keeps a core busy: such tests run one after the other, or on a small machine each would fail for the
/// others' sake. An optimised build in full length is fast enough for all of them at once.
pub(crate) async fn alone() -> Option<MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::const_new(());
    if is_whole() { None } else { Some(ONE.lock().await) }
}

/// Whether tests run in full length.
pub(crate) fn is_whole() -> bool {
    std::env::var_os("HEARTHLINE_SOAK").is_some()
}
