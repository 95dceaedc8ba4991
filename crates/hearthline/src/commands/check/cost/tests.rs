use super::*;

fn row(entity_id: &str, attributes: &str) -> (StateRow, Option<EntityRow>) {
    let row = StateRow {
        value: None,
        attributes: Some(attributes.into()),
        ..StateRow::new(Timestamp(1_795_435_200_000_000), entity_id, "on")
    };
    (row, None)
}

fn layout(attributes: Attributes) -> Layout {
    NativeLayout::new("m", attributes).into()
}

fn house() -> Recorded {
    let many: Vec<_> = (0..600).map(|n| format!(r#""2026-{n}":{n}"#)).collect();
    Recorded(vec![
        row("sensor.calendar", &format!("{{{}}}", many.join(","))),
        row("light.lamp", r#"{"brightness":1,"effect_list":["a"],"dynamics":"none"}"#),
        row("light.room", r#"{"brightness":2,"dynamics":false}"#),
    ])
}

#[test]
fn what_all_attributes_would_cost_is_told_beside_the_default_and_of_whom_it_comes() {
    let filter = Filter::new(&[], &[]).unwrap();
    let cost = |attributes| house().cost(&layout(attributes), &filter, &[]);
    let (all, default) = (cost(Attributes::All), cost(Attributes::Default));
    let own = default.fields["m"] - 3; // attr_brightness, attr_dynamics_str, attr_dynamics_bool
    assert_eq!(all.fields["m"], own + 604);
    assert_eq!(
        words(Some("m"), &all, Some(&default), Some(Version::V1)),
        format!(
            "by what is recorded of 3 entities: 3 series, and m gets {} fields (with attributes = \"default\" {}); \
             most of them come with sensor.calendar (600), light.lamp (3), light.room (1)",
            own + 604,
            own + 3
        )
    );
    let says = words(Some("m"), &all, Some(&default), Some(Version::V3));
    assert!(says.contains(&format!("; {} of at most 500 columns of m: ", own + 604 + 4)), "{says}");
}

#[test]
fn only_what_the_sink_gets_is_counted_and_what_the_server_has_counts_too() {
    let filter = Filter::new(&["light.*".into()], &["light.room".into()]).unwrap();
    let theirs = [("m".to_owned(), "attr_brightness".to_owned(), FieldType::Text)];
    let cost = house().cost(&layout(Attributes::Default), &filter, &theirs);
    let own = house().cost(&layout(Attributes::None), &filter, &[]).fields["m"];
    assert_eq!((cost.series, cost.entities), (1, 1));
    assert_eq!(cost.fields["m"], own + 3, "theirs, its sibling, and dynamics");
}
