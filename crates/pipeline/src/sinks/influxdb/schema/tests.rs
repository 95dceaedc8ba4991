use proptest::prelude::*;

use super::*;
use FieldType::{Bool, Float, Integer, Text};

const AT: Timestamp = Timestamp(1);

#[test]
fn a_field_with_a_type_in_each_shard_is_taken_for_either() {
    let mut schema = Schema::default();
    schema.adopt("m", "attr_x", [Float, Text], AT);
    assert_eq!(schema.place("m", "attr_x", Float), "attr_x_num");
    assert_eq!(schema.place("m", "attr_y", Float), "attr_y");
    assert_eq!(schema.place("other", "attr_x", Float), "attr_x");
}

#[test]
fn a_refusal_is_learned_once_and_a_taken_sibling_has_a_next_one() {
    let mut schema = Schema::default();
    assert!(schema.learn("m", "attr_x", Float, Integer, AT));
    assert!(!schema.learn("m", "attr_x", Float, Integer, Timestamp(2)));
    assert_eq!(schema.place("m", "attr_x", Float), "attr_x_num");
    assert!(schema.learn("m", "attr_x_num", Float, Text, Timestamp(3)));
    assert_eq!(schema.place("m", "attr_x", Float), "attr_x_num2");
    assert!(!schema.learn("m", "attr_x_num2", Float, Float, AT), "nothing is wrong with it");
    schema.count_moved("m", "attr_x", Float, 3);
    assert_eq!(
        schema.conflicts(),
        [Conflict {
            measurement: "m".into(),
            field: "attr_x".into(),
            server: vec![Integer],
            ours: Float,
            goes_to: "attr_x_num2".into(),
            since: AT,
            rows: 3,
        }]
    );
    schema.forget();
    assert_eq!((schema.conflicts(), schema.place("m", "attr_x", Float)), (vec![], "attr_x".into()));
}

#[test]
fn it_is_on_disk_as_people_can_read_it() {
    let mut schema = Schema::default();
    schema.adopt("m", "attr_x", [Text, Bool], AT);
    schema.count_moved("m", "attr_x", Float, 3);
    let json =
        r#"{"measurements":{"m":{"fields":{"attr_x":{"text":1,"bool":1}},"moved":{"attr_x":{"float":3}}}}}"#;
    assert_eq!(serde_json::to_string(&schema).unwrap(), json);
    assert_eq!(serde_json::from_str::<Schema>(json).unwrap(), schema);
}

proptest! {
    #[test]
    fn a_place_is_free_for_the_type_and_stays_while_nothing_is_learned_about_it(
        known in proptest::collection::vec(("attr_x(|_num|_num2|_str|_str2)", 0..5_usize), 0..12),
    ) {
        let mut schema = Schema::default();
        for (field, has) in known {
            let before = schema.clone();
            schema.adopt("m", &field, [FieldType::ALL[has]], AT);
            for (plain, ours) in [("attr_x", Float), ("attr_x_str", Text)] {
                let place = schema.place("m", plain, ours).into_owned();
                let types = schema.measurements["m"].fields.get(&place);
                prop_assert!(types.is_none_or(|types| types.keys().eq([&ours])));
                if before.place("m", plain, ours) != field {
                    prop_assert_eq!(before.place("m", plain, ours), place);
                }
            }
        }
    }
}
