//! What was set aside because it could not be understood, and how a person settles it.
//!
//! A record is *retried*: its bytes are read again as this release reads them, and what they say is offered to the producer
//! as if it had just arrived. Or it is *dropped*: it is not worth more. Both are records of the log, so every fold knows
//! them, and both leave the bytes where they are: a settled record is only left out of the list of what waits.
//!
//! # Conservation
//!
//! A record that was set aside stays counted as quarantined for ever, whatever becomes of it. A retry that is understood is
//! an offer of its own: it is received a second time, and ends as filtered, duplicate or logged, and where it is logged as
//! delivered or collapsed in each sink. A settlement itself is no event. So both equations hold at every moment, and what
//! waits is `quarantined - settled`.

use std::ops::ControlFlow;

use hearthline_core::{QuarantineRow, Seq, Settlement, Timestamp};
use hearthline_store::{QuarantineQuery, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::ingest::Ingest;
use crate::sources::home_assistant::wire::{self, Event, Message, State, WireError};

/// Records and bytes of one order: the reader has events to take in between.
pub const ORDER: (usize, usize) = (100, 1 << 20);

/// What is to be done with which records.
#[derive(Clone, Debug)]
pub struct Settle {
    /// Retry or drop.
    pub how: Settlement,
    /// The records, as they were set aside.
    pub rows: Vec<QuarantineRow>,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub seq: Seq,
    /// In one word.
    pub outcome: Outcome,
    /// Why it was not understood.
    pub reason: Option<String>,
}

/// What became of a record, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was understood and is in the log.
    Recorded,
    /// It was understood, and held already.
    Duplicate,
    /// It was understood, and the settings leave its entity out.
    Filtered,
    /// It was not understood, and still waits.
    Kept,
    /// It does not wait any more.
    Dropped,
}

/// What bytes say.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and a box costs an allocation")]
pub enum Understood<'a> {
    /// An event.
    Event(Event<'a>),
    /// A state without an event of its own.
    State(State<'a>),
}

/// Reads bytes as this release does: an event, a state, or messages of a frame that are all events.
///
/// # Errors
/// In words: why they say nothing.
pub fn understand(raw: &[u8]) -> Result<Vec<Understood<'_>>, String> {
    let text = std::str::from_utf8(raw).map_err(|error| format!("not text: {error}"))?;
    let no_event = match wire::parse_event(text) {
        Ok(event) => return Ok(vec![Understood::Event(event)]),
        Err(error) => error,
    };
    if let Ok(state) = wire::parse_state(text) {
        return Ok(vec![Understood::State(state)]);
    }
    let mut found = Vec::new();
    for message in wire::messages(text) {
        match message {
            Message::Event(event) => found.push(Understood::Event(event)),
            Message::Undecodable { error: WireError::Incomplete("message", _), .. } => {
                return Err(no_event.to_string());
            }
            Message::Undecodable { error, .. } => return Err(error.to_string()),
            _ => return Err("a message that is no event".into()),
        }
    }
    if found.is_empty() { Err(no_event.to_string()) } else { Ok(found) }
}

/// Records that wait behind a place and are wanted, the oldest first, as many as one order takes.
///
/// # Errors
/// As the store says.
pub fn waiting_behind(
    store: &Store,
    behind: (Timestamp, Seq),
    wanted: impl Fn(&QuarantineRow) -> bool,
) -> Result<Vec<QuarantineRow>, StoreError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    store.quarantined(&QuarantineQuery { from: behind.0, ..QuarantineQuery::WAITING }, |row, _| {
        if (row.ts, row.seq) > behind && wanted(&row) {
            bytes += row.raw.len();
            rows.push(row);
        }
        if rows.len() < ORDER.0 && bytes < ORDER.1 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(rows)
}

impl Settle {
    /// Settles one record after the other.
    ///
    /// # Errors
    /// In words: why the log does not take it. Those before it are settled; a retry or drop of all goes on behind them.
    pub(crate) fn carry_out(self, ingest: &mut Ingest) -> Result<Vec<Settled>, String> {
        let settle = |row: &QuarantineRow| ingest.settle(row, self.how).map_err(|error| error.to_string());
        self.rows.iter().map(settle).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_the_same_in_a_message_of_their_own_in_a_frame_and_alone() {
        let event = r#"{"event_type":"a","data":{},"time_fired":"2026-11-23T12:00:00+00:00"}"#;
        let message = format!(r#"{{"id":2,"type":"event","event":{event}}}"#);
        for (raw, events) in
            [(event.to_owned(), 1), (message.clone(), 1), (format!("[{message},{message}]"), 2)]
        {
            let found = understand(raw.as_bytes()).unwrap();
            assert_eq!(found.len(), events);
            assert!(found.iter().all(|found| matches!(found, Understood::Event(e) if e.event_type == "a")));
        }
        let state = r#"{"entity_id":"a.b","state":"1","attributes":{},"last_changed":"2026-11-23T12:00:00+00:00","last_updated":"2026-11-23T12:00:00+00:00"}"#;
        assert!(
            matches!(&understand(state.as_bytes()).unwrap()[..], [Understood::State(s)] if s.entity_id == "a.b")
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_bytes_are_they_are_read_or_told_why(raw: Vec<u8>, cut in 0_usize..80, put: u8) {
            let mut event = br#"{"id":2,"type":"event","event":{"event_type":"a","data":{},"time_fired":"2026-11-23"}}"#.to_vec();
            if let Some(byte) = event.get_mut(cut) {
                *byte = put;
            }
            event.truncate(cut + 20);
            for raw in [raw, event] {
                if let Err(why) = understand(&raw) {
                    assert!(!why.is_empty());
                }
            }
        }
    }

    #[test]
    fn what_still_says_nothing_is_told_why() {
        for (raw, why) in [
            (&b"\xff"[..], "not text"),
            (b"", "not JSON"),
            (b"nonsense", "not JSON"),
            (b"[]", "event without"),
            (br#"{"event_type":"state_changed","data":{}}"#, "state_changed without entity_id"),
            (br#"{"id":2,"type":"event"}"#, "event without event"),
            (br#"{"id":2,"type":"pong"}"#, "a message that is no event"),
        ] {
            let said = understand(raw).unwrap_err();
            assert!(said.starts_with(why), "{}: {said}", String::from_utf8_lossy(raw));
        }
    }
}
