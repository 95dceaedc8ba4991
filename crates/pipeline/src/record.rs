//! The shapes of a log record.
//!
//! # Format
//!
//! A record is one [`Record`], written with `postcard`: the number of the variant as a varint, then its fields in
//! order; integers as varints (signed ones zigzag), text and bytes with their length before them. A variant is never
//! changed or moved once released; a new shape is a new variant at the end, so that every release reads every log.
//!
//! # What is kept of an event
//!
//! A live state change is kept as Home Assistant sent it, less two things: `old_state` is cut out (the record before it
//! of the same entity is that state; where it is not, the `old_state` is logged first, as a record of its own), and
//! values of keys such as `password` are masked. Unknown keys of later releases stay.

use std::borrow::Cow;

use hearthline_core::{
    Change, ChangeKind, EntityId, EntityInfo, Observation, Origin, Seq, Settlement, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::counters::Counters;
use crate::gaps::{Gap, Totals};

/// One log record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A state of an entity, or its removal.
    #[serde(borrow)]
    State(StateRecord<'a>),
    /// An event other than a state change.
    #[serde(borrow)]
    Event(EventRecord<'a>),
    /// Something that could not be understood, with its bytes.
    #[serde(borrow)]
    Undecodable(UndecodableRecord<'a>),
    /// All that the records before say together. The first record of each segment.
    Checkpoint(Checkpoint),
    /// A gap was opened or changed; the newest record of an id holds.
    Gap(Gap),
    /// A connection was authenticated and subscribed.
    #[serde(borrow)]
    Connected(ConnectedRecord<'a>),
    /// A record that was set aside waits no more.
    Settled(SettledRecord),
    /// A weather observation.
    #[serde(borrow)]
    Weather(WeatherRecord<'a>),
    /// What is known of an entity from an instant on.
    #[serde(borrow)]
    Entity(EntityRecord<'a>),
    /// All that the records before say about the context of rows. Stands right behind a checkpoint.
    Context(Box<Context>),
}

/// A state of an entity, or its removal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateRecord<'a> {
    /// How it is known.
    pub origin: Origin,
    /// When it arrived.
    pub received: Timestamp,
    /// `last_updated`; `time_fired` for a removal.
    pub ts: Timestamp,
    /// See [`hearthline_core::StateRow::tie`].
    pub tie: u8,
    /// The entity was removed.
    pub removed: bool,
    /// An old state that Home Assistant put back after a restart.
    pub restored: bool,
    /// Older than the state that was held when it came, and no successor of it.
    pub late: bool,
    /// The text of the state before.
    #[serde(borrow)]
    pub old_state: Option<Cow<'a, str>>,
    /// Which entity.
    #[serde(borrow)]
    pub entity_id: Cow<'a, str>,
    /// JSON: the event without its `old_state` for [`Origin::Live`], else the state object.
    #[serde(borrow)]
    pub raw: Cow<'a, str>,
}

/// An event other than a state change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord<'a> {
    /// When it arrived.
    pub received: Timestamp,
    /// The whole event, JSON.
    #[serde(borrow)]
    pub raw: Cow<'a, str>,
}

/// Something that could not be understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndecodableRecord<'a> {
    /// When it arrived.
    pub received: Timestamp,
    /// What is wrong with it.
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    /// The bytes.
    #[serde(borrow)]
    pub raw: Cow<'a, [u8]>,
}

/// A connection was authenticated and subscribed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedRecord<'a> {
    /// When.
    pub at: Timestamp,
    /// Home Assistant's version.
    #[serde(borrow)]
    pub ha_version: Cow<'a, str>,
}

/// A record that was set aside waits no more. What its bytes said when read again stands in the records just before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledRecord {
    /// The record that was set aside.
    pub seq: Seq,
    /// When that one arrived.
    pub received: Timestamp,
    /// What was decided.
    pub how: Settlement,
    /// When.
    pub at: Timestamp,
    /// `time_fired` of the last live event, which what was read again is not.
    pub last_fired: Option<Timestamp>,
}

/// A weather observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeatherRecord<'a> {
    /// When it was had.
    pub received: Timestamp,
    /// Who observed it, as in the settings.
    #[serde(borrow)]
    pub provider: Cow<'a, str>,
    /// Which entity or place it is of.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// What was observed.
    pub observation: Observation,
}

/// What is known of an entity from an instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityRecord<'a> {
    /// From when on: `time_fired` of the event that said so, else when it was seen.
    pub at: Timestamp,
    /// When it was seen.
    pub received: Timestamp,
    /// What is known; of one that has gone, what was known.
    pub info: Cow<'a, EntityInfo>,
    /// It has gone from the registry.
    pub removed: bool,
    /// What is different from the record before it about the same entity.
    pub changes: Vec<Change>,
}

impl EntityRecord<'_> {
    /// Whether the entity has another name.
    #[must_use]
    pub fn is_renaming(&self) -> bool {
        self.changes.iter().any(|change| change.what == ChangeKind::Renamed)
    }
}

