//! Faults by the words that a person writes: a name, and keys with values. Scenario files, flags, the control port and
//! the demonstration share them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use super::{Ending, Fault, Garbage};
use crate::words;

/// A kind of fault.
#[derive(Clone, Copy)]
pub struct FaultKind {
    /// As in `half-open`.
    pub name: &'static str,
    /// What it can be given, with what holds otherwise; nothing holds otherwise where that is empty.
    pub keys: &'static [(&'static str, &'static str)],
    /// What happens.
    pub says: &'static str,
    make: fn(&Given<'_>) -> Result<Fault, String>,
}

/// What a fault was given.
struct Given<'g> {
    kind: &'g FaultKind,
    pairs: &'g [(&'g str, &'g str)],
}

type Keys = &'static [(&'static str, &'static str)];

const fn kind(
    name: &'static str,
    keys: Keys,
    says: &'static str,
    make: fn(&Given<'_>) -> Result<Fault, String>,
) -> FaultKind {
    FaultKind { name, keys, says, make }
}

const ENDING: (&str, &str) = ("ending", "eof");
const ENTITY: (&str, &str) = ("entity", "");
const COMMAND: (&str, &str) = ("command", "");

/// All, in the order of: the network, connecting, the process, frames and events, the house, history.
const KINDS: [FaultKind; 43] = [
    kind("drop", &[ENDING], "every connection ends (eof or close)", |g| Ok(Fault::Drop(g.ending()?))),
    kind("half-open", &[], "lines are open and dead in both directions; lasts", |_| Ok(Fault::HalfOpen)),
    kind("cut", &[("bytes", "1000")], "the connection breaks so many bytes further on", |g| {
        Ok(Fault::CutAfter { bytes: g.value("bytes")? })
    }),
    kind("cut-each", &[("bytes", "60")], "each new connection breaks after so many bytes; lasts", |g| {
        Ok(Fault::CutEach { bytes: g.value("bytes")? })
    }),
    kind("throttle", &[("bytes_per_second", "20000")], "the line is that slow; lasts", |g| {
        Ok(Fault::Throttle { bytes_per_second: g.value("bytes_per_second")? })
    }),
    kind("away", &[], "no new connection is taken; lasts", |_| Ok(Fault::Refuse)),
    kind("bad-gateway", &[], "a new connection is answered HTTP 502; lasts", |_| Ok(Fault::BadGateway)),
    kind("ban", &[], "the address is banned, HTTP 403; lasts", |_| Ok(Fault::Ban)),
    kind("token", &[], "the token is revoked; lasts", |_| Ok(Fault::RevokeToken)),
    kind("no-admin", &[], "the token's user is no administrator any more; lasts", |_| Ok(Fault::NoAdmin)),
    kind("flap", &[], "each new connection is closed half a second after it was let in; lasts", |_| {
        Ok(Fault::CloseAfterAuth)
    }),
    kind(
        "drop-on",
        &[("command", "subscribe_events"), ENDING],
        "the next such command is not answered, the connection ends",
        |g| Ok(Fault::DropOn { command: g.text("command")?.into(), ending: g.ending()? }),
    ),
    kind("refuse-command", &[COMMAND], "such commands are refused; lasts", |g| {
        Ok(Fault::RefuseCommand(g.text("command")?.into()))
    }),
    kind("ignore-command", &[COMMAND], "such commands are never answered; lasts", |g| {
        Ok(Fault::IgnoreCommand(g.text("command")?.into()))
    }),
    kind("id-reuse", &[], "the next command is refused as id_reuse", |_| Ok(Fault::IdReuse)),
    kind(
        "restart",
        &[("down", "5s"), ("starting", "5s"), ("killed", "false")],
        "the server restarts: away, then starting; killed, without a farewell or a last commit",
        restart,
    ),
    kind(
        "kill",
        &[("down", "5s"), ("starting", "5s"), ("killed", "true")],
        "the server is killed and started again; what its recorder had not committed is gone",
        restart,
    ),
    kind(
        "starting",
        &[("down", "3s"), ("starting", "90s"), ("killed", "false")],
        "the server restarts and takes long until it is RUNNING",
        restart,
    ),
    kind("restart-storm", &[("times", "5"), ("every", "12s")], "the server restarts again and again", |g| {
        Ok(Fault::RestartStorm { times: g.value("times")?, every: g.duration("every")? })
    }),
    kind("slow-pong", &[("by", "5s")], "every answer is so late; lasts", |g| {
        Ok(Fault::SlowPong(g.duration("by")?))
    }),
    kind("bursts", &[("every", "1s")], "what is sent is sent once in so long, as arrays; lasts", |g| {
        Ok(Fault::Bursts(g.duration("every")?))
    }),
    kind("single-frames", &[], "one message a frame, whatever was asked for; lasts", |_| {
        Ok(Fault::SingleFrames)
    }),
    kind("odd-key-order", &[], "keys come in reverse; lasts", |_| Ok(Fault::OddKeyOrder)),
    kind("unknown-keys", &[], "keys come that no release has; lasts", |_| Ok(Fault::UnknownKeys)),
    kind(
        "garbage",
        &[("kind", "not-json")],
        "a frame that is none (not-json, no-entity-id, bad-time or binary)",
        |g| g.garbage().map(Fault::Garbage),
    ),
    kind("swallow", &[ENTITY], "the entity's next two events are dropped in silence", |g| {
        Ok(Fault::Swallow(g.text("entity")?.into()))
    }),
    kind("duplicate", &[], "the next event is sent twice", |_| Ok(Fault::Duplicate)),
    kind(
        "storm",
        &[("per_second", "500"), ("lasting", "20s"), ("attribute_bytes", "200")],
        "so many events a second",
        |g| {
            Ok(Fault::Storm {
                per_second: g.value("per_second")?,
                lasting: g.duration("lasting")?,
                attribute_bytes: g.value("attribute_bytes")?,
            })
        },
    ),
    kind("large-attribute", &[("bytes", "20000000")], "an attribute of so many bytes", |g| {
        Ok(Fault::LargeAttribute { bytes: g.value("bytes")? })
    }),
    kind("large-states", &[("bytes", "40000000")], "entities appear until all states are that large", |g| {
        Ok(Fault::LargeStates { bytes: g.value("bytes")? })
    }),
    kind("clock", &[("by", "1h")], "the server's clock is ahead, or behind as in -1h; lasts", |g| {
        words::micros(g.text("by")?).map(|micros| Fault::ClockSkew { micros })
    }),
    kind("type-flip", &[ENTITY], "the entity's attributes come with other types", |g| {
        Ok(Fault::TypeFlip(g.text("entity")?.into()))
    }),
    kind("remove", &[ENTITY], "the entity is removed", |g| Ok(Fault::Remove(g.text("entity")?.into()))),
    kind("rename", &[("from", ""), ("to", "")], "the entity gets another id", |g| {
        Ok(Fault::Rename { from: g.text("from")?.into(), to: g.text("to")?.into() })
    }),
    kind("swap", &[("from", ""), ("to", "")], "the two entities exchange their ids", |g| {
        Ok(Fault::Swap(g.text("from")?.into(), g.text("to")?.into()))
    }),
    kind("recreate", &[ENTITY], "the entity goes, and another one gets its id", |g| {
        Ok(Fault::Recreate(g.text("entity")?.into()))
    }),
    kind("move", &[ENTITY, ("area", "attic")], "the entity is put into another area", |g| {
        Ok(Fault::Move { entity: g.text("entity")?.into(), area: g.text("area")?.into() })
    }),
    kind("label", &[ENTITY, ("label", "energy")], "the entity gets this label and no other", |g| {
        Ok(Fault::Label { entity: g.text("entity")?.into(), label: g.text("label")?.into() })
    }),
    kind("unit", &[ENTITY, ("unit", "°F")], "the entity speaks in another unit", |g| {
        Ok(Fault::Unit { entity: g.text("entity")?.into(), unit: g.text("unit")?.into() })
    }),
    kind("same-instant", &[ENTITY], "the entity changes twice in one microsecond", |g| {
        Ok(Fault::SameInstant(g.text("entity")?.into()))
    }),
    kind("silence", &[ENTITY], "the entity's device reports nothing; lasts", |g| {
        Ok(Fault::Silence(g.text("entity")?.into()))
    }),
    kind("no-recorder", &[], "there is no recorder and no history; lasts", |_| Ok(Fault::NoRecorder)),
    kind("slow-history", &[("by", "20s")], "history answers that late; lasts", |g| {
        Ok(Fault::SlowHistory(g.duration("by")?))
    }),
];

fn restart(given: &Given<'_>) -> Result<Fault, String> {
    Ok(Fault::Restart {
        down: given.duration("down")?,
        starting: given.duration("starting")?,
        killed: given.value("killed")?,
    })
}

impl Fault {
    /// Every kind that there is, in the order in which they are shown.
    #[must_use]
    pub fn kinds() -> &'static [FaultKind] {
        &KINDS
    }

    /// The fault of that name with these keys and values.
    ///
    /// # Errors
    /// What is wrong with them and what to write, in words.
    pub fn named(name: &str, pairs: &[(&str, &str)]) -> Result<Self, String> {
        let names = || KINDS.iter().map(|kind| kind.name);
        let kind = KINDS.iter().find(|kind| kind.name == name);
        let kind = kind.ok_or_else(|| words::unknown("fault", name, names()))?;
        let keys = || kind.keys.iter().map(|(key, _)| *key);
        if let Some((key, _)) = pairs.iter().find(|(key, _)| keys().all(|known| known != *key)) {
            return Err(words::unknown(&format!("key of {name}"), key, keys()));
        }
        (kind.make)(&Given { kind, pairs })
    }

    /// The same as one line: `restart down=15s killed=true`.
    ///
    /// # Errors
    /// As above.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut parts = line.split([' ', ',']).filter(|part| !part.is_empty());
        let name = parts.next().ok_or("write the name of a fault")?;
        let pairs: Result<Vec<_>, _> = parts
            .map(|part| part.split_once('=').ok_or_else(|| format!("{part:?}: write it as KEY=VALUE")))
            .collect();
        Self::named(name, &pairs?)
    }

    /// Whether it stays until it is ended.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Refuse
                | Self::HalfOpen
                | Self::CloseAfterAuth
                | Self::RevokeToken
                | Self::NoAdmin
                | Self::SlowPong(_)
                | Self::OddKeyOrder
                | Self::UnknownKeys
                | Self::CutEach { .. }
                | Self::Throttle { .. }
                | Self::Bursts(_)
                | Self::SingleFrames
                | Self::RefuseCommand(_)
                | Self::IgnoreCommand(_)
                | Self::Ban
                | Self::BadGateway
                | Self::ClockSkew { .. }
                | Self::Silence(_)
                | Self::NoRecorder
                | Self::SlowHistory(_)
        )
    }
}

