//! What can go wrong, and how it looks from outside. Each is as recorded from real releases unless it says otherwise.

use std::time::Duration;

use hearthline_core::EntityId;

use super::message::{self, Style};
use super::outbox::Out;

mod cause;
mod named;
mod registry;
mod task;

pub use named::FaultKind;

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
    /// Lasting: the token's user is no administrator any more. Subscriptions that are there stay.
    NoAdmin,
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
    /// Once: after the server has written that many more bytes, the connection on which it writes breaks: in the
    /// middle of a frame, or of the handshake.
    CutAfter {
        /// None breaks at the next write.
        bytes: u64,
    },
    /// Lasting: each new connection breaks once the server has written that many bytes on it.
    CutEach {
        /// An answer to the upgrade has about 130.
        bytes: u64,
    },
    /// Lasting: the line takes so many bytes a second from the server, over each connection. Who sits behind one that is
    /// too slow is cut off as a slow client.
    Throttle {
        /// More than 20.
        bytes_per_second: u64,
    },
    /// Lasting: the server writes once in so long, all that waits: arrays to those who asked for them.
    Bursts(Duration),
    /// Lasting: one message a frame, also to those who asked for arrays.
    SingleFrames,
    /// Once: the next command of that type is not answered, the connection ends in its place.
    DropOn {
        /// As in `subscribe_events`.
        command: String,
        /// How.
        ending: Ending,
    },
    /// Lasting: commands of that type are refused.
    RefuseCommand(String),
    /// Lasting: commands of that type are taken and never answered.
    IgnoreCommand(String),
    /// Once: the next command is refused as `id_reuse`, whatever its id.
    IdReuse,
    /// Lasting: the address is banned: HTTP 403, also with the right token.
    Ban,
    /// Lasting: HTTP 502, as the supervisor or a proxy answers while the server is away. What is connected stays.
    BadGateway,
    /// The server restarts again and again: a quarter of the time away, a quarter starting, and half of it there.
    RestartStorm {
        /// How often.
        times: u32,
        /// From one stop to the next.
        every: Duration,
    },
    /// So many entities with attributes of 16,000 bytes appear that `get_states` has that many bytes.
    LargeStates {
        /// 40 MB are a very large house.
        bytes: usize,
    },
    /// Lasting: the server's clock is ahead by so many microseconds, or behind where negative. Another value, or the end,
    /// is a jump.
    ClockSkew {
        /// The house lives on in true time.
        micros: i64,
    },
    /// The entity says the same with attributes of other types: a number is text, text is a truth value, a truth value is
    /// text.
    TypeFlip(EntityId),
    /// The entity is removed.
    Remove(EntityId),
    /// The entity gets another id: `entity_registry_updated`, a removal, a new entity. Its history moves with it.
    Rename {
        /// The id of today.
        from: EntityId,
        /// One that nothing has.
        to: EntityId,
    },
    /// Two entities exchange their ids, by way of a third one. History stays where it cannot follow.
    Swap(EntityId, EntityId),
    /// The entity goes for good, and another one gets its id: a removal from the registry, one of the state, a new entry, a
    /// new state.
    Recreate(EntityId),
    /// The entity is put into another area than its device.
    Move {
        /// Which.
        entity: EntityId,
        /// The area's id.
        area: String,
    },
    /// The entity has this label and no other.
    Label {
        /// Which.
        entity: EntityId,
        /// The label's id.
        label: String,
    },
    /// The entity says what it says in another unit; the number stays.
    Unit {
        /// Which.
        entity: EntityId,
        /// `unit_of_measurement`.
        unit: String,
    },
    /// Two changes of the entity in one microsecond: it becomes `unavailable`, then what it was. Both have the same
    /// `last_updated`.
    SameInstant(EntityId),
    /// Lasting: the entity's device reports nothing. What it said last stays, and Home Assistant says nothing of it.
    Silence(EntityId),
    /// Lasting: there is no recorder. Its commands and those of history are unknown, and what is fired meanwhile is in no
    /// history, ever.
    NoRecorder,
    /// Lasting: an answer from history takes so long. Other answers come in the meantime.
    SlowHistory(Duration),
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
