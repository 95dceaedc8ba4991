use super::*;
use crate::sinks::influxdb::server::Version;

fn table(fields: &[(&str, &[FieldType])]) -> Table {
    Table {
        version: Version::V1,
        measurement: "m".into(),
        tags: Vec::new(),
        fields: fields
            .iter()
            .map(|(field, types)| ((*field).to_owned(), types.iter().copied().collect()))
            .collect(),
        numbers: BTreeMap::new(),
    }
}

fn shown(moves: &[Move]) -> Vec<String> {
    moves.iter().map(|of| format!("{}::{} → {}::{}", of.field, of.kind, of.to, of.becomes)).collect()
}

use FieldType::{Bool, Float, Integer, Text};

#[test]
fn each_type_of_an_older_system_goes_where_the_sink_writes_it() {
    let table = table(&[
        ("attr_dynamics", &[Text, Bool]),
        ("attr_brightness", &[Text]),
        ("attr_brightness_num", &[Float]),
        ("attr_color_temp", &[Float, Integer]),
        ("attr_effect", &[Float]),
        ("attr_effect_str", &[Text]),
        ("attr_dynamics_str", &[Float]),
        ("state", &[Text]),
        ("value", &[Float, Text]),
        ("somebodys", &[Integer]),
    ]);
    let moves = Moves::within(&table, &Attributes::All);
    assert_eq!(
        shown(&moves.all),
        [
            "attr_brightness::text → attr_brightness_str::text",
            // The server has the plain name as an integer too, so that the sink writes numbers beside it.
            "attr_color_temp::float → attr_color_temp_num::float",
            "attr_color_temp::integer → attr_color_temp_num::float",
            // The name that the sink would take for texts is taken by a number.
            "attr_dynamics::text → attr_dynamics_str2::text",
            "attr_dynamics::bool → attr_dynamics_bool::bool",
            "attr_dynamics_str::float → attr_dynamics_str_::float",
            "value::float → value_num::float",
            "value::text → value_str::text",
        ]
    );
    assert_eq!(
        shown(&moves.numbers),
        [
            "attr_brightness::text → attr_brightness_num::float",
            "attr_dynamics::text → attr_dynamics_num::float",
            "value::text → value_num::float",
        ]
    );
}

#[test]
fn attributes_that_the_sink_does_not_write_are_left_and_named() {
    let table = table(&[("attr_friendly_name", &[Text]), ("attr_dynamics", &[Text])]);
    let moves = Moves::within(&table, &Attributes::Default);
    assert_eq!(shown(&moves.all), ["attr_dynamics::text → attr_dynamics_str::text"]);
    assert_eq!(moves.not_written, ["attr_friendly_name"]);
    assert_eq!(Moves::within(&table, &Attributes::All).all.len(), 2);
}

#[test]
fn what_has_its_right_name_is_not_moved_and_a_plan_that_was_carried_out_is_the_same() {
    let ours = table(&[
        ("attr_x", &[Float]),
        ("attr_x_str", &[Text]),
        ("attr_x_json", &[Text]),
        ("attr_x_bool", &[Bool]),
    ]);
    assert_eq!(Moves::within(&ours, &Attributes::All), Moves::default());
    let before = table(&[("attr_x", &[Text, Integer])]);
    let after = table(&[("attr_x", &[Text, Integer]), ("attr_x_str", &[Text]), ("attr_x_num", &[Float])]);
    let plan = Moves::within(&before, &Attributes::All);
    assert_eq!(plan, Moves::within(&after, &Attributes::All));
}

#[test]
fn a_new_measurement_has_one_type_for_each_name_and_no_siblings() {
    let table = table(&[
        ("attr_brightness", &[Text, Float, Integer]),
        ("attr_brightness_num", &[Float]),
        ("attr_brightness_str", &[Text]),
        ("attr_size_num", &[Float]),
        ("state", &[Text]),
        ("value", &[Text]),
        ("value_num", &[Float]),
        ("somebodys", &[Integer]),
        ("somebodys_other", &[Integer, Text]),
    ]);
    let moves = Moves::into_new(&table);
    assert_eq!(
        shown(&moves),
        [
            "attr_brightness::float → attr_brightness::float",
            "attr_brightness::integer → attr_brightness::float",
            "attr_brightness::text → attr_brightness_str::text",
            "attr_brightness_num::float → attr_brightness::float",
            "attr_brightness_str::text → attr_brightness_str::text",
            // `attr_size` is not taken, so this is somebody's own name.
            "attr_size_num::float → attr_size_num::float",
            "somebodys::integer → somebodys::integer",
            "somebodys_other::integer → somebodys_other::float",
            "somebodys_other::text → somebodys_other_str::text",
            "state::text → state::text",
            "value::text → value_str::text",
            "value_num::float → value::float",
        ]
    );
    let mut types: BTreeMap<&str, FieldType> = BTreeMap::new();
    for of in &moves {
        assert_eq!(*types.entry(&of.to).or_insert(of.becomes), of.becomes, "{} has one type", of.to);
    }
}
