use hearthline_core::{ErrorKind, EventRow, Observation, QuarantineRow};

use super::*;
use crate::{EventsQuery, QuarantineQuery};

/// A row in which nothing is left out.
fn full(after: i64) -> StateRow {
    StateRow {
        tie: 2,
        entity_key: "0a1b".into(),
        unit: Some("°C".into()),
        device_class: Some("temperature".into()),
        last_changed: Timestamp(NOON.0 - 1),
        received_delay_ms: Some(-4),
        origin: Origin::History,
        restored: true,
        attributes: Some(r#"{"list":[1,"two",null],"schön":"☀"}"#.into()),
        area: Some("Küche".into()),
        device: Some("Fühler".into()),
        weather: Some(Arc::new(Observation {
            at: NOON,
            temperature: Some(-3.5),
            humidity: Some(80.0),
            pressure: None,
            wind_speed: Some(2.25),
            condition: Some("snowy".into()),
            ..Observation::default()
        })),
        ..state("sensor.kitchen", after, "21.50")
    }
}

#[test]
fn a_row_is_seen_before_the_flush_and_is_the_same_after_it_and_after_reopening() {
    let mut house = House::new();
    let rows = vec![state("0.weird", 2, "on"), full(1), full(2)];
    house.write(rows.iter().cloned().map(Row::State).collect());
    let buffered = house.all();
    assert_eq!(buffered, rows);
    assert_eq!((house.store.committed(), house.files()), (Seq(0), 0));

    house.store.flush().unwrap();
    assert_eq!(house.all(), buffered);
    assert_eq!((house.store.committed(), house.files()), (Seq(3), 1));

    house.reopen();
    assert_eq!(house.all(), buffered);
    assert_eq!(house.store.latest_of("sensor.kitchen"), Some(full(2)));
}

#[test]
fn texts_of_any_kind_come_back_as_they_were() {
    let mut house = House::new();
    let long = "x".repeat(255);
    let ids = ["0.1", "1_sensor.2", "sensor.ключ", "sensor.☀️", "nodot", ""];
    let texts = ["0", "0.0", "", "on", "unknown", "NaN", "ß", long.as_str()];
    let rows = ids.iter().flat_map(|id| texts.iter().zip(0..).map(|(text, after)| row(id, after, text)));
    house.flushed(rows.collect());
    for id in ids {
        let found = states(&house.store, &of(id));
        let found: Vec<_> = found.iter().map(|row| row.state.as_deref().unwrap()).collect();
        assert_eq!(found, texts, "{id:?}");
    }
}

#[test]
fn zero_is_a_number_and_a_text_is_none() {
    let mut house = House::new();
    house.flushed(vec![row("sensor.a", 1, "0"), row("sensor.a", 2, "open")]);
    let values: Vec<_> = house.all().into_iter().map(|row| row.value).collect();
    assert_eq!(values, [Some(0.0), None]);
}

#[test]
fn a_removal_is_a_row_and_the_latest_state() {
    let mut house = House::new();
    let removal = StateRow { state: None, value: None, attributes: None, ..state("light.a", 5, "") };
    house.flushed(vec![row("light.a", 1, "on"), Row::State(removal.clone())]);
    assert_eq!(brief(&house.all()), [("light.a", 1, Some("on")), ("light.a", 5, None)]);
    house.reopen();
    assert_eq!(house.store.latest(), [removal]);
}

#[test]
fn history_that_comes_late_goes_to_its_day_and_is_not_the_latest() {
    let mut house = House::new();
    let yesterday = -86_400;
    house.flushed(vec![row("sensor.a", 0, "3"), row("sensor.b", 0, "3")]);
    house.flushed(vec![row("sensor.a", yesterday + 1, "2"), row("sensor.a", yesterday, "1")]);
    house.write(vec![row("sensor.a", yesterday - 1, "0")]);

    let days: Vec<_> = house.store.files().into_iter().map(|file| file.day).collect();
    assert_eq!(days, ["2026-11-22", "2026-11-23"]);
    let expected = [
        ("sensor.a", yesterday - 1, Some("0")),
        ("sensor.a", yesterday, Some("1")),
        ("sensor.a", yesterday + 1, Some("2")),
        ("sensor.a", 0, Some("3")),
        ("sensor.b", 0, Some("3")),
    ];
    assert_eq!(brief(&house.all()), expected);
    assert_eq!(house.store.latest_of("sensor.a").unwrap().state.as_deref(), Some("3"));
}

#[test]
fn a_question_gets_its_entities_and_its_window_and_no_more() {
    let mut house = House::new();
    for part in 0..3 {
        let times = (0..1000).filter(|t| t % 3 == part);
        house.write(
            times.flat_map(|t| ["a.a", "b.b", "c.c"].map(|id| row(id, t * 100, &t.to_string()))).collect(),
        );
        if part < 2 {
            house.store.flush().unwrap();
        }
    }
    let window = |entities: Option<Vec<EntityId>>| StatesQuery {
        entities,
        renamed: false,
        from: NOON.plus(Duration::from_secs(43_000)),
        to: NOON.plus(Duration::from_secs(43_400)),
    };
    let expected = |ids: &[&'static str]| -> Vec<_> {
        ids.iter().flat_map(|id| (430..434).map(|t| (*id, t * 100))).collect()
    };
    for ids in [vec!["b.b"], vec!["a.a", "c.c"], vec!["nobody"]] {
        let found = states(&house.store, &window(Some(ids.iter().map(|id| EntityId::from(*id)).collect())));
        let found: Vec<_> = brief(&found).into_iter().map(|(id, after, _)| (id.to_owned(), after)).collect();
        let ids: Vec<_> = ids.into_iter().filter(|id| *id != "nobody").collect();
        assert_eq!(found, expected(&ids).iter().map(|(id, t)| ((*id).to_owned(), *t)).collect::<Vec<_>>());
    }
    assert_eq!(states(&house.store, &window(None)).len(), 12);

    let mut seen = 0;
    house
        .store
        .states(&everything(), |_| {
            seen += 1;
            if seen == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, 7);
}

#[test]
fn a_row_that_is_there_already_collapses_and_the_first_stays() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "live"), row("a.a", 2, "x"), row("b.b", 2, "x")]);
    let renamed = StateRow { entity_key: "a.a".into(), ..state("a.new", 1, "history") };
    let tie = StateRow { tie: 1, ..state("a.a", 1, "another") };
    house.write(vec![
        row("a.a", 1, "history"),
        row("a.a", 3, "y"),
        row("a.a", 3, "again"),
        Row::State(tie),
        Row::State(renamed),
    ]);
    let expected =
        [("a.a", 1, Some("live")), ("a.a", 1, Some("another")), ("a.a", 2, Some("x")), ("a.a", 3, Some("y"))];
    assert_eq!(brief(&states(&house.store, &of("a.a"))), expected, "also before the flush");

    house.store.flush().unwrap();
    assert_eq!(brief(&states(&house.store, &of("a.a"))), expected);
    assert_eq!(states(&house.store, &of("a.new")), [], "a rename is no new row");
    let counts = house.store.committed_counts();
    assert_eq!((counts.events, counts.delivered, counts.collapsed), (8, 5, 3));
    assert_eq!(house.store.stats().rows, 5);
}

