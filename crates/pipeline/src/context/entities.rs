//! Which entities there are, under which names, and what was known of each from when on.

use std::collections::BTreeMap;
use std::sync::Arc;

use hearthline_core::{EntityId, EntityInfo, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::EntityRecord;

/// What was known of an entity from an instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From when on.
    pub from: Timestamp,
    /// What.
    pub info: Arc<EntityInfo>,
    /// It had gone from the registry.
    pub removed: bool,
}

/// All entities, and the names that they had.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entities {
    /// By key, in the order of time; never empty.
    versions: BTreeMap<Arc<str>, Vec<Version>>,
    /// By entity id: who got that name and when.
    owners: BTreeMap<EntityId, Vec<(Timestamp, Arc<str>)>>,
}

impl Entities {
    pub(super) fn apply(&mut self, record: &EntityRecord<'_>) {
        let info = Arc::new(record.info.as_ref().clone());
        let owners = self.owners.entry(info.entity_id.clone()).or_default();
        // One that has gone may have had a name that is another's by now.
        if !record.removed && owners.last().is_none_or(|(_, key)| *key != info.key) {
            owners.push((record.at, Arc::clone(&info.key)));
        }
        let versions = self.versions.entry(Arc::clone(&info.key)).or_default();
        versions.push(Version { from: record.at, info, removed: record.removed });
    }

    /// Whose name it was at an instant. Before anybody is known to have had it, it was the first one's.
    #[must_use]
    pub fn owner(&self, entity_id: &str, at: Timestamp) -> Option<&Arc<str>> {
        let owners = self.owners.get(entity_id)?;
        let behind = owners.iter().rposition(|(from, _)| *from <= at).unwrap_or(0);
        owners.get(behind).map(|(_, key)| key)
    }

    /// Since when the name is with the one who has it now.
    #[must_use]
    pub fn named_since(&self, entity_id: &str) -> Timestamp {
        let newest = self.owners.get(entity_id).and_then(|owners| owners.last());
        newest.map_or(Timestamp(i64::MIN), |(from, _)| *from)
    }

    /// What was known of the entity with this key at an instant; before that, what was known first.
    #[must_use]
    pub fn version(&self, key: &str, at: Timestamp) -> Option<&Version> {
        let versions = self.versions.get(key)?;
        let behind = versions.iter().rposition(|version| version.from <= at).unwrap_or(0);
        versions.get(behind)
    }

    /// The name now of the entity that had this name at an instant; none if it has gone or was never known.
    #[must_use]
    pub fn today(&self, entity_id: &str, at: Timestamp) -> Option<&EntityId> {
        self.by_key(self.owner(entity_id, at)?).map(|info| &info.entity_id)
    }

    /// Every name of the entity that had this one at an instant.
    pub fn names_then(&self, entity_id: &str, at: Timestamp) -> impl Iterator<Item = &EntityId> {
        let versions = self.owner(entity_id, at).and_then(|key| self.versions.get(key));
        versions.into_iter().flatten().map(|version| &version.info.entity_id)
    }

    /// When an entity got another name last.
    #[must_use]
    pub fn renamed(&self) -> Option<Timestamp> {
        let renamings = self.versions.values().flat_map(|versions| versions.array_windows());
        let named = |[before, now]: &&[Version; 2]| before.info.entity_id != now.info.entity_id;
        renamings.filter(named).map(|[_, now]| now.from).max()
    }

    /// Every name that an entity had, which has or had this one.
    pub fn names(&self, entity_id: &str) -> impl Iterator<Item = &EntityId> {
        let owners = self.owners.get(entity_id).into_iter().flatten();
        let versions = owners.filter_map(|(_, key)| self.versions.get(key)).flatten();
        versions.map(|version| &version.info.entity_id)
    }

