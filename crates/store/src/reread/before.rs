//! The state that an entity had before a row.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, StateRow, Timestamp};

use crate::StoreError;
use crate::scan::{Filter, Merge};
use crate::store::Store;

/// The last states of the entities whose rows were passed, each day as a whole from where it was entered.
#[derive(Default)]
pub(super) struct Before {
    day: Option<i64>,
    states: HashMap<EntityId, Option<Arc<str>>>,
}

impl Before {
    /// The rows of a day follow. On other days there are these.
    pub(super) fn enter(&mut self, day: i64, days: &BTreeSet<i64>) {
        let follows = |last: i64| last <= day && !days.range(last..day).any(|between| *between != last);
        if !self.day.is_some_and(follows) {
            self.states.clear();
        }
        self.day = Some(day);
    }

    /// This row comes before the next ones of its entity.
    pub(super) fn passed(&mut self, row: &StateRow) {
        match self.states.get_mut(row.entity_id.as_str()) {
            Some(state) => state.clone_from(&row.state),
            None => drop(self.states.insert(row.entity_id.clone(), row.state.clone())),
        }
    }

    /// The state before that of a row; none where it was dropped.
    pub(super) fn state_before(&self, row: &StateRow, store: &Store) -> Result<Option<Arc<str>>, StoreError> {
        match self.states.get(row.entity_id.as_str()) {
            Some(state) => Ok(state.clone()),
            None => look_back(row, store),
        }
    }
}

/// Looks for it on the days before, the latest first.
fn look_back(row: &StateRow, store: &Store) -> Result<Option<Arc<str>>, StoreError> {
    let filter = Filter::of_one(&row.entity_id.as_str().into(), Timestamp(i64::MIN), row.ts);
    let mut snapshot = store.snapshot::<StateRow>(&filter);
    snapshot.files.retain(|file| !store.folder.is_damaged(file));
    for day in snapshot.days().into_iter().rev() {
        let mut rows: Merge<'_, StateRow> = snapshot.merge(&store.folder, day, &filter, None)?;
        let last = rows.try_fold(None, |_, row| row.map(Some))?;
        if let Some(before) = last {
            return Ok(before.state.clone());
        }
    }
    Ok(None)
}
