//! What a sink keeps on disk, in `<data_dir>/sinks/<name>/`.
//!
//! - `cursor`: how far it is, with the counts up to there. One line `hearthline-cursor 1 <CRC-32 of the rest, 8 hex digits>`, then
//!   one JSON object: `{"seq":…,"events":…,"delivered":…,"filtered":…,"collapsed":…,"quarantined":…,"before":…}`. It is put in
//!   place as a whole, after the server has everything up to there and the log is synced that far. What was sent behind it is
//!   sent again after a crash: the same points twice are the same points once.
//! - `measurement.json`: the measurement that is written to in place of the one in the settings; see [`super::switched`].
//! - `schema.json`: what is known of the server's fields. Without it they are read again, or learned again.
//! - `refused.ndjson`: the rows that were set aside, one JSON object a line: `at`, `seq`, `entity`, `line`, `words`. When it is
//!   larger than 4 MiB it becomes `refused.old.ndjson`, in place of the one before. A row can stand there twice after a crash.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Fs, Row, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) committed: Committed,
    /// Events in the log before the first that the sink counted.
    pub(super) before: u64,
}

#[derive(Serialize, Deserialize)]
struct Written {
    seq: u64,
    events: u64,
    delivered: u64,
    filtered: u64,
    collapsed: u64,
    quarantined: u64,
    before: u64,
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
            right.then(|| serde_json::from_str::<Written>(rest).ok())?
        });
        let Some(written) = written else { return Err(io::ErrorKind::InvalidData.into()) };
        let Written { seq, events, delivered, filtered, collapsed, quarantined, before } = written;
        let committed = Committed { seq: Seq(seq), events, delivered, filtered, collapsed, quarantined };
        Ok(Some(Cursor { committed, before }))
    }

    pub(super) fn save_cursor(&self, cursor: &Cursor) -> io::Result<()> {
        let Committed { seq: Seq(seq), events, delivered, filtered, collapsed, quarantined } =
            cursor.committed;
        let before = cursor.before;
        let written = Written { seq, events, delivered, filtered, collapsed, quarantined, before };
        let text = serde_json::to_string(&written)?;
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
mod tests {
    use hearthline_core::{MemFs, QuarantineRow};

    use super::*;

    fn state() -> (Arc<MemFs>, State) {
        let fs = Arc::new(MemFs::default());
        let state = State::open(fs.clone(), "/sinks/influxdb".into()).unwrap();
        (fs, state)
    }

    fn cursor() -> Cursor {
        let committed =
            Committed { seq: Seq(9), events: 7, delivered: 4, filtered: 2, collapsed: 0, quarantined: 1 };
        Cursor { committed, before: 2 }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let (_, state) = state();
        assert_eq!(state.cursor().unwrap(), None);
        state.save_cursor(&cursor()).unwrap();
        assert_eq!(state.cursor().unwrap(), Some(cursor()));
    }

    #[test]
    fn a_cursor_of_which_a_byte_was_flipped_is_damaged() {
        let (fs, state) = state();
        state.save_cursor(&cursor()).unwrap();
        let fs: &dyn Fs = &*fs;
        let path = "/sinks/influxdb/cursor".as_ref();
        let whole = fs.read(path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs.write_atomic(path, &bytes).unwrap();
            match state.cursor() {
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData),
                // A hexadecimal digit in the other case is the same digit.
                Ok(read) => assert_eq!(read, Some(cursor()), "byte {at}"),
            }
        }
    }

    #[test]
    fn refused_rows_are_added_and_a_file_that_is_too_large_is_put_aside() {
        let (fs, state) = state();
        let row = |seq, words: &str| {
            let (site, reason, raw) = ("home".into(), "no JSON".into(), [].into());
            let row = QuarantineRow { seq: Seq(seq), ts: Timestamp::EPOCH, site, reason, raw };
            Refused { row: Row::Quarantined(row), line: "m f= 1".into(), words: words.into() }
        };
        state.refuse(&[row(1, "a")], Timestamp::EPOCH).unwrap();
        state.refuse(&[row(2, &"b".repeat(LARGEST)), row(3, "c")], Timestamp::EPOCH).unwrap();
        let read = |name: &str| (&*fs as &dyn Fs).read(format!("/sinks/influxdb/{name}").as_ref());
        assert_eq!(read("refused.ndjson").unwrap().split(|b| *b == b'\n').count(), 4);
        state.refuse(&[row(4, "d")], Timestamp::EPOCH).unwrap();
        let text = String::from_utf8(read("refused.ndjson").unwrap()).unwrap();
        assert_eq!(
            text,
            "{\"at\":\"1970-01-01T00:00:00.000000Z\",\"entity\":null,\"line\":\"m f= 1\",\"seq\":4,\"words\":\"d\"}\n"
        );
        assert!(read("refused.old.ndjson").unwrap().len() > LARGEST);

        let newest = |most| {
            let rows = newest_refused(&*fs, "/sinks/influxdb".as_ref(), most).unwrap();
            rows.iter().map(|row| (row.seq, row.words.len())).collect::<Vec<_>>()
        };
        assert_eq!(newest(1), [(4, 1)]);
        assert_eq!(newest(3), [(4, 1), (3, 1), (2, LARGEST)]);
        assert_eq!(newest(9).len(), 4);
        assert_eq!(newest_refused(&*fs, "/sinks/none".as_ref(), 9).unwrap(), []);
    }
}
