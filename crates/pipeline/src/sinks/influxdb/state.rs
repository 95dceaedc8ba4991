//! What a sink keeps on disk, in `<data_dir>/sinks/<name>/`.
//!
//! - `cursor`: how far it is, with the counts up to there. One line `hearthline-cursor 1 <CRC-32 of the rest, 8 hex digits>`, then
//!   one JSON object: `{"seq":…,"events":…,"delivered":…,"filtered":…,"collapsed":…,"quarantined":…,"lost":…,"before":…,…}`;
//!   further the time of the newest state (`newest`), what retention had dropped by then (`expired`), what is being read from
//!   the store (`refills`, see [`super::refill`]) and what was lost last (`loss`). It is put in place as a whole, after the server
//!   has everything up to there and the log is synced that far. What was sent behind it is sent again after a crash: the same
//!   points twice are the same points once.
//! - `measurement.json`: the measurement that is written to in place of the one in the settings; see [`super::switched`].
//! - `schema.json`: what is known of the server's fields. Without it they are read again, or learned again.
//! - `refused.ndjson`: the rows that were set aside, one JSON object a line: `at`, `seq`, `entity`, `line`, `words`. When it is
//!   larger than 4 MiB it becomes `refused.old.ndjson`, in place of the one before. A row can stand there twice after a crash.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Fs, Row, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::refill::{Loss, Refill};
use super::schema::Schema;
use super::send::Refused;
use crate::sinks::Committed;

const MAGIC: &str = "hearthline-cursor 1 ";
/// From then on, refused rows go into a new file.
const LARGEST: usize = 4 << 20;

/// The folder of one sink.
pub(super) struct State {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
}

/// How far a sink is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    #[serde(flatten)]
    pub(super) committed: Committed,
    /// Events in the log before the first that the sink counted.
    pub(super) before: u64,
    /// The time of the last state that was taken.
    #[serde(default)]
    pub(super) newest: Option<Timestamp>,
    /// Rows that the store's retention had dropped.
    #[serde(default)]
    pub(super) expired: u64,
    /// What is read from the store, one after the other.
    #[serde(default)]
    pub(super) refills: Vec<Refill>,
    /// The last that was lost.
    #[serde(default)]
    pub(super) loss: Option<Loss>,
}

/// A row that a server refused alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRow {
    /// When it was set aside, ISO 8601 UTC.
    pub at: String,
    /// Its number in the log.
    pub seq: u64,
    /// Of which entity; none of another event.
    pub entity: Option<String>,
    /// As it was sent.
    pub line: String,
    /// Why, in the server's words.
    pub words: String,
}

/// The newest rows that were set aside, the newest first. A line that cannot be read is left out.
pub(super) fn newest_refused(fs: &dyn Fs, dir: &Path, most: usize) -> io::Result<Vec<RefusedRow>> {
    let mut rows = Vec::new();
    for file in ["refused.ndjson", "refused.old.ndjson"] {
        if rows.len() < most {
            let text = fs.read_if_exists(&dir.join(file))?.unwrap_or_default();
            let lines =
                text.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
            rows.extend(lines.take(most - rows.len()));
        }
    }
    Ok(rows)
}

impl State {
    pub(super) fn open(fs: Arc<dyn Fs>, dir: PathBuf) -> io::Result<Self> {
        fs.create_dir_all(&dir)?;
        Ok(Self { fs, dir })
    }

    /// None where there is no cursor yet.
    ///
    /// # Errors
    /// `InvalidData` where it is not what was written; else as the disk says.
    pub(super) fn cursor(&self) -> io::Result<Option<Cursor>> {
        let Some(bytes) = self.fs.read_if_exists(&self.dir.join("cursor"))? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let written = text.strip_prefix(MAGIC).and_then(|rest| {
            let (sum, rest) = rest.split_once('\n')?;
            let right = u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(rest.as_bytes());
            right.then(|| serde_json::from_str::<Cursor>(rest).ok())?
        });
        written.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    pub(super) fn save_cursor(&self, cursor: &Cursor) -> io::Result<()> {
        let text = serde_json::to_string(cursor)?;
        let text = format!("{MAGIC}{:08x}\n{text}", crc32fast::hash(text.as_bytes()));
        self.fs.write_atomic(&self.dir.join("cursor"), text.as_bytes())
    }

    /// What was known of the server's fields; nothing where that cannot be read.
    pub(super) fn schema(&self) -> io::Result<Schema> {
        Schema::read(&*self.fs, &self.dir)
    }

    pub(super) fn save_schema(&self, schema: &Schema) -> io::Result<()> {
        self.fs.write_atomic(&self.dir.join("schema.json"), &serde_json::to_vec(schema)?)
    }

    /// Writes down rows that were set aside.
    pub(super) fn refuse(&self, refused: &[Refused], at: Timestamp) -> io::Result<()> {
        let path = self.dir.join("refused.ndjson");
        let mut text = self.fs.read_if_exists(&path)?.unwrap_or_default();
        if text.len() > LARGEST {
            self.fs.rename(&path, &self.dir.join("refused.old.ndjson"))?;
            text.clear();
        }
        for Refused { row, line, words } in refused {
            let entity = match row {
                Row::State(row) => Some(row.entity_id.as_str()),
                _ => None,
            };
            let document = json!({
                "at": at.to_string(), "seq": row.seq().0, "entity": entity, "line": line, "words": words,
            });
            text.extend_from_slice(document.to_string().as_bytes());
            text.push(b'\n');
        }
        self.fs.write_atomic(&path, &text)
    }
}

#[cfg(test)]
mod tests;
