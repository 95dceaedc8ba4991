//! Whose state a record has, and what was known of that entity then.

use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, EntityInfo, Origin, Timestamp};

use crate::context::Entities;
use crate::record::StateRecord;

/// The entity of a row.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) info: Arc<EntityInfo>,
    /// As the row says it: the name of the day.
    pub(super) entity_id: EntityId,
}

/// Places that hold for all later records of a name, until something becomes known of an entity.
#[derive(Default)]
pub(super) struct Places(HashMap<EntityId, (Timestamp, Place)>);

impl Places {
    /// Something has become known of an entity.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The entity of a record.
    pub(super) fn of(&mut self, record: &StateRecord<'_>, entities: &Entities) -> Place {
        if let Some((since, place)) = self.0.get(record.entity_id.as_ref())
            && *since <= record.ts
        {
            return place.clone();
        }
        let (since, place) = find(record, entities);
        if let Some(since) = since {
            self.0.insert(record.entity_id.as_ref().into(), (since, place.clone()));
        }
        place
    }
}

/// The entity, and since when every record with the name is the same one's, if that is so.
fn find(record: &StateRecord<'_>, entities: &Entities) -> (Option<Timestamp>, Place) {
    let name = record.entity_id.as_ref();
    let version = entities.owner(name, record.ts).and_then(|key| entities.version(key, record.ts));
    let Some(version) = version else {
        let entity_id = EntityId::from(name);
        let info = Arc::new(EntityInfo::unregistered(entity_id.clone()));
        return (Some(Timestamp(i64::MIN)), Place { info, entity_id });
    };
    let info = Arc::clone(&version.info);
    // Home Assistant's history has everything under the name of the time of asking, but a removal under the name that went,
    // which comes after the renaming. Of two that may have had a name in turn nothing is fetched.
    let moved = record.origin == Origin::History && !record.removed;
    let entity_id = if moved { info.entity_id.clone() } else { name.into() };
    let holds = entities.current(name).is_some_and(|current| Arc::ptr_eq(current, &info));
    let since = holds.then(|| version.from.max(entities.named_since(name)));
    (since, Place { info, entity_id })
}
