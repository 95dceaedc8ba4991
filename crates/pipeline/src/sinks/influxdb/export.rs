//! Points of a server in a file that anybody can read, and a manifest that says what is in it.
//!
//! An export of the measurement `m` is two files in one folder:
//!
//! - `<name>.lp.gz`: line protocol, packed with gzip. It begins with comments that InfluxDB's own import of version 1 wants
//!   (`# DML`, `# CONTEXT-DATABASE: …`) and every server passes over. Each point is one line, as the server has it: all tags, time in
//!   nanoseconds, each value in its own type: `1.5` and `2` floats, `2i` integer, `2u` unsigned, `"text"`, `true`. A point that has
//!   one field in several types is several lines, so that no line has a name twice. A text may hold line breaks, as line protocol allows.
//! - `<name>.json`: the [`Manifest`]: from where, how many, and the checksums of the file and of what it says.
//!
//! The lines are written under another name, synced and put in place; then the manifest is. So an export with a manifest is whole,
//! and one that was killed is begun again. [`read::verify`] reads it from the disk in full and compares it with its manifest.
//! `docs/formats/export.md` says how to get it into a server without us.

mod parse;
pub mod read;
pub mod take;
pub mod write;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{Context, Digest, SHA256};
use serde::{Deserialize, Serialize};

use super::schema::FieldType;
use super::stored::{FieldValue, StoredPoint};

pub use self::read::{ExportReader, verify};
pub use self::take::{TakeError, all_columns, counts, counts_of, take};
pub use self::write::ExportWriter;

/// Of the first line and of the manifest.
const FORMAT: &str = "hearthline-export 1";

/// How many values each field has of each type.
pub type Counts = BTreeMap<(String, FieldType), u64>;

/// Where an export is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The server's address, without a secret.
    pub server: String,
    /// As the server calls itself.
    pub version: String,
    /// The database or bucket.
    pub database: String,
    /// What was exported.
    pub measurement: String,
    /// Points from this time on, in nanoseconds since 1970; all where there is none.
    pub from_ns: Option<i64>,
    /// Points before this time, in nanoseconds since 1970; all where there is none.
    pub to_ns: Option<i64>,
}

/// What an export holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `hearthline-export 1`.
    pub format: String,
    /// The file of lines, beside this one.
    pub file: String,
    /// From where it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// When it was complete: ISO 8601 UTC.
    pub taken: String,
    /// Points.
    pub points: u64,
    /// Lines; more than points where a point has one field in several types.
    pub lines: u64,
    /// Of the oldest point, in nanoseconds since 1970.
    pub first_ns: Option<i64>,
    /// Of the newest point, in nanoseconds since 1970.
    pub last_ns: Option<i64>,
    /// Texts with a line break in them, which a tool that goes by lines cuts in two.
    pub texts_with_breaks: u64,
    /// Values of each field and type.
    pub values: Vec<Values>,
    /// Of the file.
    pub bytes: u64,
    /// Of the lines before they were packed, comments included.
    pub plain_bytes: u64,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub sha256: String,
    /// SHA-256 of what the server said, point by point; the lines read back have the same.
    pub content_sha256: String,
}

/// How many values a field has of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// Its name.
    pub field: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// How many.
    pub values: u64,
}

/// Why an export cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk.
    #[error("{path}: {error}", path = path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// The name of a measurement, tag or field that no line can carry.
    #[error("line protocol cannot carry the name {0:?}")]
    Name(String),
    /// The file is not what was written.
    #[error("{path}: {why}", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Manifest {
    /// How many values each field has of each type.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.values.iter().map(|of| ((of.field.clone(), of.kind), of.values)).collect()
    }
}

