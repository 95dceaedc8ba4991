//! What rows know beside their state: where their entity belongs, and the weather of their time.
//!
//! The context of a record is what all records before it in the log say, looked up by the time of the record itself. So
//! a replay of the log gives the same rows, and a state that is fetched from history later gets the weather and the room
//! of its own time. It is kept for [`DAYS`], which is a day more than Home Assistant's history goes back by default.

mod entities;
mod weather;

use std::time::Duration;

use hearthline_core::{Seq, Timestamp};
use hearthline_log::{Log, LogError};
use serde::{Deserialize, Serialize};

pub use self::entities::{Entities, Version};
pub use self::weather::{ABSENT, STALE, Weather};
use crate::record::Record;
use crate::replay::since_checkpoint;

/// How far back a row finds its context.
pub const DAYS: Duration = Duration::from_secs(11 * 86_400);

/// The context of records: a fold over the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Which entities there are.
    pub entities: Entities,
    /// How the weather was.
    pub weather: Weather,
}

impl Context {
    /// Takes one record into account.
    pub fn apply(&mut self, record: &Record<'_>) {
        match record {
            Record::Entity(record) => self.entities.apply(record),
            Record::Weather(record) => self.weather.apply(record),
            Record::Context(context) => self.clone_from(context),
            _ => {}
        }
    }

    /// The context of the record after `end`: folded from the last checkpoint before it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn replay(log: &Log, end: Seq) -> Result<Self, LogError> {
        let mut context = Self::default();
        since_checkpoint(log, end, |batch, end| {
            for (_, _, bytes) in batch.records().take_while(|(seq, ..)| *seq <= end) {
                if let Ok(record) = Record::decode(bytes) {
                    context.apply(&record);
                }
            }
        })?;
        Ok(context)
    }

    /// Forgets what no record needs that is not older than [`DAYS`].
    pub fn forget(&mut self, now: Timestamp) {
        let before = now.minus(DAYS);
        self.entities.forget(before);
        self.weather.forget(before);
    }
}
