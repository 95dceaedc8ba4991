//! What can go wrong, and how it looks from outside. Each is as recorded from real releases unless it says otherwise.

use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};
use tokio::time::Instant;

use super::HomeAssistant;
use super::message::{self, Style};
use super::outbox::Out;
use super::world::{Lasting, Phase, World};

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Without a word: 2024.3 at every end, any release when it is killed.
    Eof,
    /// Close frame 1000, whatever the cause.
    Close,
}

/// A frame that is not what it should be. None was ever recorded; a client has to outlive it all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// Text that is not JSON.
    NotJson,
    /// A `state_changed` without `entity_id`.
    NoEntityId,
    /// A `state_changed` whose times are none.
    BadTime,
    /// A binary frame.
    Binary,
}

/// Something to go wrong. Those called *lasting* stay until [`HomeAssistant::heal`], the others happen once.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Lasting: the port is closed, a stream is dropped unread. Connections that are there stay.
    Refuse,
    /// Lasting: connections, old and new, are open and dead, both ways. A Wi-Fi that lost its uplink, a machine that
    /// lost its power. What the server does meanwhile, it does behind the dead line.
    HalfOpen,
    /// Lasting: each new connection is closed half a second after `auth_ok`.
    CloseAfterAuth,
    /// All connections end now.
    Drop(Ending),
    /// The server goes away for `down`, comes up as `NOT_RUNNING`, then `STARTING`, and is `RUNNING` after `starting`
    /// more. In between `get_states` is empty, then partial: every third entity is first `unavailable` (restored from
    /// the registry), and all appear with `old_state` null and a new `last_updated`. Killed, it says no farewell and
    /// what was not committed is missing from history for good.
    Restart {
        /// Without a port.
        down: Duration,
        /// From the open port to `RUNNING`; half of it `NOT_RUNNING`.
        starting: Duration,
        /// `kill -9` in place of a proper stop.
        killed: bool,
    },
    /// Lasting: the token is deleted. Connections are closed, the next try is `auth_invalid`.
    RevokeToken,
    /// The entity's next state cannot be made JSON: its event is dropped in silence, and the event after it too, whose
    /// `old_state` it is. `get_states` leaves the entity out meanwhile, history never has it.
    Swallow(EntityId),
    /// The next event is sent twice. Not seen; proxies have done it.
    Duplicate,
    /// A storm of writes to fifty sensors.
    Storm {
        /// Writes in a second.
        per_second: u32,
        /// For how long.
        lasting: Duration,
        /// Size of one attribute of each state; an event carries it twice.
        attribute_bytes: usize,
    },
    /// A frame to each subscription that is not what it should be.
    Garbage(Garbage),
    /// Lasting: every answer takes this long, the pong among them. An event loop that is busy with something else.
    SlowPong(Duration),
    /// One state with an attribute of that many bytes.
    LargeAttribute {
        /// 20 MB were seen to arrive in one frame.
        bytes: usize,
    },
    /// Lasting: keys come in reverse, at every level.
    OddKeyOrder,
    /// Lasting: a key that no release has, at every level.
    UnknownKeys,
}

