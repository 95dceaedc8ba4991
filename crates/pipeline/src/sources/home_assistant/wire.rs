//! What Home Assistant says, borrowed from the frame that it came in.
//!
//! Keys come in any order and unknown ones are passed over; times are instants to the microsecond. What is kept whole
//! (an event, a state, attributes) stays a slice of the text as received. A text is walked over once:
//! every slice is known from where the walk passed by.

mod history;
pub mod registry;
pub(crate) mod walk;

use std::borrow::Cow;

use hearthline_core::Timestamp;
use serde::Deserialize;

pub use self::history::parse_history;
use self::walk::Walk;

/// One message.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every message is an event, and a box costs an allocation"
)]
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
    /// An event of a subscription.
    Event(Event<'a>),
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
    /// What a template came to, or why it did not, in Home Assistant's words.
    Rendered {
        /// That the template was sent with.
        id: u64,
        /// The text.
        outcome: Result<Cow<'a, str>, Cow<'a, str>>,
    },
    /// Of a type, or with an id, that nobody here waits for.
    Other,
    /// A message or an event that is not what it should be.
    Undecodable {
        /// As received.
        raw: &'a str,
        /// Why.
        error: WireError,
    },
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
    /// Whether it has a key whose value is masked before the log.
    pub has_secret: bool,
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
    /// JSON object as received; `{}` where it is absent, `null` where they are not known.
    pub attributes: &'a str,
    /// When the text last changed.
    pub last_changed: Timestamp,
    /// When text or attributes last changed.
    pub last_updated: Timestamp,
    /// Whether it says when it was last reported, as releases from 2024.4 on do.
    pub has_reports: bool,
    /// `context.id`.
    pub context_id: Option<Cow<'a, str>>,
}

/// Text that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON from this byte on.
    #[error("not JSON from byte {0} on")]
    NotJson(usize),
    /// Not of the shape.
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
    /// Something without what it needs, or with another type in its place.
    #[error("{0} without {1}")]
    Incomplete(&'static str, &'static str),
}

/// Reads a frame, which holds one message or an array of them. A message that cannot be read is
/// [`Message::Undecodable`] and hides none of its neighbours; where a frame stops being JSON, its rest is one.
#[must_use]
pub fn messages(frame: &str) -> Messages<'_> {
    let mut walk = Walk::new(frame);
    let array = walk.is_array();
    let more = !array || walk.enter_array();
    Messages { frame, walk, array, more, ended: false }
}

/// The messages of a frame.
pub struct Messages<'a> {
    frame: &'a str,
    walk: Walk<'a>,
    array: bool,
    /// The walk stands at a message.
    more: bool,
    ended: bool,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let start = self.walk.at();
        if self.more && !self.ended {
            let message = message(&mut self.walk);
            self.more = self.array && self.walk.has_element();
            if !self.walk.has_failed() {
                return Some(message);
            }
        }
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        let at = self.walk.end().err()?;
        let raw = self.frame.get(start..).unwrap_or_default();
        Some(Message::Undecodable { raw, error: WireError::NotJson(at) })
    }
}

/// Reads a frame that is one message.
///
/// # Errors
/// When it is not.
pub fn parse_message(frame: &str) -> Result<Message<'_>, WireError> {
    whole(frame, |walk| match message(walk) {
        Message::Undecodable { error, .. } => Err(error),
        message => Ok(message),
    })
}

/// Reads a text that is one value.
fn whole<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut Walk<'a>) -> Result<T, WireError>,
) -> Result<T, WireError> {
    let mut walk = Walk::new(text);
    let read = read(&mut walk);
    walk.end().map_err(WireError::NotJson)?;
    read
}

