use super::*;
use crate::sinks::influxdb::line::tests::{Value, parse};

fn left_out(encoder: &mut Encoder) -> Vec<(String, Reason, u64)> {
    encoder.keep();
    encoder.left_out().into_iter().map(|LeftOut { field, reason, rows }| (field, reason, rows)).collect()
}

#[test]
fn an_attribute_that_cannot_be_written_is_left_out_by_name_and_the_row_is_written() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    let attributes = format!(
        r#"{{"":1,"long":"{}","longer":["{}"],"huge":1e999,"half":"\ud800","\udc00":1,"none":null,"{}":1,"good":2}}"#,
        "x".repeat(70_000),
        "\\n".repeat(33_000),
        "n".repeat(40_000),
    );
    for _ in 0..2 {
        assert!(line(&mut encoder, row("sensor.a", "x", &attributes)).contains(" state=\"x\",attr_good=2 "));
    }
    let mut left_out = left_out(&mut encoder);
    left_out.sort();
    let expected = [
        ("", Reason::NoName),
        ("\\udc00", Reason::NotUnicode),
        ("half", Reason::NotUnicode),
        ("huge", Reason::NumberTooLarge),
        ("long", Reason::TextTooLong),
        ("longer", Reason::TextTooLong),
        (&"n".repeat(40_000), Reason::NameTooLong),
    ];
    assert_eq!(left_out, expected.map(|(field, reason)| (field.to_owned(), reason, 2)));
}

#[test]
fn a_text_of_64_kib_less_one_is_written_with_its_escapes() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    let text = "\"".repeat(65_535);
    let attributes = serde_json::json!({ "a": text }).to_string();
    let written = parse(&line(&mut encoder, row("sensor.a", "x", &attributes)));
    assert_eq!(written[0].fields[1], ("attr_a_str".into(), Value::Text(text)));
    assert_eq!(left_out(&mut encoder), []);
}

#[test]
fn attributes_that_are_no_json_are_left_out_as_a_whole() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    for attributes in [r#"{"a":1,"b":"#, "", "{} x"] {
        assert!(line(&mut encoder, row("sensor.a", "x", attributes)).contains(" state=\"x\" 17"));
    }
    assert_eq!(left_out(&mut encoder), [("(all attributes)".to_owned(), Reason::NotJson, 3)]);
}

#[test]
fn only_a_row_whose_state_name_or_time_cannot_be_written_has_no_line() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    let good = || row("sensor.a", "x", "{}");
    let long: Arc<str> = "x".repeat(70_000).into();
    let mut out = b"before\n".to_vec();
    for (row, reason) in [
        (StateRow { state: Some(Arc::clone(&long)), ..good() }, Reason::TextTooLong),
        (StateRow { area: Some(Arc::clone(&long)), ..good() }, Reason::NameTooLong),
        (StateRow { area: Some(Arc::clone(&long)), ..good() }, Reason::NameTooLong),
        (StateRow { ts: Timestamp(i64::MAX), ..good() }, Reason::TimeOutOfRange),
    ] {
        assert_eq!(encoder.encode(&Row::State(row), &mut out), Encoded::CannotBeWritten(reason));
    }
    assert_eq!(out, b"before\n");
    let old = StateRow { old_state: Some(long), ..good() };
    assert!(line(&mut encoder, old).contains(" state=\"x\" 17"));
    assert_eq!(left_out(&mut encoder), [("old_state".to_owned(), Reason::TextTooLong, 1)]);
}

#[test]
fn a_server_that_takes_no_more_fields_gets_no_more_and_those_it_has_go_on() {
    let mut schema = Schema::default();
    schema.adopt("home_assistant_events", "attr_known", [FieldType::Float], AT);
    let mut encoder = Encoder::new(layout(Attributes::All), schema);
    // `attr_known`, `attr_a` and the eleven that are no attributes.
    encoder.limit_fields(13);
    let written = line(&mut encoder, row("sensor.a", "x", r#"{"a":1,"b":2,"known":3}"#));
    assert!(written.contains(",attr_a=1,attr_known=3 "), "{written}");
    assert_eq!(encoder.cardinality().fields["home_assistant_events"], 13);
    assert_eq!(left_out(&mut encoder), [("b".to_owned(), Reason::TooManyFields, 1)]);
}

#[test]
fn what_no_server_has_an_escape_for_is_spelled_out_in_tags() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    let row = StateRow { area: Some("a\\ b\nc, \"d\"=e".into()), ..row("sensor.é", "x\n\\\"", "{}") };
    let written = parse(&line(&mut encoder, row));
    assert_eq!(written[0].tags[0], ("area".into(), "a%5C b%0Ac, \"d\"=e".into()));
    assert_eq!(written[0].fields, [("state".into(), Value::Text("x\n\\\"".into()))]);
}

#[test]
fn more_names_than_are_told_apart_are_counted_together() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    for n in 0..1010 {
        line(&mut encoder, row("sensor.a", "x", &format!(r#"{{"a{n}":1e999}}"#)));
    }
    let left_out = left_out(&mut encoder);
    assert_eq!(left_out.iter().map(|(.., rows)| rows).sum::<u64>(), 1010);
    assert_eq!(left_out[0], ("(others)".to_owned(), Reason::NumberTooLarge, 10));
}

#[test]
fn a_server_that_reads_line_by_line_gets_one_line_a_row() {
    let mut encoder = Encoder::new(layout(Attributes::All), Schema::default());
    encoder.writes_for(Version::V1, true);
    let written = line(&mut encoder, row("sensor.a", "x\ny", r#"{"a":"\n\\n","b":["\n"],"\n":1}"#));
    assert!(
        written.ends_with(
            r#" state="x y",attr_a_str=" \\n",attr_b_json="[\"\\n\"]",attr_%0A=1 1700000000000001000
"#
        ),
        "{written}"
    );
    assert_eq!(written.matches('\n').count(), 1);
}
