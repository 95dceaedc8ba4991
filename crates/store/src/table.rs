//! The tables, and where their files lie.

use std::fmt;
use std::path::{Path, PathBuf};

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

/// A table. Its number in the manifest is its place here: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Table {
    /// States of entities and their removals.
    States,
    /// Events that are no state change.
    Events,
    /// Records that could not be understood.
    Quarantine,
    /// The last state of each entity: one file, which restates rows of `states`.
    Latest,
    /// Which records of `quarantine` wait no more.
    Settled,
    /// Weather observations.
    Weather,
    /// What was known of each entity from when on: one file, restated when something becomes known.
    Entities,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::States,
        Self::Events,
        Self::Quarantine,
        Self::Latest,
        Self::Settled,
        Self::Weather,
        Self::Entities,
    ];

    /// The name of its folder.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Events => "events",
            Self::Quarantine => "quarantine",
            Self::Latest => "latest",
            Self::Settled => "settled",
            Self::Weather => "weather",
            Self::Entities => "entities",
        }
    }

    /// Whether its one file says again what is known otherwise, and is written anew now and then.
    #[must_use]
    pub fn is_restated(self) -> bool {
        !self.is_by_day()
    }

    /// Whether it has a folder for each day.
    pub(crate) fn is_by_day(self) -> bool {
        !matches!(self, Self::Latest | Self::Entities)
    }

    /// Where the files of a day lie.
    pub(crate) fn partition(self, store: &Path, day: i64) -> PathBuf {
        let table = store.join(self.as_str());
        if self.is_by_day() {
            table.join(format!("date={}", Timestamp::start_of_day(day).date()))
        } else {
            table
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
