//! Everything that is ever sent to Home Assistant.
//!
//! Nothing in this list changes anything in the house: read-only by construction.

use serde::Serialize;

use super::Token;

/// A command. Its answer carries the id that it was sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// From now on several messages may come in one frame, as an array.
    CoalesceMessages,
    /// Events of one type, or of all types that the token may see.
    SubscribeEvents(Option<String>),
    /// Version, name of the house, whether it has started.
    GetConfig,
    /// The state of every entity that the token may see.
    GetStates,
    /// Is anybody there?
    Ping,
}

#[derive(Serialize)]
struct Message<'a> {
    id: u64,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Features>,
}

#[derive(Serialize)]
struct Features {
    coalesce_messages: u8,
}

impl Command {
    /// The text to be sent.
    #[must_use]
    pub fn to_json(&self, id: u64) -> String {
        let plain = |kind| Message { id, kind, event_type: None, features: None };
        let message = match self {
            Self::CoalesceMessages => {
                Message { features: Some(Features { coalesce_messages: 1 }), ..plain("supported_features") }
            }
            Self::SubscribeEvents(event_type) => {
                Message { event_type: event_type.as_deref(), ..plain("subscribe_events") }
            }
            Self::GetConfig => plain("get_config"),
            Self::GetStates => plain("get_states"),
            Self::Ping => plain("ping"),
        };
        serde_json::to_string(&message).unwrap_or_default() // text and numbers always can be written
    }
}

/// The one message without an id. Home Assistant takes it first, and nothing before it.
pub(super) fn auth(token: &Token) -> String {
    #[derive(Serialize)]
    struct Auth<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        access_token: &'a str,
    }
    serde_json::to_string(&Auth { kind: "auth", access_token: token.expose() }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_home_assistant_takes_them() {
        for (command, json) in [
            (
                Command::CoalesceMessages,
                r#"{"id":7,"type":"supported_features","features":{"coalesce_messages":1}}"#,
            ),
            (
                Command::SubscribeEvents(Some("state_changed".into())),
                r#"{"id":7,"type":"subscribe_events","event_type":"state_changed"}"#,
            ),
            (Command::SubscribeEvents(None), r#"{"id":7,"type":"subscribe_events"}"#),
            (Command::GetConfig, r#"{"id":7,"type":"get_config"}"#),
            (Command::GetStates, r#"{"id":7,"type":"get_states"}"#),
            (Command::Ping, r#"{"id":7,"type":"ping"}"#),
        ] {
            assert_eq!(command.to_json(7), json);
        }
        assert_eq!(auth(&Token::new("a\"b")), r#"{"type":"auth","access_token":"a\"b"}"#);
    }
}
