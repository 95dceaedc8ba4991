//! Making a fault happen, and ending it.

use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::{Map, Value};

use super::Fault;
use crate::home_assistant::line::Cut;
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

            Fault::Refuse => self.lasting(|l| l.refuse = true),
            Fault::BadGateway => self.lasting(|l| l.bad_gateway = true),
            Fault::CloseAfterAuth => self.lasting(|l| l.close_after_auth = true),
            Fault::Ban => self.change(|w| w.banned = true),
            Fault::RevokeToken => {
                self.lasting(|l| l.token_revoked = true);
                self.change(|w| w.end_all(Ending::Close));
            }
            Fault::RefuseCommand(command) => self.lasting(|l| l.refused.extend([command])),
            Fault::IgnoreCommand(command) => self.lasting(|l| l.ignored.extend([command])),
            Fault::DropOn { command, ending } => self.change(|w| w.drop_on = Some((command, ending))),
            Fault::IdReuse => self.change(|w| w.id_reuse = true),

            Fault::Drop(ending) => self.change(|w| w.end_all(ending)),
            Fault::Restart { down, starting, killed } => {
                let boot = self.stop(killed);
                tokio::spawn(self.clone().come_back(boot, down, starting));
            }
            Fault::RestartStorm { times, every } => {
                tokio::spawn(self.clone().restart_storm(times, every));
            }

            Fault::SlowPong(by) => self.lasting(|l| l.slow_pong = by),
            Fault::Bursts(every) => self.lasting(|l| l.bursts = every),
            Fault::SingleFrames => self.lasting(|l| l.single_frames = true),
            Fault::OddKeyOrder => self.lasting(|l| l.style.odd_order = true),
            Fault::UnknownKeys => self.lasting(|l| l.style.unknown_keys = true),
            Fault::Garbage(garbage) => {
                self.change(|w| w.to_subscribers("state_changed", |id| vec![garbage.frame(id)]))
            }
            Fault::Duplicate => self.change(|w| w.duplicate = true),

            Fault::Storm { per_second, lasting, attribute_bytes } => {
                tokio::spawn(self.clone().storm(per_second, lasting, attribute_bytes));
            }
            Fault::Swallow(entity_id) => self.change(|w| w.house.spoil(entity_id.as_str())),
            Fault::LargeAttribute { bytes } => self.written(|w, now| w.large_attribute(bytes, now)),
            Fault::LargeStates { bytes } => self.written(|w, now| w.large_states(bytes, now)),
            Fault::TypeFlip(entity_id) => self.written(|w, now| w.flip(entity_id.as_str(), now)),
            Fault::Remove(entity_id) => {
                self.written(|w, now| w.house.remove(now, entity_id.as_str()).into_iter().collect());
            }
            Fault::Rename { from, to } => self.written(|w, now| w.rename(from.as_str(), to.as_str(), now)),
            Fault::Swap(a, b) => self.written(|w, now| w.swap(a.as_str(), b.as_str(), now)),
            Fault::Recreate(entity) => self.written(|w, now| w.recreate(entity.as_str(), now)),
            Fault::Move { entity, area } => self.registered(|w, now| w.put(entity.as_str(), &area, now)),
            Fault::Label { entity, label } => self.registered(|w, now| w.label(entity.as_str(), &label, now)),
            Fault::Unit { entity, unit } => self.written(|w, now| w.unit(entity.as_str(), &unit, now)),
            Fault::SameInstant(entity_id) => self.written(|w, now| w.same_instant(entity_id.as_str(), now)),
            Fault::ClockSkew { micros } => self.lasting(|l| l.skew = micros),

            Fault::Silence(entity_id) => self.lasting(|l| l.silenced.extend([entity_id])),
            Fault::NoAdmin => self.lasting(|l| l.no_admin = true),
            Fault::NoRecorder => self.lasting(|l| l.no_recorder = true),
            Fault::SlowHistory(by) => self.lasting(|l| l.slow_history = by),
        }
    }

    /// Ends one that lasts; nothing for one that does not.
    pub fn end(&self, fault: &Fault) {
        match fault {
            Fault::HalfOpen => self.0.valve.shut(false),
            Fault::CutEach { .. } => self.0.valve.cut(Cut::Never),
            Fault::Throttle { .. } => self.0.valve.throttle(0),
            Fault::Refuse => self.lasting(|l| l.refuse = false),
            Fault::BadGateway => self.lasting(|l| l.bad_gateway = false),
            Fault::CloseAfterAuth => self.lasting(|l| l.close_after_auth = false),
            Fault::Ban => self.change(|w| (w.banned, w.failed_logins) = (false, 0)),
            Fault::RevokeToken => self.lasting(|l| l.token_revoked = false),
            Fault::RefuseCommand(command) => self.lasting(|l| l.refused.retain(|other| other != command)),
            Fault::IgnoreCommand(command) => self.lasting(|l| l.ignored.retain(|other| other != command)),
            Fault::SlowPong(_) => self.lasting(|l| l.slow_pong = Duration::ZERO),
            Fault::Bursts(_) => self.lasting(|l| l.bursts = Duration::ZERO),
            Fault::SingleFrames => self.lasting(|l| l.single_frames = false),
            Fault::OddKeyOrder => self.lasting(|l| l.style.odd_order = false),
            Fault::UnknownKeys => self.lasting(|l| l.style.unknown_keys = false),
            Fault::ClockSkew { .. } => self.lasting(|l| l.skew = 0),
            Fault::Silence(entity_id) => self.lasting(|l| _ = l.silenced.remove(entity_id)),
            Fault::NoAdmin => self.lasting(|l| l.no_admin = false),
            Fault::NoRecorder => self.lasting(|l| l.no_recorder = false),
            Fault::SlowHistory(_) => self.lasting(|l| l.slow_history = Duration::ZERO),
            _ => {}
        }
    }

    /// Ends all that lasts. A ban of the address is lifted too.
    pub fn heal(&self) {
        self.lasting(|lasting| *lasting = Lasting::default());
        self.change(|w| {
            (w.banned, w.failed_logins) = (false, 0);
            (w.drop_on, w.id_reuse) = (None, false);
        });
        self.0.valve.heal();
    }

    /// Changes what lasts, and tells the parts.
    fn lasting(&self, set: impl FnOnce(&mut Lasting)) {
        let now = self.now();
        self.change(|w| {
            set(&mut w.lasting);
            w.house.set_skew(w.lasting.skew);
            w.house.silence(&w.lasting.silenced);
            w.recorder.set_absent(w.lasting.no_recorder, now);
            w.peers.values().for_each(|peer| peer.outbox.single(w.lasting.single_frames));
        });
    }

    /// Sends and records what a fault writes.
    fn written(&self, write: impl FnOnce(&mut World, Timestamp) -> Vec<Fired>) {
        let now = self.now();
        self.change(|w| {
            let fired = write(w, now);
            w.publish(fired);
        });
    }

    /// Changes what is no state.
    fn registered(&self, change: impl FnOnce(&mut World, Timestamp)) {
        let now = self.now();
        self.change(|w| change(w, now));
    }

    pub(super) fn change(&self, what: impl FnOnce(&mut World)) {
        let mut world = self.present();
        what(&mut world);
        let accepting = world.accepting();
        self.0.accepting.send_if_modified(|was| std::mem::replace(was, accepting) != accepting);
    }
}