#[test]
fn a_batch_that_is_given_again_changes_nothing() {
    let mut house = House::new();
    let rows = vec![house.numbered(row("a.a", 1, "1")), house.numbered(row("a.a", 2, "2"))];
    let batch = Batch { first: Seq(1), last: Seq(2), rows };
    house.store.write(&batch).unwrap();
    house.store.write(&batch).unwrap();
    house.store.flush().unwrap();
    house.store.write(&batch).unwrap();
    house.store.flush().unwrap();
    let counts = house.store.committed_counts();
    assert_eq!((counts.events, counts.delivered, counts.collapsed), (2, 2, 0));
}

#[test]
fn events_and_what_is_not_understood_have_tables_of_their_own() {
    let mut house = House::new();
    let event = |after: i64, event_type: &str| EventRow {
        seq: Seq::ZERO,
        ts: Timestamp(NOON.0 + after),
        site: "home".into(),
        event_type: event_type.into(),
        data: r#"{"a":1}"#.into(),
        context_id: Some("01HF".into()),
        origin: Origin::Live,
    };
    let bytes: &[u8] = &[0, 255, 7];
    let bad = QuarantineRow {
        seq: Seq::ZERO,
        ts: NOON,
        site: "home".into(),
        reason: "no time".into(),
        raw: bytes.into(),
    };
    house.write(vec![
        Row::Event(event(2, "call")),
        Row::Event(event(1, "timer")),
        Row::Quarantined(bad.clone()),
    ]);
    house.flushed(vec![Row::Event(event(3, "call")), Row::Event(event(3, "call"))]);
    house.write(vec![Row::Event(event(4, "call"))]);

    let ask = |event_type: Option<&str>, limit| {
        let query = EventsQuery { event_type: event_type.map(Into::into), from: NOON, to: NOON.plus(DAY) };
        let mut found = Vec::new();
        let each = |event: EventRow| {
            found.push(event.ts.0 - NOON.0);
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        house.store.events(&query, each).unwrap();
        found
    };
    assert_eq!(ask(None, 10), [1, 2, 3, 4]);
    assert_eq!(ask(Some("call"), 2), [2, 3]);
    let mut found = Vec::new();
    let query = QuarantineQuery { from: NOON, to: NOON.plus(DAY), settled: false };
    let each = |row, _| {
        found.push(row);
        ControlFlow::Continue(())
    };
    house.store.quarantined(&query, each).unwrap();
    assert_eq!(found, [QuarantineRow { seq: Seq(3), ..bad }]);
    let counts = house.store.committed_counts();
    assert_eq!((counts.events, counts.delivered, counts.collapsed, counts.quarantined), (5, 3, 1, 1));
}

#[test]
fn context_ids_are_kept_only_if_asked_for() {
    for asked in [false, true] {
        let mut house = House::with(StoreConfig { context_ids: asked, ..config() });
        house.write(vec![Row::State(StateRow { context_id: Some("01HF".into()), ..state("a.a", 1, "1") })]);
        assert_eq!(house.all()[0].context_id.is_some(), asked);
        house.store.flush().unwrap();
        assert_eq!(house.all()[0].context_id.is_some(), asked);
    }
}

#[test]
fn a_flush_is_due_by_rows_and_by_age_also_without_rows() {
    let mut house = House::with(StoreConfig { flush_rows: 2, ..config() });
    assert!(!house.store.flush_due());
    house.write(vec![row("a.a", 1, "1"), row("a.a", 2, "2")]);
    assert!(house.store.flush_due());
    house.store.flush().unwrap();
    assert!(!house.store.flush_due());

    house.store.write(&Batch { first: Seq(3), last: Seq(9), rows: Vec::new() }).unwrap();
    house.clock.advance(10 * MINUTE - Duration::from_micros(1));
    house.clock.set_wall(Timestamp::EPOCH);
    assert!(!house.store.flush_due());
    house.clock.advance(Duration::from_micros(1));
    assert!(house.store.flush_due());
    house.store.flush().unwrap();
    assert_eq!((house.store.committed(), house.files(), house.store.flush_due()), (Seq(9), 1, false));
}

#[test]
fn a_store_open_for_reading_changes_nothing() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "1")]);
    let stray = Path::new("/data/store/states/date=2026-11-23/0000009999.parquet.tmp");
    house.disk.create(stray).unwrap();
    let before = tree(&house.disk, Path::new("/data"));

    let reader =
        Store::open_read_only(Arc::new(house.disk.clone()), Arc::new(house.clock.clone()), config()).unwrap();
    assert_eq!(all(&reader), house.all());
    assert_eq!(reader.latest().len(), 1);
    let batch = Batch { first: Seq(2), last: Seq(2), rows: vec![row("a.a", 2, "2")] };
    for refused in [reader.write(&batch), reader.flush(), reader.save_latest()] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Fatal);
    }
    assert_eq!(tree(&house.disk, Path::new("/data")), before);
}

#[test]
fn figures_are_of_files_and_memory() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "1"), row("b.b", 2, "2")]);
    house.write(vec![row("a.a", 9, "3")]);
    let stats = house.store.stats();
    assert_eq!((stats.files, stats.rows, stats.buffered, stats.entities), (1, 3, 1, 2));
    let second = |n| Some(NOON.plus(Duration::from_secs(n)));
    assert_eq!((stats.first, stats.last), (second(1), second(9)));
    let file = house.store.files().remove(0);
    assert_eq!((file.rows, file.bytes), (2, stats.bytes));
    assert!(file.path.starts_with("/data/store/states/date=2026-11-23"), "{:?}", file.path);
}
