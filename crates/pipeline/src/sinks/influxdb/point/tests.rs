use std::collections::BTreeMap;

use hearthline_core::{Observation, Origin, Seq, Timestamp};

use std::sync::Arc;

use hearthline_core::{EventRow, StateRow, WeatherRow};

use super::*;
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::cardinality::Share;
use crate::sinks::influxdb::sample;
use crate::sinks::influxdb::schema::FieldType;

const AT: Timestamp = Timestamp(1_700_000_000_000_001);

fn native(attributes: Attributes) -> NativeLayout {
    NativeLayout::new("home_assistant_events", attributes)
}

fn layout(attributes: Attributes) -> Layout {
    native(attributes).into()
}

fn row(entity_id: &str, state: &str, attributes: &str) -> StateRow {
    sample::row(AT, entity_id, state, attributes)
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

mod document;
mod limits;
mod properties;

#[test]
fn every_kind_of_row_has_its_line() {
    let mut encoder = Encoder::new(layout(Attributes::Default), Schema::default());
    let weather = Observation {
        at: AT,
        temperature: Some(-3.5),
        condition: Some("snowy".into()),
        ..Observation::default()
    };
    let weather = Arc::new(weather);
    let removal = StateRow {
        state: None,
        value: None,
        attributes: None,
        old_state: Some("on".into()),
        weather: Some(Arc::clone(&weather)),
        weather_stale: true,
        tie: 3,
        ..row("light.lamp", "", "{}")
    };
    assert_eq!(
        line(&mut encoder, removal),
        "home_assistant_events,domain=light,entity_id=light.lamp,event_type=state_changed state=\"removed\",old_state=\"on\",\
         weather_temperature=-3.5,weather_condition=\"snowy\",weather_at=\"2023-11-14T22:13:20.000001Z\",weather_stale=true \
         1700000000000001003\n"
    );
    let observed = |observation| {
        let (provider, source) = ("open_meteo".into(), "52.4, 4.9".into());
        Row::Weather(WeatherRow {
            seq: Seq(1),
            received: AT,
            site: "home".into(),
            provider,
            source,
            observation,
        })
    };
    let mut out = Vec::new();
    assert_eq!(encoder.encode(&observed(weather), &mut out), Encoded::Line);
    assert_eq!(
        std::str::from_utf8(&out).unwrap(),
        "weather,provider=open_meteo,source=52.4\\,\\ 4.9 temperature=-3.5,condition=\"snowy\" 1700000000000001000\n"
    );
    assert_eq!(encoder.encode(&observed(Arc::default()), &mut out), Encoded::None, "nothing was observed");
    let event = EventRow {
        seq: Seq(1),
        ts: AT,
        site: "home".into(),
        event_type: "call_service".into(),
        data: r#"{"domain":"light"}"#.into(),
        context_id: Some("01A".into()),
        origin: Origin::Live,
    };
    out.clear();
    assert_eq!(encoder.encode(&Row::Event(event.clone()), &mut out), Encoded::Line);
    assert_eq!(
        std::str::from_utf8(&out).unwrap(),
        "home_assistant_events,event_type=call_service data_json=\"{\\\"domain\\\":\\\"light\\\"}\" 1700000000000001425\n"
    );
    out.clear();
    encoder.encode(&Row::Event(EventRow { context_id: Some("01B".into()), ..event }), &mut out);
    assert!(!out.ends_with(b"425\n"), "another event of the same microsecond is another point");
    let cost = encoder.cardinality();
    assert_eq!((cost.series, cost.entities, cost.tags), (3, 1, 3));
}

#[test]
fn what_the_points_cost_is_counted_and_says_of_whom_it_is() {
    let mut schema = Schema::default();
    schema.adopt("home_assistant_events", "attr_old", [FieldType::Float], AT);
    let mut encoder = Encoder::new(layout(Attributes::All), schema);
    let before = encoder.cardinality().fields["home_assistant_events"];
    let place = |area: &str| StateRow {
        area: Some(area.into()),
        ..row("sensor.a", "1", r#"{"old":1,"new":1,"newer":"x"}"#)
    };
    for area in ["Hall", "Hall", "Attic, left"] {
        line(&mut encoder, place(area));
    }
    line(&mut encoder, row("sensor.b", "1", r#"{"new":2,"newest":{"a":1},"old":null}"#));
    line(&mut encoder, row("sensor.c", "1", r#"{"new":2}"#));
    let cost = encoder.cardinality();
    assert_eq!((cost.series, cost.entities, cost.tags), (4, 3, 4));
    assert_eq!(cost.fields["home_assistant_events"] - before, 3);
    let share = |of: &str, count| Share { of: of.into(), count };
    assert_eq!(cost.most_series, [share("sensor.a", 2)]);
    assert_eq!(cost.most_fields, [share("sensor.a", 2), share("sensor.b", 1)]);

    let size = encoder.size();
    line(&mut encoder, place("Hall"));
    encoder.change_schema(|schema| schema.adopt("home_assistant_events", "attr_new", [FieldType::Float], AT));
    line(&mut encoder, place("Hall"));
    assert_eq!((encoder.size(), encoder.cardinality()), (size, cost), "nothing of it is new");
}

#[test]
fn tags_of_the_layout_are_on_every_point_in_the_order_of_names() {
    let tags = [("house", "A B"), ("zone", "1")].map(|(tag, value)| (tag.to_owned(), value.to_owned()));
    let layout = Layout::Native(NativeLayout { tags: tags.into(), ..native(Attributes::None) });
    layout.check().unwrap();
    let mut encoder = Encoder::new(layout, Schema::default());
    let row =
        StateRow { device_class: Some("motion".into()), ..row("binary_sensor.a", "on", r#"{"battery":1}"#) };
    assert_eq!(
        line(&mut encoder, row),
        "home_assistant_events,device_class=motion,domain=binary_sensor,entity_id=binary_sensor.a,event_type=state_changed,\
         house=A\\ B,zone=1 state=\"on\",value=1 1700000000000001000\n"
    );
}

#[test]
fn a_layout_that_no_server_takes_is_refused_with_the_reason() {
    let with = |tag: &str, value: &str| {
        let tags = [(tag.into(), value.into())].into();
        Layout::Native(NativeLayout { tags, ..native(Attributes::None) })
    };
    for (tag, value) in
        [("", "x"), ("house", ""), ("time", "x"), ("entity_id", "x"), ("state", "x"), ("attr_x", "x")]
    {
        assert!(with(tag, value).check().unwrap_err().contains(&format!("tag {tag:?}")), "{tag:?}");
    }
    for measurement in ["", "#x", "_x", "weather"] {
        let layout = NativeLayout { measurement: measurement.into(), ..native(Attributes::None) };
        Layout::Native(layout).check().unwrap_err();
        let layout = HaLayout { default_measurement: Some(measurement.into()), ..HaLayout::default() };
        assert_eq!(Layout::Ha(layout).check().is_ok(), measurement == "weather");
    }
}

#[test]
fn a_change_of_the_schema_holds_for_the_next_row() {
    let mut encoder = Encoder::new(layout(Attributes::Default), Schema::default());
    let lamp = || row("light.lamp", "on", r#"{"brightness":254}"#);
    assert!(line(&mut encoder, lamp()).contains(",value=1,attr_brightness=254 "));
    let learned = encoder.change_schema(|schema| {
        ["attr_brightness", "value"].map(|field| {
            schema.learn("home_assistant_events", field, FieldType::Float, FieldType::Integer, AT)
        })
    });
    assert_eq!(learned, [true; 2]);
    assert!(line(&mut encoder, lamp()).contains(",value_num=1,attr_brightness_num=254 "));
    encoder.change_schema(Schema::forget);
    assert!(line(&mut encoder, lamp()).contains(",value=1,attr_brightness=254 "));
}

#[test]
fn what_was_not_delivered_is_not_counted() {
    let mut encoder = Encoder::new(layout(Attributes::Default), Schema::default());
    let adopt = |schema: &mut Schema| schema.adopt("home_assistant_events", "value", [FieldType::Text], AT);
    encoder.change_schema(adopt);
    let rows =
        |encoder: &Encoder| encoder.schema().conflicts().iter().map(|conflict| conflict.rows).sum::<u64>();
    line(&mut encoder, row("sensor.a", "1", "{}"));
    encoder.discard();
    line(&mut encoder, row("sensor.a", "1", "{}"));
    line(&mut encoder, row("sensor.a", "a word", "{}"));
    assert_eq!(rows(&encoder), 0);
    encoder.keep();
    assert_eq!(rows(&encoder), 1);
    encoder.keep();
    assert_eq!(rows(&encoder), 1);
}
