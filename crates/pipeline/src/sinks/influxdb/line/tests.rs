use proptest::prelude::*;

use super::*;

/// A line as a server reads it.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) measurement: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) fields: Vec<(String, Value)>,
    pub(crate) time: i64,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Float(f64),
    Text(String),
    Bool(bool),
}

/// What stands in front, up to one of these bytes that no backslash stands before.
fn take<'a>(rest: &mut &'a str, ends: &[u8]) -> &'a str {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() && !ends.contains(&bytes[at]) {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let (taken, left) = rest.split_at(at);
    *rest = left;
    taken
}

fn skip(rest: &mut &str, expected: char) {
    *rest = rest.strip_prefix(expected).unwrap_or_else(|| panic!("{expected:?} expected at {rest:?}"));
}

/// A backslash makes one of these of what follows; before anything else it stands for itself.
fn unescape(text: &str, escaped: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && chars.peek().is_some_and(|next| escaped.contains(*next));
        plain.push(if escapes { chars.next().unwrap() } else { c });
    }
    plain
}

/// Reads lines by the rules of the protocol; what breaks them panics.
pub(crate) fn parse(mut rest: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    while !rest.is_empty() {
        assert!(!rest.starts_with('#'), "a comment: {rest:?}");
        let measurement = unescape(take(&mut rest, b", \n"), ", ");
        let mut tags = Vec::new();
        while rest.starts_with(',') {
            skip(&mut rest, ',');
            let key = unescape(take(&mut rest, b"=, \n"), ",= ");
            skip(&mut rest, '=');
            let value = unescape(take(&mut rest, b"=, \n"), ",= ");
            assert!(!key.is_empty() && !value.is_empty(), "an empty tag before {rest:?}");
            tags.push((key, value));
        }
        let mut fields = Vec::new();
        while fields.is_empty() || rest.starts_with(',') {
            skip(&mut rest, if fields.is_empty() { ' ' } else { ',' });
            let key = unescape(take(&mut rest, b"=, \n"), ",= ");
            assert!(!key.is_empty(), "a field without a name before {rest:?}");
            skip(&mut rest, '=');
            fields.push((key, value(&mut rest)));
        }
        skip(&mut rest, ' ');
        let time = take(&mut rest, b"\n").parse().unwrap();
        skip(&mut rest, '\n');
        lines.push(Line { measurement, tags, fields, time });
    }
    lines
}

fn value(rest: &mut &str) -> Value {
    if rest.starts_with('"') {
        skip(rest, '"');
        let text = unescape(take(rest, b"\""), "\"\\");
        skip(rest, '"');
        return Value::Text(text);
    }
    match take(rest, b", \n") {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number => Value::Float(number.parse().unwrap()),
    }
}

#[test]
fn numbers_are_written_as_servers_read_them() {
    for (number, written) in [
        (0.0, "0"),
        (21.5, "21.5"),
        (-3.0, "-3"),
        (1e300, "1e300"),
        (1.5e-7, "1.5e-7"),
        (123_456_789.0, "123456789"),
    ] {
        let mut out = Vec::new();
        float(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), written);
    }
}

#[test]
fn a_time_that_no_server_has_is_not_written() {
    const LAST: i64 = i64::MAX / 1000;
    for (micros, tie, written) in [
        (0, 7, Some("7")),
        (-1, 7, Some("-993")),
        (1_700_000_000_000_001, 255, Some("1700000000000001255")),
        (LAST, 806, Some("9223372036854775806")),
        (LAST, 807, None),
        (LAST, 808, None),
        (-LAST, 0, Some("-9223372036854775000")),
        (-LAST - 1, 0, None),
        (i64::MAX, 0, None),
    ] {
        let mut out = Vec::new();
        assert_eq!(time(&mut out, Timestamp(micros), tie), written.is_some(), "{micros} {tie}");
        assert_eq!(String::from_utf8(out).unwrap(), written.unwrap_or_default());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        names in proptest::collection::vec("[^\\\\\\x00-\\x1f\\x7f]{1,8}", 4),
        says in "(?s).{0,20}",
        number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
    ) {
        let mut out = Vec::new();
        measurement(&mut out, &names[0]);
        out.push(b',');
        key(&mut out, &names[1]);
        out.push(b'=');
        key(&mut out, &names[2]);
        out.push(b' ');
        key(&mut out, &names[3]);
        out.push(b'=');
        text(&mut out, &says);
        out.extend_from_slice(b",n=");
        float(&mut out, number);
        out.extend_from_slice(b" 5\n");
        prop_assume!(!names[0].starts_with('#'));
        prop_assert_eq!(parse(&String::from_utf8(out).unwrap()), vec![Line {
            measurement: names[0].clone(),
            tags: vec![(names[1].clone(), names[2].clone())],
            fields: vec![(names[3].clone(), Value::Text(says)), ("n".into(), Value::Float(number))],
            time: 5,
        }]);
    }
}