/// All that the records before say together, so that a reader can start here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last state of each entity.
    pub entities: Vec<HeldEntity>,
    /// The open gaps, and the newest closed ones.
    pub gaps: Vec<Gap>,
    /// Every gap ever, counted.
    pub gap_totals: Totals,
    /// Which entities changed in an open gap, by the gap's id.
    pub moved: Vec<(u64, Vec<(EntityId, Moved)>)>,
    /// Entities that went while nothing was heard, and of which history has nothing: named once.
    pub unknown: Vec<EntityId>,
    /// The counters.
    pub counters: Counters,
    /// `time_fired` of the last live event.
    pub last_fired: Option<Timestamp>,
}

/// What is known of an entity that changed in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Since when nothing is known: that may be long before the gap, if its last event was never sent.
    pub since: Timestamp,
    /// A state of it was held before: without that, it may have appeared only after the gap.
    pub known: bool,
    /// A state of it from the gap that was had without its event. History has it too, unless it has a hole.
    pub proof: Option<Timestamp>,
}

/// What is held of an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldEntity {
    /// Which.
    pub entity_id: EntityId,
    /// Its last state.
    pub held: Held,
}

/// The last state of an entity, as far as needed to recognise it and its successor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `last_updated`; `time_fired` of a removal.
    pub ts: Timestamp,
    /// Of the last one with this `ts`.
    pub tie: u8,
    /// How it is known.
    pub origin: Origin,
    /// The text; none after a removal.
    pub state: Option<Box<str>>,
    /// Of text and attributes as received.
    pub content: u64,
}

impl<'a> Record<'a> {
    /// Appends the record's bytes to `out`.
    ///
    /// # Errors
    /// Only when memory for it cannot be had.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        postcard::to_io(self, out).map(|_| ()).map_err(RecordError)
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// When the bytes are of no shape that this release knows.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        postcard::from_bytes(bytes).map_err(RecordError)
    }

    /// Whether the record counts as an event, in `pending` and in the ledger of each sink.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self, Self::State(_) | Self::Event(_) | Self::Undecodable(_))
    }
}

/// A log record of an unknown shape.
#[derive(Debug, thiserror::Error)]
#[error("log record of an unknown shape: {0}")]
pub struct RecordError(postcard::Error);

/// `event` without its `old_state`, a part of it. Returned as it is when the key is not where it should be.
#[must_use]
pub fn without_old_state<'a>(event: &'a str, old_state: &str) -> Cow<'a, str> {
    cut_member(event, old_state, "\"old_state\"").map_or(Cow::Borrowed(event), Cow::Owned)
}

/// Cuts `key: value` and one comma beside it. `value` has to be a slice of `text`.
fn cut_member(text: &str, value: &str, key: &str) -> Option<String> {
    let start = (value.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..start)?.trim_end().strip_suffix(':')?.trim_end().strip_suffix(key)?;
    let after = text.get(start + value.len()..)?;
    let spaceless = before.trim_end();
    let (before, after) = match spaceless.strip_suffix(',') {
        Some(before) => (before, after),
        None => (spaceless, after.trim_start().strip_prefix(',').unwrap_or(after)),
    };
    Some([before, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_state_is_cut_with_its_comma_wherever_it_stands() {
        for (event, rest) in [
            (r#"{"a":1,"old_state":{"x":[1,2]},"new_state":2}"#, r#"{"a":1,"new_state":2}"#),
            (r#"{"old_state":{"x":[1,2]},"new_state":2}"#, r#"{"new_state":2}"#),
            (r#"{"new_state": 2 , "old_state" : {"x":[1,2]} }"#, r#"{"new_state": 2  }"#),
            (r#"{ "old_state" : {"x":[1,2]} }"#, r"{ }"),
        ] {
            let start = event.find(r#"{"x""#).unwrap();
            let old = &event[start..=start + event[start..].find('}').unwrap()];
            assert_eq!(without_old_state(event, old), rest, "{event}");
        }
    }

    #[test]
    fn a_value_that_is_no_part_of_the_event_cuts_nothing() {
        let event = r#"{"old_state":1}"#;
        assert_eq!(without_old_state(event, "1"), event);
    }

    #[test]
    fn a_settlement_is_the_seventh_variant_and_has_the_bytes_of_the_format() {
        let record = Record::Settled(SettledRecord {
            seq: Seq(300),
            received: Timestamp(1),
            how: Settlement::Dropped,
            at: Timestamp(-1),
            last_fired: None,
        });
        let mut bytes = Vec::new();
        record.encode(&mut bytes).unwrap();
        assert_eq!(bytes, [6, 0xac, 2, 2, 1, 1, 0]);
        assert_eq!(Record::decode(&bytes).unwrap(), record);
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = Record::State(StateRecord {
            origin: Origin::Live,
            received: Timestamp(5),
            ts: Timestamp(-3),
            tie: 1,
            removed: false,
            restored: true,
            late: false,
            old_state: Some("off".into()),
            entity_id: "light.kitchen".into(),
            raw: "{}".into(),
        });
        let mut bytes = Vec::new();
        record.encode(&mut bytes).unwrap();
        assert_eq!(Record::decode(&bytes).unwrap(), record);
        Record::decode(&bytes[..bytes.len() - 1]).unwrap_err();
    }
}
