//! Under which names the same entity was recorded: what `entities` says, in memory.
//!
//! A *holding* is a name in one hand, from the row that gave it until one that took it away. What a person asks for by any
//! name is the series of the one who has that name, or had it last: all its holdings, one after the other. Rows of a name
//! outside of them are no part of it, so two entities that swap names do not cross, and the removal that Home Assistant
//! fires for the old name just after a renaming leaves no hole.
//!
//! Three rules are about the edges:
//! - The first to have a name had it always: rows from before the registry was known are its own.
//! - What was deleted and made again is one series: who got a name from one that went for good with it goes on with the
//!   series of that one, up to its own beginning. The same where one of the two is in no registry.
//! - After its end a holding goes on as long as nobody else gets the name: the removal itself is a part of it.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use hearthline_core::{Change, EntityId, EntityInfo, EntityRow, Timestamp};

/// All that was ever known of entities.
#[derive(Default)]
pub(crate) struct Names {
    /// By key, in the order of time; never empty.
    versions: HashMap<Arc<str>, Vec<Arc<EntityRow>>>,
    /// By entity id: the keys of all who ever had it.
    owners: HashMap<EntityId, Vec<Arc<str>>>,
    /// Something was forgotten that is still in the file.
    pub(crate) trimmed: bool,
}

/// One entity, whatever it was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The name that stays.
    pub key: Arc<str>,
    /// What it is called now, or was called last.
    pub entity_id: EntityId,
    /// What is known of it now, or was when it went; none where nothing ever was.
    pub info: Option<Arc<EntityInfo>>,
    /// Under which names it was recorded: disjoint in time, the oldest first, never empty.
    pub segments: Vec<Segment>,
}

/// A name, while the rows that have it are of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The name.
    pub entity_id: EntityId,
    /// From this instant on; the least there is where it had no other name before.
    pub from: Timestamp,
    /// Before this instant; the greatest there is where it goes on.
    pub to: Timestamp,
}

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(i64::MIN), Timestamp(i64::MAX));

/// A name in one hand.
struct Holding<'n> {
    key: &'n Arc<str>,
    entity_id: &'n EntityId,
    from: Timestamp,
    /// It went from the registry with this name.
    gone: bool,
}

impl Names {
    /// Takes a row in. What comes later holds, also where it is about an instant before: a state that is older than the
    /// list that named its entity says the unit of today. It holds from the newest row on then, with the changes of both,
    /// or, where it gives another name, from just behind it.
    pub(crate) fn apply(&mut self, row: &Arc<EntityRow>) {
        let owners = self.owners.entry(row.info.entity_id.clone()).or_default();
        if !owners.contains(&row.info.key) {
            owners.push(Arc::clone(&row.info.key));
        }
        let versions = self.versions.entry(Arc::clone(&row.info.key)).or_default();
        match versions.last_mut() {
            Some(last) if row.ts > last.ts => versions.push(Arc::clone(row)),
            Some(last) if row.info.entity_id == last.info.entity_id => *last = join(last, row),
            Some(last) => {
                let ts = last.ts.plus(Duration::from_micros(1));
                versions.push(Arc::new(EntityRow { ts, ..EntityRow::clone(row) }));
            }
            None => versions.push(Arc::clone(row)),
        }
    }

