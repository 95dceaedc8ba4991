//! A row as the tests need one.

use hearthline_core::{Seq, StateRow, Timestamp};

/// A live state of an entity, that was just as long, with attributes and without anything else.
pub(super) fn row(at: Timestamp, entity_id: &str, state: &str, attributes: &str) -> StateRow {
    StateRow { seq: Seq(1), attributes: Some(attributes.into()), ..StateRow::new(at, entity_id, state) }
}