/// An id that is no positive integer belongs to no command of ours.
fn message<'a>(walk: &mut Walk<'a>) -> Message<'a> {
    let [mut kind, mut ha_version, mut reason, mut refusal] = [const { None }; 4];
    let (mut id, mut event, mut success, mut result) = (None, None, false, None);
    let raw = walk.object(|key, walk| match key {
        "type" => kind = walk.string(),
        "id" => id = walk.value().parse().ok(),
        "event" => event = Some(event_object(walk)),
        "success" => success = walk.value() == "true",
        "result" => result = Some(walk.value()),
        "error" => refusal = named(walk, "message"),
        "ha_version" => ha_version = walk.string(),
        "message" => reason = walk.string(),
        _ => _ = walk.value(),
    });
    match (kind.as_deref(), id) {
        (Some("event"), id) => match event {
            Some((_, Ok(event))) => Message::Event(event),
            Some((raw, Err(error))) => rendered(raw, id).unwrap_or(Message::Undecodable { raw, error }),
            None => Message::Undecodable { raw, error: WireError::Incomplete("event", "event") },
        },
        (Some("result"), Some(id)) => {
            let refused = || refusal.unwrap_or("no reason given".into());
            let outcome = if success { Ok(result.unwrap_or("null")) } else { Err(refused()) };
            Message::Result { id, outcome }
        }
        (Some("pong"), Some(id)) => Message::Pong { id },
        (Some("auth_required"), _) => Message::AuthRequired { ha_version: ha_version.unwrap_or_default() },
        (Some("auth_ok"), _) => Message::AuthOk,
        (Some("auth_invalid"), _) => {
            Message::AuthInvalid { message: reason.unwrap_or("no reason given".into()) }
        }
        (Some(_), _) => Message::Other,
        (None, _) => Message::Undecodable { raw, error: WireError::Incomplete("message", "type") },
    }
}

/// What stands in the place of an event where a template was asked for.
fn rendered(raw: &str, id: Option<u64>) -> Option<Message<'_>> {
    let (mut text, mut error, mut is_event) = (None, None, false);
    Walk::new(raw).object(|key, walk| match key {
        "result" => text = walk.string(),
        "error" => error = walk.string(),
        key => {
            is_event |= key == "event_type";
            _ = walk.value();
        }
    });
    let outcome = text.map(Ok).or(error.map(Err)).filter(|_| !is_event)?;
    Some(Message::Rendered { id: id?, outcome })
}

/// The text of one member of an object.
fn named<'a>(walk: &mut Walk<'a>, name: &str) -> Option<Cow<'a, str>> {
    let mut text = None;
    walk.object(|key, walk| if key == name { text = walk.string() } else { _ = walk.value() });
    text
}

/// The answer to `get_config`, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
    /// Degrees.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees.
    #[serde(default)]
    pub longitude: Option<f64>,
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
    whole(raw, |walk| event_object(walk).1)
}

/// An event object, and its text.
fn event_object<'a>(walk: &mut Walk<'a>) -> (&'a str, Result<Event<'a>, WireError>) {
    let [mut event_type, mut time_fired, mut context_id, mut entity_id] = [const { None }; 4];
    let [mut old_state, mut new_state] = [const { None }; 2];
    let mut data = None;
    walk.met_secret = false;
    let raw = walk.object(|key, walk| match key {
        "event_type" => event_type = walk.string(),
        "time_fired" => time_fired = walk.string(),
        "context" => context_id = named(walk, "id"),
        "data" => {
            data = Some(walk.object(|key, walk| match key {
                "entity_id" => entity_id = walk.string(),
                "old_state" => old_state = Some(StateObject::read(walk)),
                "new_state" => new_state = Some(StateObject::read(walk)),
                _ => _ = walk.value(),
            }));
        }
        _ => _ = walk.value(),
    });
    let has_secret = walk.met_secret;
    let event = || {
        let event_type = event_type.ok_or(WireError::Incomplete("event", "event_type"))?;
        let data = data.ok_or(WireError::Incomplete("event", "data"))?;
        let data = if event_type == "state_changed" {
            state_changed(entity_id, old_state, new_state)?
        } else {
            EventData::Other(data)
        };
        let time_fired = time(("event", "time_fired"), time_fired)?;
        Ok(Event { raw, event_type, time_fired, context_id, has_secret, data })
    };
    (raw, event())
}

