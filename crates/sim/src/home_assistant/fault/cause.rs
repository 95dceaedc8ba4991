//! Making a fault happen, and ending it.

use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::{Map, Value, json};

use super::Fault;
use crate::home_assistant::line::Cut;
use crate::home_assistant::message::Style;
use crate::home_assistant::world::{Lasting, World};
use crate::home_assistant::{Ending, HomeAssistant};
use crate::house::{Fired, Write};

/// Below the size from which the recorder leaves attributes out.
const LARGE: usize = 16_000;

impl HomeAssistant {
    /// Makes something go wrong. [`Fault::Restart`], [`Fault::RestartStorm`] and [`Fault::Storm`] go on in a task and
    /// need a runtime of tokio.
    pub fn cause(&self, fault: Fault) {
        tracing::debug!(?fault, "simulated");
        match fault {
            Fault::HalfOpen => self.0.valve.shut(true),
            Fault::CutAfter { bytes } => self.0.valve.cut(Cut::Once(bytes)),
            Fault::CutEach { bytes } => self.0.valve.cut(Cut::Each(bytes)),
            Fault::Throttle { bytes_per_second } => self.0.valve.throttle(bytes_per_second),
            Fault::Drop(ending) => self.change(|w| w.end_all(ending)),
            Fault::DropOn { command, ending } => self.change(|w| w.drop_on = Some((command, ending))),
            Fault::Restart { down, starting, killed } => {
                let boot = self.stop(killed);
                tokio::spawn(self.clone().come_back(boot, down, starting));
            }
            Fault::RestartStorm { times, every } => {
                tokio::spawn(self.clone().restart_storm(times, every));
            }
            Fault::Storm { per_second, lasting, attribute_bytes } => {
                tokio::spawn(self.clone().storm(per_second, lasting, attribute_bytes));
            }
            Fault::RevokeToken => self.change(|w| {
                w.lasting.token_revoked = true;
                w.end_all(Ending::Close);
            }),
            Fault::Duplicate => self.change(|w| w.duplicate = true),
            Fault::IdReuse => self.change(|w| w.id_reuse = true),
            Fault::Garbage(garbage) => {
                self.change(|w| w.to_subscribers("state_changed", |id| vec![garbage.frame(id)]))
            }
            Fault::Ban => self.change(|w| w.banned = true),
            fault if fault.is_lasting() => {
                let now = self.now();
                self.change(|w| w.begin(fault, now));
            }
            fault => {
                let now = self.now();
                self.change(|w| w.write(fault, now));
            }
        }
    }

    /// Ends one that lasts; nothing for one that does not.
    pub fn end(&self, fault: &Fault) {
        match fault {
            Fault::HalfOpen => self.0.valve.shut(false),
            Fault::CutAfter { .. } | Fault::CutEach { .. } => self.0.valve.cut(Cut::Never),
            Fault::Throttle { .. } => self.0.valve.throttle(0),
            Fault::Ban => self.change(|w| (w.banned, w.failed_logins) = (false, 0)),
            fault => {
                let now = self.now();
                self.change(|w| w.end(fault, now));
            }
        }
    }

    /// Ends all that lasts. A ban of the address is lifted too.
    pub fn heal(&self) {
        let now = self.now();
        self.change(|w| {
            w.lasting = Lasting::default();
            w.apply(now);
            (w.banned, w.failed_logins) = (false, 0);
            (w.drop_on, w.id_reuse) = (None, false);
        });
        self.0.valve.heal();
    }

    pub(super) fn change(&self, what: impl FnOnce(&mut World)) {
        let mut world = self.present();
        what(&mut world);
        let accepting = world.accepting();
        self.0.accepting.send_if_modified(|was| std::mem::replace(was, accepting) != accepting);
    }
}

impl World {
    fn begin(&mut self, fault: Fault, now: Timestamp) {
        let lasting = &mut self.lasting;
        match fault {
            Fault::Refuse => lasting.refuse = true,
            Fault::CloseAfterAuth => lasting.close_after_auth = true,
            Fault::SlowPong(by) => lasting.slow_pong = by,
            Fault::OddKeyOrder => lasting.style.odd_order = true,
            Fault::UnknownKeys => lasting.style.unknown_keys = true,
            Fault::Bursts(every) => lasting.bursts = every,
            Fault::SingleFrames => lasting.single_frames = true,
            Fault::RefuseCommand(command) => drop(lasting.refused.insert(command)),
            Fault::IgnoreCommand(command) => drop(lasting.ignored.insert(command)),
            Fault::BadGateway => lasting.bad_gateway = true,
            Fault::ClockSkew { micros } => lasting.skew = micros,
            Fault::NoRecorder => lasting.no_recorder = true,
            Fault::SlowHistory(by) => lasting.slow_history = by,
            _ => {}
        }
        self.apply(now);
    }

