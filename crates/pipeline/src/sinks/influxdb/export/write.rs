//! Writing an export.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use hearthline_core::fs::{AppendFile, temporary};
use hearthline_core::{Fs, Timestamp};
use ring::digest::{Context, SHA256};

use super::{ExportError, FORMAT, Manifest, Origin, Tally, hex, lines_of, lines_path, manifest_path};
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::stored::StoredPoint;

/// Bytes that are given to the disk at once, and synced with the last of them.
const CHUNK: usize = 256 << 10;

/// An export that is being written. What is not finished has no manifest, and is nothing.
pub struct ExportWriter {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    name: String,
    origin: Origin,
    packed: GzEncoder<Appending>,
    plain_bytes: u64,
    points: u64,
    tally: Tally,
    line: Vec<u8>,
}

/// A file that counts and sums what it is given.
struct Appending {
    file: Box<dyn AppendFile>,
    waiting: Vec<u8>,
    bytes: u64,
    sum: Context,
}

impl Appending {
    fn pass_on(&mut self) -> io::Result<()> {
        self.file.append(&self.waiting)?;
        self.sum.update(&self.waiting);
        self.bytes += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()
    }
}

impl ExportWriter {
    /// Begins an export `name` in `dir`. One of that name that was not finished is given up; a finished one stays until this one is
    /// finished.
    ///
    /// # Errors
    /// As the disk says, or when no line can carry the measurement's name.
    pub fn create(fs: Arc<dyn Fs>, dir: &Path, name: &str, origin: Origin) -> Result<Self, ExportError> {
        let path = lines_path(dir, name);
        if origin.measurement.starts_with('#') || !line::carries(&origin.measurement) {
            return Err(ExportError::Name(origin.measurement));
        }
        let disk = |error| ExportError::Disk { path: path.clone(), error };
        fs.create_dir_all(dir).map_err(disk)?;
        let file = fs.create(&temporary(&path)).map_err(disk)?;
        let appending = Appending { file, waiting: Vec::new(), bytes: 0, sum: Context::new(&SHA256) };
        let mut writer = Self {
            fs,
            dir: dir.to_owned(),
            name: name.to_owned(),
            packed: GzEncoder::new(appending, Compression::default()),
            plain_bytes: 0,
            points: 0,
            tally: Tally::new(),
            line: Vec::new(),
            origin,
        };
        let database = writer.origin.database.replace(['\n', '\r'], " ");
        let head = format!("# {FORMAT}\n# DML\n# CONTEXT-DATABASE: {database}\n");
        writer.line.extend_from_slice(head.as_bytes());
        writer.put().map_err(disk)?;
        Ok(writer)
    }

    /// Points so far.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.points
    }

    /// Takes the next point. One without fields is nothing.
    ///
    /// # Errors
    /// As the disk says, or when no line can carry one of its names.
    pub fn push(&mut self, point: &StoredPoint) -> Result<(), ExportError> {
        let tags = point.tags.iter().flat_map(|(name, value)| [name, value]);
        let names = tags.chain(point.fields.iter().map(|(name, _)| name));
        if let Some(name) = names.into_iter().find(|name| !line::carries(name)) {
            return Err(ExportError::Name(name.clone()));
        }
        for fields in lines_of(point) {
            self.tally.add(&point.tags, point.time, &fields);
            let fields = fields.into_iter().map(|(name, value)| (name.as_str(), value));
            line::point(&mut self.line, &self.origin.measurement, &point.tags, fields, point.time);
            let path = lines_path(&self.dir, &self.name);
            self.put().map_err(|error| ExportError::Disk { path, error })?;
        }
        self.points += u64::from(!point.fields.is_empty());
        Ok(())
    }

    fn put(&mut self) -> io::Result<()> {
        self.packed.write_all(&self.line)?;
        self.plain_bytes += self.line.len() as u64;
        self.line.clear();
        Ok(())
    }

    /// Puts it in place, with its manifest.
    ///
    /// # Errors
    /// As the disk says.
    pub fn finish(self, at: Timestamp) -> Result<Manifest, ExportError> {
        let (lines, about) = (lines_path(&self.dir, &self.name), manifest_path(&self.dir, &self.name));
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |error| ExportError::Disk { path, error }
        };
        let mut appending = self.packed.finish().map_err(disk(&lines))?;
        appending.pass_on().and_then(|()| appending.file.sync()).map_err(disk(&lines))?;
        let Appending { bytes, sum, file, .. } = appending;
        drop(file);
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            file: lines.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            origin: self.origin,
            taken: at.to_string(),
            points: self.points,
            lines: self.tally.lines,
            first_ns: self.tally.first_ns,
            last_ns: self.tally.last_ns,
            texts_with_breaks: self.tally.texts_with_breaks,
            values: self.tally.values(),
            bytes,
            plain_bytes: self.plain_bytes,
            sha256: hex(&sum.finish()),
            content_sha256: hex(&self.tally.content.finish()),
        };
        // A manifest of an earlier export must not speak for these lines.
        if self.fs.read_if_exists(&about).map_err(disk(&about))?.is_some() {
            self.fs.remove(&about).map_err(disk(&about))?;
            self.fs.sync_dir(&self.dir).map_err(disk(&about))?;
        }
        self.fs.rename(&temporary(&lines), &lines).map_err(disk(&lines))?;
        self.fs.sync_dir(&self.dir).map_err(disk(&lines))?;
        self.fs.write_json(&about, &manifest).map_err(disk(&about))?;
        Ok(manifest)
    }
}
