use std::collections::BTreeMap;

use hearthline_core::{EventRow, Observation, QuarantineRow, WeatherRow};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{Again, Bookmark, Protection, Reread};

const HOUR: Duration = Duration::from_secs(3600);
const ALL: Again = Again::Records { after: Seq::ZERO, through: Seq(u64::MAX) };

impl House {
    /// All portions, each of about so many rows.
    fn again(store: Store, of: Again, limit: usize) -> (Vec<Row>, Store) {
        let store = Arc::new(store);
        let mut reread = Reread::new(Arc::clone(&store), of);
        let (mut rows, mut at) = (Vec::new(), Some(Bookmark::default()));
        while let Some(after) = at {
            let portion = reread.portion(&after, limit).unwrap();
            rows.extend(portion.rows);
            at = portion.next;
        }
        assert!(!reread.is_damaged());
        drop(reread);
        (rows, Arc::into_inner(store).unwrap())
    }

    fn reread(mut self, of: Again, limit: usize) -> (Vec<Row>, Self) {
        let (rows, store) = Self::again(self.store, of, limit);
        self.store = store;
        (rows, self)
    }
}

fn told(rows: &[Row]) -> Vec<u64> {
    let mut told: Vec<_> = rows.iter().map(|row| row.seq().0).collect();
    told.sort_unstable();
    told
}

fn live(entity_id: &str, after: i64, text: &str, old: Option<&str>) -> Row {
    Row::State(StateRow { old_state: old.map(Into::into), ..state(entity_id, after, text) })
}

#[test]
fn a_row_that_is_read_again_is_the_row_of_the_log() {
    let mut house = House::new();
    let event = EventRow {
        seq: Seq::ZERO,
        ts: NOON,
        site: "home".into(),
        event_type: "call_service".into(),
        data: r#"{"a":1}"#.into(),
        context_id: Some("01ABC".into()),
        origin: Origin::Live,
    };
    let observation = Arc::new(Observation { at: NOON, dew_point: Some(1.5), ..Observation::default() });
    let weather = WeatherRow {
        seq: Seq::ZERO,
        received: NOON,
        site: "home".into(),
        provider: "met_no".into(),
        source: "52,4".into(),
        observation,
    };
    let raw = QuarantineRow {
        seq: Seq::ZERO,
        ts: NOON,
        site: "home".into(),
        reason: "no JSON".into(),
        raw: [0xff, 0].into(),
    };
    let rows = vec![
        live("light.a", 1, "on", None),
        live("light.a", 2, "off", Some("on")),
        live("light.a", 3, "on", Some("as of the row before")),
        live("light.a", 4, "off", Some("")),
        Row::Event(event),
        Row::Quarantined(raw),
        Row::Weather(weather),
        live("light.b", 1, "on", Some("off")),
        // The day after, and before what is there already.
        live("light.a", 86_400, "on", Some("off")),
        live("light.a", 86_300, "off", Some("off")),
    ];
    let rows: Vec<_> = rows.into_iter().map(|row| house.numbered(row)).collect();
    house.store.write(&Batch { first: Seq(1), last: Seq(house.seq), rows: rows.clone() }).unwrap();
    house.store.flush().unwrap();
    let (mut again, house) = house.reread(ALL, 3);
    again.sort_by_key(Row::seq);
    // A weather observation has no number in a file.
    let mut expected = rows;
    *expected[6].seq_mut() = Seq::ZERO;
    expected.sort_by_key(Row::seq);
    assert_eq!(again, expected);
    let (period, _) = house
        .reread(Again::Period { from: Timestamp(NOON.0 + 2_000_000), to: Timestamp(NOON.0 + 4_000_000) }, 1);
    assert_eq!(told(&period), [2, 3]);
}

#[test]
fn what_was_dropped_and_what_has_a_later_number_is_not_there() {
    let mut house = House::with(StoreConfig { retention: Some(2 * DAY), ..config() });
    house.flushed(vec![row("light.a", 1, "on")]);
    house.flushed(vec![live("light.a", 3 * 86_400, "off", Some("on"))]);
    house.flushed(vec![row("light.a", 3 * 86_400 + 1, "on")]);
    let of = Again::Records { after: Seq(0), through: Seq(2) };
    let (rows, house) = house.reread(of, 10);
    assert_eq!(told(&rows), [1, 2]);
    house.store.protect(|| Protection { sinks: vec![("s".into(), Seq(1))], gaps: Vec::new() });
    house.clock.advance(4 * DAY);
    house.store.maintain().unwrap();
    assert_eq!(house.store.expired(), 1);
    let (rows, _) = house.reread(of, 10);
    assert_eq!(told(&rows), [2]);
    let Row::State(row) = &rows[0] else { panic!("{rows:?}") };
    assert_eq!(row.old_state, None, "what it was has been dropped");
}

#[test]
fn a_day_that_every_sink_has_is_merged_without_numbers_and_one_that_a_sink_misses_with_them() {
    for (has, kept) in [(4, false), (3, true)] {
        let mut house = House::new();
        for n in 1..=4 {
            house.flushed(vec![row("light.a", n, "on")]);
        }
        house.store.protect(move || Protection { sinks: vec![("s".into(), Seq(has))], gaps: Vec::new() });
        house.clock.advance(12 * HOUR);
        house.store.maintain().unwrap();
        assert_eq!(house.files() == 1, !kept, "a day that has just ended waits for the sinks");
        house.clock.advance(2 * HOUR);
        house.store.maintain().unwrap();
        assert_eq!(house.files(), 1);
        let (rows, house) = house.reread(ALL, 10);
        assert_eq!(told(&rows), if kept { vec![1, 2, 3, 4] } else { vec![0; 4] });
        let of = Again::Records { after: Seq(3), through: Seq(4) };
        if kept {
            assert_eq!(told(&house.reread(of, 10).0), [4]);
        }
    }
}

