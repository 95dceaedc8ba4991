//! Most is in `golden/`: what the integration of a real Home Assistant 2024.3.3 made of these states.

use hearthline_core::{EventRow, Origin, Row, Seq, Timestamp};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::super::{Encoded, Encoder, Layout};
use super::*;
use crate::described::Described;
use crate::sinks::influxdb::line::tests::{Line, parse};
use crate::sinks::influxdb::sample;
use crate::sinks::influxdb::schema::Schema;

const AT: Timestamp = Timestamp(1_700_000_000_000_001);

/// As the normaliser makes it.
fn row(at: Timestamp, entity_id: &str, state: &str, attributes: &str) -> StateRow {
    let Described { unit, device_class } = Described::of(attributes);
    let (unit, device_class) = (unit.as_deref().map(Arc::from), device_class.as_deref().map(Arc::from));
    StateRow { unit, device_class, ..sample::row(at, entity_id, state, attributes) }
}

fn encoder(layout: HaLayout) -> Encoder {
    Encoder::new(Layout::Ha(layout), Schema::default())
}

fn line(encoder: &mut Encoder, row: StateRow) -> String {
    let mut out = Vec::new();
    assert_eq!(encoder.encode(&Row::State(row), &mut out), Encoded::Line);
    String::from_utf8(out).unwrap()
}

fn of(entity_id: &str, state: &str, attributes: &str) -> String {
    line(&mut encoder(HaLayout::default()), row(AT, entity_id, state, attributes))
}

/// The layout of a mode of `golden/modes.json`.
fn layout(options: &Json) -> HaLayout {
    let text = |key: &str| options[key].as_str().map(str::to_owned);
    let list = |key: &str| serde_json::from_value(options[key].clone()).unwrap_or_default();
    HaLayout {
        tags: serde_json::from_value(options["tags"].clone()).unwrap_or_default(),
        measurement_attr: match options["measurement_attr"].as_str() {
            None | Some("unit_of_measurement") => MeasurementAttr::Unit,
            Some("domain__device_class") => MeasurementAttr::DomainDeviceClass,
            Some("entity_id") => MeasurementAttr::EntityId,
            Some(other) => panic!("{other}"),
        },
        override_measurement: text("override_measurement"),
        default_measurement: text("default_measurement"),
        tags_attributes: list("tags_attributes"),
        ignore_attributes: list("ignore_attributes"),
    }
}

fn sorted(lines: &str) -> Vec<Line> {
    let mut lines = parse(lines);
    lines.iter_mut().for_each(|line| line.fields.sort_by(|a, b| a.0.cmp(&b.0)));
    lines
}

#[test]
fn the_points_are_those_of_the_integration_in_every_mode() {
    let modes: Json = serde_json::from_str(include_str!("golden/modes.json")).unwrap();
    let states: Vec<(String, String, Box<RawValue>)> =
        serde_json::from_str(include_str!("golden/states.json")).unwrap();
    for (mode, golden) in [
        ("unit", include_str!("golden/unit.lp")),
        ("class", include_str!("golden/class.lp")),
        ("entity", include_str!("golden/entity.lp")),
        ("override", include_str!("golden/override.lp")),
        ("default", include_str!("golden/default.lp")),
    ] {
        let mut encoder = encoder(layout(&modes[mode]));
        // What is kept of a row before changes nothing.
        for _ in 0..2 {
            let mut written = Vec::new();
            for (second, (entity_id, state, attributes)) in (1..).zip(&states) {
                let at = Timestamp(second * 1_000_000);
                encoder.encode(&Row::State(row(at, entity_id, state, attributes.get())), &mut written);
            }
            let written = sorted(std::str::from_utf8(&written).unwrap());
            let golden = sorted(golden);
            for (ours, theirs) in written.iter().zip(&golden) {
                assert_eq!(ours, theirs, "{mode}");
            }
            assert_eq!((written.len(), golden.len()), (29, 29), "{mode}");
        }
        assert_eq!(encoder.left_out(), [], "{mode}");
    }
    assert_eq!(modes.as_object().unwrap().len(), 5);
}

