//! How a row came to be known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a state was learned from. Stored with each row, because a snapshot is not a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Received from the event stream as it happened.
    Live,
    /// Read later from Home Assistant's recorder.
    History,
    /// Read from `get_states`.
    Snapshot,
    /// The `old_state` of an event whose predecessor was never received.
    Chain,
    /// Brought in from another database.
    Import,
}

impl Origin {
    /// All origins, in the order of their discriminants.
    pub const ALL: [Self; 5] = [Self::Live, Self::History, Self::Snapshot, Self::Chain, Self::Import];

    /// The name used in the store, in settings and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::History => "history",
            Self::Snapshot => "snapshot",
            Self::Chain => "chain",
            Self::Import => "import",
        }
    }

    /// The origin of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == name)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
