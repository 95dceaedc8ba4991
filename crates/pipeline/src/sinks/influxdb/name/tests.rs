use std::collections::BTreeSet;

use hashbrown::HashMap;
use proptest::prelude::*;

use super::*;

/// Names that are made to be confused with each other.
pub(crate) fn confusing() -> impl Strategy<Value = String> {
    let parts = [
        "x", "str", "num", "_str", "_bool", "_json", "_num", "_num2", "_", "2", "%", "%5C", "%25", "\\",
        "\n", "\"", "%22", ",", "=", " ", "5C", "é", "\u{7f}", "\0", "\t",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..5).prop_map(|parts| parts.concat())
}

#[test]
fn the_name_says_the_type() {
    for (attribute, kind, field) in [
        ("brightness", Kind::Number, "attr_brightness"),
        ("dynamics", Kind::Text, "attr_dynamics_str"),
        ("dynamics", Kind::Bool, "attr_dynamics_bool"),
        ("xy_color", Kind::Json, "attr_xy_color_json"),
        ("size_num", Kind::Number, "attr_size_num_"),
        ("size_num_", Kind::Number, "attr_size_num__"),
        ("size_num2", Kind::Number, "attr_size_num2_"),
        ("_str", Kind::Number, "attr__str_"),
        ("str", Kind::Number, "attr_str_"),
        ("strong", Kind::Number, "attr_strong"),
        ("a\\b\nc", Kind::Number, "attr_a%5Cb%0Ac"),
        ("100%", Kind::Number, "attr_100%"),
        ("a%0A", Kind::Number, "attr_a%250A"),
    ] {
        assert_eq!(of_attribute(attribute, kind), field);
    }
}

#[test]
fn what_is_taken_goes_to_the_next_name_that_says_the_type() {
    for (plain, ours, first, second) in [
        ("attr_x", FieldType::Float, "attr_x_num", "attr_x_num2"),
        ("attr_x_str", FieldType::Text, "attr_x_str2", "attr_x_str3"),
        ("attr_x_bool", FieldType::Bool, "attr_x_bool2", "attr_x_bool3"),
        ("attr_x_json", FieldType::Text, "attr_x_json2", "attr_x_json3"),
        ("value", FieldType::Float, "value_num", "value_num2"),
        ("state", FieldType::Text, "state_str", "state_str2"),
    ] {
        assert_eq!((sibling(plain, ours, 1), sibling(plain, ours, 2)), (first.into(), second.into()));
    }
}

/// The name itself for 0, else a sibling.
fn named(attribute: &str, kind: Kind, n: u32) -> String {
    let plain = of_attribute(attribute, kind);
    if n == 0 { plain } else { sibling(&plain, kind.field_type(), n) }
}

#[test]
fn no_two_values_have_one_field() {
    let parts = ["x", "_", "_num", "2", "_str", "%5C", "\\", "\""];
    let mut names = BTreeSet::from([String::new()]);
    for _ in 0..4 {
        let longer: Vec<_> =
            names.iter().flat_map(|name| parts.map(|part| format!("{name}{part}"))).collect();
        names.extend(longer);
    }
    let mut fields = HashMap::new();
    for name in &names {
        for (kind, n) in Kind::ALL.into_iter().flat_map(|kind| [(kind, 0), (kind, 1), (kind, 2)]) {
            let other = fields.insert(named(name, kind, n), (name, kind, n));
            assert_eq!(other, None, "{name:?} as {kind:?}, {n}");
        }
    }
}

proptest! {
    #[test]
    fn different_names_are_written_differently_and_can_be_written(a in confusing(), b in confusing()) {
        prop_assert_eq!(writable(&a) == writable(&b), a == b);
        prop_assert!(!writable(&a).contains(|c: char| c == '\\' || c.is_ascii_control()));
    }
}