#[test]
fn rows_without_numbers_are_left_out_where_the_file_came_before() {
    let mut house = House::new();
    house.flushed(vec![row("light.a", 1, "on")]);
    house.flushed(vec![row("light.a", 2, "off")]);
    house.clock.advance(DAY);
    house.store.maintain().unwrap();
    house.flushed(vec![live("light.a", 3, "on", Some("off"))]);
    let (rows, _) = house.reread(Again::Records { after: Seq(2), through: Seq(3) }, 10);
    assert_eq!(told(&rows), [3]);
    let Row::State(row) = &rows[0] else { panic!("{rows:?}") };
    assert_eq!(row.old_state.as_deref(), Some("off"));
}

#[test]
fn a_file_that_cannot_be_read_is_left_out_and_told() {
    let mut house = House::new();
    house.flushed(vec![row("light.a", 1, "on")]);
    house.flushed(vec![row("light.a", 2, "off"), row("light.b", 2, "off")]);
    let path = house.store.files()[0].path.clone();
    (&house.disk as &dyn Fs).write_atomic(&path, b"PAR1 and nothing else").unwrap();
    house.reopen();
    let mut reread = Reread::new(Arc::new(house.store), ALL);
    let portion = reread.portion(&Bookmark::default(), 10).unwrap();
    assert_eq!((told(&portion.rows), portion.next), (vec![2, 3], None));
    assert!(reread.is_damaged());
}

#[test]
fn large_rows_come_in_small_portions() {
    let mut house = House::new();
    let attributes: Arc<str> = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)).into();
    let large =
        |n| Row::State(StateRow { attributes: Some(Arc::clone(&attributes)), ..state("light.a", n, "on") });
    house.flushed((0..12).map(large).collect());
    let mut reread = Reread::new(Arc::new(house.store), ALL);
    let portion = reread.portion(&Bookmark::default(), 1000).unwrap();
    assert!(portion.rows.len() < 6 && portion.next.is_some(), "{}", portion.rows.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was written in whichever order, flushed, merged and read in whichever portions, with a restart between any two:
    /// the rows of the wanted numbers, each once, with the state that was before it.
    #[test]
    fn every_wanted_number_comes_once_as_it_was_written(
        written in vec((0usize..4, 0i64..200, 0u8..3, any::<bool>(), 0u8..8), 1..120),
        limit in 1usize..12, after in 0u64..60, count in 0u64..120, restarts in any::<bool>(),
    ) {
        let mut house = House::new();
        let mut there = BTreeMap::<String, BTreeMap<i64, (String, Origin)>>::new();
        let mut rows = BTreeMap::new();
        for (entity, minutes, text, is_live, what) in written {
            let (entity, text) = (format!("sensor.{entity}"), text.to_string());
            // Two days, around midnight.
            let at = (minutes - 100 + 12 * 60) * 60;
            let origin = if is_live { Origin::Live } else { Origin::History };
            let there = there.entry(entity.clone()).or_default();
            // Nothing comes between a live state and the one that it follows.
            if there.range(at + 1..).next().is_some_and(|(_, (_, next))| is_live || *next == Origin::Live) {
                continue;
            }
            // A live one says what was there; others whatever they say.
            let before = there.range(..at).next_back().map(|(_, (state, _))| state.as_str());
            let old = if is_live { before } else { Some("2") };
            let row = StateRow { old_state: old.map(Into::into), origin, ..state(&entity, at, &text) };
            let row = house.numbered(Row::State(row));
            there.entry(at).or_insert_with(|| {
                rows.insert(row.seq(), row.clone());
                (text, origin)
            });
            house.store.write(&Batch { first: row.seq(), last: row.seq(), rows: vec![row] }).unwrap();
            match what {
                0 => house.store.flush().unwrap(),
                1 => {
                    house.store.flush().unwrap();
                    house.reopen();
                }
                _ => {}
            }
        }
        house.store.flush().unwrap();
        // As long as somebody needs the numbers, they stay.
        house.store.protect(move || Protection { sinks: vec![("s".into(), Seq(after))], gaps: Vec::new() });
        house.clock.advance(3 * DAY);
        let through = after + count;
        let of = Again::Records { after: Seq(after), through: Seq(through) };
        let store = Arc::new(house.store);
        let mut reread = Reread::new(Arc::clone(&store), of);
        let (mut again, mut at) = (Vec::new(), Some(Bookmark::default()));
        while let Some(after) = at {
            let text = serde_json::to_string(&after).unwrap();
            let after = serde_json::from_str(&text).unwrap();
            if restarts {
                reread = Reread::new(Arc::clone(&store), of);
            } else {
                // What was not sent is asked for once more.
                reread.portion(&after, limit).unwrap();
            }
            let portion = reread.portion(&after, limit).unwrap();
            again.extend(portion.rows);
            at = portion.next;
            store.maintain().unwrap();
        }
        again.sort_by_key(Row::seq);
        let wanted = |seq: &Seq| (after + 1..=through).contains(&seq.0);
        let wanted: Vec<_> = rows.into_iter().filter(|(seq, _)| wanted(seq)).map(|(_, row)| row).collect();
        prop_assert_eq!(again, wanted);
    }
}
