//! Entities that the settings leave out. Nothing of them reaches the disk, so they are known only while the program runs: by
//! name, with the rule that decided and how many events were left out.

use hashbrown::HashMap;
use hearthline_core::{EntityId, Timestamp};
use parking_lot::Mutex;

/// So many are told apart; a house has fewer, and what makes up names without end must not fill the memory.
const MOST: usize = 20_000;

/// One that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub entity_id: EntityId,
    /// The rule that decided, as written; none where there are rules for what is kept and it fits none of them.
    pub rule: Option<String>,
    /// Changes of it that were left out since the program started.
    pub events: u64,
    /// When the last of them came, in our clock.
    pub last: Option<Timestamp>,
}

/// All of them, for others to see.
#[derive(Debug, Default)]
pub struct LeftOutView(Mutex<HashMap<EntityId, LeftOut>>);

impl LeftOutView {
    /// All, by name.
    #[must_use]
    pub fn list(&self) -> Vec<LeftOut> {
        let mut all: Vec<_> = self.0.lock().values().cloned().collect();
        all.sort_by(|a, b| a.entity_id.cmp(&b.entity_id));
        all
    }

    /// A change of this one was left out. `rule` is asked where it was not known.
    pub(crate) fn heard(&self, entity_id: &str, at: Timestamp, rule: impl FnOnce() -> Option<String>) {
        let mut all = self.0.lock();
        if !all.contains_key(entity_id) {
            insert(&mut all, entity_id, rule());
        }
        if let Some(one) = all.get_mut(entity_id) {
            one.events += 1;
            one.last = Some(at);
        }
    }

    /// This one is there, and is left out by this rule now.
    pub(crate) fn seen(&self, entity_id: &str, rule: Option<String>) {
        let mut all = self.0.lock();
        match all.get_mut(entity_id) {
            Some(one) => one.rule = rule,
            None => insert(&mut all, entity_id, rule),
        }
    }

    /// This one is recorded now.
    pub(crate) fn kept(&self, entity_id: &str) {
        self.0.lock().remove(entity_id);
    }
}

fn insert(all: &mut HashMap<EntityId, LeftOut>, entity_id: &str, rule: Option<String>) {
    if all.len() < MOST {
        let entity_id = EntityId::from(entity_id);
        all.insert(entity_id.clone(), LeftOut { entity_id, rule, events: 0, last: None });
    }
}
