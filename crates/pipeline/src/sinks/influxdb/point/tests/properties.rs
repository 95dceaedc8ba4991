use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value as Json};

use super::*;
use crate::sinks::influxdb::line::tests::{Value, parse};
use crate::sinks::influxdb::name::tests::confusing;
use crate::sinks::influxdb::name::{Kind, of_attribute, writable};

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL)
            .prop_map(Json::from),
        "(?s).{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            proptest::collection::btree_map(".{0,3}", inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Map<String, Json>> {
    let name = prop_oneof![confusing(), "(?s).{0,8}"];
    proptest::collection::btree_map(name, json(), 0..8).prop_map(|map| map.into_iter().collect())
}

/// What a server is to have of an attribute.
fn expected(name: &str, value: &Json) -> Option<(String, Value)> {
    let (kind, value) = match value {
        Json::Null => return None,
        Json::Bool(is) => (Kind::Bool, Value::Bool(*is)),
        Json::Number(number) => (Kind::Number, Value::Float(number.as_f64().unwrap())),
        Json::String(text) => (Kind::Text, Value::Text(text.clone())),
        json => (Kind::Json, Value::Text(json.to_string())),
    };
    (!name.is_empty()).then(|| (of_attribute(name, kind), value))
}

const fn type_of(value: &Value) -> FieldType {
    match value {
        Value::Float(_) => FieldType::Float,
        Value::Text(_) => FieldType::Text,
        Value::Bool(_) => FieldType::Bool,
    }
}

/// Values of few attributes that are now of one type and then of another.
fn moody() -> impl Strategy<Value = String> {
    let value = proptest::sample::select(vec!["1", "\"t\"", "true", "[]", "null"]);
    let names = ["x", "x_num", "y"];
    proptest::collection::vec(value, names.len()).prop_map(move |values| {
        let members: Vec<_> =
            names.iter().zip(values).map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Fields that may be in the way, with any type.
fn in_the_way() -> impl Strategy<Value = (String, FieldType)> {
    let field = "(attr_(x|x_num_|y)(|_str|_bool|_json)|state|value|old_state|weather_temperature)(|_num|_str|2|_num2|_str2)";
    (field, proptest::sample::select(FieldType::ALL.to_vec()))
}

const MEASUREMENT: &str = "home_assistant_events";

proptest! {
    #[test]
    fn any_row_is_read_back_as_it_was(
        entity in "[^.]{0,6}\\.[^.]{1,8}",
        state in "(?s).{0,20}",
        area in proptest::option::of("(?s).{1,8}"),
        attributes in attributes(),
        tie in 0..5_u8,
    ) {
        let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
        let row = StateRow {
            area: area.as_deref().map(Into::into),
            tie,
            ..row(&entity, &state, &Json::Object(attributes.clone()).to_string())
        };
        let value = row.value;
        let written = line(&mut encoder, row);
        let [line] = parse(&written).try_into().unwrap();
        prop_assert_eq!(line.measurement, MEASUREMENT);
        prop_assert_eq!(line.time, AT.0 * 1000 + i64::from(tie));
        let tag = |name: &str| line.tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.clone());
        prop_assert_eq!(tag("entity_id"), Some(writable(&entity).into_owned()));
        prop_assert_eq!(tag("area"), area.map(|area| writable(&area).into_owned()));
        let mut fields = vec![("state".to_owned(), Value::Text(state))];
        fields.extend(value.map(|value| ("value".to_owned(), Value::Float(value))));
        fields.extend(attributes.iter().filter_map(|(name, value)| expected(name, value)));
        prop_assert_eq!(&line.fields, &fields);
        let names: BTreeSet<_> = line.fields.iter().map(|(name, _)| name).collect();
        prop_assert_eq!(names.len(), line.fields.len());
    }

    #[test]
    fn no_field_is_ever_written_as_another_type_than_the_server_has(
        adopted in proptest::collection::vec(in_the_way(), 0..12),
        steps in proptest::collection::vec((moody(), proptest::option::weighted(0.3, in_the_way())), 1..12),
    ) {
        let mut server: BTreeMap<String, BTreeSet<FieldType>> = BTreeMap::new();
        let mut schema = Schema::default();
        for (field, has) in adopted {
            schema.adopt(MEASUREMENT, &field, [has], AT);
            server.entry(field).or_default().insert(has);
        }
        let mut encoder = Encoder::new(layout(Attributes::All), schema);
        let observation = Arc::new(Observation { temperature: Some(1.0), ..Observation::default() });
        for (attributes, other_writer) in steps {
            if let Some((field, has)) = other_writer {
                server.entry(field).or_default().insert(has);
            }
            // As long as something was refused, and then learned.
            loop {
                let weather = Some(Arc::clone(&observation));
                let row = StateRow { weather, old_state: Some("a".into()), ..row("light.a", "on", &attributes) };
                let [line] = parse(&line(&mut encoder, row)).try_into().unwrap();
                let refused = line.fields.iter().find_map(|(field, value)| {
                    let ours = type_of(value);
                    let theirs = server.get(field)?.iter().find(|has| **has != ours)?;
                    Some((field, ours, *theirs))
                });
                let Some((field, ours, theirs)) = refused else {
                    for (field, value) in &line.fields {
                        server.entry(field.clone()).or_default().insert(type_of(value));
                    }
                    break;
                };
                let learned = encoder.change_schema(|schema| schema.learn(MEASUREMENT, field, ours, theirs, AT));
                prop_assert!(learned, "{field} is refused as {ours} though it is known to be {theirs}");
            }
        }
    }

    #[test]
    fn what_is_kept_of_earlier_rows_changes_no_line(
        rows in proptest::collection::vec((0..3_u8, moody(), 0..2_u8, 0..3_i64), 1..20),
    ) {
        let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
        encoder.change_schema(|schema| schema.adopt(MEASUREMENT, "attr_x", [FieldType::Text], AT));
        for (entity, attributes, area, at) in rows {
            let weather = Observation { at: Timestamp(at), ..Observation::default() };
            let row = StateRow {
                area: (area > 0).then(|| "A".into()),
                weather: (at > 0).then(|| Arc::new(weather)),
                ..row(&format!("light.{entity}"), "on", &attributes)
            };
            let mut fresh = Encoder::new(layout(Attributes::All), encoder.schema().clone());
            prop_assert_eq!(line(&mut encoder, row.clone()), line(&mut fresh, row));
        }
    }
}
