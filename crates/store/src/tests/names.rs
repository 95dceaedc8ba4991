//! One series for one entity, whatever it was called.

use std::collections::BTreeMap;

use hearthline_core::EntityRow;
use proptest::prelude::*;

use super::context::known;
use super::*;
use crate::{ExportFormat, Fill, Series};

fn gone(after: i64, key: &str, entity_id: &str) -> Row {
    Row::Entity(EntityRow { removed: true, ..known(after, key, entity_id) })
}

fn named(after: i64, key: &str, entity_id: &str) -> Row {
    Row::Entity(known(after, key, entity_id))
}

fn removal(entity_id: &str, after: i64) -> Row {
    Row::State(StateRow { state: None, value: None, ..state(entity_id, after, "") })
}

fn series(house: &House, name: &str) -> Vec<String> {
    let rows = states(&house.store, &StatesQuery { renamed: true, ..of(name) });
    assert!(rows.is_sorted_by(|a, b| a.ts < b.ts), "{:?}", brief(&rows));
    rows.iter().map(|row| row.state.as_deref().unwrap_or("gone").to_owned()).collect()
}

/// Renamed at 100; Home Assistant removes the old name a moment later.
fn renamed() -> House {
    let mut house = House::new();
    let before = StateRow { entity_key: "a.old".into(), ..state("a.old", -90_000, "0") };
    house.flushed(vec![Row::State(before), named(0, "k", "a.old"), row("a.old", 10, "1")]);
    house.flushed(vec![named(100, "k", "a.new"), removal("a.old", 100), row("a.new", 101, "2")]);
    house.write(vec![row("a.new", 90_000, "3")]);
    house
}

#[test]
fn a_renamed_entity_is_one_series_without_a_hole_under_either_name() {
    let mut house = renamed();
    for _ in 0..2 {
        for name in ["a.old", "a.new", "k"] {
            assert_eq!(series(&house, name), ["0", "1", "2", "3"], "{name}");
        }
        assert_eq!(house.store.latest_of("a.old").unwrap().state.as_deref(), Some("3"));
        assert_eq!(
            brief(&house.store.latest()),
            [("a.new", 90_000, Some("3"))],
            "the old name is not listed"
        );
        assert_eq!(house.store.entity_ids().into_iter().collect::<Vec<_>>(), [EntityId::from("a.new")]);
        house.store.flush().unwrap();
        house.reopen();
    }
    assert_eq!(states(&house.store, &of("a.old")).len(), 3, "the name alone: with its removal");
    let Series { key, entity_id, segments, .. } = house.store.series("a.old");
    assert_eq!((&*key, entity_id.as_str(), segments.len()), ("k", "a.new", 2));
}

#[test]
fn figures_and_exports_are_of_the_whole_series() {
    let house = renamed();
    let query = StatesQuery { renamed: true, from: NOON, ..of("a.old") };
    let query = StatesQuery { to: NOON.plus(2 * DAY), ..query };
    let figures = house.store.buckets(&query, 10 * DAY, Fill::None).unwrap();
    assert_eq!((figures.len(), figures[0].count, figures[0].last), (1, 3, Some(3.0)));
    let after = StatesQuery { from: NOON.plus(Duration::from_secs(101)), ..query.clone() };
    let after = StatesQuery { to: NOON.plus(MINUTE * 10), ..after };
    assert_eq!(states(&house.store, &after).len(), 1);
    let later = StatesQuery {
        from: NOON.plus(Duration::from_secs(50)),
        to: NOON.plus(Duration::from_secs(90)),
        ..query
    };
    let held = house.store.buckets(&later, 10 * MINUTE, Fill::Previous).unwrap();
    assert_eq!(held[0].last, Some(1.0), "the value before, under the former name");

    let mut csv = Vec::new();
    let both = StatesQuery { entities: Some(vec!["a.new".into(), "a.old".into()]), ..everything() };
    let both = StatesQuery { renamed: true, ..both };
    house.store.export(&both, ExportFormat::Csv, &mut csv).unwrap();
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 5, "asked for by both names, each row once");
}

#[test]
fn two_that_swap_their_names_do_not_cross() {
    let mut house = House::new();
    house.write(vec![named(0, "k", "a.a"), named(0, "l", "a.b"), row("a.a", 1, "k1"), row("a.b", 2, "l1")]);
    house.write(vec![
        named(50, "k", "a.b"),
        named(50, "l", "a.a"),
        row("a.a", 51, "l2"),
        row("a.b", 52, "k2"),
    ]);
    assert_eq!(series(&house, "a.b"), ["k1", "k2"]);
    assert_eq!(series(&house, "a.a"), ["l1", "l2"]);
}

