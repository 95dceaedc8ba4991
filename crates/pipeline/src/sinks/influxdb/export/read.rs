//! Reading an export again.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use hearthline_core::Fs;
use hearthline_core::fs::ReadFile;
use ring::digest::{Context, SHA256};

use super::parse::{Scanner, line};
use super::{ExportError, Manifest, Tally, hex, lines_path};
use crate::sinks::influxdb::stored::StoredPoint;

/// A line is no longer: what a server takes at once is less.
const LONGEST: usize = 64 << 20;
const CHUNK: usize = 256 << 10;

/// The points of an export, line by line, in the order of the file.
pub struct ExportReader {
    path: PathBuf,
    measurement: String,
    plain: BufReader<MultiGzDecoder<Reading>>,
    line: Vec<u8>,
    number: u64,
}

/// A file, from its beginning.
struct Reading {
    file: Box<dyn ReadFile>,
    at: u64,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl ExportReader {
    /// Opens the lines of `manifest`.
    ///
    /// # Errors
    /// As the disk says.
    pub fn open(fs: &dyn Fs, dir: &Path, name: &str, manifest: &Manifest) -> Result<Self, ExportError> {
        let path = lines_path(dir, name);
        let file = fs.open(&path).map_err(|error| ExportError::Disk { path: path.clone(), error })?;
        let plain = BufReader::with_capacity(CHUNK, MultiGzDecoder::new(Reading { file, at: 0 }));
        let measurement = manifest.origin.measurement.clone();
        Ok(Self { path, measurement, plain, line: Vec::new(), number: 0 })
    }

    /// The next whole line into `self.line`, without its break; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut scanner = Scanner::default();
        loop {
            let some = self.plain.fill_buf()?;
            if some.is_empty() {
                return match (self.line.is_empty(), scanner.is_open()) {
                    (true, _) => Ok(false),
                    (false, false) => Ok(true),
                    (false, true) => {
                        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends inside a text"))
                    }
                };
            }
            let end = some.iter().position(|byte| scanner.ends(*byte));
            self.line.extend_from_slice(some.get(..end.unwrap_or(some.len())).unwrap_or_default());
            let used = end.map_or(some.len(), |end| end + 1);
            self.plain.consume(used);
            if end.is_some() {
                self.number += 1;
                return Ok(true);
            }
            if self.line.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 64 MiB"));
            }
        }
    }

    fn damaged(&self, why: impl std::fmt::Display) -> ExportError {
        let why = format!("line {}: {why}", self.number);
        ExportError::Damaged { path: self.path.clone(), why }
    }

    fn read(&mut self) -> Result<Option<StoredPoint>, ExportError> {
        loop {
            let is_line = self.fill().map_err(|error| self.damaged(error))?;
            if !is_line {
                return Ok(None);
            }
            if self.line.is_empty() || self.line.starts_with(b"#") {
                continue;
            }
            let text = std::str::from_utf8(&self.line).map_err(|error| self.damaged(error))?;
            let (measurement, point) = line(text).map_err(|why| self.damaged(why))?;
            if measurement != self.measurement {
                return Err(self.damaged(format!("{measurement:?} is not {:?}", self.measurement)));
            }
            return Ok(Some(point));
        }
    }
}

impl Iterator for ExportReader {
    type Item = Result<StoredPoint, ExportError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Reads an export in full, as it lies on the disk, and compares file and content with its manifest. `progress` hears of every line.
///
/// # Errors
/// When it cannot be read, or is not what the manifest says.
pub fn verify(
    fs: &dyn Fs,
    dir: &Path,
    name: &str,
    manifest: &Manifest,
    mut progress: impl FnMut(u64),
) -> Result<(), ExportError> {
    let path = lines_path(dir, name);
    let (bytes, sum) = sum(fs, &path)?;
    let mut tally = Tally::new();
    for point in ExportReader::open(fs, dir, name, manifest)? {
        let point = point?;
        tally.add(&point.tags, point.time, &point.fields.iter().collect::<Vec<_>>());
        progress(tally.lines);
    }
    let values = tally.values();
    let (lines, content) = (tally.lines, hex(&tally.content.finish()));
    let differs = [
        ("bytes", bytes.to_string(), manifest.bytes.to_string()),
        ("SHA-256", sum, manifest.sha256.clone()),
        ("lines", lines.to_string(), manifest.lines.to_string()),
        ("values by field and type", format!("{values:?}"), format!("{:?}", manifest.values)),
        ("oldest time", format!("{:?}", tally.first_ns), format!("{:?}", manifest.first_ns)),
        ("newest time", format!("{:?}", tally.last_ns), format!("{:?}", manifest.last_ns)),
        ("SHA-256 of the content", content, manifest.content_sha256.clone()),
    ];
    match differs.into_iter().find(|(_, read, said)| read != said) {
        None => Ok(()),
        Some((what, read, said)) => {
            Err(ExportError::Damaged { path, why: format!("{what}: {read}, the manifest says {said}") })
        }
    }
}

fn sum(fs: &dyn Fs, path: &Path) -> Result<(u64, String), ExportError> {
    let disk = |error| ExportError::Disk { path: path.to_owned(), error };
    let mut reading = Reading { file: fs.open(path).map_err(disk)?, at: 0 };
    let (mut sum, mut chunk) = (Context::new(&SHA256), vec![0; CHUNK]);
    loop {
        let read = reading.read(&mut chunk).map_err(disk)?;
        if read == 0 {
            return Ok((reading.at, hex(&sum.finish())));
        }
        sum.update(chunk.get(..read).unwrap_or_default());
    }
}
