//! A right that one holder at a time has, and that can be taken away from one that hangs.
//!
//! A thread cannot be killed. One that hangs is left behind and another does its work; when the old one wakes up, it must not
//! change anything any more. Whoever changes something holds a [`Turn`] and is [`Turn::enter`]ed while it does. A turn is taken
//! away by taking the next one, which is refused while somebody is in the middle of a change: what hangs there cannot be
//! replaced within the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Changes under way, in the lower half of the word; the number of the turn is above.
const INSIDE: u64 = (1 << 16) - 1;
const TURN: u64 = INSIDE + 1;

/// Where turns come from. Clones are the same fence.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<AtomicU64>);

/// The right to make changes, until another one takes the next turn. Clones share it.
#[derive(Clone, Debug)]
pub struct Turn {
    fence: Arc<AtomicU64>,
    number: u64,
}

/// The holder is in the middle of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a change is under way, which cannot be taken away from the one that makes it")]
pub struct Busy;

/// Another one has the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was given up because it hung; another has taken over")]
pub struct TakenOver;

/// Holds while a change is made.
#[derive(Debug)]
pub struct Inside<'t>(&'t AtomicU64);

impl Fence {
    /// Takes the turn away from whoever has it.
    ///
    /// # Errors
    /// While a change is under way.
    pub fn next(&self) -> Result<Turn, Busy> {
        let next = |word: u64| (word & INSIDE == 0).then(|| word.wrapping_add(TURN));
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).map_err(|_| Busy)?;
        Ok(Turn { fence: Arc::clone(&self.0), number: before.wrapping_add(TURN) })
    }
}

impl Turn {
    /// Begins a change.
    ///
    /// # Errors
    /// When the turn was taken away.
    pub fn enter(&self) -> Result<Inside<'_>, TakenOver> {
        let enter = |word: u64| (word & !INSIDE == self.number && word & INSIDE < INSIDE).then(|| word + 1);
        self.fence.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).map_err(|_| TakenOver)?;
        Ok(Inside(&self.fence))
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_replaced_changes_nothing_any_more() {
        let fence = Fence::default();
        let old = fence.next().unwrap();
        drop(old.enter().unwrap());
        let new = fence.next().unwrap();
        assert_eq!(old.enter().unwrap_err(), TakenOver);
        assert!(new.enter().is_ok());
        let again = fence.next().unwrap();
        assert!(new.enter().is_err() && again.enter().is_ok());
    }

    #[test]
    fn a_change_under_way_is_not_interrupted() {
        let fence = Fence::default();
        let turn = fence.next().unwrap();
        let (outer, inner) = (turn.enter().unwrap(), turn.enter().unwrap());
        assert_eq!(fence.next().unwrap_err(), Busy);
        drop(inner);
        assert_eq!(fence.next().unwrap_err(), Busy);
        drop(outer);
        assert!(fence.next().is_ok());
    }

    #[test]
    fn of_many_that_enter_at_once_none_is_inside_after_the_next_turn() {
        let fence = Fence::default();
        let turn = fence.next().unwrap();
        let entered = std::thread::scope(|scope| {
            let enter = || (0..10_000).filter(|_| turn.enter().is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(enter)).collect();
            while fence.next().is_err() {
                std::thread::yield_now();
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert!(entered <= 40_000 && turn.enter().is_err());
    }
}