#[test]
fn what_was_deleted_and_made_again_is_one_series() {
    let mut house = House::new();
    house.write(vec![named(0, "k", "a.x"), row("a.x", 1, "1"), named(5, "k", "a.a"), row("a.a", 6, "2")]);
    house.write(vec![gone(10, "k", "a.a"), removal("a.a", 10), named(20, "l", "a.a"), row("a.a", 21, "3")]);
    assert_eq!(series(&house, "a.a"), ["1", "2", "gone", "3"]);
    assert_eq!(house.store.series("a.a").segments.len(), 2, "no seam where the name stays");
    assert_eq!(series(&house, "a.x"), ["1", "2", "gone"], "the name of the one that went");
}

#[test]
fn a_device_that_takes_the_name_of_the_one_before_it_goes_on_with_its_series() {
    let mut house = House::new();
    house.write(vec![
        named(0, "k", "a.a"),
        row("a.a", 1, "1"),
        named(10, "l", "a.a_2"),
        row("a.a_2", 11, "2"),
    ]);
    house.write(vec![
        row("a.a", 12, "beside"),
        gone(13, "k", "a.a"),
        named(20, "l", "a.a"),
        row("a.a", 21, "3"),
    ]);
    assert_eq!(series(&house, "a.a"), ["1", "2", "3"]);
    assert_eq!(series(&house, "a.a_2"), ["1", "2", "3"]);
}

#[test]
fn a_name_that_was_left_and_taken_is_the_new_ones_and_the_first_ones_series_stays_whole() {
    let mut house = House::new();
    house.write(vec![named(0, "k", "a.a"), row("a.a", 1, "k1"), named(10, "k", "a.b"), removal("a.a", 10)]);
    house.write(vec![row("a.b", 11, "k2"), named(20, "l", "a.a"), row("a.a", 21, "l1")]);
    assert_eq!(series(&house, "a.a"), ["l1"]);
    assert_eq!(series(&house, "a.b"), ["k1", "k2"]);
}

#[test]
fn one_that_comes_back_from_the_registry_keeps_its_series() {
    let mut house = House::new();
    house.write(vec![named(0, "k", "a.a"), row("a.a", 1, "1"), gone(10, "k", "a.a"), removal("a.a", 10)]);
    house.write(vec![named(20, "l", "a.a"), row("a.a", 21, "other"), named(25, "l", "a.c")]);
    house.write(vec![named(30, "k", "a.a"), row("a.a", 31, "2")]);
    assert_eq!(series(&house, "a.a"), ["1", "gone", "2"]);
    assert_eq!(series(&house, "a.c"), ["other"]);
}

#[test]
fn an_entity_that_gets_into_a_registry_goes_on() {
    let mut house = House::new();
    house.write(vec![named(0, "a.a", "a.a"), row("a.a", -5, "0"), row("a.a", 1, "1"), named(10, "k", "a.a")]);
    house.write(vec![row("a.a", 11, "2"), named(20, "k", "a.b"), row("a.b", 21, "3")]);
    assert_eq!(series(&house, "a.b"), ["0", "1", "2", "3"]);
    assert_eq!(house.store.series("a.b").segments.len(), 2);
}

#[test]
fn one_that_got_into_a_registry_is_that_one_whenever_it_was_seen_first() {
    let mut house = House::new();
    house.write(vec![
        named(20, "a.a", "a.a"),
        named(10, "k", "a.a"),
        gone(10, "a.a", "a.a"),
        row("a.a", 5, "1"),
    ]);
    assert_eq!(&*house.store.series("a.a").key, "k");
    house.write(vec![row("a.a", 30, "2"), named(40, "k", "a.b"), removal("a.a", 40), row("a.b", 41, "3")]);
    assert_eq!(series(&house, "a.a"), ["1", "2", "3"]);
    house.write(vec![named(50, "a.a", "a.a"), row("a.a", 51, "another")]);
    assert_eq!(&*house.store.series("a.a").key, "a.a");
    assert_eq!(series(&house, "a.b"), ["1", "2", "3"]);
}

#[test]
fn a_name_that_no_registry_knows_is_all_that_has_it() {
    let mut house = House::new();
    house.write(vec![row("a.a", 1, "1"), removal("a.a", 2)]);
    assert_eq!(series(&house, "a.a"), ["1", "gone"]);
    assert_eq!(house.store.series("a.a").info, None);
    assert_eq!(house.store.latest().len(), 1);
}

#[test]
fn of_several_renamed_entities_each_is_given_after_the_other() {
    let mut house = House::new();
    for (key, old, new) in [("k", "a.1", "b.1"), ("l", "a.2", "b.2")] {
        house.flushed(vec![
            named(0, key, old),
            row(old, 1, key),
            named(86_400, key, new),
            row(new, 86_401, key),
        ]);
    }
    let query =
        StatesQuery { entities: Some(vec!["b.2".into(), "a.1".into()]), renamed: true, ..everything() };
    let rows = states(&house.store, &query);
    let names: Vec<_> = rows.iter().map(|row| row.entity_id.as_str()).collect();
    assert_eq!(names, ["a.1", "b.1", "a.2", "b.2"]);
    let one_day = states(&house.store, &StatesQuery { to: NOON.plus(MINUTE), ..query });
    assert_eq!(one_day.len(), 2);
}

