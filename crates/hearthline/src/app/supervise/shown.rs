//! What others may see of the supervisor, and of the API, which is watched where it is served.

use std::collections::BTreeMap;
use std::sync::Arc;

use hearthline_core::Timestamp;
use hearthline_pipeline::health::PartState;
use parking_lot::Mutex;

/// What others may see of the supervisor. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Supervised(Arc<Mutex<BTreeMap<String, PartOf>>>);

/// One part, as the supervisor knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PartOf {
    /// What is the matter with its thread; none while it is well, and the part itself says how it is.
    pub(crate) trouble: Option<(PartState, String)>,
    /// How often it was started anew.
    pub(crate) restarts: u64,
    /// When that was last, and why.
    pub(crate) last: Option<(Timestamp, String)>,
}

impl Supervised {
    /// One look.
    pub(crate) fn look(&self, part: &str) -> PartOf {
        self.0.lock().get(part).cloned().unwrap_or_default()
    }

    pub(crate) fn change(&self, part: &str, change: impl FnOnce(&mut PartOf)) {
        change(self.0.lock().entry(part.to_owned()).or_default());
    }
}
