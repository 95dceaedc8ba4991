use proptest::prelude::*;

use super::*;

fn counts(of: &[(&str, FieldType)]) -> Counts {
    of.iter().map(|(field, kind)| (((*field).to_owned(), *kind), 1)).collect()
}

fn goes(typing: &Typing) -> Vec<(&str, FieldType, &str)> {
    let places = typing.places.iter();
    let mut places: Vec<_> = places.map(|at| (&*at.field, at.kind, &*at.goes_to)).collect();
    places.sort_unstable();
    places
}

#[test]
fn in_our_measurement_a_value_goes_where_its_type_is_written_by_us() {
    use FieldType::{Bool, Float, Integer, Text};
    let exported = counts(&[
        ("attr_dynamics", Text),
        ("attr_dynamics", Bool),
        ("attr_dynamics_bool", Bool),
        ("attr_brightness", Text),
        ("attr_brightness_num", Float),
        ("attr_count", Integer),
        ("state", Text),
        ("value", Text),
    ]);
    let typing = Typing::new("m", &exported, &[], &BTreeMap::new(), true);
    assert_eq!(
        goes(&typing),
        [
            ("attr_brightness", Text, "attr_brightness_str"),
            ("attr_brightness_num", Float, "attr_brightness_num"),
            ("attr_count", Integer, "attr_count_num"),
            ("attr_dynamics", Text, "attr_dynamics_str"),
            ("attr_dynamics", Bool, "attr_dynamics_bool"),
            ("attr_dynamics_bool", Bool, "attr_dynamics_bool"),
            ("state", Text, "state"),
            ("value", Text, "value_str"),
        ]
    );
}

#[test]
fn elsewhere_a_name_says_nothing_and_is_kept_by_the_first_type_or_the_one_it_is_reserved_for() {
    use FieldType::{Bool, Float, Text};
    let exported = counts(&[("value", Text), ("x", Text), ("x", Bool)]);
    let typing = Typing::new("m", &exported, &[], &BTreeMap::new(), false);
    assert_eq!(goes(&typing), [("value", Text, "value"), ("x", Text, "x"), ("x", Bool, "x_bool")]);
    let reserved = BTreeMap::from([("x".to_owned(), Bool)]);
    let typing = Typing::new("m", &exported, &[], &reserved, false);
    assert_eq!(goes(&typing), [("value", Text, "value"), ("x", Text, "x_str"), ("x", Bool, "x")]);
    let has = [("x".to_owned(), Float), ("x_str".to_owned(), Float)];
    let typing = Typing::new("m", &exported, &has, &BTreeMap::new(), false);
    assert_eq!(goes(&typing)[1..], [("x", Text, "x_str2"), ("x", Bool, "x_bool")]);
}

#[test]
fn two_values_of_a_point_never_share_a_field() {
    let exported = counts(&[("attr_a", FieldType::Text), ("attr_a_str", FieldType::Text)]);
    let typing = Typing::new("m", &exported, &[], &BTreeMap::new(), true);
    let field = |name: &str, text: &str| (name.to_owned(), FieldValue::Text(text.into()));
    let point = StoredPoint {
        tags: Vec::new(),
        time: 1,
        fields: vec![field("attr_a", "1"), field("attr_a_str", "2")],
    };
    let placed = typing.place(&point, &[]).unwrap();
    assert_eq!(placed.fields, [field("attr_a_str", "1"), field("attr_a_str2", "2")]);
    let avoided = [("attr_a_str".to_owned(), FieldType::Text)];
    let placed = typing.place(&point, &avoided).unwrap();
    assert_eq!(placed.fields, [field("attr_a_str2", "1"), field("attr_a_str3", "2")]);
}

proptest! {
    #[test]
    fn no_field_is_given_two_types(
        exported in proptest::collection::btree_map(
            ("(attr_)?[ab](_str|_num|_bool)?2?", proptest::sample::select(&FieldType::ALL[..])), 1..9_u64, 0..12),
        has in proptest::collection::vec(
            ("(attr_)?[ab](_str|_num|_bool)?", proptest::sample::select(&FieldType::ALL[..])), 0..6),
        ours in any::<bool>(),
    ) {
        let typing = Typing::new("m", &exported, &has, &BTreeMap::new(), ours);
        prop_assert_eq!(typing.places.len(), exported.len());
        let mut types: BTreeMap<&str, FieldType> = BTreeMap::new();
        for place in &typing.places {
            prop_assert_eq!(*types.entry(&place.goes_to).or_insert(place.kind), place.kind, "{:?}", typing);
            let taken = has.iter().any(|(field, kind)| *field == place.goes_to && *kind != place.kind);
            prop_assert!(!taken, "{:?}", place);
        }
    }
}
