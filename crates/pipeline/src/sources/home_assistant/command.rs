//! Everything that is ever sent to Home Assistant.
//!
//! Nothing in this list changes anything in the house: read-only by construction. The one state that `hearthline verify` sets is in
//! [`super::canary`].

use hearthline_core::{EntityId, Secret, Timestamp};
use serde::Serialize;

use super::reported::TEMPLATE;
use super::wire::registry::Registry;

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
    /// What a registry lists.
    Registry(Registry),
    /// The states that some entities had in a period, as the recorder kept them.
    History(Period),
    /// What has reported without a change: one template, always the same. Its answer comes as an event of a
    /// subscription, which is to be ended then.
    Reported,
    /// No more of the subscription that was made with that id.
    Unsubscribe(u64),
    /// Whose token it is, and what that user may do.
    CurrentUser,
    /// Whether the recorder is there, and how it is doing.
    RecorderInfo,
    /// Is anybody there?
    Ping,
}

/// A question to history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Home Assistant gives what is later than this, and before it the state of this moment, stamped with it.
    pub start: Timestamp,
    /// Home Assistant gives what is earlier than this; none is now.
    pub end: Option<Timestamp>,
    /// At least one.
    pub entities: Vec<EntityId>,
    /// Whether attributes are wanted.
    pub attributes: bool,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    history: Option<History<'a>>,
}

#[derive(Serialize)]
struct History<'a> {
    start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    entity_ids: &'a [EntityId],
    include_start_time_state: bool,
    significant_changes_only: bool,
    minimal_response: bool,
    no_attributes: bool,
}

#[derive(Serialize)]
struct Features {
    coalesce_messages: u8,
}

impl Command {
    /// The text to be sent.
    #[must_use]
    pub fn to_json(&self, id: u64) -> String {
        let plain = |kind| Message {
            id,
            kind,
            event_type: None,
            features: None,
            template: None,
            subscription: None,
            history: None,
        };
        let message = match self {
            Self::CoalesceMessages => {
                Message { features: Some(Features { coalesce_messages: 1 }), ..plain("supported_features") }
            }
            Self::SubscribeEvents(event_type) => {
                Message { event_type: event_type.as_deref(), ..plain("subscribe_events") }
            }
            Self::GetConfig => plain("get_config"),
            Self::GetStates => plain("get_states"),
            Self::Registry(registry) => plain(registry.list_command()),
            Self::History(period) => {
                Message { history: Some(period.to_message()), ..plain("history/history_during_period") }
            }
            Self::Reported => Message { template: Some(TEMPLATE), ..plain("render_template") },
            Self::Unsubscribe(id) => Message { subscription: Some(*id), ..plain("unsubscribe_events") },
            Self::CurrentUser => plain("auth/current_user"),
            Self::RecorderInfo => plain("recorder/info"),
            Self::Ping => plain("ping"),
        };
        serde_json::to_string(&message).unwrap_or_default() // text and numbers always can be written
    }
}

impl Period {
    fn to_message(&self) -> History<'_> {
        History {
            start_time: self.start.to_string(),
            end_time: self.end.map(|end| end.to_string()),
            entity_ids: &self.entities,
            include_start_time_state: true,
            significant_changes_only: false,
            minimal_response: false,
            no_attributes: !self.attributes,
        }
    }
}

/// The one message without an id. Home Assistant takes it first, and nothing before it.
pub(super) fn auth(token: &Secret) -> String {
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
            (Command::Registry(Registry::Label), r#"{"id":7,"type":"config/label_registry/list"}"#),
            (
                Command::History(Period {
                    start: Timestamp(1_800_000_000_000_001),
                    end: Some(Timestamp(1_800_000_060_000_000)),
                    entities: vec!["sensor.a".into()],
                    attributes: true,
                }),
                concat!(
                    r#"{"id":7,"type":"history/history_during_period","#,
                    r#""start_time":"2027-01-15T08:00:00.000001Z","end_time":"2027-01-15T08:01:00.000000Z","#,
                    r#""entity_ids":["sensor.a"],"include_start_time_state":true,"#,
                    r#""significant_changes_only":false,"minimal_response":false,"no_attributes":false}"#
                ),
            ),
            (Command::CurrentUser, r#"{"id":7,"type":"auth/current_user"}"#),
            (Command::RecorderInfo, r#"{"id":7,"type":"recorder/info"}"#),
            (Command::Ping, r#"{"id":7,"type":"ping"}"#),
        ] {
            assert_eq!(command.to_json(7), json);
        }
        assert_eq!(auth(&Secret::new("a\"b")), r#"{"type":"auth","access_token":"a\"b"}"#);
    }

    #[test]
    fn the_page_on_security_lists_what_is_asked_and_nothing_else() {
        let page = include_str!("../../../../../docs/security.md");
        let section =
            page.split_once("\n## What Home Assistant is asked\n").unwrap().1.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let listed: Vec<&str> = rows.map(|(command, _)| command).collect();
        let period = Period { start: Timestamp(0), end: None, entities: Vec::new(), attributes: true };
        let mut command = Some(Command::CoalesceMessages);
        let mut asked = Vec::new();
        while let Some(one) = command {
            let json: serde_json::Value = serde_json::from_str(&one.to_json(7)).unwrap();
            asked.push(json["type"].as_str().unwrap().to_owned());
            // Each leads to the next, so that one that is added has to be named here.
            command = match one {
                Command::CoalesceMessages => Some(Command::SubscribeEvents(None)),
                Command::SubscribeEvents(_) => Some(Command::Unsubscribe(7)),
                Command::Unsubscribe(_) => Some(Command::GetConfig),
                Command::GetConfig => Some(Command::GetStates),
                Command::GetStates => Some(Command::Registry(Registry::Area)),
                Command::Registry(registry) => {
                    let rest = Registry::ALL.into_iter().skip_while(|other| *other != registry).nth(1);
                    Some(rest.map_or_else(|| Command::History(period.clone()), Command::Registry))
                }
                Command::History(_) => Some(Command::Reported),
                Command::Reported => Some(Command::CurrentUser),
                Command::CurrentUser => Some(Command::RecorderInfo),
                Command::RecorderInfo => Some(Command::Ping),
                Command::Ping => None,
            };
        }
        assert_eq!(listed, asked);
    }
}
