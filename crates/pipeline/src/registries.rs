//! What Home Assistant's registries say, and what follows from them for each entity.
//!
//! A list that was refused, or that a release does not have, is not known, which is another thing than empty: what would
//! follow from it stays as it was known before.

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{Change, ChangeKind, EntityInfo, Named};

use crate::sources::home_assistant::wire::WireError;
use crate::sources::home_assistant::wire::registry::{
    Area, Device, Entity, Floor, Label, Registry, Text, parse_registry,
};

/// How deep a device can be a part of others.
const DEEPEST: usize = 8;

/// The newest list of each registry.
#[derive(Debug, Default)]
pub struct Registries {
    areas: Option<HashMap<Arc<str>, Area>>,
    floors: Option<HashMap<Arc<str>, Named>>,
    labels: Option<HashMap<Arc<str>, Named>>,
    devices: Option<HashMap<Arc<str>, Device>>,
    entities: Option<Vec<Entity>>,
}

impl Registries {
    /// Takes the answer to the question for a list; answers with the entries that cannot be read, as they were written.
    ///
    /// # Errors
    /// When it is no list.
    pub fn take<'a>(&mut self, registry: Registry, answer: &'a str) -> Result<Vec<&'a str>, WireError> {
        match registry {
            Registry::Area => by_id(&mut self.areas, answer, |area: Area| (Arc::clone(&area.id), area)),
            Registry::Floor => {
                by_id(&mut self.floors, answer, |Floor { id, name }| (Arc::clone(&id), called(&id, &name)))
            }
            Registry::Label => {
                by_id(&mut self.labels, answer, |Label { id, name }| (Arc::clone(&id), called(&id, &name)))
            }
            Registry::Device => {
                by_id(&mut self.devices, answer, |device: Device| (Arc::clone(&device.id), device))
            }
            Registry::Entity => {
                let (entities, unreadable) = parse_registry(answer)?;
                self.entities = Some(entities);
                Ok(unreadable)
            }
        }
    }

    /// Whether the list is known.
    #[must_use]
    pub const fn has(&self, registry: Registry) -> bool {
        match registry {
            Registry::Area => self.areas.is_some(),
            Registry::Floor => self.floors.is_some(),
            Registry::Label => self.labels.is_some(),
            Registry::Device => self.devices.is_some(),
            Registry::Entity => self.entities.is_some(),
        }
    }

    /// They are asked for anew: what was listed before is of another time.
    pub fn forget_entities(&mut self) {
        self.entities = None;
    }

    /// Every registered entity.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.entities.iter().flatten()
    }

    /// Names entities as they were named before these renamings (from, to), which happened in this order.
    pub fn undo(&mut self, renamings: &[&(Arc<str>, Arc<str>)]) {
        for (from, to) in renamings.iter().rev() {
            let renamed = self.entities.iter_mut().flatten().find(|entity| entity.entity_id == *to);
            if let Some(entity) = renamed {
                entity.entity_id = Arc::clone(from);
            }
        }
    }

    /// What is known of an entity then, where this was known of it before.
    #[must_use]
    pub fn resolve(&self, entity: &Entity, known: Option<&EntityInfo>) -> EntityInfo {
        let lineage: Vec<&Device> = self.lineage(entity.device_id.0.as_ref()).collect();
        let before = |of: fn(&EntityInfo) -> Option<&Named>| known.and_then(of);
        let area_id = entity.area_id.0.as_ref().or_else(|| lineage.iter().find_map(|d| d.area_id.0.as_ref()));
        let entry = area_id.and_then(|id| self.areas.as_ref()?.get(id));
        let (area, floor) = match area_id {
            None if self.devices.is_none() => (before(area_of).cloned(), before(floor_of).cloned()),
            None => (None, None),
            Some(id) => {
                let floor_id = entry.and_then(|area| area.floor_id.0.as_ref());
                let floor = match floor_id {
                    None if self.areas.is_none() => before(floor_of).cloned(),
                    None => None,
                    Some(id) => Some(named(id, self.floors.as_ref(), before(floor_of))),
                };
                let named = match entry {
                    Some(area) => called(id, &area.name),
                    None => named(id, None, before(area_of)),
                };
                (Some(named), floor)
            }
        };
        let device = lineage.first().map(|device| called(&device.id, name_of(device)));
        let of_device = |of: fn(&Device) -> &Text| lineage.first().and_then(|device| of(device).0.clone());
        let unknown = self.devices.is_none();
        let name = entity.name.0.clone().or_else(|| entity.original_name.0.clone());
        EntityInfo {
            key: Arc::clone(&entity.id),
            entity_id: hearthline_core::EntityId::new(Arc::clone(&entity.entity_id)),
            name: name.or_else(|| device.as_ref().map(|device| Arc::clone(&device.name))),
            area,
            floor,
            device: if unknown { known.and_then(|known| known.device.clone()) } else { device },
            manufacturer: if unknown {
                known.and_then(|known| known.manufacturer.clone())
            } else {
                of_device(|device| &device.manufacturer)
            },
            model: if unknown {
                known.and_then(|known| known.model.clone())
            } else {
                of_device(|device| &device.model)
            },
            integration: entity.platform.0.clone(),
            labels: self.labels(entity, &lineage, entry, known),
            category: entity.entity_category.0.clone(),
            unit: known.and_then(|known| known.unit.clone()),
            device_class: known.and_then(|known| known.device_class.clone()),
            disabled: entity.disabled_by.0.is_some(),
            hidden: entity.hidden_by.0.is_some(),
        }
    }

    /// A device and what it is a part of.
    fn lineage(&self, device_id: Option<&Arc<str>>) -> impl Iterator<Item = &Device> {
        let device = |id: Option<&Arc<str>>| self.devices.as_ref()?.get(id?);
        iter::successors(device(device_id), move |child| device(child.parent_device_id.0.as_ref()))
            .take(DEEPEST)
    }

    /// An entity's own labels and those of what it belongs to, by id.
    fn labels(
        &self,
        entity: &Entity,
        lineage: &[&Device],
        area: Option<&Area>,
        known: Option<&EntityInfo>,
    ) -> Vec<Named> {
        let of_devices = lineage.iter().flat_map(|device| &device.labels.0);
        let ids = entity.labels.0.iter().chain(of_devices).chain(area.iter().flat_map(|area| &area.labels.0));
        let named = |id: &Arc<str>| {
            let before = known.and_then(|known| known.labels.iter().find(|label| label.id == *id));
            (Arc::clone(id), named(id, self.labels.as_ref(), before))
        };
        ids.map(named).collect::<BTreeMap<_, _>>().into_values().collect()
    }
}