impl FaultKind {
    /// How it is written: `restart [down=5s] [starting=5s] [killed=false]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let key = |(key, default): &(&str, &str)| match *default {
            "" => format!(" {key}=…"),
            default => format!(" [{key}={default}]"),
        };
        self.name.to_owned() + &self.keys.iter().map(key).collect::<String>()
    }
}

impl Given<'_> {
    fn text(&self, key: &str) -> Result<&str, String> {
        let named = |(known, value): &(_, _)| if *known == key { Some(*value) } else { None };
        let value = self.pairs.iter().find_map(named).or_else(|| self.kind.keys.iter().find_map(named));
        value.filter(|value| !value.is_empty()).ok_or_else(|| format!("{} needs {key}=…", self.kind.name))
    }

    fn value<T: FromStr<Err: Display>>(&self, key: &str) -> Result<T, String> {
        let text = self.text(key)?;
        text.parse().map_err(|error| format!("{key}: {text:?} ({error})"))
    }

    fn duration(&self, key: &str) -> Result<Duration, String> {
        words::duration(self.text(key)?).map_err(|error| format!("{key}: {error}"))
    }

    fn ending(&self) -> Result<Ending, String> {
        match self.text("ending")? {
            "eof" => Ok(Ending::Eof),
            "close" => Ok(Ending::Close),
            other => Err(words::unknown("ending", other, ["eof", "close"])),
        }
    }

    fn garbage(&self) -> Result<Garbage, String> {
        match self.text("kind")? {
            "not-json" => Ok(Garbage::NotJson),
            "no-entity-id" => Ok(Garbage::NoEntityId),
            "bad-time" => Ok(Garbage::BadTime),
            "binary" => Ok(Garbage::Binary),
            other => Err(words::unknown(
                "kind of garbage",
                other,
                ["not-json", "no-entity-id", "bad-time", "binary"],
            )),
        }
    }
}

#[cfg(test)]
mod tests;