#[test]
fn what_a_light_and_a_script_know_in_types_of_python() {
    assert!(
        of("light.bed", "on", r#"{"supported_color_modes":["color_temp","hs"],"hs_color":[300.12,70.5],"rgb_color":[255,12,20]}"#)
            .contains(
                r#" state="on",value=1,hs_color_str="(300.12, 70.5)",rgb_color=2551220,rgb_color_str="(255, 12, 20)",supported_color_modes_str="[<ColorMode.COLOR_TEMP: 'color_temp'>, <ColorMode.HS: 'hs'>]" "#
            )
    );
    assert!(
        of("script.hello", "off", r#"{"last_triggered":"2026-11-26T06:58:35.238011+00:00"}"#)
            .contains(r#",last_triggered_str="2026-11-26 06:58:35.238011+00:00" "#)
    );
    assert!(of("sensor.a", "x", r#"{"rgb_color":[1]}"#).contains(r#"rgb_color_str="[1]""#));
}

#[test]
fn what_the_integration_does_not_write_has_no_line() {
    let mut encoder = encoder(HaLayout::default());
    let mut out = Vec::new();
    for state in ["unknown", "unavailable", ""] {
        let row = Row::State(row(AT, "sensor.a", state, "{}"));
        assert_eq!(encoder.encode(&row, &mut out), Encoded::None, "{state:?}");
    }
    let removed = StateRow { state: None, ..row(AT, "sensor.a", "", "{}") };
    assert_eq!(encoder.encode(&Row::State(removed), &mut out), Encoded::None);
    let event = EventRow {
        seq: Seq(1),
        ts: AT,
        site: "home".into(),
        event_type: "call_service".into(),
        data: "{}".into(),
        context_id: None,
        origin: Origin::Live,
    };
    assert_eq!(encoder.encode(&Row::Event(event), &mut out), Encoded::None);
    assert!(out.is_empty());
}

/// The integration writes a number that every server refuses, and a line that is a comment to it.
#[test]
fn what_the_integration_loses_is_written_as_it_can_be() {
    assert!(
        of("sensor.a", "nan", r#"{"unit_of_measurement":"W"}"#)
            .starts_with("W,domain=sensor,entity_id=a state=\"nan\" ")
    );
    assert!(of("sensor.a", "-inf", "{}").contains(" state=\"-inf\" "));
    assert!(
        of("sensor.a", "5", r##"{"unit_of_measurement":"# of %23"}"##)
            .starts_with("%23\\ of\\ %2523,domain=sensor,")
    );
}

#[test]
fn a_field_that_the_server_has_as_another_type_goes_to_a_sibling_in_that_measurement_alone() {
    let mut schema = Schema::default();
    for (field, has) in
        [("value", FieldType::Integer), ("level", FieldType::Text), ("name_str", FieldType::Bool)]
    {
        schema.adopt("W", field, [has], AT);
    }
    let mut encoder = Encoder::new(Layout::Ha(HaLayout::default()), schema);
    let of = |unit: &str| {
        row(AT, "sensor.a", "5", &format!(r#"{{"unit_of_measurement":"{unit}","level":1,"name":"x"}}"#))
    };
    assert!(line(&mut encoder, of("W")).contains(" value_num=5,level_num=1,name_str2=\"x\" "));
    assert!(line(&mut encoder, of("kW")).contains(" value=5,level=1,name_str=\"x\" "));
    let learned =
        encoder.change_schema(|schema| schema.learn("kW", "level", FieldType::Float, FieldType::Text, AT));
    assert!(learned && line(&mut encoder, of("kW")).contains(" value=5,level_num=1,name_str=\"x\" "));
    encoder.keep();
    let conflicts = encoder.schema().conflicts();
    let told: Vec<_> =
        conflicts.iter().map(|of| (&*of.measurement, &*of.field, &*of.goes_to, of.rows)).collect();
    let expected = [
        ("W", "level", "level_num", 1),
        ("W", "name_str", "name_str2", 1),
        ("W", "value", "value_num", 1),
        ("kW", "level", "level_num", 1),
    ];
    assert_eq!(told, expected);
}

#[test]
fn series_and_fields_are_counted_by_measurement() {
    let mut encoder = encoder(HaLayout::default());
    for (entity_id, attributes) in [
        ("sensor.a", r#"{"unit_of_measurement":"W","level":1}"#),
        ("sensor.a", r#"{"unit_of_measurement":"kW","level":1}"#),
        ("sensor.b", r#"{"unit_of_measurement":"W","level":1,"name":"b"}"#),
    ] {
        line(&mut encoder, row(AT, entity_id, "5", attributes));
    }
    let cost = encoder.cardinality();
    assert_eq!((cost.series, cost.entities, cost.tags), (3, 2, 2));
    assert_eq!(cost.fields, [("W".to_owned(), 3), ("kW".to_owned(), 2)].into());
    encoder.limit_fields(0);
    let line = line(&mut encoder, row(AT, "sensor.b", "5", r#"{"unit_of_measurement":"W","level":1}"#));
    assert!(line.contains(" value=5 "), "{line}");
}

#[test]
fn what_cannot_be_written_of_the_attributes_is_left_out_by_name() {
    let mut encoder = encoder(HaLayout { tags_attributes: vec!["tag".into()], ..HaLayout::default() });
    let long = "x".repeat(70_000);
    let attributes =
        format!(r#"{{"":1,"huge":1e999,"half":"\ud800","tag":"\ud800","long":"{long}","good":1}}"#);
    assert!(line(&mut encoder, row(AT, "sensor.a", "x", &attributes)).contains(" state=\"x\",good=1 "));
    assert!(line(&mut encoder, row(AT, "sensor.a", "x", r#"{"a":1,"#)).contains(" state=\"x\" "));
    encoder.keep();
    let left_out = encoder.left_out();
    let mut left_out: Vec<_> = left_out.iter().map(|of| (&*of.field, of.reason)).collect();
    left_out.sort();
    let expected = [
        ("", Reason::NoName),
        ("(all attributes)", Reason::NotJson),
        ("half", Reason::NotUnicode),
        ("huge", Reason::NumberTooLarge),
        ("long_str", Reason::TextTooLong),
        ("tag", Reason::NotUnicode),
    ];
    assert_eq!(left_out, expected);
}

#[test]
fn a_line_break_is_spelt_as_the_client_of_that_version_does() {
    let mut encoder = encoder(HaLayout::default());
    let of = || row(AT, "sensor.a", "one\ntwo", "{}");
    encoder.writes_for(Version::V2, false);
    assert!(line(&mut encoder, of()).contains(" state=\"one\ntwo\" "));
    encoder.writes_for(Version::V1, true);
    assert!(line(&mut encoder, of()).contains(" state=\"one\\\\ntwo\" "));
}

#[test]
fn a_tag_of_the_settings_wins_and_one_that_says_nothing_is_none() {
    let layout = HaLayout {
        tags: [("domain".to_owned(), "all".to_owned()), ("source".to_owned(), "HA".to_owned())].into(),
        tags_attributes: ["a", "b", "c", "source"].map(str::to_owned).into(),
        ..HaLayout::default()
    };
    let attributes = r#"{"a":true,"b":null,"c":"","source":"x"}"#;
    assert!(
        line(&mut encoder(layout), row(AT, "sensor.x", "5", attributes))
            .starts_with("sensor.x,a=True,domain=all,entity_id=x,source=HA value=5 ")
    );
}
