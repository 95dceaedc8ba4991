use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    Answer { status, headers, body: body.to_owned().into() }
}

fn of(status: u16, body: &str) -> Meaning {
    meaning(&answer(status, &[], body), "database \"house\"")
}

fn conflict(field: &str, measurement: &str, ours: FieldType, theirs: FieldType) -> Meaning {
    let measurement = Some(measurement.to_owned());
    Meaning::Conflict(vec![TypeConflict { measurement, line: None, field: field.into(), ours, theirs }])
}

fn parked(meaning: &Meaning) -> &str {
    match meaning {
        Meaning::Parked(words) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_taken_is_taken() {
    assert_eq!(of(204, ""), Meaning::Taken);
    assert_eq!(of(200, "{\"anything\":1}"), Meaning::Taken);
}

#[test]
fn a_type_conflict_is_read_whatever_the_version() {
    use FieldType::{Bool, Float, Integer, Text};
    let v1 = |field: &str, measurement: &str, types: &str| {
        format!(
            "{{\"error\":\"partial write: field type conflict: input field {field} on measurement {measurement} \
             is type {types} dropped=1\"}}"
        )
    };
    for (body, expected) in [
        (
            v1(r#"\"attr_dynamics\""#, r#"\"light\""#, "string, already exists as type boolean"),
            conflict("attr_dynamics", "light", Text, Bool),
        ),
        (v1(r#"\"f\""#, r#"\"m2\""#, "integer, already exists as type float"), conflict("f", "m2", Integer, Float)),
        (
            // A quote within a name, escaped by the server and again by JSON; what looks like the end of it.
            v1(r#"\"a\\\" on measurement \\\"b\""#, r#"\"m is type float\""#, "float, already exists as type string"),
            conflict("a\" on measurement \"b", "m is type float", Float, Text),
        ),
        (
            "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: field type \
             conflict: input field \\\"x\\\" on measurement \\\"m\\\" is type float, already exists as type string dropped=1\"}"
                .into(),
            conflict("x", "m", Float, Text),
        ),
    ] {
        for status in [400, 422] {
            assert_eq!(of(status, &body), expected, "{body}");
        }
    }
    // Without a body that can be read, a header says it.
    let header = "partial write: field type conflict: input field \"f\" on measurement \"m\" is type string, already exists as \
                  type boolean dropped=1";
    let of_header = meaning(&answer(400, &[("x-influxdb-error", header)], ""), "it");
    assert_eq!(of_header, conflict("f", "m", Text, Bool));
}

#[test]
fn the_conflicts_of_version_3_come_first_and_all_at_once() {
    let body = r#"{"error":"partial write of line protocol occurred","data":[
        {"original_line":"home,room=Attic te","line_number":1,"error_message":"No fields were provided"},
        {"original_line":"home,room=Sunroom te","line_number":2,"error_message":"invalid column type for column 'temp', expected iox::column_type::field::float, got iox::column_type::field::string"},
        {"original_line":"home,room=Sunroom te","line_number":3,"error_message":"invalid column type for column 'n', expected iox::column_type::field::integer, got iox::column_type::field::float"}]}"#;
    let found = |line, field: &str, ours, theirs| TypeConflict {
        measurement: None,
        line: Some(line),
        field: field.into(),
        ours,
        theirs,
    };
    assert_eq!(
        of(400, body),
        Meaning::Conflict(vec![
            found(1, "temp", FieldType::Text, FieldType::Float),
            found(2, "n", FieldType::Float, FieldType::Integer)
        ])
    );
    // A column that is a tag cannot be had under another type; the line is at fault.
    let tag = r#"{"error":"partial write of line protocol occurred","data":[{"line_number":4,"error_message":"invalid column type for column 'room', expected iox::column_type::tag, got iox::column_type::field::string"}]}"#;
    assert!(matches!(of(400, tag), Meaning::Refused { at: Some(At::Line(3)), line: true, .. }));
    let full = r#"{"error":"partial write of line protocol occurred","data":[{"line_number":1,"error_message":"Update to schema would exceed number of columns per table limit of 500 columns"}]}"#;
    assert_eq!(of(400, full), Meaning::Columns(500));
    let whole = r#"{"error":"line protocol parsing error","data":{"line_number":2,"original_line":"m f=","error_message":"missing value"}}"#;
    let Meaning::Refused { at, line, words } = of(400, whole) else { panic!() };
    assert_eq!((at, line), (Some(At::Line(1)), true));
    assert_eq!(words, "HTTP 400: line protocol parsing error: missing value");
}

#[test]
fn a_refused_line_is_known_by_what_the_server_repeats_of_it() {
    let texts = [
        (
            "partial write: unable to parse 'm3,e=a f= 1700000000000000001': missing field value dropped=0",
            "m3,e=a f= 1700000000000000001",
        ),
        ("unable to parse 'm4 f=NaN 1700000000000000000': invalid number", "m4 f=NaN 1700000000000000000"),
        (
            "unable to parse 'm4 f=9223372036854775808i 1': unable to parse integer 9223372036854775808: strconv.ParseInt: parsing \"9223372036854775808\": value out of range",
            "m4 f=9223372036854775808i 1",
        ),
        ("unable to parse 'm4,e=a 1700000000000000000': invalid field format", "m4,e=a 1700000000000000000"),
        (
            "unable to parse 'm4,e= f=1 1700000000000000000': missing tag value",
            "m4,e= f=1 1700000000000000000",
        ),
        (
            "unable to parse 'm f=1 99999999999999999999': strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
            "m f=1 99999999999999999999",
        ),
        ("unable to parse 'm s=\"it's': unbalanced quotes", "m s=\"it's"),
    ];
    for (said, text) in texts {
        let body = serde_json::json!({ "error": said }).to_string();
        match of(400, &body) {
            Meaning::Refused { at, line, .. } => {
                assert_eq!((at, line), (Some(At::Text(text.into())), true), "{said}");
            }
            other => panic!("{said}: {other:?}"),
        }
    }
    for said in [
        "partial write: invalid field name: input field \"time\" on measurement \"m5\" is invalid dropped=1",
        "partial write: invalid tag key: input tag \"time\" on measurement \"m5\" is invalid dropped=1",
    ] {
        let body = serde_json::json!({ "error": said }).to_string();
        assert!(matches!(of(400, &body), Meaning::Refused { at: None, line: true, .. }), "{said}");
    }
}

#[test]
fn a_refusal_that_is_about_no_line_is_told_from_one_that_is() {
    for (status, body) in [
        (400, "{\"error\":\"database is required\"}"),
        (400, "{\"error\":\"gzip: invalid header\"}"),
        (
            400,
            "remoteAddr: \"127.0.0.1:34710\"; cannot read gzipped influx line protocol data: unexpected EOF",
        ),
        (405, ""),
        (418, "<html>a proxy</html>"),
    ] {
        match of(status, body) {
            Meaning::Refused { at: None, line: false, words } => {
                assert!(words.starts_with(&format!("HTTP {status}")), "{words}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn points_that_are_too_old_are_counted_by_the_server() {
    for (body, dropped) in [
        ("{\"error\":\"partial write: points beyond retention policy dropped=17\"}", Some(17)),
        (
            "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: dropped 3 points \
             outside retention policy of duration 1h0m0s\"}",
            Some(3),
        ),
        ("{\"message\":\"points outside retention policy\"}", None),
    ] {
        assert_eq!(of(422, body), Meaning::Outside(dropped), "{body}");
    }
}

#[test]
fn what_passes_is_waited_for_as_long_as_the_server_wants() {
    let later = |meaning| match meaning {
        Meaning::Later { after, .. } => after.map(|after| after.as_secs()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        later(of(500, "{\"error\":\"engine: cache-max-memory-size exceeded: (2720000/1048576)\"}")),
        None
    );
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        assert_eq!(later(of(status, "")), None, "{status}");
        let said = answer(status, &[("retry-after", "7")], "{\"message\":\"slow down\"}");
        assert_eq!(later(meaning(&said, "it")), Some(7), "{status}");
    }
    let date = answer(503, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], "");
    assert_eq!(later(meaning(&date, "it")), None);
}

#[test]
fn what_a_person_has_to_mend_says_how() {
    for (status, body, todo) in [
        (401, "{\"error\":\"authorization failed\"}", "set the token, or user and password"),
        (
            401,
            "{\"error\":\"unable to parse authentication credentials\"}",
            "may write to database \"house\"",
        ),
        (
            403,
            "{\"error\":\"\\\"ro\\\" user is not authorized to write to database \\\"ha\\\"\"}",
            "let the user or token write",
        ),
        (404, "{\"error\":\"database not found: \\\"nosuch\\\"\"}", "see that database \"house\" exists"),
        (404, "404 page not found", "url and version are right"),
        (500, "{\"error\":\"retention policy not found: nosuch\"}", "has no default retention policy"),
        (
            400,
            "{\"error\":\"partial write: max-series-per-database limit exceeded: (5) dropped=10\"}",
            "raise that limit",
        ),
        (
            400,
            "{\"error\":\"partial write: max-values-per-tag limit exceeded (100000/100000) dropped=1\"}",
            "raise that limit",
        ),
    ] {
        let meaning = of(status, body);
        assert!(parked(&meaning).contains(todo), "{meaning:?}");
    }
    let moved = meaning(&answer(301, &[("location", "https://influx/write")], ""), "it");
    assert!(parked(&moved).contains("https://influx/write"));
}

#[test]
fn too_much_at_once_is_told_by_the_status_alone() {
    assert_eq!(of(413, "{\"error\":\"Request Entity Too Large\"}"), Meaning::TooLarge);
    assert_eq!(of(413, "<html>nginx</html>"), Meaning::TooLarge);
}

#[test]
fn of_a_long_answer_both_ends_are_kept() {
    let line =
        format!("unable to parse 'm5,t={} f=1': max key length exceeded: 70004 > 65535", "x".repeat(70_000));
    let Meaning::Refused { at, words, .. } = of(400, &serde_json::json!({ "error": line }).to_string())
    else {
        panic!()
    };
    assert!(matches!(at, Some(At::Text(text)) if text.len() > 70_000));
    assert!(
        words.chars().count() < 400 && words.ends_with("max key length exceeded: 70004 > 65535"),
        "{words}"
    );
}

mod never_panics {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_server_says(status in 100_u16..1000, body in ".{0,200}") {
            let _ = of(status, &body);
        }

        #[test]
        fn whatever_stands_in_the_known_sentences(status in 400_u16..600, words in "[a-z\"\\\\'=, ]{0,60}") {
            for frame in ["input field {} on measurement {} is type {}, already exists as type {}",
                          "unable to parse '{}': {}", "partial write: points beyond retention policy dropped={}",
                          "invalid column type for column '{}', expected {}, got {}"] {
                let said = frame.replace("{}", &words);
                let _ = of(status, &serde_json::json!({ "error": said }).to_string());
                let lines = serde_json::json!({ "error": "x", "data": [{ "line_number": 0, "error_message": said }] });
                let _ = of(status, &lines.to_string());
            }
        }
    }
}
