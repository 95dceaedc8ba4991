use std::borrow::Cow;

use hearthline_core::{EntityInfo, Named, Observation};

use super::*;
use crate::record::{EntityRecord, WeatherRecord};

const TIME: &str = "2026-11-23T11:57:01.015112+00:00";

fn row(record: &Record<'_>) -> Row {
    let mut bytes = Vec::new();
    record.encode(&mut bytes).unwrap();
    Normaliser::new("home").row(Seq(7), &bytes).unwrap()
}

fn live(raw: &str, removed: bool) -> Record<'_> {
    let ts = Timestamp::parse(TIME).unwrap();
    Record::State(StateRecord {
        origin: Origin::Live,
        received: ts.plus(std::time::Duration::from_millis(12)),
        ts,
        tie: 0,
        removed,
        restored: false,
        late: false,
        old_state: None,
        entity_id: "sensor.1st".into(),
        raw: raw.into(),
    })
}

#[test]
fn a_live_record_becomes_a_row_with_all_its_columns() {
    let raw = format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.1st","new_state":{{"entity_id":"sensor.1st","state":"21.5","attributes":{{"unit_of_measurement":"°C","device_class":"temperature","x":[1,null]}},"last_changed":"2026-11-23T11:00:00+00:00","last_updated":"{TIME}","context":{{"id":"01A"}}}}}},"time_fired":"{TIME}","context":{{"id":"01A"}}}}"#
    );
    let Row::State(row) = row(&live(&raw, false)) else { panic!("no state") };
    assert_eq!((row.state.as_deref(), row.value), (Some("21.5"), Some(21.5)));
    assert_eq!((row.unit.as_deref(), row.device_class.as_deref()), (Some("°C"), Some("temperature")));
    assert_eq!(row.last_changed, Timestamp::parse("2026-11-23T11:00:00Z").unwrap());
    assert_eq!((row.ts, row.received_delay_ms), (Timestamp::parse(TIME).unwrap(), Some(12)));
    assert_eq!(
        row.attributes.as_deref(),
        Some(r#"{"unit_of_measurement":"°C","device_class":"temperature","x":[1,null]}"#)
    );
    assert_eq!((row.entity_id.as_str(), row.context_id.as_deref()), ("sensor.1st", Some("01A")));
}

#[test]
fn a_removal_is_a_row_without_a_state_at_the_time_it_was_fired() {
    let raw = format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.1st","new_state":null}},"time_fired":"{TIME}","context":{{"id":"01A"}}}}"#
    );
    let Row::State(row) = row(&live(&raw, true)) else { panic!("no state") };
    assert_eq!((row.state, row.value, row.attributes), (None, None, None));
    assert_eq!(row.ts, Timestamp::parse(TIME).unwrap());
}

#[test]
fn the_text_of_the_state_before_is_the_one_that_the_record_has() {
    let record = |text: &str, old: Option<&'static str>| {
        let Record::State(record) = state(Origin::History, "sensor.1st", 5, 5) else { panic!("no state") };
        let raw = record.raw.replace(r#""state":"1""#, &format!(r#""state":"{text}""#)).into();
        Record::State(StateRecord { old_state: old.map(Into::into), raw, ..record })
    };
    let rows = rows(&[record("a", None), record("b", Some("a")), record("b", Some("c")), record("b", None)]);
    let texts = rows.iter().map(|row| match row {
        Row::State(row) => (row.old_state.as_deref(), row.state.as_deref()),
        other => panic!("no state: {other:?}"),
    });
    let expected = [(None, "a"), (Some("a"), "b"), (Some("c"), "b"), (None, "b")];
    assert!(texts.eq(expected.map(|(old, state)| (old, Some(state)))));
}

#[test]
fn what_cannot_be_understood_is_set_aside_with_its_bytes() {
    let Row::Quarantined(row) = row(&live("{\"event_type\":1}", false)) else { panic!("not set aside") };
    assert_eq!(&*row.raw, b"{\"event_type\":1}");
    let Some(Row::Quarantined(row)) = Normaliser::new("home").row(Seq(1), &[250, 1, 2]) else {
        panic!("not set aside")
    };
    assert_eq!(&*row.raw, [250, 1, 2]);
}

#[test]
fn attributes_of_the_wrong_type_have_no_column() {
    let raw = format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.1st","new_state":{{"entity_id":"sensor.1st","state":"on","attributes":{{"unit_of_measurement":5,"device_class":null}},"last_changed":"{TIME}","last_updated":"{TIME}","context":{{"id":"01A"}}}}}},"time_fired":"{TIME}","context":{{"id":"01A"}}}}"#
    );
    let Row::State(row) = row(&live(&raw, false)) else { panic!("no state") };
    assert_eq!((row.unit, row.device_class, row.value), (None, None, None));
}