fn by_id<'a, T: serde::de::DeserializeOwned, V>(
    list: &mut Option<HashMap<Arc<str>, V>>,
    answer: &'a str,
    entry: impl Fn(T) -> (Arc<str>, V),
) -> Result<Vec<&'a str>, WireError> {
    let (entries, unreadable) = parse_registry(answer)?;
    *list = Some(entries.into_iter().map(entry).collect());
    Ok(unreadable)
}

fn area_of(info: &EntityInfo) -> Option<&Named> {
    info.area.as_ref()
}

fn floor_of(info: &EntityInfo) -> Option<&Named> {
    info.floor.as_ref()
}

const fn name_of(device: &Device) -> &Text {
    if device.name_by_user.0.is_some() { &device.name_by_user } else { &device.name }
}

/// What has no name is called by its id.
fn called(id: &Arc<str>, name: &Text) -> Named {
    Named { id: Arc::clone(id), name: Arc::clone(name.0.as_ref().unwrap_or(id)) }
}

/// As the list has it, else as it was known.
fn named(id: &Arc<str>, list: Option<&HashMap<Arc<str>, Named>>, before: Option<&Named>) -> Named {
    let listed = list.and_then(|list| list.get(id));
    let known = listed.or_else(|| before.filter(|before| before.id == *id));
    known.cloned().unwrap_or_else(|| called(id, &Text(None)))
}

/// What is different about an entity; that it is new, if nothing was known of it.
#[must_use]
pub fn changes(before: Option<&EntityInfo>, now: &EntityInfo) -> Vec<Change> {
    let Some(before) = before else { return vec![Change { what: ChangeKind::New, from: None, to: None }] };
    let name = |named: &Option<Named>| named.as_ref().map(|named| Arc::clone(&named.name));
    let labels = |info: &EntityInfo| {
        let names: Vec<&str> = info.labels.iter().map(|label| &*label.name).collect();
        (!names.is_empty()).then(|| names.join(", ").into())
    };
    let id = |info: &EntityInfo| Some(info.entity_id.as_str().into());
    let known = [
        (ChangeKind::Renamed, id(before), id(now)),
        (ChangeKind::Unit, before.unit.clone(), now.unit.clone()),
        (ChangeKind::DeviceClass, before.device_class.clone(), now.device_class.clone()),
        (ChangeKind::Area, name(&before.area), name(&now.area)),
        (ChangeKind::Device, name(&before.device), name(&now.device)),
        (ChangeKind::Name, before.name.clone(), now.name.clone()),
        (ChangeKind::Labels, labels(before), labels(now)),
    ];
    let mut changes: Vec<Change> = known
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(what, from, to)| Change { what, from, to })
        .collect();
    // A unit or a class that is said for the first time is no other one.
    for change in &mut changes {
        if matches!(change.what, ChangeKind::Unit | ChangeKind::DeviceClass) && change.from.is_none() {
            change.what = ChangeKind::Other;
        }
    }
    if changes.is_empty() && before != now {
        changes.push(Change { what: ChangeKind::Other, from: None, to: None });
    }
    changes
}

#[cfg(test)]
mod tests;
