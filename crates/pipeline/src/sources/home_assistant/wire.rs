//! What Home Assistant says, borrowed from the frame that it came in.
//!
//! Keys come in any order and unknown ones are passed over; times are instants to the microsecond. What is kept whole
//! (an event, a state, attributes) stays a slice of the text as received.

use std::borrow::Cow;

use hearthline_core::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The first one on a connection.
    AuthRequired {
        /// Home Assistant's version.
        ha_version: Cow<'a, str>,
    },
    /// The token is good.
    AuthOk,
    /// The token is not; the connection ends.
    AuthInvalid {
        /// In Home Assistant's words.
        message: Cow<'a, str>,
    },
    /// An event of a subscription: the event object as received.
    Event(&'a str),
    /// The answer to a command.
    Result {
        /// That the command was sent with.
        id: u64,
        /// The answer as received, or why there is none, in Home Assistant's words.
        outcome: Result<&'a str, Cow<'a, str>>,
    },
    /// The answer to a ping.
    Pong {
        /// That the ping was sent with.
        id: u64,
    },
    /// Of a type, or with an id, that nobody here waits for.
    Other,
}

/// An event object.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// The object as received.
    pub raw: &'a str,
    /// `event_type`.
    pub event_type: Cow<'a, str>,
    /// `time_fired`.
    pub time_fired: Timestamp,
    /// `context.id`.
    pub context_id: Option<Cow<'a, str>>,
    /// `data`.
    pub data: EventData<'a>,
}

/// The data of an event.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a state change, and a box costs an allocation"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum EventData<'a> {
    /// A state changed. An old state may be absent (a new entity), a new one too (a removal).
    StateChanged {
        /// Which entity.
        entity_id: Cow<'a, str>,
        /// The state before.
        old_state: Option<State<'a>>,
        /// The state after.
        new_state: Option<State<'a>>,
    },
    /// Of any other event: JSON as received.
    Other(&'a str),
}

/// A state object.
#[derive(Clone, Debug, PartialEq)]
pub struct State<'a> {
    /// The object as received; a part of [`Event::raw`] where it came in an event.
    pub raw: &'a str,
    /// Which entity.
    pub entity_id: Cow<'a, str>,
    /// The text.
    pub state: Cow<'a, str>,
    /// JSON object as received; `{}` where it is absent.
    pub attributes: &'a str,
    /// When the text last changed.
    pub last_changed: Timestamp,
    /// When text or attributes last changed.
    pub last_updated: Timestamp,
    /// `context.id`.
    pub context_id: Option<Cow<'a, str>>,
}

/// Text that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not of the shape.
    #[error("not as expected: {0}")]
    Shape(#[from] serde_json::Error),
    /// A time that is none.
    #[error("{key} is {source}")]
    Time {
        /// Which key.
        key: &'static str,
        /// What stands there.
        source: hearthline_core::time::NotATime,
    },
    /// A state change without an entity id.
    #[error("state_changed without entity_id")]
    NoEntity,
    /// A message without what its type needs.
    #[error("{0} without {1}")]
    Incomplete(&'static str, &'static str),
}

#[derive(Deserialize)]
struct RawMessage<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(default)]
    success: Option<bool>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<RawError<'a>>,
    #[serde(borrow, default)]
    ha_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RawError<'a> {
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct RawEvent<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    time_fired: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow, default)]
    context: Option<RawContext<'a>>,
}

#[derive(Deserialize)]
struct RawContext<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawChange<'a> {
    #[serde(borrow, default)]
    entity_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    old_state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    new_state: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawState<'a> {
    #[serde(borrow)]
    entity_id: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    last_changed: Cow<'a, str>,
    #[serde(borrow)]
    last_updated: Cow<'a, str>,
    #[serde(borrow, default)]
    context: Option<RawContext<'a>>,
}

/// The messages of a frame, which holds one object or an array of them.
///
/// # Errors
/// When it is neither.
pub fn messages(frame: &str) -> Result<Vec<&str>, WireError> {
    if frame.trim_start().starts_with('[') {
        let messages: Vec<&RawValue> = serde_json::from_str(frame)?;
        Ok(messages.into_iter().map(RawValue::get).collect())
    } else {
        Ok(vec![frame])
    }
}

