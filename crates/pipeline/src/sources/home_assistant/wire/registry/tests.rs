use serde_json::value::RawValue;

use super::*;

const RECORDED: [&str; 2] = [
    include_str!("../../../../../tests/recordings/2024.3.3/registries.json"),
    include_str!("../../../../../tests/recordings/2026.11.0/registries.json"),
];

#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    entity: &'a RawValue,
    #[serde(borrow)]
    device: &'a RawValue,
}

fn text(text: &str) -> Text {
    Text(Some(text.into()))
}

#[test]
fn both_recorded_releases_are_read() {
    for recorded in RECORDED {
        let recorded: Recorded<'_> = serde_json::from_str(recorded).unwrap();
        let (entities, unreadable) = parse_registry::<Entity>(recorded.entity.get()).unwrap();
        assert_eq!(unreadable, Vec::<&str>::new());
        let dawn = entities.iter().find(|e| *e.entity_id == *"sensor.sun_next_dawn").unwrap();
        assert_eq!(dawn.id.len(), 32);
        assert_eq!((&dawn.original_name, &dawn.platform), (&text("Next dawn"), &text("sun")));
        assert_eq!((&dawn.entity_category, &dawn.disabled_by), (&text("diagnostic"), &Text(None)));
        let (devices, unreadable) = parse_registry::<Device>(recorded.device.get()).unwrap();
        assert_eq!(unreadable, Vec::<&str>::new());
        let sun = devices.iter().find(|device| Some(&device.id) == dawn.device_id.0.as_ref()).unwrap();
        assert_eq!((&sun.name, &sun.name_by_user, &sun.area_id), (&text("Sun"), &Text(None), &Text(None)));
    }
}

#[test]
fn a_key_of_another_type_is_not_known_and_an_entry_without_an_id_hides_no_neighbour() {
    let list = r#"[
        {"area_id":"kitchen","name":7,"floor_id":{"a":[1]},"labels":["a",null,"b",{"c":1}],"new":true},
        {"name":"no id"}, {"area_id":5}, null, "hall",
        {"area_id":"hall","name":"","labels":"a"}
    ]"#;
    let (areas, unreadable) = parse_registry::<Area>(list).unwrap();
    let labels = Texts(vec!["a".into(), "b".into()]);
    assert_eq!(
        areas,
        [
            Area { id: "kitchen".into(), name: Text(None), floor_id: Text(None), labels },
            Area { id: "hall".into(), name: Text(None), floor_id: Text(None), labels: Texts::default() },
        ]
    );
    assert_eq!(unreadable, [r#"{"name":"no id"}"#, r#"{"area_id":5}"#, "null", r#""hall""#]);
    parse_registry::<Area>("{}").unwrap_err();
    parse_registry::<Area>("[").unwrap_err();
}

#[test]
fn a_device_that_is_a_part_of_another_needs_an_id_alone() {
    let list =
        r#"[{"id":"1","parent_device_id":"2","config_entry_id":"x"},{"id":"2","config_entries":["x"]}]"#;
    let (devices, unreadable) = parse_registry::<Device>(list).unwrap();
    assert_eq!((devices.len(), unreadable.len()), (2, 0));
    assert_eq!(devices[0].parent_device_id, text("2"));
}

#[test]
fn an_event_says_which_registry_has_changed() {
    assert_eq!(Registry::updated_by("floor_registry_updated"), Some(Registry::Floor));
    assert_eq!(Registry::updated_by("category_registry_updated"), None);
    let update: EntityUpdate = serde_json::from_str(
        r#"{"action":"update","entity_id":"light.b","old_entity_id":"light.a","changes":{"entity_id":"light.a"}}"#,
    )
    .unwrap();
    assert_eq!((update.entity_id, update.old_entity_id), (text("light.b"), text("light.a")));
}
