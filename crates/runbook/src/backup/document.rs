//! What is written of a backup, and what is told of all of them.

use hearthline_store::Table;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::verify::By;

/// The format that is written.
pub(super) const FORMAT: u32 = 1;

/// `manifest.json`: which file has what in it, and what is to be found in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// Of the program that wrote it.
    pub version: String,
    /// As its folder: when it was begun, `2026-11-26T00-41-07Z`.
    pub name: String,
    /// The moment that it is of, ISO 8601 UTC.
    pub at: String,
    /// Who wanted it.
    pub by: By,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// Of the files.
    pub bytes: u64,
    /// Files that no backup before it had.
    pub new_files: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// What is in the log.
    pub log: LogCounts,
    /// What is in the store's files.
    pub store: StoreCounts,
    /// The settings that held, each with its origin, without a secret.
    pub settings: Vec<String>,
    /// What is not in it, and what a person has to bring along instead.
    pub left_out: Vec<LeftOut>,
    /// What could not be read, or was not what was once written.
    pub damaged: Vec<Bad>,
    /// By path.
    pub files: Vec<Saved>,
    /// SHA-256 of this document in its shortest form with an empty text in this place.
    pub checksum: String,
}

/// What is in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCounts {
    /// The oldest record; 0 if there is none.
    pub first: u64,
    /// The newest record.
    pub last: u64,
    /// Events among them.
    pub events: u64,
    /// Events since the log's very beginning, those that it let go of included.
    pub events_total: u64,
    /// Files.
    pub segments: u64,
    /// Places that could not be read when it was taken.
    pub damaged: u64,
}

/// What is in the store's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCounts {
    /// Everything up to this log record is in files.
    pub committed: u64,
    /// Events up to there, since the store was made.
    pub events: u64,
    /// By table; those without a file are left out.
    pub tables: Vec<TableCounts>,
}

impl StoreCounts {
    /// Rows of days; what is only stated again, such as the last state of each entity, is no part of it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let restated = |table: &&TableCounts| {
            Table::ALL.into_iter().any(|one| one.as_str() == table.table && one.is_restated())
        };
        self.tables.iter().filter(|table| !restated(table)).map(|table| table.rows).sum()
    }
}

/// What is in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCounts {
    /// `states`, `events`, ...
    pub table: String,
    /// Its files.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The time of the oldest row, ISO 8601 UTC.
    pub first: String,
    /// The time of the newest row, ISO 8601 UTC.
    pub last: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Within the data folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Of all its bytes, and its name under `files`.
    pub sha256: String,
    /// By what a file that is never changed is known again without being read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<u32>,
}

/// Something that is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// A path within the data folder, a setting or a variable.
    pub what: String,
    /// Why.
    pub why: String,
    /// What a person has to do when it is put back.
    #[serde(rename = "do")]
    pub todo: String,
}

/// A file that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// Within the data folder.
    pub path: String,
    /// What is the matter with it.
    pub why: String,
}

impl Manifest {
    /// With its checksum.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn sealed(mut self) -> Result<Self, BackupError> {
        self.checksum = self.sum()?;
        Ok(self)
    }

    fn sum(&self) -> Result<String, BackupError> {
        let empty = Self { checksum: String::new(), ..self.clone() };
        let bytes = serde_json::to_vec(&empty).map_err(|error| BackupError::Damaged(error.to_string()))?;
        Ok(hex(digest(&SHA256, &bytes).as_ref()))
    }

    /// What these bytes say, if they are what was written.
    pub(super) fn read(bytes: &[u8], name: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if format > FORMAT {
            return Err(format!(
                "it was written by a later version (format {format}, and {FORMAT} is known here)"
            ));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if manifest.sum().map_err(|error| error.to_string())? != manifest.checksum {
            return Err("its checksum is not that of what it says".into());
        }
        if manifest.name != name {
            return Err(format!("it says that it is {}", manifest.name));
        }
        match manifest.files.iter().find(|file| !file.is_sound()) {
            Some(file) => Err(format!("{:?} is no file of a data folder", file.path)),
            None => Ok(manifest),
        }
    }

    /// What it has, in short.
    #[must_use]
    pub fn summary(&self, rehearsed: Option<Rehearsed>) -> Summary {
        Summary {
            name: self.name.clone(),
            at: self.at.clone(),
            by: self.by,
            took_ms: self.took_ms,
            files: self.files.len() as u64,
            bytes: self.bytes,
            new_files: self.new_files,
            new_bytes: self.new_bytes,
            log: self.log,
            committed: self.store.committed,
            rows: self.store.rows(),
            left_out: self.left_out.clone(),
            damaged: self.damaged.clone(),
            rehearsed,
        }
    }
}

