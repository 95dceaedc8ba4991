//! The registries and the configuration, as the API lists them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use hearthline_core::{EntityId, Timestamp};
use serde_json::{Value, json};

use super::inventory::ROOMS;
use super::model::Spec;

/// What `config/<name>_registry/list` answers, each a JSON array. All consistent with each other and with the states.
#[derive(Clone, Debug, PartialEq)]
pub struct Registries {
    /// Areas; each on a floor.
    pub area: Value,
    /// Devices; most in an area.
    pub device: Value,
    /// Entities; most of a device, none with an area of its own.
    pub entity: Value,
    /// Floors.
    pub floor: Value,
    /// Labels.
    pub label: Value,
    /// Ids of entities by their name.
    keys: BTreeMap<EntityId, Arc<str>>,
}

impl Default for Registries {
    fn default() -> Self {
        let empty = || Value::Array(Vec::new());
        Self {
            area: empty(),
            device: empty(),
            entity: empty(),
            floor: empty(),
            label: empty(),
            keys: BTreeMap::new(),
        }
    }
}

const FLOORS: [(&str, &str, i8); 3] =
    [("ground_floor", "Ground floor", 0), ("first_floor", "First floor", 1), ("outside", "Outside", 0)];

const LABELS: [(&str, &str); 3] =
    [("battery_powered", "Battery powered"), ("energy", "Energy"), ("security", "Security")];

impl Registries {
    pub(super) fn of(specs: &[Spec], now: Timestamp) -> Self {
        let now = seconds(now);
        let areas = ROOMS.map(|(id, name)| area(id, name, now));
        let floors = FLOORS.map(|(id, name, level)| {
            json!({"aliases": [], "created_at": now, "floor_id": id, "icon": null, "level": level, "name": name,
                "modified_at": now})
        });
        let labels = LABELS.map(|(id, name)| {
            json!({"color": null, "created_at": now, "description": null, "icon": null, "label_id": id, "name": name,
                "modified_at": now})
        });
        let mut devices: Vec<&Spec> = specs.iter().filter(|s| s.device.is_some()).collect();
        devices.sort_by_key(|s| &s.device);
        devices.dedup_by_key(|s| &s.device);
        Self {
            area: areas.to_vec().into(),
            device: devices.into_iter().map(|spec| device(spec, now)).collect(),
            entity: specs.iter().map(|spec| entity(spec, now)).collect(),
            floor: floors.to_vec().into(),
            label: labels.to_vec().into(),
            keys: specs.iter().map(|spec| (spec.entity_id.as_str().into(), key_of(spec))).collect(),
        }
    }

    /// The id of an entity; its name where it is in no registry.
    pub(super) fn key(&self, entity_id: &EntityId) -> Arc<str> {
        self.keys.get(entity_id).cloned().unwrap_or_else(|| entity_id.as_str().into())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.set(from, "entity_id", to.into());
        if let Some(key) = self.keys.remove(from) {
            self.keys.insert(to.into(), key);
        }
    }

    /// The entity gets another id. Whether there is one.
    pub(super) fn recreate(&mut self, entity_id: &str) -> bool {
        let Some(key) = self.keys.get_mut(entity_id) else { return false };
        *key = id(("anew", &**key)).into();
        let key = key.to_string();
        self.set(entity_id, "id", key.into()).is_some()
    }

    /// Changes the entry of an entity; the value before, if it was another.
    pub(super) fn set(&mut self, entity_id: &str, key: &str, value: Value) -> Option<Value> {
        let mut entries = self.entity.as_array_mut()?.iter_mut();
        let entry = entries.find(|entry| entry.get("entity_id").is_some_and(|id| id == entity_id))?;
        let before = std::mem::replace(entry.get_mut(key)?, value);
        (entry.get(key) != Some(&before)).then_some(before)
    }

    /// The registry of that name (`area`, `device`, …).
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&Value> {
        match name {
            "area" => Some(&self.area),
            "device" => Some(&self.device),
            "entity" => Some(&self.entity),
            "floor" => Some(&self.floor),
            "label" => Some(&self.label),
            _ => None,
        }
    }
}

fn area(id: &str, name: &str, now: f64) -> Value {
    let floor = match id {
        "bedroom" | "bathroom" | "office" => "first_floor",
        "garden" => "outside",
        _ => "ground_floor",
    };
    json!({"aliases": [], "area_id": id, "floor_id": floor, "humidity_entity_id": format!("sensor.{id}_humidity"),
        "icon": null, "labels": [], "name": name, "picture": null,
        "temperature_entity_id": format!("sensor.{id}_temperature"), "created_at": now, "modified_at": now})
}

fn device(spec: &Spec, now: f64) -> Value {
    let entry = id(("entry", spec.platform));
    json!({"area_id": spec.area, "configuration_url": null, "config_entries": [entry],
        "config_entries_subentries": {entry.clone(): [null]}, "config_entry_id": entry, "config_subentry_id": null,
        "connections": [], "created_at": now, "disabled_by": null, "entry_type": null, "hw_version": null,
        "id": id(("device", &spec.device)), "identifiers": [[spec.platform, spec.device]], "labels": [],
        "manufacturer": spec.manufacturer, "model": spec.device, "model_id": null, "modified_at": now,
        "name_by_user": null, "name": spec.device, "next_name_part": null, "parent_device_id": null,
        "primary_config_entry": entry, "serial_number": null, "sw_version": null, "via_device_id": null})
}

fn entity(spec: &Spec, now: f64) -> Value {
    let diagnostic = spec.fixed.get("device_class").is_some_and(|class| class == "battery");
    json!({"area_id": null, "categories": {}, "config_entry_id": id(("entry", spec.platform)),
        "config_subentry_id": null, "created_at": now,
        "device_id": spec.device.as_ref().map(|_| id(("device", &spec.device))), "disabled_by": null,
        "entity_category": diagnostic.then_some("diagnostic"), "entity_id": spec.entity_id, "hidden_by": null,
        "icon": null, "id": &*key_of(spec), "labels": spec.label.as_slice(), "modified_at": now,
        "name": null, "next_name_part": null, "options": {"conversation": {"should_expose": false}},
        "original_name": spec.name, "platform": spec.platform, "translation_key": null,
        "unique_id": format!("{}-{}", spec.platform, spec.entity_id)})
}

fn key_of(spec: &Spec) -> Arc<str> {
    id(("entity", &spec.entity_id)).into()
}

/// 32 hexadecimal digits that are the same each time.
fn id(of: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    let first = hasher.finish();
    first.hash(&mut hasher);
    format!("{first:016x}{:016x}", hasher.finish())
}

fn seconds(at: Timestamp) -> f64 {
    at.since(Timestamp::EPOCH).as_secs_f64()
}