fn state_changed<'a>(
    entity_id: Option<Cow<'a, str>>,
    old: Option<StateObject<'a>>,
    new: Option<StateObject<'a>>,
) -> Result<EventData<'a>, WireError> {
    let state = |object: Option<StateObject<'a>>| {
        object.filter(|object| object.raw != "null").map(StateObject::state).transpose()
    };
    let (old_state, new_state) = (state(old)?, state(new)?);
    let named = new_state.as_ref().or(old_state.as_ref()).map(|state| state.entity_id.clone());
    let entity_id = entity_id.or(named).ok_or(WireError::NoEntity)?;
    Ok(EventData::StateChanged { entity_id, old_state, new_state })
}

/// Reads a state object.
///
/// # Errors
/// When it is no state.
pub fn parse_state(raw: &str) -> Result<State<'_>, WireError> {
    whole(raw, |walk| StateObject::read(walk).state())
}

/// What may be a state object.
struct StateObject<'a> {
    raw: &'a str,
    entity_id: Option<Cow<'a, str>>,
    state: Option<Cow<'a, str>>,
    attributes: &'a str,
    last_changed: Option<Cow<'a, str>>,
    last_updated: Option<Cow<'a, str>>,
    has_reports: bool,
    context_id: Option<Cow<'a, str>>,
}

impl<'a> StateObject<'a> {
    fn read(walk: &mut Walk<'a>) -> Self {
        let [mut entity_id, mut state, mut last_changed, mut last_updated, mut context_id] =
            [const { None }; 5];
        let (mut attributes, mut has_reports) = ("{}", false);
        let raw = walk.object(|key, walk| match key {
            "entity_id" => entity_id = walk.string(),
            "state" => state = walk.string(),
            "attributes" => attributes = walk.value(),
            "last_changed" => last_changed = walk.string(),
            "last_updated" => last_updated = walk.string(),
            "context" => context_id = named(walk, "id"),
            key => {
                has_reports |= key == "last_reported";
                _ = walk.value();
            }
        });
        Self { raw, entity_id, state, attributes, last_changed, last_updated, has_reports, context_id }
    }

    fn state(self) -> Result<State<'a>, WireError> {
        Ok(State {
            raw: self.raw,
            entity_id: self.entity_id.ok_or(WireError::Incomplete("state", "entity_id"))?,
            state: self.state.ok_or(WireError::Incomplete("state", "state"))?,
            attributes: self.attributes,
            last_changed: time(("state", "last_changed"), self.last_changed)?,
            last_updated: time(("state", "last_updated"), self.last_updated)?,
            has_reports: self.has_reports,
            context_id: self.context_id,
        })
    }
}

/// Reads the answer to `get_states`. A state that cannot be read is passed over with its reason.
///
/// # Errors
/// When it is no list.
pub fn parse_states(raw: &str) -> Result<(Vec<State<'_>>, Vec<WireError>), WireError> {
    let (mut states, mut unreadable) = (Vec::new(), Vec::new());
    whole(raw, |walk| {
        if !walk.is_array() {
            return Err(WireError::Incomplete("answer", "list of states"));
        }
        walk.array(|walk| match StateObject::read(walk).state() {
            Ok(state) => states.push(state),
            Err(error) => unreadable.push(error),
        });
        Ok(())
    })?;
    Ok((states, unreadable))
}

fn time(
    (what, key): (&'static str, &'static str),
    text: Option<Cow<'_, str>>,
) -> Result<Timestamp, WireError> {
    let text = text.ok_or(WireError::Incomplete(what, key))?;
    Timestamp::parse(&text).map_err(|source| WireError::Time { key, source })
}

#[cfg(test)]
mod tests;
