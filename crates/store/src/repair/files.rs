//! Files that cannot be read: out of the manifest, and what is known of their rows from elsewhere into a new file.

use std::path::PathBuf;
use std::sync::Arc;

use hearthline_core::{
    EntityRow, EventRow, QuarantineRow, Row, Seq, SettledRow, StateRow, Timestamp, WeatherRow,
};
use serde::{Deserialize, Serialize};

use crate::manifest::FileEntry;
use crate::record::Record;
use crate::store::Store;
use crate::{StoreError, Table};

/// A file that the manifest names and that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadFile {
    /// Its number, never used twice.
    pub id: u64,
    /// Of which table.
    pub table: Table,
    /// The UTC day, counted from 1970-01-01.
    pub day: i64,
    /// Where it lies, relative to the store's folder.
    pub name: PathBuf,
    /// How many rows it had.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of all its bytes, as it should be.
    pub crc: u32,
    /// The least `ts` in it.
    pub first: Timestamp,
    /// The greatest.
    pub last: Timestamp,
    /// The last log record of the commit that it came with.
    pub through: Seq,
}

/// What came in place of a bad file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The new file; none if there is no row.
    pub by: Option<u64>,
    /// Its rows.
    pub rows: u64,
}

impl BadFile {
    fn of(entry: &FileEntry) -> Self {
        let FileEntry { id, table, day, rows, bytes, crc, first, last, through } = *entry;
        let name = entry.path("".as_ref());
        Self { id, table, day, name, rows, bytes, crc, first, last, through }
    }

    fn entry(&self) -> FileEntry {
        let Self { id, table, day, rows, bytes, crc, first, last, through, .. } = *self;
        FileEntry { id, table, day, rows, bytes, crc, first, last, through }
    }

    /// Whether a row belongs into it, by its table and day.
    #[must_use]
    pub fn is_for(&self, row: &Row) -> bool {
        let (table, ts) = match row {
            Row::State(row) => (Table::States, row.ts),
            Row::Event(row) => (Table::Events, row.ts),
            Row::Quarantined(row) => (Table::Quarantine, row.ts),
            Row::Settled(row) => (Table::Settled, row.ts),
            Row::Weather(row) => (Table::Weather, row.observation.at),
            Row::Entity(row) => (Table::Entities, row.ts),
        };
        table == self.table && (!table.is_by_day() || ts.day() == self.day)
    }
}

impl Store {
    /// The files that are known not to be what was written; after [`Store::verify`], all of them.
    #[must_use]
    pub fn bad_files(&self) -> Vec<BadFile> {
        let contents = Arc::clone(&self.live.read().contents);
        contents.files.iter().filter(|file| self.folder.is_damaged(file)).map(BadFile::of).collect()
    }

    /// How many of these rows are in no other file of the bad one's day.
    #[must_use]
    pub fn would_replace(&self, bad: &BadFile, rows: &[Row]) -> u64 {
        let contents = Arc::clone(&self.live.read().contents);
        let entry = bad.entry();
        let missing = match bad.table {
            Table::States => self.missing::<StateRow>(&contents.files, &entry, &self.as_stored(rows)).len(),
            Table::Events => self.missing::<EventRow>(&contents.files, &entry, &of(rows)).len(),
            Table::Quarantine => self.missing::<QuarantineRow>(&contents.files, &entry, &of(rows)).len(),
            Table::Settled => self.missing::<SettledRow>(&contents.files, &entry, &of(rows)).len(),
            Table::Weather => self.missing::<WeatherRow>(&contents.files, &entry, &of(rows)).len(),
            Table::Latest | Table::Entities => 0,
        };
        missing as u64
    }