    /// The name that the entity with this name had before; none if it never had another.
    #[must_use]
    pub fn former(&self, entity_id: &str) -> Option<&EntityId> {
        let (_, key) = self.owners.get(entity_id)?.last()?;
        let mut names = self.versions.get(key)?.iter().rev().map(|version| &version.info.entity_id);
        names.find(|name| name.as_str() != entity_id)
    }

    /// Whether what history has under this name, of a time between the two, may be of more than one entity. Home Assistant
    /// moves the history of an entity to its new name, unless there is some under that name already; when it was that
    /// somebody got a name in this period is not known.
    #[must_use]
    pub fn is_mixed(&self, entity_id: &str, from: Timestamp, to: Timestamp) -> bool {
        let others = |key: &str| {
            let versions = self.versions.get(key).map(Vec::as_slice).unwrap_or_default();
            versions.iter().any(|version| version.info.entity_id.as_str() != entity_id)
        };
        self.handings(entity_id)
            .any(|(at, before, now)| at >= from && (at <= to || others(before) || others(now)))
    }

    /// Each time that somebody else got the name.
    pub fn changed_hands<'a>(&'a self, entity_id: &'a str) -> impl Iterator<Item = Timestamp> {
        self.handings(entity_id).map(|(at, ..)| at)
    }

    /// Whether what history has under this name of an instant is of nobody who is known to have had it: the first who is
    /// got it later, from another name, and has another again. What history had of that one went with it.
    #[must_use]
    pub fn was_strangers(&self, entity_id: &str, at: Timestamp) -> bool {
        let first = self.owners.get(entity_id).and_then(|owners| owners.first());
        let Some((since, key)) = first.filter(|(since, _)| at < *since) else { return false };
        let versions = self.versions.get(key).map(Vec::as_slice).unwrap_or_default();
        let is_other = |version: &Version| version.info.entity_id.as_str() != entity_id;
        versions.iter().any(|version| version.from < *since && is_other(version))
            && versions.last().is_some_and(is_other)
    }

    /// When the name went from one to another, and which. One that was not registered, and is now, is the same.
    fn handings<'a>(&'a self, entity_id: &'a str) -> impl Iterator<Item = (Timestamp, &'a str, &'a str)> {
        let owners = self.owners.get(entity_id).map(Vec::as_slice).unwrap_or_default();
        let handings = owners.array_windows().map(|[(_, before), (at, now)]| (*at, &**before, &**now));
        handings.filter(move |(_, before, _)| *before != entity_id)
    }

    /// What is known now of the entity that has this name; none if none has it.
    #[must_use]
    pub fn current(&self, entity_id: &str) -> Option<&Arc<EntityInfo>> {
        let (_, key) = self.owners.get(entity_id)?.last()?;
        let newest = self.versions.get(key)?.last()?;
        (!newest.removed && newest.info.entity_id.as_str() == entity_id).then_some(&newest.info)
    }

    /// What is known now of the entity with this key; none if it has gone.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Arc<EntityInfo>> {
        self.versions.get(key)?.last().filter(|newest| !newest.removed).map(|newest| &newest.info)
    }

    /// The newest version of every entity, in the order of keys.
    pub fn newest(&self) -> impl Iterator<Item = &Version> {
        self.versions.values().filter_map(|versions| versions.last())
    }

    /// Versions that were over, entities that had gone and names that had changed hands before.
    pub(super) fn forget(&mut self, before: Timestamp) {
        self.versions.retain(|_, versions| {
            let needed = versions.iter().rposition(|version| version.from <= before).unwrap_or(0);
            versions.drain(..needed);
            versions.last().is_some_and(|newest| !newest.removed || newest.from > before)
        });
        let versions = &self.versions;
        self.owners.retain(|_, owners| {
            let needed = owners.iter().rposition(|(from, _)| *from <= before).unwrap_or(0);
            owners.drain(..needed);
            owners.retain(|(_, key)| versions.contains_key(key));
            !owners.is_empty()
        });
    }
}

#[cfg(test)]
mod tests;
