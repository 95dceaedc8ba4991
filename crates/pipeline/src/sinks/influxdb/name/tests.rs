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

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(Kind::ALL.to_vec())
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

proptest! {
    #[test]
    fn no_two_values_have_one_field(
        a in (confusing(), kind(), 0..4_u32),
        b in (confusing(), kind(), 0..4_u32),
    ) {
        let same = named(&a.0, a.1, a.2) == named(&b.0, b.1, b.2);
        prop_assert_eq!(same, a == b);
    }

    #[test]
    fn different_names_are_written_differently_and_can_be_written(a in confusing(), b in confusing()) {
        prop_assert_eq!(writable(&a) == writable(&b), a == b);
        prop_assert!(!writable(&a).contains(|c: char| c == '\\' || c.is_ascii_control()));
    }
}
