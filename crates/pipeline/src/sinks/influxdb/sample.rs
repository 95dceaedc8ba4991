//! A row as the tests need one.

use hearthline_core::{EntityId, Origin, Seq, StateRow, Timestamp, Value};

/// A live state of an entity, that was just as long, with attributes and without anything else.
pub(super) fn row(at: Timestamp, entity_id: &str, state: &str, attributes: &str) -> StateRow {
    let id = EntityId::from(entity_id);
    StateRow {
        seq: Seq(1),
        ts: at,
        tie: 0,
        site: "home".into(),
        entity_key: entity_id.into(),
        state: Some(state.into()),
        old_state: None,
        value: Value::of(id.domain(), state).as_number(),
        unit: None,
        device_class: None,
        last_changed: at,
        received_delay_ms: None,
        origin: Origin::Live,
        restored: false,
        attributes: Some(attributes.into()),
        context_id: None,
        area: None,
        device: None,
        weather: None,
        weather_stale: false,
        entity_id: id,
    }
}
