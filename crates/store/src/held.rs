//! The store of one moment, held so that it can be copied while it goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Fs, Seq, Timestamp};

use crate::manifest::{self, Contents, Counts};
use crate::store::Store;
use crate::{StoreError, Table};

/// The files of one moment. As long as it is there none of them is removed.
pub struct Held {
    contents: Arc<Contents>,
    dir: PathBuf,
    _epoch: Arc<()>,
}

/// A file that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Relative to the store's folder.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of all its bytes.
    pub crc: u32,
}

/// What a store has, by its manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Everything up to this log record is in files.
    pub committed: Seq,
    /// What became of the rows of all events up to there.
    pub counts: Counts,
    /// By table; those that have no file are left out.
    pub tables: Vec<TableSummary>,
}

/// What a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSummary {
    /// Which.
    pub table: Table,
    /// Its files.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The time of the oldest row.
    pub first: Timestamp,
    /// The time of the newest row.
    pub last: Timestamp,
}

impl Store {
    /// Holds what is committed now. Rows that are only in memory are no part of it: the log has them.
    #[must_use]
    pub fn hold(&self) -> Held {
        let live = self.live.read();
        Held {
            contents: Arc::clone(&live.contents),
            dir: self.folder.dir.clone(),
            _epoch: Arc::clone(&live.epoch),
        }
    }
}

impl Held {
    /// Every file that counts.
    pub fn files(&self) -> impl Iterator<Item = HeldFile> {
        self.contents.files.iter().map(|file| {
            let path = file.path(&self.dir);
            let path = path.strip_prefix(&self.dir).map(Path::to_path_buf).unwrap_or(path);
            HeldFile { path, bytes: file.bytes, crc: file.crc }
        })
    }

    /// Name and bytes of a manifest that names these files and no others.
    ///
    /// # Errors
    /// `DamagedManifest` when it is too long to be written.
    pub fn manifest(&self) -> Result<(String, Vec<u8>), StoreError> {
        manifest::whole(&self.contents)
    }

    /// What they have.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.contents)
    }
}

/// What the store in a folder has, by its manifest; none where there is no store.
///
/// # Errors
/// `DamagedManifest` when the manifest is not what was written; else as the disk says.
pub fn summary(fs: &dyn Fs, dir: &Path) -> Result<Option<Summary>, StoreError> {
    Ok(manifest::read(fs, dir)?.map(|(_, contents)| Summary::of(&contents)))
}

impl Summary {
    fn of(contents: &Contents) -> Self {
        let tables = Table::ALL.into_iter().filter_map(|table| {
            let mut files = contents.files.iter().filter(|file| file.table == table);
            let one = files.next()?;
            let (first, last) = (one.first, one.last);
            let one = TableSummary { table, files: 1, rows: one.rows, bytes: one.bytes, first, last };
            Some(files.fold(one, |all, file| TableSummary {
                table,
                files: all.files + 1,
                rows: all.rows + file.rows,
                bytes: all.bytes + file.bytes,
                first: all.first.min(file.first),
                last: all.last.max(file.last),
            }))
        });
        Self { committed: contents.seq, counts: contents.counts, tables: tables.collect() }
    }
}