impl World {
    fn large_attribute(&mut self, bytes: usize, now: Timestamp) -> Vec<Fired> {
        self.house.call_service(now, None, vec![Write::new("sensor.large", "large", blob(bytes))])
    }

    fn large_states(&mut self, bytes: usize, now: Timestamp) -> Vec<Fired> {
        let write = |n| Write::new(format!("sensor.large_{n:05}"), "large", blob(LARGE));
        self.house.call_service(now, None, (0..bytes.div_ceil(LARGE)).map(write).collect())
    }

    fn flip(&mut self, entity_id: &str, now: Timestamp) -> Vec<Fired> {
        let Some(held) = self.house.state(entity_id).cloned() else { return Vec::new() };
        let write = Write::new(entity_id, held.state.clone(), flipped(&held.attributes));
        self.house.call_service(now, None, vec![write])
    }

    fn same_instant(&mut self, entity_id: &str, now: Timestamp) -> Vec<Fired> {
        let Some(held) = self.house.state(entity_id).cloned() else { return Vec::new() };
        let write = |state: &str| Write::new(entity_id, state, held.attributes.clone());
        self.house.set_at_once(now, [write("unavailable"), write(&held.state)])
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{House, Options, TokioClock};

    #[tokio::test(start_paused = true)]
    async fn every_fault_that_lasts_begins_and_ends_or_is_healed() {
        let start = Timestamp(1_800_000_000_000_000);
        let clock = Arc::new(TokioClock::starting_at(start));
        let server = HomeAssistant::new(House::empty(1, start), clock, Options::default());
        let healthy = || {
            let world = server.0.world.lock();
            world.lasting == Lasting::default() && !world.banned && server.0.valve.is_healed()
        };
        for kind in Fault::kinds() {
            let usage = kind.usage().replace(['[', ']'], "").replace('…', "sensor.a");
            let fault = Fault::parse(&usage).unwrap();
            if fault.is_lasting() {
                for heal in [false, true] {
                    server.cause(fault.clone());
                    assert!(!healthy(), "{usage} does nothing");
                    if heal {
                        server.heal()
                    } else {
                        server.end(&fault)
                    }
                    assert!(healthy(), "{usage} does not end");
                }
            }
        }
    }
}
