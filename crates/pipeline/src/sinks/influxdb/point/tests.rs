use hearthline_core::{Origin, Seq, Timestamp};

use super::*;
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::schema::FieldType;

const AT: Timestamp = Timestamp(1_700_000_000_000_001);

fn layout(attributes: Attributes) -> Layout {
    Layout { measurement: "home_assistant_events".into(), tags: BTreeMap::new(), attributes, weather: true }
}

fn row(entity_id: &str, state: &str, attributes: &str) -> StateRow {
    StateRow {
        seq: Seq(1),
        ts: AT,
        tie: 0,
        site: "home".into(),
        entity_id: entity_id.into(),
        entity_key: entity_id.into(),
        state: Some(state.into()),
        old_state: None,
        value: hearthline_core::Value::of(entity_id.split('.').next().unwrap(), state).as_number(),
        unit: None,
        device_class: None,
        last_changed: AT,
        received_delay_ms: None,
        origin: Origin::Live,
        restored: false,
        attributes: Some(attributes.into()),
        context_id: None,
        area: None,
        device: None,
        weather: None,
        weather_stale: false,
    }
}

fn line(encoder: &mut Encoder, row: StateRow) -> String {
    let mut out = Vec::new();
    assert_eq!(encoder.encode(&Row::State(row), &mut out), Encoded::Line);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_hue_lamp_and_a_hue_room_go_into_an_empty_bucket() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    let lamp = StateRow {
        area: Some("Living room".into()),
        old_state: Some("off".into()),
        ..row("light.lamp", "on", r#"{"brightness":254,"dynamics":"none"}"#)
    };
    assert_eq!(
        line(&mut encoder, lamp),
        "home_assistant_events,area=Living\\ room,domain=light,entity_id=light.lamp,event_type=state_changed \
         state=\"on\",value=1,old_state=\"off\",attr_brightness=254,attr_dynamics_str=\"none\" 1700000000000001000\n"
    );
    assert_eq!(
        line(&mut encoder, row("light.room", "on", r#"{"brightness":null,"dynamics":false}"#)),
        "home_assistant_events,domain=light,entity_id=light.room,event_type=state_changed \
         state=\"on\",value=1,attr_dynamics_bool=false 1700000000000001000\n"
    );
}

#[test]
fn a_hue_lamp_and_a_hue_room_go_into_a_bucket_that_has_their_fields_as_texts() {
    let mut schema = Schema::default();
    for field in ["attr_dynamics", "attr_brightness"] {
        schema.adopt("home_assistant_events", field, [FieldType::Text], AT);
    }
    let mut encoder = Encoder::new(layout(Attributes::Default), schema);
    let lamp = line(&mut encoder, row("light.lamp", "on", r#"{"brightness":254,"dynamics":"none"}"#));
    assert!(lamp.contains(",attr_brightness_num=254,attr_dynamics_str=\"none\" "), "{lamp}");
    let room = line(&mut encoder, row("light.room", "on", r#"{"brightness":17,"dynamics":true}"#));
    assert!(room.contains(",attr_brightness_num=17,attr_dynamics_bool=true "), "{room}");
    encoder.keep();
    let conflicts = encoder.schema().conflicts();
    let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    assert_eq!(
        (conflict.field.as_str(), conflict.goes_to.as_str()),
        ("attr_brightness", "attr_brightness_num")
    );
    assert_eq!((conflict.server.as_slice(), conflict.ours), ([FieldType::Text].as_slice(), FieldType::Float));
    assert_eq!((conflict.since, conflict.rows), (AT, 2));
}
