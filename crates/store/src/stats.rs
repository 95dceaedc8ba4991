//! Figures of the store itself.

use std::path::PathBuf;

use hearthline_core::Timestamp;
use parquet::errors::ParquetError;

use crate::Table;
use crate::file::Source;
use crate::store::Store;

/// A file that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Where it is: the store's folder as configured, with table, day and name.
    pub path: PathBuf,
    /// What it belongs to.
    pub table: Table,
    /// The UTC day of its rows, as `2026-11-23`.
    pub day: String,
    /// How many it has.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
}

/// Figures of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Files with rows of days.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// States, in files and in memory; a row that will collapse is counted until the flush.
    pub rows: u64,
    /// Rows of all tables that are only in memory.
    pub buffered: usize,
    /// Entities that have a last state, removed ones too.
    pub entities: usize,
    /// The time of the oldest state.
    pub first: Option<Timestamp>,
    /// The time of the latest state.
    pub last: Option<Timestamp>,
    /// Records that were set aside and still lie here, in files and in memory.
    pub quarantined: u64,
    /// Those of them that wait no more.
    pub settled: u64,
    /// Rows that retention has dropped since the store was made.
    pub expired: u64,
    /// Files that could not be read since the store was opened, relative to its folder.
    pub damaged: Vec<String>,
}

impl Store {
    /// The files that hold the rows of days, by table and day.
    #[must_use]
    pub fn files(&self) -> Vec<FileInfo> {
        let contents = self.live.read().contents.clone();
        let info = |file: &crate::manifest::FileEntry| FileInfo {
            path: file.path(&self.folder.dir),
            table: file.table,
            day: Timestamp::start_of_day(file.day).date(),
            rows: file.rows,
            bytes: file.bytes,
        };
        contents.files.iter().filter(|file| file.table.is_by_day()).map(info).collect()
    }

    /// Rows that retention has dropped since the store was made.
    #[must_use]
    pub fn expired(&self) -> u64 {
        self.live.read().contents.expired
    }

    /// Figures of this moment, from memory.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        let live = self.live.read();
        let mut stats = StoreStats {
            buffered: live.buffers.len(),
            rows: live.buffers.states.len() as u64,
            quarantined: live.buffers.quarantine.len() as u64,
            settled: live.buffers.settled.len() as u64,
            entities: live.latest.len(),
            expired: live.contents.expired,
            damaged: self.folder.damaged(),
            ..StoreStats::default()
        };
        let mut reach = |first: Timestamp, last: Timestamp| {
            stats.first = Some(stats.first.map_or(first, |t| t.min(first)));
            stats.last = Some(stats.last.map_or(last, |t| t.max(last)));
        };
        for file in live.contents.files.iter().filter(|file| file.table.is_by_day()) {
            stats.files += 1;
            stats.bytes += file.bytes;
            match file.table {
                Table::States => {
                    stats.rows += file.rows;
                    reach(file.first, file.last);
                }
                Table::Quarantine => stats.quarantined += file.rows,
                Table::Settled => stats.settled += file.rows,
                Table::Events | Table::Latest | Table::Weather | Table::Entities => {}
            }
        }
        live.buffers.states.iter().flat_map(|(_, rows)| rows).for_each(|row| reach(row.ts, row.ts));
        stats
    }

    /// Reads every file and compares it with its checksum; the ones that are not what was written, relative to the
    /// folder. Takes as long as the disk needs to read everything.
    #[must_use]
    pub fn verify(&self) -> Vec<String> {
        let (contents, _epoch) = {
            let live = self.live.read();
            (live.contents.clone(), live.epoch.clone())
        };
        for file in &contents.files {
            let checksum =
                Source::new(&*self.folder.fs, &file.path(&self.folder.dir)).and_then(|s| s.checksum());
            let error = match checksum {
                Ok(crc) if crc == file.crc => continue,
                Ok(_) => ParquetError::General("its checksum is wrong".into()),
                Err(error) => error.into(),
            };
            self.folder.damaged_file(file, &error);
        }
        self.folder.damaged()
    }
}
