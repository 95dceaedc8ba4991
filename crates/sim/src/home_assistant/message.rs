//! What goes over the wire, as text. Key order is as recorded: events have `id` last, results have it first.

use hearthline_core::Timestamp;
use serde_json::Value;

use crate::house::{Context, Fired, State, iso};

/// How objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Keys in reverse.
    pub(super) odd_order: bool,
    /// A key that no release has so far.
    pub(super) unknown_keys: bool,
}

fn object(pairs: &[(&str, &str)], style: Style) -> String {
    let mut pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    if style.unknown_keys {
        pairs.push(r#""from_the_future":{"a":[1,null,"}"]}"#.into());
    }
    if style.odd_order {
        pairs.reverse();
    }
    format!("{{{}}}", pairs.join(","))
}

pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn context(context: &Context, style: Style) -> String {
    let user = context.user_id.as_deref().map_or_else(|| "null".into(), quoted);
    object(&[("id", &quoted(&context.id)), ("parent_id", "null"), ("user_id", &user)], style)
}

/// A state object. It is written as text once, when it is first asked for, which is when it is fired where anyone listens:
/// what is reported later is not in it (home-assistant/core#181392).
pub(super) fn state(state: &State, style: Style) -> String {
    object(
        &[
            ("entity_id", &quoted(state.entity_id.as_str())),
            ("state", &quoted(&state.state)),
            ("attributes", &state.attributes),
            ("last_changed", &quoted(&iso(state.last_changed))),
            ("last_reported", &quoted(&iso(state.last_updated))),
            ("last_updated", &quoted(&iso(state.last_updated))),
            ("context", &context(&state.context, style)),
        ],
        style,
    )
}

impl State {
    /// The state object as `get_states` and events hold it.
    #[must_use]
    pub fn to_json(&self) -> String {
        state(self, Style::default())
    }
}

/// The event object of a change.
pub(super) fn state_changed(fired: &Fired, style: Style) -> String {
    let or_null = |s: &Option<std::sync::Arc<State>>| s.as_deref().map_or("null".into(), |s| state(s, style));
    let data = object(
        &[
            ("entity_id", &quoted(fired.entity_id.as_str())),
            ("old_state", &or_null(&fired.old_state)),
            ("new_state", &or_null(&fired.new_state)),
        ],
        style,
    );
    event("state_changed", &data, fired.time_fired, &fired.context, style)
}

/// An event object.
pub(super) fn event(event_type: &str, data: &str, at: Timestamp, why: &Context, style: Style) -> String {
    object(
        &[
            ("event_type", &quoted(event_type)),
            ("data", data),
            ("origin", "\"LOCAL\""),
            ("time_fired", &quoted(&iso(at))),
            ("context", &context(why, style)),
        ],
        style,
    )
}

/// An event as the subscription with that id gets it.
pub(super) fn of_subscription(id: u64, event: &str, style: Style) -> String {
    object(&[("type", "\"event\""), ("event", event), ("id", &id.to_string())], style)
}

/// What a template came to, for whoever asked with that id.
pub(super) fn rendered(id: u64, text: &str, style: Style) -> String {
    let listeners = r#"{"all":true,"entities":[],"domains":[],"time":true}"#;
    let event = object(&[("result", &quoted(text)), ("listeners", listeners)], style);
    of_subscription(id, &event, style)
}

/// The answer to a command. `id` is whatever the command had for one.
pub(super) fn result(id: &Value, result: &str, style: Style) -> String {
    object(&[("id", &id.to_string()), ("type", "\"result\""), ("success", "true"), ("result", result)], style)
}

/// The answer to a command that failed.
pub(super) fn error(id: &Value, code: &str, message: &str) -> String {
    let plain = Style::default();
    let error = object(&[("code", &quoted(code)), ("message", &quoted(message))], plain);
    object(&[("id", &id.to_string()), ("type", "\"result\""), ("success", "false"), ("error", &error)], plain)
}
