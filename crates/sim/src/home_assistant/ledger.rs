//! What was fired, for a comparison to the row.
//!
//! As text it is NDJSON, one event a line, in the order in which they were fired:
//!
//! | key | |
//! | --- | --- |
//! | `order` | from 1, without a gap |
//! | `entity_id` | as it was when the event was fired |
//! | `last_updated` | microseconds since 1970, UTC; of a removal, when it was fired |
//! | `last_changed` | the same; null for a removal |
//! | `state` | the text; null for a removal |
//! | `attributes` | FNV-1a of the attributes' JSON text as it was sent, 64 bits, 16 hexadecimal digits; null for a removal |
//! | `delivered` | whether it was sent to those who had subscribed then: what cannot be made JSON is not |
//! | `in_history` | whether the server's own history has the row now |

use std::io;
use std::path::Path;

use hearthline_core::Fs;
use serde_json::json;

use super::HomeAssistant;
use crate::house::Fired;

/// An event that was fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// From 1, without a gap, over all events of the server.
    pub order: u64,
    /// The event.
    pub fired: Fired,
    /// Whether the server's own history has it now: committed, not excluded, not lost with the process.
    pub in_history: bool,
}

impl LedgerEntry {
    /// One line, without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Fired { entity_id, time_fired, new_state, .. } = &self.fired;
        let state = new_state.as_deref();
        json!({
            "order": self.order, "entity_id": entity_id.as_str(), "last_updated": time_fired.0,
            "last_changed": state.map(|s| s.last_changed.0), "state": state.map(|s| &*s.state),
            "attributes": state.map(|s| format!("{:016x}", hash(&s.attributes))),
            "delivered": self.fired.deliverable(), "in_history": self.in_history,
        })
        .to_string()
    }
}

/// FNV-1a: the same in every language in five lines.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl HomeAssistant {
    /// Every `state_changed` that was fired, in order, with whether history has it; as far back as
    /// [`Options::keep`](super::Options::keep).
    #[must_use]
    pub fn ledger_entries(&self) -> Vec<LedgerEntry> {
        self.0.world.lock().recorder.entries(self.now())
    }

    /// The same as text.
    #[must_use]
    pub fn ledger_lines(&self) -> String {
        self.ledger_entries().iter().fold(String::new(), |text, entry| text + &entry.to_json() + "\n")
    }

    /// Writes the text to a file, whole or not at all. Answers with the number of lines.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn save_ledger(&self, fs: &dyn Fs, path: &Path) -> io::Result<usize> {
        let text = self.ledger_lines();
        fs.write_atomic(path, text.as_bytes())?;
        Ok(text.lines().count())
    }
}
