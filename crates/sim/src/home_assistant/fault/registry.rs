//! Changes of the registries, each with the events that Home Assistant fires for it, in its order: first the one of the
//! registry, then those of the states.

use hearthline_core::Timestamp;
use serde_json::{Value, json};

use crate::home_assistant::world::World;
use crate::house::Fired;

const UPDATED: &str = "entity_registry_updated";

impl World {
    pub(super) fn rename(&mut self, from: &str, to: &str, now: Timestamp) -> Vec<Fired> {
        if !self.house.may_rename(from, to) {
            return Vec::new();
        }
        let data = json!({"action": "update", "entity_id": to, "changes": {"entity_id": from}, "old_entity_id": from});
        self.fire(now, UPDATED, &data.to_string());
        self.recorder.rename(from, to);
        self.house.rename(now, from, to)
    }

    pub(super) fn swap(&mut self, a: &str, b: &str, now: Timestamp) -> Vec<Fired> {
        let between = format!("{}.between_two_names", hearthline_core::entity::domain_of(a));
        for (from, to) in [(a, between.as_str()), (b, a)] {
            let fired = self.rename(from, to, now);
            self.publish(fired);
        }
        self.rename(&between, b, now)
    }

    /// Another entity takes the place, under the same name.
    pub(super) fn recreate(&mut self, entity_id: &str, now: Timestamp) -> Vec<Fired> {
        let Some(write) = self.house.said(entity_id).filter(|_| self.house.recreate(entity_id)) else {
            return Vec::new();
        };
        let event = |action: &str| json!({"action": action, "entity_id": entity_id}).to_string();
        self.fire(now, UPDATED, &event("remove"));
        let removed = self.house.remove(now, entity_id);
        self.publish(removed);
        self.fire(now, UPDATED, &event("create"));
        self.house.call_service(now, None, vec![write])
    }

    /// The entity is in another area than its device.
    pub(super) fn put(&mut self, entity_id: &str, area: &str, now: Timestamp) {
        self.set_in_registry(entity_id, "area_id", area.into(), now);
    }

    pub(super) fn label(&mut self, entity_id: &str, label: &str, now: Timestamp) {
        self.set_in_registry(entity_id, "labels", json!([label]), now);
    }

    pub(super) fn unit(&mut self, entity_id: &str, unit: &str, now: Timestamp) -> Vec<Fired> {
        let Some(write) = self.house.set_unit(entity_id, unit) else { return Vec::new() };
        let options = json!({"sensor": {"unit_of_measurement": unit}});
        self.set_in_registry(entity_id, "options", options, now);
        self.house.call_service(now, None, vec![write])
    }

    fn set_in_registry(&mut self, entity_id: &str, key: &str, value: Value, now: Timestamp) {
        if let Some(before) = self.house.set_in_registry(entity_id, key, value) {
            let data = json!({"action": "update", "entity_id": entity_id, "changes": {key: before}});
            self.fire(now, UPDATED, &data.to_string());
        }
    }
}
