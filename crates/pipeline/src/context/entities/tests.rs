use hearthline_core::Named;

use super::*;

fn record(at: i64, key: &str, entity_id: &str, area: &str) -> EntityRecord<'static> {
    let area = Some(Named { id: area.into(), name: area.into() });
    let info = EntityInfo { key: key.into(), area, ..EntityInfo::unregistered(entity_id.into()) };
    EntityRecord {
        at: Timestamp(at),
        received: Timestamp(at),
        info: std::borrow::Cow::Owned(info),
        removed: false,
        changes: Vec::new(),
    }
}

fn entities(records: &[EntityRecord<'static>]) -> Entities {
    let mut entities = Entities::default();
    records.iter().for_each(|record| entities.apply(record));
    entities
}

fn owner(entities: &Entities, entity_id: &str, at: i64) -> Option<String> {
    entities.owner(entity_id, Timestamp(at)).map(ToString::to_string)
}

#[test]
fn two_that_swap_their_names_do_not_cross() {
    let (a, b) = ("sensor.a", "sensor.b");
    let swapped = entities(&[
        record(0, "1", a, "hall"),
        record(0, "2", b, "bath"),
        record(10, "1", "sensor.tmp", "hall"),
        record(11, "2", a, "bath"),
        record(12, "1", b, "hall"),
    ]);
    for (name, at, key) in [(a, -5, "1"), (a, 10, "1"), (a, 11, "2"), (b, 5, "2"), (b, 12, "1")] {
        assert_eq!(owner(&swapped, name, at).as_deref(), Some(key), "{name} at {at}");
    }
    assert_eq!(swapped.current(b).unwrap().area.as_ref().unwrap().id.as_ref(), "hall");
    assert_eq!(swapped.current("sensor.tmp"), None);
    assert_eq!(
        owner(&swapped, "sensor.tmp", 50).as_deref(),
        Some("1"),
        "its removal comes after the renaming"
    );
}

#[test]
fn the_last_renaming_and_all_names_of_an_entity_are_known() {
    let known = [record(0, "1", "sensor.a", "hall"), record(5, "2", "sensor.new", "bath")];
    assert_eq!(entities(&known).renamed(), None, "one that is new has no other name");
    let renamed = entities(&[record(0, "1", "sensor.a", "hall"), record(10, "1", "sensor.b", "hall")]);
    assert_eq!(renamed.renamed(), Some(Timestamp(10)));
    let names: Vec<_> = renamed.names_then("sensor.b", Timestamp(5)).map(EntityId::as_str).collect();
    assert_eq!(names, ["sensor.a", "sensor.b"], "before anybody had the name it was the first one's");
}

#[test]
fn what_is_under_a_name_from_before_its_first_owner_got_it_and_gave_it_away_is_a_strangers() {
    let known = [record(0, "1", "sensor.a", "hall"), record(10, "1", "sensor.between", "hall")];
    let strangers =
        |known: &[EntityRecord<'static>], name, at| entities(known).was_strangers(name, Timestamp(at));
    assert!(!strangers(&known, "sensor.between", 5), "history moved to the new name with it");
    let known = [known.as_slice(), &[record(20, "1", "sensor.b", "hall")]].concat();
    assert_eq!([5, 9, 10, 20].map(|at| strangers(&known, "sensor.between", at)), [true, true, false, false]);
    assert!(!strangers(&known, "sensor.a", -5), "it had no other name before");
    assert!(!strangers(&known, "sensor.b", 5), "that is its name");
}

#[test]
fn a_name_changes_hands_when_another_gets_it_not_when_its_owner_becomes_registered() {
    let known = entities(&[
        record(0, "sensor.a", "sensor.a", "hall"),
        record(5, "1", "sensor.a", "hall"),
        record(10, "2", "sensor.a", "hall"),
    ]);
    let between = |from, to| known.changed_hands("sensor.a").any(|at| (from..=to).contains(&at.0));
    assert_eq!([between(0, 9), between(9, 10), between(10, 11), between(11, 99)], [false, true, true, false]);
}

#[test]
fn what_was_known_at_an_instant_is_found_and_what_was_known_first_before_it() {
    let moved = entities(&[record(0, "1", "sensor.a", "hall"), record(10, "1", "sensor.a", "bath")]);
    let area = |at| moved.version("1", Timestamp(at)).unwrap().info.area.clone().unwrap().id.to_string();
    assert_eq!([-1, 0, 9, 10, 99].map(area), ["hall", "hall", "hall", "bath", "bath"]);
}

#[test]
fn what_is_over_is_forgotten_and_what_holds_is_not() {
    let mut gone = record(20, "2", "sensor.b", "bath");
    gone.removed = true;
    let mut all = entities(&[
        record(0, "1", "sensor.a", "hall"),
        record(0, "2", "sensor.b", "bath"),
        record(10, "1", "sensor.a", "bath"),
        gone,
    ]);
    all.forget(Timestamp(30));
    assert_eq!(all, entities(&[record(10, "1", "sensor.a", "bath")]).owned_since(0));
}

impl Entities {
    /// The first name was had since another instant.
    fn owned_since(mut self, at: i64) -> Self {
        self.owners.values_mut().for_each(|owners| owners[0].0 = Timestamp(at));
        self
    }
}