    /// Takes a bad file out of the manifest, and puts those rows that no other file of its day has into a new one, in one
    /// commit. None if the manifest does not name it any more: that was done before. The file itself is removed when nobody
    /// reads it, so whoever wants it has to have copied it. A file that restates what is known is only taken out: the next
    /// flush writes it anew.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says; then nothing has changed.
    pub fn replace_bad(&self, bad: &BadFile, rows: &[Row]) -> Result<Option<Replaced>, StoreError> {
        let mut manifest = self.manifest()?;
        let contents = Arc::clone(manifest.contents());
        let entry = bad.entry();
        if !contents.files.contains(&entry) {
            return Ok(None);
        }
        let files = &contents.files;
        let written = match bad.table {
            Table::States => self.write_missing::<StateRow>(files, &entry, &self.as_stored(rows))?,
            Table::Events => self.write_missing::<EventRow>(files, &entry, &of(rows))?,
            Table::Quarantine => self.write_missing::<QuarantineRow>(files, &entry, &of(rows))?,
            Table::Settled => self.write_missing::<SettledRow>(files, &entry, &of(rows))?,
            Table::Weather => self.write_missing::<WeatherRow>(files, &entry, &of(rows))?,
            Table::Latest | Table::Entities => None,
        };
        let mut edit = contents.edit();
        edit.remove.push(entry.id);
        edit.add.extend(written);
        let restated = bad.table == Table::Entities;
        self.commit(&mut manifest, edit, |live| live.names.trimmed |= restated)?;
        if bad.table == Table::Latest {
            *self.latest_saved.lock() = None;
        }
        self.folder.forget(&entry);
        Ok(Some(Replaced { by: written.map(|file| file.id), rows: written.map_or(0, |file| file.rows) }))
    }

    /// Takes that back: the bad file, which lies at its place again, counts, and the one that came for it does not. Done twice
    /// it is done once.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says; then nothing has changed.
    pub fn put_back_bad(&self, bad: &BadFile, replaced: Option<u64>) -> Result<(), StoreError> {
        let mut manifest = self.manifest()?;
        let contents = Arc::clone(manifest.contents());
        let entry = bad.entry();
        if contents.files.contains(&entry) {
            return Ok(());
        }
        let mut edit = contents.edit();
        edit.remove.extend(replaced);
        edit.add.push(entry);
        self.commit(&mut manifest, edit, |_| {})
    }

    /// As they are stored.
    fn as_stored(&self, rows: &[Row]) -> Vec<Arc<StateRow>> {
        let mut states: Vec<Arc<StateRow>> = of(rows);
        if !self.config.context_ids {
            states.iter_mut().for_each(|row| Arc::make_mut(row).context_id = None);
        }
        states
    }

    /// The rows that no other file of that day has.
    fn missing<R: Record>(&self, files: &[FileEntry], bad: &FileEntry, rows: &[Arc<R>]) -> Vec<Arc<R>> {
        let others =
            files.iter().filter(|file| file.table == bad.table && file.day == bad.day && file.id != bad.id);
        self.new_rows(rows, others)
    }

    fn write_missing<R: Record>(
        &self,
        files: &[FileEntry],
        bad: &FileEntry,
        rows: &[Arc<R>],
    ) -> Result<Option<FileEntry>, StoreError> {
        let mut rows = self.missing(files, bad, rows);
        if rows.is_empty() {
            return Ok(None);
        }
        rows.sort_by(|a, b| a.order(b));
        self.write_file(R::TABLE, bad.day, bad.through, rows.into_iter().map(Ok)).map(Some)
    }
}

/// The rows of one kind.
fn of<R: Kind>(rows: &[Row]) -> Vec<Arc<R>> {
    rows.iter().filter_map(R::of).map(|row| Arc::new(row.clone())).collect()
}

/// A kind of row.
trait Kind: Clone {
    fn of(row: &Row) -> Option<&Self>;
}

macro_rules! kinds {
    ($($kind:ident $row:ty),+) => {
        $(impl Kind for $row {
            fn of(row: &Row) -> Option<&Self> {
                if let Row::$kind(row) = row { Some(row) } else { None }
            }
        })+
    };
}

kinds!(
    State StateRow, Event EventRow, Quarantined QuarantineRow, Settled SettledRow, Weather WeatherRow, Entity EntityRow
);
