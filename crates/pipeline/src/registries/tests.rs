use super::*;

fn lists(lists: &[(Registry, &str)]) -> Registries {
    let mut registries = Registries::default();
    for (registry, list) in lists {
        assert_eq!(registries.take(*registry, list).unwrap(), Vec::<&str>::new(), "{registry:?}");
    }
    registries
}

const AREAS: (Registry, &str) = (
    Registry::Area,
    r#"[{"area_id":"hall","name":"Hall","floor_id":"ground","labels":["warm"]},{"area_id":"attic","name":"Attic"}]"#,
);
const FLOORS: (Registry, &str) = (Registry::Floor, r#"[{"floor_id":"ground","name":"Ground floor"}]"#);
const LABELS: (Registry, &str) =
    (Registry::Label, r#"[{"label_id":"warm","name":"Warm"},{"label_id":"a","name":"Zebra"}]"#);
const DEVICES: (Registry, &str) = (
    Registry::Device,
    r#"[{"id":"1","name":"Box","name_by_user":"My box","area_id":"hall","manufacturer":"M","model":"X","labels":["a"]},
        {"id":"2","name":"Plug 2","parent_device_id":"1"},
        {"id":"3","parent_device_id":"4"},{"id":"4","parent_device_id":"3"}]"#,
);
const ENTITIES: (Registry, &str) = (
    Registry::Entity,
    r#"[{"id":"k1","entity_id":"sensor.a","device_id":"1","platform":"p","original_name":"A","labels":["warm"]},
        {"id":"k2","entity_id":"sensor.b","device_id":"2","area_id":null,"name":"Mine","original_name":"B"},
        {"id":"k3","entity_id":"sensor.c","device_id":"3","disabled_by":"user"},
        {"id":"k4","entity_id":"sensor.d","device_id":"1","area_id":"attic"},
        {"id":"k5","entity_id":"sensor.e","area_id":"gone","device_id":"gone"}]"#,
);

fn resolved(registries: &Registries, known: Option<&EntityInfo>) -> Vec<EntityInfo> {
    registries.entities().map(|entity| registries.resolve(entity, known)).collect()
}

fn names(named: Option<&Named>) -> Option<(&str, &str)> {
    named.map(|named| (&*named.id, &*named.name))
}

#[test]
fn an_entity_is_where_its_device_is_unless_it_says_otherwise() {
    let all = resolved(&lists(&[AREAS, FLOORS, LABELS, DEVICES, ENTITIES]), None);
    let [a, b, c, d, e] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(names(a.area.as_ref()), Some(("hall", "Hall")));
    assert_eq!(names(a.floor.as_ref()), Some(("ground", "Ground floor")));
    assert_eq!(names(a.device.as_ref()), Some(("1", "My box")));
    assert_eq!((a.name.as_deref(), a.model.as_deref()), (Some("A"), Some("X")));
    assert_eq!(
        a.labels.iter().map(|label| &*label.name).collect::<Vec<_>>(),
        ["Zebra", "Warm"],
        "by id, once"
    );
    assert_eq!(names(b.area.as_ref()), Some(("hall", "Hall")), "from what its device is a part of");
    assert_eq!((b.name.as_deref(), names(b.device.as_ref())), (Some("Mine"), Some(("2", "Plug 2"))));
    assert_eq!((c.area.as_ref(), c.disabled), (None, true), "two devices that are a part of each other");
    assert_eq!((names(d.area.as_ref()), d.floor.as_ref()), (Some(("attic", "Attic")), None));
    assert_eq!(d.name.as_deref(), Some("My box"), "called as its device");
    assert_eq!((names(e.area.as_ref()), e.device.as_ref()), (Some(("gone", "gone")), None));
}

#[test]
fn a_list_that_cannot_be_had_changes_nothing_of_its_kind() {
    let all = resolved(&lists(&[AREAS, FLOORS, LABELS, DEVICES, ENTITIES]), None);
    for without in [Registry::Area, Registry::Floor, Registry::Label, Registry::Device] {
        let some: Vec<_> =
            [AREAS, FLOORS, LABELS, DEVICES, ENTITIES].into_iter().filter(|(r, _)| *r != without).collect();
        let registries = lists(&some);
        for (entity, known) in registries.entities().zip(&all).filter(|(e, _)| &*e.id != "k5") {
            let now = registries.resolve(entity, Some(known));
            if without == Registry::Device {
                assert_eq!((&now.area.is_some(), &now.device), (&known.area.is_some(), &known.device));
            } else if without == Registry::Area {
                assert_eq!((&now.area, &now.floor), (&known.area, &known.floor), "{}", known.entity_id);
            } else {
                assert_eq!(&now, known, "without {without:?}");
            }
        }
    }
}

#[test]
fn names_are_taken_back_in_the_order_in_which_they_were_given() {
    let mut registries = lists(&[ENTITIES]);
    let renaming = |from: &str, to: &str| (Arc::<str>::from(from), Arc::<str>::from(to));
    // What is a and b now were b and a before.
    let swap = [
        renaming("sensor.b", "sensor.tmp"),
        renaming("sensor.a", "sensor.b"),
        renaming("sensor.tmp", "sensor.a"),
    ];
    registries.undo(&swap.iter().collect::<Vec<_>>());
    let names: Vec<_> =
        registries.entities().take(2).map(|entity| (&*entity.id, &*entity.entity_id)).collect();
    assert_eq!(names, [("k1", "sensor.b"), ("k2", "sensor.a")]);
}

#[test]
fn each_change_is_named_with_what_was_and_what_is() {
    let before = resolved(&lists(&[AREAS, FLOORS, LABELS, DEVICES, ENTITIES]), None).remove(0);
    let unit = |unit: &str| EntityInfo { unit: Some(unit.into()), ..before.clone() };
    let kinds = |from: &EntityInfo, to: &EntityInfo| {
        let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
        changes(Some(from), to).into_iter().map(|c| (c.what, text(c.from), text(c.to))).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(kinds(&before, &before), []);
    assert_eq!(kinds(&before, &unit("°C")), [(ChangeKind::Other, None, some("°C"))]);
    assert_eq!(kinds(&unit("°C"), &unit("°F")), [(ChangeKind::Unit, some("°C"), some("°F"))]);
    assert_eq!(kinds(&unit("°C"), &before), [(ChangeKind::Unit, some("°C"), None)]);
    let moved = EntityInfo { area: None, labels: Vec::new(), ..before.clone() };
    let labels = (ChangeKind::Labels, some("Zebra, Warm"), None);
    assert_eq!(kinds(&before, &moved), [(ChangeKind::Area, some("Hall"), None), labels]);
    let hidden = EntityInfo { hidden: true, ..before.clone() };
    assert_eq!(kinds(&before, &hidden), [(ChangeKind::Other, None, None)]);
    assert_eq!(changes(None, &before)[0].what, ChangeKind::New);
}
