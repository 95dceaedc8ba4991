//! A receipt for every drop of days.
//!
//! ```text
//! <receipts>/retention-<n>.json      n has ten digits; one JSON object, put in place as a whole
//! ```
//!
//! It is written before the drop, with everything that is about to go and the outcome `begun`; and again after it, with what
//! became of that. A drop is one commit of the manifest, so all of it happens or nothing: where the second writing did not
//! come about (a kill, a power cut, a full disk), the manifest says which, and the receipt is completed by that at the next
//! open for writing, or before the next drop or merge. Nothing else takes files of days out of the manifest.

use std::path::PathBuf;

use hearthline_core::{Fs, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::error::disk;
use crate::manifest::{Contents, FileEntry};

const PREFIX: &str = "retention-";
const SUFFIX: &str = ".json";

/// What was dropped, when, why, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Rising, never reused.
    pub number: u64,
    /// Who wanted it: a setting or a command.
    pub why: String,
    /// Days before this one were too old.
    pub before: String,
    /// When it began, ISO 8601 UTC.
    pub begun: String,
    /// When it was known what became of it.
    pub ended: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The days, oldest first.
    pub days: Vec<String>,
    /// Rows in all.
    pub rows: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// Every file, relative to the store's folder.
    pub files: Vec<ReceiptFile>,
}

/// What became of a drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not known yet.
    Begun,
    /// All of it is gone.
    Dropped,
    /// All of it is there: the drop did not come about.
    Kept,
}

/// A file that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFile {
    /// Its number, never used twice.
    pub id: u64,
    /// Where it lay, relative to the store's folder.
    pub path: String,
    /// How many rows it had.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of all its bytes.
    pub crc: u32,
}

impl ReceiptFile {
    pub(crate) fn of(file: &FileEntry) -> Self {
        let path = file.path("".as_ref()).display().to_string();
        Self { id: file.id, path, rows: file.rows, bytes: file.bytes, crc: file.crc }
    }
}

impl Receipt {
    /// With what became of it, as the manifest says.
    pub(crate) fn completed(mut self, contents: &Contents, now: Timestamp) -> Self {
        let there = |file: &ReceiptFile| contents.files.iter().any(|entry| entry.id == file.id);
        self.outcome = if self.files.iter().any(there) { Outcome::Kept } else { Outcome::Dropped };
        self.ended = Some(now.to_string());
        self
    }
}

/// The folder of receipts.
pub(crate) struct Receipts<'f> {
    pub(crate) fs: &'f dyn Fs,
    pub(crate) dir: PathBuf,
}

impl Receipts<'_> {
    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Result<Vec<Receipt>, StoreError> {
        self.numbers()?.into_iter().map(|number| self.read(number)).collect()
    }

    /// Those whose outcome is not known. One that cannot be read is told and passed over: it must not keep a store from
    /// opening.
    pub(crate) fn begun(&self) -> Result<Vec<Receipt>, StoreError> {
        let mut begun = Vec::new();
        for number in self.numbers()? {
            match self.read(number) {
                Ok(receipt) if receipt.outcome == Outcome::Begun => begun.push(receipt),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a receipt cannot be read"),
            }
        }
        Ok(begun)
    }

    /// The number of the next one.
    pub(crate) fn next(&self) -> Result<u64, StoreError> {
        Ok(self.numbers()?.last().map_or(1, |last| last + 1))
    }

    /// Puts it in place, durably.
    pub(crate) fn write(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let path = self.path(receipt.number);
        self.fs.create_dir_all(&self.dir).map_err(disk("create", &self.dir))?;
        if let Some(parent) = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.fs.sync_dir(parent).map_err(disk("sync", parent))?;
        }
        self.fs.write_json(&path, receipt).map_err(disk("write", &path))
    }

    fn read(&self, number: u64) -> Result<Receipt, StoreError> {
        let path = self.path(number);
        let bytes = self.fs.read(&path).map_err(disk("read", &path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::DamagedFile { path, why: error.to_string() })
    }

    fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let entries = self.fs.read_dir(&self.dir).map_err(disk("list", &self.dir))?;
        let number = |name: &str| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok();
        let mut numbers: Vec<u64> = entries.iter().filter_map(|entry| number(&entry.name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{PREFIX}{number:010}{SUFFIX}"))
    }
}