/// What a person does to the registry, by numbers that are taken modulo what there is.
#[derive(Clone, Debug)]
enum Deed {
    Create(u8),
    Rename(u8, u8),
    Swap(u8, u8),
    Remove(u8),
    Report,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        any::<u8>().prop_map(Deed::Create),
        any::<(u8, u8)>().prop_map(|(a, b)| Deed::Rename(a, b)),
        any::<(u8, u8)>().prop_map(|(a, b)| Deed::Swap(a, b)),
        any::<u8>().prop_map(Deed::Remove),
        Just(Deed::Report),
    ]
}

/// A registry as a person would keep it on paper: who has which name now.
#[derive(Default)]
struct Paper {
    /// Name to key.
    now: BTreeMap<String, usize>,
    /// By key: the first and the last name, when it began, and the one whose series it goes on with.
    born: Vec<(i64, Option<usize>)>,
    /// Name to the one who had it last, and whether that one went with it.
    had: BTreeMap<String, (usize, bool)>,
    /// Every row with a state: time, name, whose it is.
    rows: Vec<(i64, String, usize)>,
}

impl Paper {
    fn gets(&mut self, key: usize, name: &str) {
        if let Some((before, true)) = self.had.get(name).copied()
            && before != key
            && self.born[key].1.is_none()
            && self.born[before].0 < self.born[key].0
        {
            self.born[key].1 = Some(before);
        }
        self.now.insert(name.into(), key);
        self.had.insert(name.into(), (key, false));
    }

    /// The times of the rows that belong to the series of a key, before an instant.
    fn series(&self, key: usize, before: i64) -> Vec<i64> {
        let (start, earlier) = self.born[key];
        let mut times = earlier.map_or_else(Vec::new, |earlier| self.series(earlier, start.min(before)));
        let own = self.rows.iter().filter(|(at, _, of)| *of == key && *at < before);
        times.extend(own.map(|(at, ..)| *at));
        times
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_series_is_what_one_would_find_on_paper(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut house = House::new();
        let mut paper = Paper::default();
        let mut written = Vec::new();
        for (at, deed) in (1..).map(|n| n * 10).zip(deeds) {
            let free: Vec<String> =
                (0..6).map(|n| format!("a.{n}")).filter(|name| !paper.now.contains_key(name)).collect();
            let taken: Vec<(String, usize)> = paper.now.clone().into_iter().collect();
            let pick = |n: u8| taken.get(usize::from(n) % taken.len().max(1)).cloned();
            let pick_free = |n: u8| free.get(usize::from(n) % free.len().max(1)).cloned();
            match deed {
                Deed::Create(n) => if let Some(name) = pick_free(n) {
                    paper.born.push((at, None));
                    let key = paper.born.len() - 1;
                    written.push(named(at, &format!("k{key}"), &name));
                    paper.gets(key, &name);
                },
                Deed::Rename(n, m) => if let (Some((old, key)), Some(new)) = (pick(n), pick_free(m)) {
                    paper.now.remove(&old);
                    written.push(named(at, &format!("k{key}"), &new));
                    written.push(removal(&old, at + 1));
                    paper.gets(key, &new);
                },
                Deed::Swap(n, m) => if let (Some((a, k)), Some((b, l))) = (pick(n), pick(m)) && k != l {
                    written.push(named(at, &format!("k{k}"), &b));
                    written.push(named(at, &format!("k{l}"), &a));
                    paper.gets(k, &b);
                    paper.gets(l, &a);
                },
                Deed::Remove(n) => if let Some((name, key)) = pick(n) {
                    paper.now.remove(&name);
                    written.push(gone(at, &format!("k{key}"), &name));
                    paper.had.insert(name, (key, true));
                },
                Deed::Report => {}
            }
            for (n, (name, key)) in (2..).zip(paper.now.clone()) {
                written.push(row(&name, at + n, &key.to_string()));
                paper.rows.push((at + n, name, key));
            }
        }
        for rows in written.chunks(7) {
            house.write(rows.to_vec());
        }
        for _ in 0..2 {
            for (name, (key, _)) in &paper.had {
                let segments = house.store.series(name).segments;
                prop_assert!(segments.iter().all(|segment| segment.from < segment.to));
                prop_assert!(segments.windows(2).all(|two| two[0].to <= two[1].from), "{segments:?}");
                let rows = states(&house.store, &StatesQuery { renamed: true, ..of(name) });
                let found: Vec<_> = brief(&rows).into_iter().map(|(_, at, _)| at).collect();
                prop_assert_eq!(&found, &paper.series(*key, i64::MAX), "{}: {:?}", name, segments);
                prop_assert!(rows.iter().all(|row| row.state.is_some()), "no hole by a renaming");
            }
            house.store.flush().unwrap();
            house.reopen();
        }
    }
}