impl Saved {
    /// Whether it lies within the folder that it is put into, and its content within that of the backups.
    fn is_sound(&self) -> bool {
        let mut parts = std::path::Path::new(&self.path).components().peekable();
        let named =
            parts.peek().is_some() && parts.all(|part| matches!(part, std::path::Component::Normal(_)));
        named && is_sha256(&self.sha256)
    }
}

/// A backup, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// As its folder.
    pub name: String,
    /// The moment that it is of, ISO 8601 UTC.
    pub at: String,
    /// Who wanted it.
    pub by: By,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// Its files.
    pub files: u64,
    /// Their bytes: what putting it back takes.
    pub bytes: u64,
    /// Those that no backup before it had.
    pub new_files: u64,
    /// Their bytes: what this one took on the disk.
    pub new_bytes: u64,
    /// What is in the log.
    pub log: LogCounts,
    /// Everything up to this log record is in files of the store.
    pub committed: u64,
    /// Rows in files of the store.
    pub rows: u64,
    /// What a person has to bring along when it is put back.
    pub left_out: Vec<LeftOut>,
    /// What could not be read, or was not what was once written.
    pub damaged: Vec<Bad>,
    /// How its last rehearsal ended; null where there was none.
    pub rehearsed: Option<Rehearsed>,
}

/// Everything that is known of backups: the answer to `GET /api/v1/backups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backups {
    /// Where they lie.
    pub dir: String,
    /// Seconds between two that the program takes by itself; null where it does not.
    pub every_s: Option<u64>,
    /// How many are kept; null for all.
    pub keep: Option<u64>,
    /// When the next is due that the program takes by itself, ISO 8601 UTC.
    pub next: Option<String>,
    /// What is being done.
    pub running: Option<Underway>,
    /// How what was done last in this run of the program ended.
    pub ended: Option<Ended>,
    /// The newest first.
    pub backups: Vec<Summary>,
    /// Those that cannot be read. Nothing is taken away while there are such.
    pub unreadable: Vec<Unreadable>,
    /// Why it is not known what there is.
    pub trouble: Option<String>,
}

/// What is done with backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One is taken.
    Backup,
    /// One is put into a folder of its own and compared.
    Rehearsal,
}

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underway {
    /// Its name, for who began it.
    pub id: String,
    /// Which.
    pub kind: Kind,
    /// Since when, ISO 8601 UTC.
    pub at: String,
    /// Files that were looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its name, for who began it.
    pub id: String,
    /// Which.
    pub kind: Kind,
    /// When, ISO 8601 UTC.
    pub at: String,
    /// Why it was not done; null where it was.
    pub failed: Option<String>,
    /// The backup that was taken, which may lie elsewhere than those that are listed.
    pub backup: Option<Summary>,
    /// What the rehearsal came to.
    pub rehearsed: Option<Rehearsed>,
}

/// A backup that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Its folder's name.
    pub name: String,
    /// What is the matter with it.
    pub why: String,
}

/// What became of comparing the files of a backup with what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// As its folder.
    pub name: String,
    /// Files that are what was written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The others.
    pub bad: Vec<Bad>,
}

/// What was taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Backups.
    pub backups: Vec<String>,
    /// Files that no other backup has.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// `rehearsed.json`: what came of putting a backup into a folder of its own, opening it and comparing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsed {
    /// The backup.
    pub name: String,
    /// When it was begun, ISO 8601 UTC.
    pub at: String,
    /// Whether all that was compared is equal.
    pub equal: bool,
    /// In one sentence.
    pub says: String,
    /// What was compared.
    pub compared: Vec<Compared>,
    /// Files that were put there.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Milliseconds for putting them there, each compared with its checksum.
    pub restore_ms: u64,
    /// Milliseconds for opening log and store, comparing every byte, and bringing the store up to the log's end.
    pub open_ms: u64,
}

/// A figure that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// What it is of.
    pub what: String,
    /// As the manifest has it.
    pub backup: u64,
    /// As it was found.
    pub found: u64,
}

impl Compared {
    pub(super) fn new(what: impl Into<String>, backup: u64, found: u64) -> Self {
        Self { what: what.into(), backup, found }
    }

    /// Whether both are the same.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.backup == self.found
    }
}

/// Whether it looks as `sha256sum` writes it.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// As `sha256sum` writes it.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // into a text, which takes all
        text
    })
}
