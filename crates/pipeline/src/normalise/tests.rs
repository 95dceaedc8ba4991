use super::*;

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