/// Rows of records that come one after the other.
fn rows(records: &[Record<'_>]) -> Vec<Row> {
    let mut normaliser = Normaliser::new("home");
    let mut bytes = Vec::new();
    let rows = (1..).zip(records).filter_map(|(seq, record)| {
        bytes.clear();
        record.encode(&mut bytes).unwrap();
        normaliser.row(Seq(seq), &bytes)
    });
    rows.collect()
}

/// A state `ts` seconds after 1970, which was had at `received`.
fn state(origin: Origin, entity_id: &str, ts: i64, received: i64) -> Record<'_> {
    let [at, received] = [ts, received].map(|seconds| Timestamp(seconds * 1_000_000));
    Record::State(StateRecord {
        origin,
        received,
        ts: at,
        tie: 0,
        removed: false,
        restored: false,
        late: false,
        old_state: None,
        entity_id: entity_id.into(),
        raw: format!(
            r#"{{"entity_id":"{entity_id}","state":"1","attributes":{{}},"last_changed":"{at}","last_updated":"{at}"}}"#
        )
        .into(),
    })
}

fn named(at: i64, key: &str, entity_id: &str, area: &str) -> Record<'static> {
    let area = Some(Named { id: "a1".into(), name: area.into() });
    let info = EntityInfo { key: key.into(), area, ..EntityInfo::unregistered(entity_id.into()) };
    let at = Timestamp(at * 1_000_000);
    Record::Entity(EntityRecord {
        at,
        received: at,
        info: Cow::Owned(info),
        removed: false,
        changes: Vec::new(),
    })
}

fn observed(at: i64, temperature: f64) -> Record<'static> {
    let at = Timestamp(at * 1_000_000);
    let observation = Observation { at, temperature: Some(temperature), ..Observation::default() };
    Record::Weather(WeatherRecord {
        received: at,
        provider: "open_meteo".into(),
        source: "52,5".into(),
        observation,
    })
}

/// Entity, key, area, temperature and whether that is stale.
type Placed<'a> = (&'a str, &'a str, Option<&'a str>, Option<f64>, bool);

/// Of each state.
fn placed(rows: &[Row]) -> Vec<Placed<'_>> {
    let states = rows.iter().filter_map(|row| match row {
        Row::State(row) => Some(row),
        _ => None,
    });
    let temperature = |row: &StateRow| row.weather.as_ref().and_then(|weather| weather.temperature);
    states
        .map(|row| {
            (
                row.entity_id.as_str(),
                &*row.entity_key,
                row.area.as_deref(),
                temperature(row),
                row.weather_stale,
            )
        })
        .collect()
}

#[test]
fn a_row_has_the_key_the_room_and_the_weather_of_its_own_time() {
    let rows = rows(&[
        named(0, "k1", "sensor.a", "Hall"),
        observed(0, 10.0),
        state(Origin::Snapshot, "sensor.a", 5, 5),
        named(10, "k1", "sensor.b", "Bath"),
        observed(600, 12.0),
        state(Origin::Snapshot, "sensor.b", 700, 700),
        state(Origin::Snapshot, "sensor.b", 2401, 2401),
        state(Origin::Snapshot, "sensor.b", 4201, 4201),
        state(Origin::Chain, "sensor.a", 5, 4300),
    ]);
    assert_eq!(
        placed(&rows),
        [
            ("sensor.a", "k1", Some("Hall"), Some(10.0), false),
            ("sensor.b", "k1", Some("Bath"), Some(12.0), false),
            ("sensor.b", "k1", Some("Bath"), Some(12.0), true),
            ("sensor.b", "k1", Some("Bath"), None, false),
            ("sensor.a", "k1", Some("Hall"), Some(10.0), false),
        ]
    );
    let others = rows.iter().filter(|row| !row.is_event()).count();
    assert_eq!(others, 4, "what is known of the context is a row too");
}

#[test]
fn history_comes_under_the_name_of_the_time_of_asking_and_is_stored_under_that_of_its_own() {
    let rows = rows(&[
        named(0, "k1", "sensor.a", "Hall"),
        named(100, "k1", "sensor.b", "Hall"),
        named(0, "k2", "sensor.c", "Bath"),
        named(100, "k3", "sensor.c", "Attic"), // made anew
        state(Origin::History, "sensor.b", 50, 200),
        state(Origin::History, "sensor.b", 150, 200),
        state(Origin::History, "sensor.c", 50, 200),
        state(Origin::History, "sensor.c", 150, 200),
        state(Origin::History, "sensor.d", 50, 200),
    ]);
    assert_eq!(
        placed(&rows),
        [
            ("sensor.a", "k1", Some("Hall"), None, false),
            ("sensor.b", "k1", Some("Hall"), None, false),
            ("sensor.c", "k2", Some("Bath"), None, false),
            ("sensor.c", "k3", Some("Attic"), None, false),
            ("sensor.d", "sensor.d", None, None, false),
        ]
    );
}
