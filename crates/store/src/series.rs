//! What is known of entities, and their last states, under any name that they ever had: from memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use hearthline_core::{EntityId, EntityInfo, EntityRow, StateRow, Timestamp};

use crate::Table;
use crate::folder::Folder;
use crate::latest::answered;
use crate::manifest::Contents;
use crate::names::{Names, Series};
use crate::scan::{FileRows, Filter};
use crate::store::Store;

/// What is committed. What cannot be read is left out, and is known as damaged from then on.
pub(crate) fn load(folder: &Folder, contents: &Contents) -> Names {
    let mut names = Names::default();
    for file in contents.files.iter().filter(|file| file.table == Table::Entities) {
        let rows = FileRows::<EntityRow>::open(folder, file, &Filter::ALL, None);
        for row in rows.into_iter().flatten().map_while(Result::ok) {
            names.apply(&row);
        }
    }
    names
}

impl Store {
    /// The series of the entity that has this name now, or had it last; of one that no registry knew, all that has the
    /// name. Also by key.
    #[must_use]
    pub fn series(&self, name: &str) -> Series {
        self.live.read().names.series(name)
    }

    /// What is known now of the entity that has this name or key, or had it last. `seq` may be zero.
    #[must_use]
    pub fn entity(&self, name: &str) -> Option<EntityRow> {
        self.live.read().names.newest(name).map(|row| EntityRow::clone(row))
    }

    /// What was known at an instant of the entity with this key; before that, what was known first.
    #[must_use]
    pub fn known_of(&self, key: &str, at: Timestamp) -> Option<Arc<EntityInfo>> {
        self.live.read().names.version(key, at).map(|row| Arc::clone(&row.info))
    }

    /// What became known of entities from one instant on and before another, the newest first.
    #[must_use]
    pub fn entity_rows(&self, from: Timestamp, to: Timestamp) -> Vec<Arc<EntityRow>> {
        let live = self.live.read();
        let meant = |row: &&Arc<EntityRow>| from <= row.ts && row.ts < to;
        let mut rows: Vec<_> = live.names.rows().filter(meant).cloned().collect();
        rows.sort_by(|a, b| (b.ts, &a.info.entity_id).cmp(&(a.ts, &b.info.entity_id)));
        rows
    }

    /// The last state of every entity ever recorded, in no order; a removed one has a row with a null state. A name that
    /// its entity has no more is none of them.
    #[must_use]
    pub fn latest(&self) -> Vec<StateRow> {
        let live = self.live.read();
        let is_name = |row: &&Arc<StateRow>| {
            let known = live.names.newest(row.entity_id.as_str());
            known.is_none_or(|newest| newest.info.entity_id == row.entity_id)
        };
        let rows: Vec<_> = live.latest.values().filter(is_name).cloned().collect();
        drop(live);
        rows.into_iter().map(answered).collect()
    }

    /// What every entity ever recorded is called now, or was called last; in order.
    #[must_use]
    pub fn entity_ids(&self) -> BTreeSet<EntityId> {
        let live = self.live.read();
        let now = |id: &EntityId| {
            live.names.newest(id.as_str()).map_or_else(|| id.clone(), |newest| newest.info.entity_id.clone())
        };
        live.latest.keys().map(now).collect()
    }

    /// The last state of one entity, by any name that it ever had.
    #[must_use]
    pub fn latest_of(&self, name: &str) -> Option<StateRow> {
        let live = self.live.read();
        let now = live.names.newest(name).map(|newest| newest.info.entity_id.clone());
        let row = now.and_then(|now| live.latest.get(&now)).or_else(|| live.latest.get(name));
        row.cloned().map(answered)
    }
}
