//! Rows that are read again, to be sent to a place that does not have them: by the numbers of their records, or by time.
//!
//! They come in portions, in the order of tables, days and files, and with everything that a row of the log has: the number
//! of its record and the state before it too. A [`Bookmark`] says where the next portion begins. It names a row and no file, so
//! that it holds after a restart and after files were merged; of what is written meanwhile, only what has a later number is
//! behind a bookmark, and that is no part of what is read again.

mod before;
mod table;

use std::sync::Arc;

use hearthline_core::{EventRow, QuarantineRow, Row, Seq, StateRow, Timestamp, WeatherRow};
use serde::{Deserialize, Serialize};

use self::before::Before;
use crate::record::Record;
use crate::scan::{FileRows, Filter};
use crate::store::Store;
use crate::{StoreError, Table};

/// The tables with rows that go to other places, in the order in which they are read.
const TABLES: [Table; 4] = [Table::States, Table::Events, Table::Quarantine, Table::Weather];

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// What the records after `after` said, up to `through`: all of them have to be in files. Weather observations have no
    /// number; those that came with such a record or later are read.
    Records {
        /// The last that is left out.
        after: Seq,
        /// The last.
        through: Seq,
    },
    /// What happened from an instant on and before another.
    Period {
        /// From this instant on.
        from: Timestamp,
        /// Before this instant.
        to: Timestamp,
    },
}

/// Where the next portion begins: behind a row. The default is before the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    table: Table,
    day: i64,
    /// Of a row that was read; none where the day was not begun.
    row: Option<(String, Timestamp, Seq)>,
}

impl Default for Bookmark {
    fn default() -> Self {
        Self { table: TABLES[0], day: i64::MIN, row: None }
    }
}

/// A part of it.
#[derive(Debug, Default)]
pub struct Portion {
    /// The rows, those of one entity in the order of time.
    pub rows: Vec<Row>,
    /// Where the next one begins; none when this is the last.
    pub next: Option<Bookmark>,
}

/// Reads rows again.
pub struct Reread {
    store: Arc<Store>,
    of: Again,
    before: Before,
    /// Where the portion begins that `before` is about.
    at: Option<Bookmark>,
    damaged: bool,
}

impl Reread {
    /// Of this store.
    #[must_use]
    pub fn new(store: Arc<Store>, of: Again) -> Self {
        Self { store, of, before: Before::default(), at: None, damaged: false }
    }

    /// The rows behind a bookmark: `limit` of them, or less where they are large; and some more where they share a place.
    /// Files that cannot be read are left out. No more than that is in memory, and the pages that are being read of the
    /// files of one day.
    ///
    /// # Errors
    /// As the disk says; the same portion may be asked for again.
    pub fn portion(&mut self, after: &Bookmark, limit: usize) -> Result<Portion, StoreError> {
        if self.at.take().as_ref() != Some(after) {
            self.before = Before::default();
        }
        let mut portion = Portion { rows: Vec::new(), next: Some(after.clone()) };
        while let Some(at) = portion.next.take() {
            let next = match at.table {
                Table::States => self.read_on::<StateRow>(&at, limit, &mut portion.rows)?,
                Table::Events => self.read_on::<EventRow>(&at, limit, &mut portion.rows)?,
                Table::Quarantine => self.read_on::<QuarantineRow>(&at, limit, &mut portion.rows)?,
                Table::Weather => self.read_on::<WeatherRow>(&at, limit, &mut portion.rows)?,
                Table::Latest | Table::Settled | Table::Entities => None,
            };
            let is_full = next.is_some() || portion.rows.len() >= limit;
            portion.next = next.or_else(|| {
                let mut tables = TABLES.into_iter().skip_while(|table| *table != at.table).skip(1);
                tables.next().map(|table| Bookmark { table, ..Bookmark::default() })
            });
            if is_full {
                break;
            }
        }
        self.at.clone_from(&portion.next);
        Ok(portion)
    }

    /// Some file could not be read: what was in it is missing.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// How many events they are. Those that are read by numbers are counted by the log.
    ///
    /// # Errors
    /// As the disk says.
    pub fn events_in_period(store: &Store, from: Timestamp, to: Timestamp) -> Result<u64, StoreError> {
        Ok(count::<StateRow>(store, from, to)?
            + count::<EventRow>(store, from, to)?
            + count::<QuarantineRow>(store, from, to)?)
    }
}

/// The rows of a table within a time. Only their times are read, and those only in files that are not within it as a whole.
fn count<R: Record>(store: &Store, from: Timestamp, to: Timestamp) -> Result<u64, StoreError> {
    let filter = Filter { from, to, ..Filter::ALL };
    let snapshot = store.snapshot::<R>(&filter);
    let mut rows = snapshot.buffered.values().map(|rows| rows.len() as u64).sum();
    for file in &snapshot.files {
        if filter.takes_all_of(file) {
            rows += file.rows;
            continue;
        }
        match FileRows::<R>::open(&store.folder, file, &filter, Some(&["ts"])) {
            Ok(there) => rows += there.map_while(Result::ok).count() as u64,
            Err(StoreError::DamagedFile { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}
