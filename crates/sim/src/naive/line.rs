//! An event as a line, with the types that JSON gave.

use hearthline_core::Timestamp;
use serde_json::Value;

/// The line of a `state_changed`; none where it has no new state.
pub(super) fn of(event: &Value, measurement: &str) -> Option<String> {
    let state = event.pointer("/data/new_state").filter(|state| state.is_object())?;
    let text = |key: &str| state.get(key).and_then(Value::as_str);
    let (entity_id, said) = (text("entity_id")?, text("state")?);
    let at = Timestamp::parse(text("last_updated")?).ok()?;
    let domain = entity_id.split('.').next().unwrap_or_default();
    let mut line = format!(
        "{},domain={},entity_id={},event_type=state_changed state={}",
        key(measurement),
        key(domain),
        key(entity_id),
        quoted(said)
    );
    let attributes = state.get("attributes").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in attributes {
        if let Some(value) = field(value) {
            line.push_str(&format!(",attr_{}={value}", key(name)));
        }
    }
    line.push_str(&format!(" {}", at.0.saturating_mul(1000)));
    Some(line)
}

fn field(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) if number.is_f64() => number.to_string(),
        Value::Number(number) => format!("{number}i"),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => quoted(&value.to_string()),
    })
}

/// A name, as tags and fields have them.
fn key(name: &str) -> String {
    escaped(name, &[' ', ',', '='])
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, &['"', '\\']))
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