/// Reads one message. An id that is no positive integer belongs to no command of ours.
///
/// # Errors
/// When it is no message.
pub fn parse_message(raw: &str) -> Result<Message<'_>, WireError> {
    let message: RawMessage<'_> = serde_json::from_str(raw)?;
    let id = message.id.and_then(|id| id.get().parse().ok());
    Ok(match (message.kind.as_ref(), id) {
        ("event", _) => Message::Event(message.event.ok_or(WireError::Incomplete("event", "event"))?.get()),
        ("result", Some(id)) => {
            let outcome = if message.success == Some(true) {
                Ok(message.result.map_or("null", RawValue::get))
            } else {
                Err(message.error.and_then(|error| error.message).unwrap_or("no reason given".into()))
            };
            Message::Result { id, outcome }
        }
        ("pong", Some(id)) => Message::Pong { id },
        ("auth_required", _) => Message::AuthRequired { ha_version: message.ha_version.unwrap_or_default() },
        ("auth_ok", _) => Message::AuthOk,
        ("auth_invalid", _) => {
            Message::AuthInvalid { message: message.message.unwrap_or("no reason given".into()) }
        }
        _ => Message::Other,
    })
}

/// The answer to `get_config`, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Home Assistant's version.
    #[serde(default)]
    pub version: Option<String>,
    /// The name of the house.
    #[serde(default)]
    pub location_name: Option<String>,
    /// `RUNNING` once it has started completely.
    #[serde(default)]
    pub state: Option<String>,
}

impl Config {
    /// Whether Home Assistant has started completely; before that, its states are a part. A release that does not say
    /// counts as running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "RUNNING")
    }
}

/// Reads the answer to `get_config`.
///
/// # Errors
/// When it is none.
pub fn parse_config(raw: &str) -> Result<Config, WireError> {
    Ok(serde_json::from_str(raw)?)
}

/// Reads an event object.
///
/// # Errors
/// When it is no event.
pub fn parse_event(raw: &str) -> Result<Event<'_>, WireError> {
    let event: RawEvent<'_> = serde_json::from_str(raw)?;
    let data = if event.event_type == "state_changed" {
        let change: RawChange<'_> = serde_json::from_str(event.data.get())?;
        let old_state = change.old_state.map(|raw| parse_state(raw.get())).transpose()?;
        let new_state = change.new_state.map(|raw| parse_state(raw.get())).transpose()?;
        let named =
            |state: &Option<State<'_>>| state.as_ref().map(|state| Cow::Owned(state.entity_id.to_string()));
        let entity_id = change
            .entity_id
            .or_else(|| named(&new_state))
            .or_else(|| named(&old_state))
            .ok_or(WireError::NoEntity)?;
        EventData::StateChanged { entity_id, old_state, new_state }
    } else {
        EventData::Other(event.data.get())
    };
    Ok(Event {
        raw: raw.trim(),
        event_type: event.event_type,
        time_fired: time("time_fired", &event.time_fired)?,
        context_id: event.context.and_then(|context| context.id).map(|id| id.0),
        data,
    })
}

/// Reads a state object.
///
/// # Errors
/// When it is no state.
pub fn parse_state(raw: &str) -> Result<State<'_>, WireError> {
    let state: RawState<'_> = serde_json::from_str(raw)?;
    Ok(State {
        raw,
        entity_id: state.entity_id,
        state: state.state,
        attributes: state.attributes.map_or("{}", RawValue::get),
        last_changed: time("last_changed", &state.last_changed)?,
        last_updated: time("last_updated", &state.last_updated)?,
        context_id: state.context.and_then(|context| context.id).map(|id| id.0),
    })
}

/// Reads the answer to `get_states`. A state that cannot be read is passed over with its reason.
///
/// # Errors
/// When it is no list.
pub fn parse_states(raw: &str) -> Result<(Vec<State<'_>>, Vec<WireError>), WireError> {
    let states: Vec<&RawValue> = serde_json::from_str(raw)?;
    let mut unreadable = Vec::new();
    let read = states.into_iter().filter_map(|state| match parse_state(state.get()) {
        Ok(state) => Some(state),
        Err(error) => {
            unreadable.push(error);
            None
        }
    });
    let read = read.collect();
    Ok((read, unreadable))
}

fn time(key: &'static str, text: &str) -> Result<Timestamp, WireError> {
    Timestamp::parse(text).map_err(|source| WireError::Time { key, source })
}

#[cfg(test)]
mod tests;