/// The manifest of an export in `dir`, if there is one and it is whole.
///
/// # Errors
/// As the disk says, or when the manifest is not one.
pub fn manifest(
    fs: &dyn hearthline_core::Fs,
    dir: &Path,
    name: &str,
) -> Result<Option<Manifest>, ExportError> {
    let path = manifest_path(dir, name);
    let bytes = fs.read_if_exists(&path).map_err(|error| ExportError::Disk { path: path.clone(), error })?;
    let Some(bytes) = bytes else { return Ok(None) };
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| ExportError::Damaged { path: path.clone(), why: error.to_string() })?;
    if manifest.format != FORMAT {
        let why = format!("{:?} is not {FORMAT:?}", manifest.format);
        return Err(ExportError::Damaged { path, why });
    }
    Ok(Some(manifest))
}

fn lines_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.lp.gz"))
}

fn manifest_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.json"))
}

/// What was written, or read, so far.
struct Tally {
    lines: u64,
    first_ns: Option<i64>,
    last_ns: Option<i64>,
    texts_with_breaks: u64,
    counts: BTreeMap<String, BTreeMap<FieldType, u64>>,
    content: Context,
}

impl Tally {
    fn new() -> Self {
        Self {
            lines: 0,
            first_ns: None,
            last_ns: None,
            texts_with_breaks: 0,
            counts: BTreeMap::new(),
            content: Context::new(&SHA256),
        }
    }

    /// One line of tags, time and fields.
    fn add(&mut self, tags: &[(String, String)], time: i64, fields: &[&(String, FieldValue)]) {
        self.lines += 1;
        self.first_ns = Some(self.first_ns.map_or(time, |first| first.min(time)));
        self.last_ns = Some(self.last_ns.map_or(time, |last| last.max(time)));
        self.content.update(&time.to_le_bytes());
        self.length(tags.len());
        for (name, value) in tags {
            self.text(name);
            self.text(value);
        }
        self.length(fields.len());
        for (name, value) in fields {
            self.text(name);
            self.value(value);
            match self.counts.get_mut(name) {
                Some(kinds) => *kinds.entry(value.kind()).or_default() += 1,
                None => _ = self.counts.insert(name.clone(), BTreeMap::from([(value.kind(), 1)])),
            }
        }
    }

    fn value(&mut self, value: &FieldValue) {
        match value {
            FieldValue::Float(number) => self.tagged(b'f', &number.to_bits().to_le_bytes()),
            FieldValue::Integer(number) => self.tagged(b'i', &number.to_le_bytes()),
            FieldValue::Unsigned(number) => self.tagged(b'u', &number.to_le_bytes()),
            FieldValue::Bool(is) => self.tagged(b'b', &[u8::from(*is)]),
            FieldValue::Text(text) => {
                self.texts_with_breaks += u64::from(text.contains('\n'));
                self.content.update(b"s");
                self.text(text);
            }
        }
    }

    fn tagged(&mut self, kind: u8, bytes: &[u8]) {
        self.content.update(&[kind]);
        self.content.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.content.update(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.content.update(&(length as u64).to_le_bytes());
    }

    fn values(&self) -> Vec<Values> {
        let each = |(field, kinds): (&String, &BTreeMap<FieldType, u64>)| {
            let field = field.clone();
            let kinds = kinds.clone().into_iter();
            kinds.map(move |(kind, values)| Values { field: field.clone(), kind, values })
        };
        self.counts.iter().flat_map(each).collect()
    }
}

/// The fields of a point in as few lines as have no name twice.
fn lines_of(point: &StoredPoint) -> Vec<Vec<&(String, FieldValue)>> {
    let mut lines: Vec<Vec<&(String, FieldValue)>> = Vec::with_capacity(1);
    for field in &point.fields {
        let free = |line: &&mut Vec<&(String, FieldValue)>| line.iter().all(|(name, _)| *name != field.0);
        match lines.iter_mut().find(free) {
            Some(line) => line.push(field),
            None => lines.push(vec![field]),
        }
    }
    lines
}

fn hex(digest: &Digest) -> String {
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