    /// Everything, in no order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<EntityRow>> {
        self.versions.values().flatten()
    }

    /// Forgets what was over before an instant, but for what gave an entity a name or took it away.
    pub(crate) fn forget(&mut self, before: Timestamp) {
        for versions in self.versions.values_mut() {
            let all = std::mem::take(versions);
            let useless = |at: usize| match at.checked_sub(1).and_then(|first| all.get(first..first + 3)) {
                Some([first, row, next]) => next.ts <= before && is_between(first, row, next),
                _ => false,
            };
            versions.extend((0..).zip(&all).filter(|(at, _)| !useless(*at)).map(|(_, row)| Arc::clone(row)));
            self.trimmed |= versions.len() < all.len();
        }
    }

    /// The newest row about the entity that has this name, had it last, or has this key.
    pub(crate) fn newest(&self, name: &str) -> Option<&Arc<EntityRow>> {
        self.versions.get(self.owner(name)?)?.last()
    }

    /// What was known at an instant of the entity with this key; before that, what was known first.
    pub(crate) fn version(&self, key: &str, at: Timestamp) -> Option<&Arc<EntityRow>> {
        let versions = self.versions.get(key)?;
        versions.get(versions.iter().rposition(|version| version.ts <= at).unwrap_or(0))
    }

    /// The one who has the name, or had it last.
    fn owner(&self, name: &str) -> Option<&Arc<str>> {
        let by_key = || self.versions.get_key_value(name).map(|(key, _)| key);
        let has_now = |holding: &&Holding<'_>| {
            let newest = self.versions.get(holding.key).and_then(|versions| versions.last());
            newest.is_some_and(|newest| !newest.removed && newest.info.entity_id.as_str() == name)
        };
        let had = self.had(name);
        let owner = had.iter().rfind(has_now).or(had.last());
        owner.map(|holding| holding.key).or_else(by_key)
    }

    /// What the rows that are asked for by a name are.
    pub(crate) fn series(&self, name: &str) -> Series {
        let known = self.owner(name).and_then(|key| Some((key, self.versions.get(key)?.last()?)));
        let Some((key, newest)) = known else {
            let entity_id = EntityId::from(name);
            let segments = vec![Segment { entity_id: entity_id.clone(), from: ALWAYS.0, to: ALWAYS.1 }];
            return Series { key: name.into(), entity_id, info: None, segments };
        };
        Series {
            key: Arc::clone(key),
            entity_id: newest.info.entity_id.clone(),
            info: Some(Arc::clone(&newest.info)),
            segments: self.segments(key, ALWAYS.1),
        }
    }

    /// The segments of a key before an instant.
    fn segments(&self, key: &str, before: Timestamp) -> Vec<Segment> {
        let held = self.held(key);
        let Some(start) = held.first().map(|first| first.from) else { return Vec::new() };
        let earlier = held.iter().find_map(|holding| self.predecessor(holding, start));
        let mut segments = earlier.map_or_else(Vec::new, |key| self.segments(key, start.min(before)));
        for (at, holding) in held.iter().enumerate() {
            let of_name = self.had(holding.entity_id.as_str());
            let is_first = of_name.first().is_some_and(|first| **first.key == *key);
            let begins = segments.is_empty() && at == 0 && is_first;
            let other = of_name.iter().find(|other| other.from > holding.from && **other.key != *key);
            let ends = [held.get(at + 1), other].into_iter().flatten().map(|next| next.from);
            let from = if begins { ALWAYS.0 } else { holding.from };
            let to = ends.fold(before, Timestamp::min);
            match segments.last_mut() {
                Some(last) if last.to == from && last.entity_id == *holding.entity_id => {
                    last.to = to.max(from)
                }
                _ if from < to => segments.push(Segment { entity_id: holding.entity_id.clone(), from, to }),
                _ => {}
            }
        }
        segments
    }

    /// Who had the name before and went with it, if it was there before `start`, where the one who asks begins.
    fn predecessor(&self, holding: &Holding<'_>, start: Timestamp) -> Option<&Arc<str>> {
        let of_name = self.had(holding.entity_id.as_str());
        let mut before = of_name.into_iter().take_while(|other| other.from <= holding.from);
        let other = before.by_ref().filter(|other| other.key != holding.key).last()?;
        let unregistered = |key: &str| key == holding.entity_id.as_str();
        let held = self.held(other.key);
        let for_good = other.gone && held.last().is_some_and(|last| last.from == other.from);
        let goes_on = for_good || unregistered(other.key) || unregistered(holding.key);
        let begins = held.first().map(|first| first.from)?;
        (goes_on && begins < start).then_some(other.key)
    }

    /// The holdings of a key, in the order of time.
    fn held(&self, key: &str) -> Vec<Holding<'_>> {
        let Some((key, versions)) = self.versions.get_key_value(key) else { return Vec::new() };
        let mut held: Vec<Holding<'_>> = Vec::new();
        for version in versions {
            match held.last_mut() {
                Some(last) if !last.gone && *last.entity_id == version.info.entity_id => {
                    last.gone = version.removed;
                }
                _ => held.push(Holding {
                    key,
                    entity_id: &version.info.entity_id,
                    from: version.ts,
                    gone: version.removed,
                }),
            }
        }
        held
    }

    /// The holdings of a name, in the order of time.
    fn had(&self, name: &str) -> Vec<Holding<'_>> {
        let keys = self.owners.get(name).into_iter().flatten();
        let mut had: Vec<_> = keys.flat_map(|key| self.held(key)).collect();
        had.retain(|holding| holding.entity_id.as_str() == name);
        // One that got into a registry was its own predecessor.
        if had.iter().any(|holding| **holding.key != *name) {
            had.retain(|holding| **holding.key != *name || !holding.gone);
        }
        had.sort_by(|a, b| (a.from, a.key).cmp(&(b.from, b.key)));
        had
    }
}

fn is_between(before: &EntityRow, row: &EntityRow, after: &EntityRow) -> bool {
    let same = |other: &EntityRow| other.info.entity_id == row.info.entity_id && !other.removed;
    same(before) && !row.removed && same(after)
}

fn join(first: &EntityRow, second: &EntityRow) -> Arc<EntityRow> {
    let mut changes: Vec<Change> = first.changes.to_vec();
    changes.extend(second.changes.iter().filter(|change| !first.changes.contains(change)).cloned());
    Arc::new(EntityRow { ts: first.ts, changes: changes.into(), ..second.clone() })
}
