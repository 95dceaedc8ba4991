//! Whether the folder is what the manifest says, without opening the store: beside a program that writes, too.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use hearthline_core::{Fs, Timestamp};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::errors::ParquetError;

use crate::error::disk;
use crate::file::{Source, guarded};
use crate::manifest::{self, Contents, FileEntry};
use crate::{StoreError, Table};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Files that count.
    pub files: usize,
    /// Those of them that were opened, and whose footer was read.
    pub footers: usize,
    /// Those of them whose every byte was compared with the checksum.
    pub compared: usize,
    /// Their bytes, as the manifest says.
    pub bytes: u64,
    /// Their rows, as the manifest says.
    pub rows: u64,
    /// Bytes of the files of each UTC day, by date.
    pub days: BTreeMap<String, u64>,
    /// Files that are not there, relative to the folder.
    pub missing: Vec<String>,
    /// Files that cannot be read or are not what was written, with the reason.
    pub damaged: Vec<(String, String)>,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What the manifest says alone.
    Manifest,
    /// That each file is there with its length, and that its footer can be read; the newest first.
    Footers,
    /// That each byte is what was written.
    Bytes,
}

/// Compares the folder with its manifest. `more` is asked before each file is opened, and those behind a no are not.
///
/// A file that a program removes meanwhile, since it has merged it, is no finding: the manifest is read again for that.
///
/// # Errors
/// `DamagedManifest` when the manifest is not what was written, or missing where there is data; else as the disk says.
pub fn check(
    fs: &dyn Fs,
    dir: &Path,
    depth: Depth,
    more: &mut dyn FnMut() -> bool,
) -> Result<Check, StoreError> {
    let Some(contents) = read(fs, dir)? else { return Ok(Check::default()) };
    let mut check = Check { files: contents.files.len(), ..Check::default() };
    for file in &contents.files {
        check.bytes += file.bytes;
        check.rows += file.rows;
        if file.table.is_by_day() {
            *check.days.entry(Timestamp::start_of_day(file.day).date()).or_default() += file.bytes;
        }
    }
    if depth == Depth::Manifest {
        return Ok(check);
    }
    let mut found = Vec::new();
    for file in contents.files.iter().rev() {
        if !more() {
            break;
        }
        match look(fs, dir, file, depth) {
            Ok(()) => {
                check.footers += 1;
                check.compared += usize::from(depth == Depth::Bytes);
            }
            Err(why) => found.push((*file, why)),
        }
    }
    if !found.is_empty() {
        let still = read(fs, dir)?.unwrap_or_default();
        found.retain(|(file, _)| still.files.iter().any(|other| other.id == file.id));
    }
    for (file, why) in found {
        let path = file.path(dir);
        let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        match why {
            Some(why) => check.damaged.push((name, why)),
            None => check.missing.push(name),
        }
    }
    Ok(check)
}

fn read(fs: &dyn Fs, dir: &Path) -> Result<Option<Contents>, StoreError> {
    match manifest::read(fs, dir)? {
        Some((_, contents)) => Ok(Some(contents)),
        None => {
            let mut data = Vec::new();
            for table in Table::ALL {
                let dir = dir.join(table.as_str());
                let entries = fs.read_dir(&dir).map_err(disk("list", &dir))?;
                data.extend(entries.first().map(|entry| dir.join(&entry.name)));
            }
            match data.first() {
                None => Ok(None),
                Some(first) => Err(StoreError::DamagedManifest {
                    path: dir.join("manifest.*"),
                    why: format!("it is not there, but {} is", first.display()),
                }),
            }
        }
    }
}

/// The error is none where the file is not there.
fn look(fs: &dyn Fs, dir: &Path, file: &FileEntry, depth: Depth) -> Result<(), Option<String>> {
    let words = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => None,
        _ => Some(error.to_string()),
    };
    let path = file.path(dir);
    let source = Source::new(fs, &path).map_err(words)?;
    let len = source.bytes();
    if len != file.bytes {
        return Err(Some(format!("it has {len} bytes, and {} were written", file.bytes)));
    }
    guarded(|| ArrowReaderMetadata::load(&source, Default::default()).map(drop))
        .map_err(|error: ParquetError| Some(error.to_string()))?;
    match depth {
        Depth::Bytes if source.checksum().map_err(words)? != file.crc => {
            Err(Some("its checksum is wrong".into()))
        }
        _ => Ok(()),
    }
}
