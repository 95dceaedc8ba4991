//! What a demonstration lets happen to the threads of the parts. In a real house nobody ever sets anything here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// What happens to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snag {
    /// It stands still where it changes nothing.
    Hangs,
    /// It stands still in the middle of a change.
    HangsInside,
    /// It ends in a panic.
    Panics,
    /// Its next call that rightly takes long takes so long.
    Slow(Duration),
}

/// What happens to which part. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Snags(Arc<Inner>);

#[derive(Default)]
struct Inner {
    set: Mutex<BTreeMap<String, Snag>>,
    /// Counts what was released.
    released: Mutex<u64>,
    release: Condvar,
}

impl Snags {
    /// Lets it happen to the part of that name, once.
    pub(crate) fn set(&self, part: &str, snag: Snag) {
        self.0.set.lock().insert(part.into(), snag);
    }

    /// Nothing happens any more, and what stands still goes on.
    pub(crate) fn release(&self) {
        self.0.set.lock().clear();
        *self.0.released.lock() += 1;
        self.0.release.notify_all();
    }

    /// Where a thread changes nothing.
    #[expect(clippy::panic, reason = "a demonstration of what is done about one")]
    pub(super) fn meet(&self, part: &str) {
        match self.take(part, |snag| matches!(snag, Snag::Hangs | Snag::Panics)) {
            Some(Snag::Panics) => panic!("{part} was told to panic, in this simulated house"),
            Some(_) => self.stand(Duration::MAX),
            None => {}
        }
    }

    /// Where a thread is in the middle of a change.
    pub(super) fn meet_inside(&self, part: &str) {
        match self.take(part, |snag| matches!(snag, Snag::HangsInside | Snag::Slow(_))) {
            Some(Snag::Slow(time)) => self.stand(time),
            Some(_) => self.stand(Duration::MAX),
            None => {}
        }
    }

    fn take(&self, part: &str, here: impl Fn(Snag) -> bool) -> Option<Snag> {
        let mut set = self.0.set.lock();
        let snag = *set.get(part).filter(|snag| here(**snag))?;
        set.remove(part);
        Some(snag)
    }

    /// Stands still until released, or for so long.
    fn stand(&self, most: Duration) {
        let mut released = self.0.released.lock();
        let before = *released;
        let stands = |released: &mut u64| *released == before;
        if most == Duration::MAX {
            self.0.release.wait_while(&mut released, stands);
        } else {
            self.0.release.wait_while_for(&mut released, stands, most);
        }
    }
}