    fn end(&mut self, fault: &Fault, now: Timestamp) {
        let lasting = &mut self.lasting;
        match fault {
            Fault::Refuse => lasting.refuse = false,
            Fault::CloseAfterAuth => lasting.close_after_auth = false,
            Fault::RevokeToken => lasting.token_revoked = false,
            Fault::SlowPong(_) => lasting.slow_pong = Duration::ZERO,
            Fault::OddKeyOrder => lasting.style = Style { odd_order: false, ..lasting.style },
            Fault::UnknownKeys => lasting.style = Style { unknown_keys: false, ..lasting.style },
            Fault::Bursts(_) => lasting.bursts = Duration::ZERO,
            Fault::SingleFrames => lasting.single_frames = false,
            Fault::RefuseCommand(command) => drop(lasting.refused.remove(command)),
            Fault::IgnoreCommand(command) => drop(lasting.ignored.remove(command)),
            Fault::BadGateway => lasting.bad_gateway = false,
            Fault::ClockSkew { .. } => lasting.skew = 0,
            Fault::NoRecorder => lasting.no_recorder = false,
            Fault::SlowHistory(_) => lasting.slow_history = Duration::ZERO,
            _ => {}
        }
        self.apply(now);
    }

    /// Tells the parts what lasts.
    fn apply(&mut self, now: Timestamp) {
        self.house.set_skew(self.lasting.skew);
        self.recorder.set_absent(self.lasting.no_recorder, now);
        self.peers.values().for_each(|peer| peer.outbox.single(self.lasting.single_frames));
    }

    /// Faults that are writes, or that make one.
    fn write(&mut self, fault: Fault, now: Timestamp) {
        let fired = match fault {
            Fault::Swallow(entity_id) => {
                self.house.spoil(entity_id.as_str());
                return;
            }
            Fault::LargeAttribute { bytes } => {
                let write = Write::new("sensor.large", "large", blob(bytes));
                self.house.call_service(now, None, vec![write])
            }
            Fault::LargeStates { bytes } => {
                let write = |n| Write::new(format!("sensor.large_{n:05}"), "large", blob(LARGE));
                self.house.call_service(now, None, (0..bytes.div_ceil(LARGE)).map(write).collect())
            }
            Fault::TypeFlip(entity_id) => {
                let Some(held) = self.house.state(entity_id.as_str()).cloned() else { return };
                let flipped = flipped(&held.attributes);
                self.house.call_service(
                    now,
                    None,
                    vec![Write::new(held.entity_id.as_str(), &*held.state, flipped)],
                )
            }
            Fault::Remove(entity_id) => self.house.remove(now, entity_id.as_str()).into_iter().collect(),
            Fault::Rename { from, to } => self.rename(from.as_str(), to.as_str(), now),
            Fault::SameInstant(entity_id) => {
                let Some(held) = self.house.state(entity_id.as_str()).cloned() else { return };
                let write = |state: &str| Write::new(entity_id.as_str(), state, held.attributes.clone());
                self.house.set_at_once(now, [write("unavailable"), write(&held.state)])
            }
            _ => return,
        };
        self.publish(fired);
    }

    fn rename(&mut self, from: &str, to: &str, now: Timestamp) -> Vec<Fired> {
        let fired = self.house.rename(now, from, to);
        if !fired.is_empty() {
            let data = json!({"action": "update", "entity_id": to, "old_entity_id": from, "changes": {"entity_id": from}});
            self.fire(now, "entity_registry_updated", &data.to_string());
            self.recorder.rename(from, to);
        }
        fired
    }
}

fn blob(bytes: usize) -> String {
    format!(r#"{{"blob":"{}"}}"#, "x".repeat(bytes))
}

/// The attributes with a type each that they did not have.
fn flipped(attributes: &str) -> String {
    let attributes: Map<String, Value> = serde_json::from_str(attributes).unwrap_or_default();
    let flip = |value: Value| match value {
        Value::Number(number) => number.to_string().into(),
        Value::String(text) => Value::Bool(!text.is_empty()),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Null => 0.into(),
        Value::Array(_) | Value::Object(_) => value.to_string().into(),
    };
    Value::Object(attributes.into_iter().map(|(key, value)| (key, flip(value))).collect()).to_string()
}
