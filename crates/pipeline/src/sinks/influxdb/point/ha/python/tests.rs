use super::*;

#[test]
fn texts_are_read_as_python_reads_floats() {
    for (text, number) in [
        ("21.5", Some(21.5)),
        (" 12\n", Some(12.0)),
        ("\u{a0}\x1c1\x1f\u{2009}", Some(1.0)),
        ("1_000.2_5", Some(1000.25)),
        ("1__0", None),
        ("_1", None),
        ("1_", None),
        ("1_.5", None),
        ("1._5", None),
        ("1e1_0", Some(1e10)),
        ("+.5", Some(0.5)),
        ("5.", Some(5.0)),
        (".", None),
        ("1 2", None),
        ("\u{661}\u{662}.\u{ff13}", Some(12.3)),
        ("²", None),
        ("0x10", None),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("1e999", Some(f64::INFINITY)),
        ("", None),
    ] {
        assert_eq!(float(text), number, "{text:?}");
    }
    assert!(float("-nAn").is_some_and(f64::is_nan));
}

#[test]
fn a_number_is_found_in_a_text_where_two_digits_are_together_and_there_is_one_point_at_most() {
    for (text, number) in [
        ("v2.71b", Some(2.71)),
        ("12 apples 3", Some(123.0)),
        ("a1b2", None),
        ("12.", None),
        ("12.x5", None),
        ("12 x.5", None),
        ("a 1.5 b 22", Some(1.522)),
        ("1.2.3", None),
        ("-12", Some(12.0)),
        ("\u{ff11}\u{ff12}", Some(12.0)),
        ("words", None),
    ] {
        assert_eq!(number_in(text), number, "{text:?}");
    }
    assert_eq!(number_in(&"9".repeat(400)), Some(f64::INFINITY));
}

#[test]
fn values_of_json_are_written_as_python_writes_them() {
    let of = |json| text(json, "light", "x").map(Cow::into_owned);
    for (json, python) in [
        ("null", "None"),
        ("true", "True"),
        ("12", "12"),
        ("5.0", "5.0"),
        ("-0.0", "-0.0"),
        ("1e16", "1e+16"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("-1.5e-120", "-1.5e-120"),
        (r#""it's""#, "it's"),
        (r#"["it's","\"","'\""]"#, r#"["it's", '"', '\'"']"#),
        (
            r#"["\u0000\u007f\u00ad\u0378\ud83c\udfe0\udb40\udc01","\u0301"]"#,
            "['\\x00\\x7f\\xad\\u0378🏠\\U000e0001', '\u{301}']",
        ),
        (r#"{"a":{},"b\n":[]}"#, "{'a': {}, 'b\\n': []}"),
    ] {
        assert_eq!(of(json).as_deref(), Some(python), "{json}");
    }
    for half in [r#""\ud800""#, r#"["\ud800"]"#, r#"{"\ud800":1}"#] {
        assert_eq!(of(half), None, "{half}");
    }
    assert_eq!(text("[1]", "light", "rgb_color").as_deref(), Some("(1,)"));
    assert_eq!(text("[]", "light", "rgb_color").as_deref(), Some("()"));
    assert_eq!(text(r#"["off"]"#, "climate", "hvac_modes").as_deref(), Some("[<HVACMode.OFF: 'off'>]"));
    assert_eq!(text("null", "script", "last_triggered").as_deref(), Some("None"));
}
