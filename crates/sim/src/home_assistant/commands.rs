//! The commands: which there are, what keys they have, what they answer.

use std::borrow::Cow;

use hearthline_core::Timestamp;
use serde_json::{Map, Value, json};

use super::Options;
use super::message;
use super::outbox::Out;
use super::recorder::Period;
use super::tape::Tape;
use super::world::World;

const HISTORY: &str = "history/history_during_period";
const TEMPLATE: &str = "render_template";
/// The one template that is understood here, in the places that matter: which entities have reported without a change.
const REPORTED: [&str; 2] = ["utcnow()", "(s.last_reported - s.last_updated).total_seconds() > 10"];

/// Types of events that anyone may subscribe to.
const FREE: [&str; 6] = [
    "state_changed",
    "area_registry_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "floor_registry_updated",
    "label_registry_updated",
];

/// Code and message.
type Refusal = (Cow<'static, str>, String);

/// Answers a frame: a command or an array of them. False when it is not JSON, which ends the connection.
pub(super) fn answer(world: &mut World, peer: u64, frame: &str, options: &Options, now: Timestamp) -> bool {
    let commands = match serde_json::from_str(frame) {
        Err(_) => return false,
        Ok(Value::Array(commands)) => commands,
        Ok(command) => vec![command],
    };
    for command in commands {
        let Some(text) = one(world, peer, &command, options, now) else { continue };
        let rendered = rendered(world, peer, &command, now);
        let Some(peer) = world.peers.get(&peer) else { continue };
        let late = world.lasting.slow_history;
        if !late.is_zero() && command.get("type").is_some_and(|name| name == HISTORY) {
            let outbox = peer.outbox.clone();
            tokio::spawn(async move {
                tokio::time::sleep(late).await;
                outbox.push(Out::Text(text));
            });
        } else {
            peer.outbox.push(Out::Text(text));
            rendered.into_iter().for_each(|text| peer.outbox.push(Out::Text(text)));
        }
    }
    true
}

/// What follows the answer to a template that was taken.
fn rendered(world: &World, peer: u64, command: &Value, now: Timestamp) -> Option<String> {
    let id =
        command.get("id")?.as_u64().filter(|_| command.get("type").is_some_and(|name| name == TEMPLATE))?;
    let taken = world.peers.get(&peer)?.templates.contains(&id);
    taken.then(|| message::rendered(id, &world.house.reported(now), world.lasting.style))
}

/// The answer; none where that is what goes wrong.
fn one(world: &mut World, peer: u64, command: &Value, options: &Options, now: Timestamp) -> Option<String> {
    let malformed = |id: &Value| Some(message::error(id, "invalid_format", "Message incorrectly formatted."));
    let Some(keys) = command.as_object() else { return malformed(&0.into()) };
    let given = keys.get("id").cloned().unwrap_or_default();
    let (Some(id), Some(name)) =
        (given.as_u64().filter(|&id| id > 0), keys.get("type").and_then(Value::as_str))
    else {
        return malformed(&given);
    };
    let risen = world.peers.get_mut(&peer).is_some_and(|p| {
        let risen = p.last_id < id;
        p.last_id = p.last_id.max(id);
        risen
    });
    if !risen || std::mem::take(&mut world.id_reuse) {
        return Some(message::error(&given, "id_reuse", "Identifier values have to increase."));
    }
    if let Some((_, ending)) = world.drop_on.take_if(|(command, _)| command == name) {
        world.peers.get(&peer)?.outbox.end(ending);
        return None;
    }
    if world.lasting.ignored.contains(name) {
        return None;
    }
    if world.lasting.refused.contains(name) {
        return Some(message::error(&given, "unauthorized", "Unauthorized"));
    }
    let style = world.lasting.style;
    let done = Command { world, peer, id, keys, options, now }.run(name);
    Some(match done {
        Ok(_) if name == "ping" => format!(r#"{{"id":{id},"type":"pong"}}"#),
        Ok(result) => message::result(&given, &result, style),
        Err((code, text)) => message::error(&given, &code, &text),
    })
}

struct Command<'a> {
    world: &'a mut World,
    peer: u64,
    id: u64,
    keys: &'a Map<String, Value>,
    options: &'a Options,
    now: Timestamp,
}

impl Command<'_> {
    /// The result as JSON.
    fn run(self, name: &str) -> Result<String, Refusal> {
        match name {
            "ping" => {
                self.allow(&[])?;
                self.world.counted.pings += 1;
                Ok("null".into())
            }
            "supported_features" => self.supported_features(),
            "subscribe_events" => self.subscribe(),
            "unsubscribe_events" => self.unsubscribe(),
            TEMPLATE if self.world.tape.is_none() => self.render(),
            name if let Some(tape) = &mut self.world.tape => match tape.answer(name) {
                None if name == "get_config" => Ok(self.config().to_string()),
                None => Err(("unknown_command".into(), "Not in the recording.".into())),
                Some(answer) => answer,
            },
            "get_states" => {
                self.allow(&[])?;
                let style = self.world.lasting.style;
                let states = self.world.house.states().filter(|s| s.serialisable);
                let states: Vec<String> = states.map(|s| message::state(s, style)).collect();
                Ok(format!("[{}]", states.join(",")))
            }
            "get_config" => self.allow(&[]).map(|()| self.config().to_string()),
            "auth/current_user" => self.allow(&[]).map(|()| {
                let admin = self.world.is_admin(self.options);
                json!({"id": "7e6474de33c3562fa58b43b2f814d0c7", "name": "Demo", "is_owner": admin,
                    "is_admin": admin, "credentials": [], "mfa_modules": []})
                .to_string()
            }),
            "recorder/info" | HISTORY if self.world.recorder.is_absent() => {
                Err(("unknown_command".into(), "Unknown command.".into()))
            }
            "recorder/info" => self.allow(&[]).map(|()| {
                json!({"backlog": self.world.recorder.backlog(self.now), "db_in_default_location": true,
                    "max_backlog": 65_000, "migration_in_progress": false, "migration_is_live": false,
                    "recording": true, "thread_running": true})
                .to_string()
            }),
            HISTORY => self.history(),
            _ => {
                let registry = name
                    .strip_prefix("config/")
                    .and_then(|n| n.strip_suffix("_registry/list"))
                    .unwrap_or_default();
                match self.world.house.registries().list(registry) {
                    Some(list) => self.allow(&[]).map(|()| list.to_string()),
                    None => Err(("unknown_command".into(), "Unknown command.".into())),
                }
            }
        }
    }

    fn supported_features(self) -> Result<String, Refusal> {
        self.allow(&["features"])?;
        let features = self.keys.get("features").and_then(Value::as_object);
        let features = features.ok_or_else(|| missing("features", "expected dict"))?;
        if let Some(peer) = self.world.peers.get(&self.peer) {
            peer.outbox.coalesce(features.contains_key("coalesce_messages"));
        }
        Ok("null".into())
    }

    fn subscribe(self) -> Result<String, Refusal> {
        self.allow(&["event_type"])?;
        let wanted = match self.keys.get("event_type") {
            None => None,
            Some(Value::String(wanted)) => Some(wanted.clone()),
            Some(other) => {
                return Err(("invalid_format".into(), format!("expected str at 'event_type'. Got {other}")));
            }
        };
        if !self.world.is_admin(self.options)
            && !wanted.as_deref().is_some_and(|wanted| FREE.contains(&wanted))
        {
            return Err(("unauthorized".into(), "Unauthorized".into()));
        }
        if wanted.as_deref() == Some("state_reported") {
            let message = "Event filter is required for event state_reported";
            return Err(("home_assistant_error".into(), message.into()));
        }
        if let Some(peer) = self.world.peers.get_mut(&self.peer) {
            peer.subscriptions.insert(self.id, wanted);
            self.world.counted.subscriptions_ever += 1;
            self.world.tape.iter().for_each(Tape::subscribed);
        }
        Ok("null".into())
    }

    /// Anyone may have a template rendered. It is rendered once: nothing here goes on as a subscription of Home Assistant
    /// does, until it is ended.
    fn render(self) -> Result<String, Refusal> {
        self.allow(&["template"])?;
        let template = self.keys.get("template").and_then(Value::as_str);
        let template = template.ok_or_else(|| missing("template", "required key not provided"))?;
        if !REPORTED.iter().all(|place| template.contains(place)) {
            return Err(("template_error".into(), "This template is not simulated.".into()));
        }
        if let Some(peer) = self.world.peers.get_mut(&self.peer) {
            peer.templates.insert(self.id);
        }
        Ok("null".into())
    }

    fn unsubscribe(self) -> Result<String, Refusal> {
        self.allow(&["subscription"])?;
        let id = self.keys.get("subscription").and_then(Value::as_u64);
        let id = id.ok_or_else(|| missing("subscription", "expected int"))?;
        let peer = self.world.peers.get_mut(&self.peer);
        match peer.is_some_and(|p| p.subscriptions.remove(&id).is_some() || p.templates.remove(&id)) {
            true => Ok("null".into()),
            false => Err(("not_found".into(), "Subscription not found.".into())),
        }
    }

    fn history(self) -> Result<String, Refusal> {
        self.allow(&[
            "start_time",
            "end_time",
            "entity_ids",
            "include_start_time_state",
            "significant_changes_only",
            "minimal_response",
            "no_attributes",
        ])?;
        let flag = |key, default| self.keys.get(key).and_then(Value::as_bool).unwrap_or(default);
        let entity_ids = self.keys.get("entity_ids").and_then(Value::as_array);
        let entity_ids = entity_ids.ok_or_else(|| missing("entity_ids", "required key not provided"))?;
        let start = self.time("start_time", "invalid_start_time", "Invalid start_time")?;
        let start = start.ok_or_else(|| missing("start_time", "required key not provided"))?;
        let end = self.time("end_time", "invalid_end_time", "Invalid end_time")?;
        let today = self.world.house.stamp(self.now);
        let period = Period {
            start,
            end: end.unwrap_or(today),
            entity_ids: entity_ids.iter().filter_map(|id| Some(id.as_str()?.to_owned())).collect(),
            include_start_time_state: start <= today && flag("include_start_time_state", true),
            significant_changes_only: flag("significant_changes_only", true),
            minimal_response: flag("minimal_response", false),
            no_attributes: flag("no_attributes", false),
        };
        Ok(self.world.recorder.during(&period, self.now))
    }

    fn time(&self, key: &str, code: &'static str, text: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(given) = self.keys.get(key) else { return Ok(None) };
        let time = given.as_str().and_then(|text| Timestamp::parse(text).ok());
        time.map(Some).ok_or_else(|| (code.into(), text.into()))
    }

    fn config(&self) -> Value {
        json!({
            "allowlist_external_dirs": ["/config/www"], "allowlist_external_urls": [],
            "components": ["api", "history", "recorder", "websocket_api"], "config_dir": "/config",
            "config_source": "storage", "country": "NL", "currency": "EUR", "debug": false, "elevation": 2,
            "external_url": null, "internal_url": null, "language": "en", "latitude": 52.3731,
            "location_name": self.options.location_name, "longitude": 4.8922, "radius": 100, "recovery_mode": false,
            "safe_mode": false, "state": self.world.phase.text(), "time_zone": "UTC", "unit_system": {
                "length": "km", "accumulated_precipitation": "mm", "area": "m²", "mass": "g", "pressure": "Pa",
                "temperature": "°C", "volume": "L", "wind_speed": "m/s"},
            "version": self.options.version, "whitelist_external_dirs": ["/config/www"],
        })
    }

    /// Refuses keys that the command does not have.
    fn allow(&self, known: &[&str]) -> Result<(), Refusal> {
        match self
            .keys
            .iter()
            .find(|(key, _)| !["id", "type"].contains(&key.as_str()) && !known.contains(&key.as_str()))
        {
            None => Ok(()),
            Some((key, value)) => {
                Err(("invalid_format".into(), format!("not a valid option at '{key}'. Got {value}")))
            }
        }
    }
}

fn missing(key: &str, what: &str) -> Refusal {
    ("invalid_format".into(), format!("{what} at '{key}'. Got None"))
}
