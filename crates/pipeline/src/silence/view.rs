//! What others may see of it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Learnt, Silent};

/// What others may see of it, at any time, from any thread.
#[derive(Debug, Default)]
pub struct SilenceView {
    silent: Mutex<Arc<[Silent]>>,
    learnt: Mutex<Option<Arc<Learnt>>>,
}

impl SilenceView {
    /// Those that are silent, by name.
    #[must_use]
    pub fn silent(&self) -> Arc<[Silent]> {
        Arc::clone(&self.silent.lock())
    }

    /// What is learnt, as of the last look; none before the first one of this run.
    #[must_use]
    pub fn learnt(&self) -> Option<Arc<Learnt>> {
        self.learnt.lock().clone()
    }

    pub(crate) fn show(&self, silent: Vec<Silent>) {
        *self.silent.lock() = silent.into();
    }

    pub(crate) fn learn(&self, learnt: Learnt) {
        *self.learnt.lock() = Some(Arc::new(learnt));
    }
}