impl HomeAssistant {
    /// Makes something go wrong. [`Fault::Restart`] and [`Fault::Storm`] go on in a task and need a runtime of tokio.
    pub fn cause(&self, fault: Fault) {
        match fault {
            Fault::Refuse => self.change(|w| w.lasting.refuse = true),
            Fault::HalfOpen => self.0.valve.shut(true),
            Fault::CloseAfterAuth => self.change(|w| w.lasting.close_after_auth = true),
            Fault::Drop(ending) => self.change(|w| w.end_all(ending)),
            Fault::Restart { down, starting, killed } => {
                let boot = self.stop(killed);
                tokio::spawn(self.clone().come_back(boot, down, starting));
            }
            Fault::RevokeToken => self.change(|w| {
                w.lasting.token_revoked = true;
                w.end_all(Ending::Close);
            }),
            Fault::Swallow(entity_id) => self.change(|w| w.house.spoil(entity_id.as_str())),
            Fault::Duplicate => self.change(|w| w.duplicate = true),
            Fault::Storm { per_second, lasting, attribute_bytes } => {
                tokio::spawn(self.clone().storm(per_second, lasting, attribute_bytes));
            }
            Fault::Garbage(garbage) => {
                self.change(|w| w.to_subscribers("state_changed", |id| vec![garbage.frame(id)]))
            }
            Fault::SlowPong(by) => self.change(|w| w.lasting.slow_pong = by),
            Fault::LargeAttribute { bytes } => {
                self.set_state("sensor.large", "large", &format!(r#"{{"blob":"{}"}}"#, "x".repeat(bytes)));
            }
            Fault::OddKeyOrder => self.change(|w| w.lasting.style.odd_order = true),
            Fault::UnknownKeys => self.change(|w| w.lasting.style.unknown_keys = true),
        }
    }

    /// Ends all that lasts. A ban of the address is lifted too.
    pub fn heal(&self) {
        self.change(|w| {
            w.lasting = Lasting::default();
            w.banned = false;
            w.failed_logins = 0;
        });
        self.0.valve.shut(false);
    }

    fn change(&self, what: impl FnOnce(&mut World)) {
        let mut world = self.present();
        what(&mut world);
        let accepting = world.accepting();
        self.0.accepting.send_if_modified(|was| std::mem::replace(was, accepting) != accepting);
    }

    /// Goes down. Returns the number of the next start.
    fn stop(&self, killed: bool) -> u64 {
        let now = self.now();
        let mut boot = 0;
        self.change(|w| {
            w.phase = Phase::Down;
            w.boot += 1;
            w.end_all(if killed { Ending::Eof } else { Ending::Close });
            w.house.stop();
            if killed {
                w.recorder.kill(now);
            }
            boot = w.boot;
        });
        boot
    }

    async fn come_back(self, boot: u64, down: Duration, starting: Duration) {
        tokio::time::sleep(down).await;
        self.during(boot, |w, _| w.phase = Phase::NotRunning);
        tokio::time::sleep(starting / 2).await;
        let mut found: Vec<EntityId> = Vec::new();
        self.during(boot, |w, now| {
            w.phase = Phase::Starting;
            found = w.house.start();
            for entity_id in found.iter().step_by(3) {
                let fired = w.house.restore(now, entity_id);
                w.publish(fired);
            }
        });
        let pause = starting / 2 / u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
        for entity_id in found {
            tokio::time::sleep(pause).await;
            self.during(boot, |w, now| {
                let fired = w.house.load(now, &entity_id);
                w.publish(fired);
            });
        }
        tokio::time::sleep(pause).await;
        self.during(boot, |w, now| {
            w.phase = Phase::Running;
            w.fire(now, "homeassistant_started", "{}");
        });
    }

    /// A step of a start; none when another stop came in between.
    fn during(&self, boot: u64, step: impl FnOnce(&mut World, Timestamp)) {
        let now = self.now();
        self.change(|w| {
            if w.boot == boot {
                step(w, now);
            }
        });
    }

    async fn storm(self, per_second: u32, lasting: Duration, attribute_bytes: usize) {
        let attributes = format!(r#"{{"blob":"{}"}}"#, "x".repeat(attribute_bytes));
        let start = Instant::now();
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        let mut written = 0;
        let mut over = false;
        while !over {
            beat.tick().await;
            over = start.elapsed() >= lasting;
            let due = start.elapsed().min(lasting).as_millis() * u128::from(per_second) / 1000;
            while written < due {
                let entity_id = format!("sensor.storm_{:05}", written % 50);
                self.set_state(&entity_id, &written.to_string(), &attributes);
                written += 1;
            }
        }
    }
}

impl Garbage {
    fn frame(self, id: u64) -> Out {
        let event = |data: &str| {
            let event = format!(
                r#"{{"event_type":"state_changed","data":{data},"origin":"LOCAL","time_fired":"2026-11-23T11:50:12.053486+00:00","context":{{"id":"01M843W1ANC039KSS54TWZFDGB","parent_id":null,"user_id":null}}}}"#
            );
            Out::Text(message::of_subscription(id, &event, Style::default()))
        };
        match self {
            Self::NotJson => Out::Text(r#"{"type":"event","event":{"event_ty"#.into()),
            Self::NoEntityId => event(r#"{"old_state":null,"new_state":null}"#),
            Self::BadTime => event(
                r#"{"entity_id":"sensor.bad_time","old_state":null,"new_state":{"entity_id":"sensor.bad_time","state":"1","attributes":{},"last_changed":"yesterday","last_reported":"yesterday","last_updated":"yesterday","context":{"id":"01M843W1ANC039KSS54TWZFDGB","parent_id":null,"user_id":null}}}"#,
            ),
            Self::Binary => Out::Binary(vec![0, 159, 146, 150]),
        }
    }
}
