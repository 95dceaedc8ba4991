//! How much room the disk has, and for how many days: by how much the store has grown on the days that are over.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use hearthline_core::{Fs, Timestamp};
use hearthline_store::Depth;

use crate::status::DiskFull;

/// The latest days over which growth is measured.
const DAYS: usize = 7;
const DAY: Duration = Duration::from_hours(24);
/// With less time than this until the disk is full, data is about to be lost: nobody may look at it on the next day.
pub const ABOUT_TO: Duration = Duration::from_hours(48);
/// With less time than this it is told, if nobody says otherwise: time enough to buy a disk.
pub const SOON: Duration = Duration::from_hours(30 * 24);
/// What a person can do about it.
pub const TODO: &str = "make room, or keep less: retention = \"365d\" under [store], max_bytes under [log]";

/// What is looked at, and what the settings say of it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Holds the log and the store.
    pub data_dir: PathBuf,
    /// Bytes that stay free on the disk.
    pub min_free: u64,
    /// Bytes that the log may have.
    pub log_max_bytes: u64,
    /// How long rows are kept; none means for ever.
    pub retention: Option<Duration>,
}

/// The room at one moment, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Can still be written.
    pub free: u64,
    /// Stays free.
    pub kept_free: u64,
    /// What the log has.
    pub log: u64,
    /// What the log may have.
    pub log_max: u64,
    /// What the store has; none where its manifest cannot be read.
    pub store: Option<u64>,
    /// By how much the store grows a day; none where no day is over, or where it lets go of as much as it takes.
    pub growth: Option<u64>,
    /// Days over which that was measured.
    pub measured: usize,
    /// Whole days until the disk is full at that rate; none where it does not fill.
    pub days_left: Option<u32>,
}

impl Space {
    /// What is free is to stay free.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.free <= self.kept_free
    }

    /// Whole days until the disk is full; none where it does not fill.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let days = if self.is_full() { 0 } else { self.days_left? };
        Some(DAY * days)
    }

    /// When the disk is full, if that is sooner than `soon`.
    #[must_use]
    pub fn full(&self, soon: Duration, now: Timestamp) -> Option<DiskFull> {
        let left = self.left().filter(|left| *left < soon)?;
        Some(DiskFull { at: now.plus(left).to_string(), left_s: left.as_secs() })
    }
}

impl Place {
    /// Looks. Waits for the disk: the manifest of the store is read.
    ///
    /// # Errors
    /// When the disk does not say how much is free.
    pub fn measure(&self, fs: &dyn Fs, now: Timestamp) -> io::Result<Space> {
        let free = fs.free_space(&self.data_dir)?;
        let log =
            fs.read_dir(&self.data_dir.join("log")).unwrap_or_default().iter().map(|entry| entry.len).sum();
        let store =
            hearthline_store::check(fs, &self.data_dir.join("store"), Depth::Manifest, &mut || true).ok();
        let days = store.as_ref().map(|store| &store.days);
        let over = days.into_iter().flatten().rev().filter(|(date, _)| **date < now.date()).take(DAYS);
        let over: Vec<u64> = over.map(|(_, bytes)| *bytes).collect();
        let first = days.and_then(|days| days.keys().next());
        let growth = if over.is_empty() || self.is_bounded(first, now) {
            None
        } else {
            Some(over.iter().sum::<u64>() / over.len() as u64)
        };
        let spare = free.saturating_sub(self.min_free).saturating_sub(self.log_max_bytes.saturating_sub(log));
        let days_left = growth.and_then(|growth| spare.checked_div(growth));
        Ok(Space {
            free,
            kept_free: self.min_free,
            log,
            log_max: self.log_max_bytes,
            store: store.as_ref().map(|store| store.bytes),
            growth,
            measured: over.len(),
            days_left: days_left.map(|days| u32::try_from(days).unwrap_or(u32::MAX)),
        })
    }

    /// A store that has let go of days already grows by nothing.
    fn is_bounded(&self, first: Option<&String>, now: Timestamp) -> bool {
        self.retention.is_some_and(|kept| first.is_some_and(|first| *first <= now.minus(kept).date()))
    }
}

#[cfg(test)]
mod tests;
