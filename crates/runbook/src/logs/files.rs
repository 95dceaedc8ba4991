//! The files of the program's own log.
//!
//! ```text
//! <data_dir>/logs/00000000000000000001.ndjson   named for the number of its first line
//! ```
//!
//! Each line is one JSON object ([`Line`]) and ends in a line feed. A file that has [`FILE_BYTES`] is followed by another; of
//! [`FILES`] the oldest goes, so that all of them take 16 MiB at most, and a new one beside them while it is put in
//! place. A start goes on with the newest file: its whole lines are copied, so that what a kill left of a line is cut. Lines are
//! written within a second and are not synced: a kill takes those of the last moment, a power cut those of the last half minute.
//! A line that cannot be read, or was read already, is passed over.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::Fs;
use hearthline_core::fs::AppendFile;

use super::line::{Line, Wanted};

/// Of one file.
pub(super) const FILE_BYTES: u64 = 1 << 20;
/// How many there are.
pub(super) const FILES: usize = 16;
/// Of all of them.
#[cfg(test)]
pub(super) const MOST_BYTES: u64 = FILE_BYTES * FILES as u64;
/// Room on the disk that is not touched: it is for what is recorded.
pub(super) const LEFT: u64 = 64 << 20;

const ENDING: &str = ".ndjson";

/// A file that is written to.
pub(super) struct Open {
    file: Box<dyn AppendFile>,
    len: u64,
}

impl Open {
    /// A new file whose first line has this number; the oldest make room for it.
    ///
    /// # Errors
    /// As the disk says.
    pub(super) fn new(fs: &dyn Fs, dir: &Path, first: u64) -> io::Result<Self> {
        fs.create_dir_all(dir)?;
        let files = list(fs, dir)?;
        for (_, path) in files.iter().rev().skip(FILES - 1) {
            fs.remove(path)?;
        }
        Ok(Self { file: fs.create(&path(dir, first))?, len: 0 })
    }

    /// The newest file, to be gone on with, cut to its whole lines; none where there is none, or where it is full.
    ///
    /// # Errors
    /// As the disk says.
    pub(super) fn newest(fs: &dyn Fs, dir: &Path) -> io::Result<Option<Self>> {
        let Some((_, path)) = list(fs, dir)?.pop() else { return Ok(None) };
        let bytes = fs.read(&path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole as u64 >= FILE_BYTES {
            return Ok(None);
        }
        let copy = hearthline_core::fs::temporary(&path);
        let mut file = fs.create(&copy)?;
        file.append(bytes.get(..whole).unwrap_or_default())?;
        file.sync()?;
        fs.rename(&copy, &path)?;
        Ok(Some(Self { file, len: whole as u64 }))
    }

    /// Whether another one is to follow.
    pub(super) const fn is_full(&self) -> bool {
        self.len >= FILE_BYTES
    }

    /// Appends whole lines.
    ///
    /// # Errors
    /// As the disk says: it is not to be written to again.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }
}

/// The number of the newest line; 0 where there is none.
pub(super) fn last(fs: &dyn Fs, dir: &Path) -> io::Result<u64> {
    let Some((first, path)) = list(fs, dir)?.pop() else { return Ok(0) };
    let newest = read(fs, &path)?.last().map(|line| line.seq);
    // The name alone says that there were lines up to it.
    Ok(newest.unwrap_or_else(|| first.saturating_sub(1)))
}

/// When the oldest line was said; none where there is none.
pub(super) fn oldest(fs: &dyn Fs, dir: &Path) -> io::Result<Option<String>> {
    for (_, path) in list(fs, dir)? {
        if let Some(line) = read(fs, &path)?.into_iter().next() {
            return Ok(Some(line.at));
        }
    }
    Ok(None)
}

/// The newest of those that are wanted and have a number below `before`, the oldest first. `last` is the newest of all.
pub(super) fn newest(
    fs: &dyn Fs,
    dir: &Path,
    wanted: &Wanted,
    (before, last): (u64, u64),
) -> io::Result<Vec<Line>> {
    let has = wanted.sieve(last);
    let mut lines: Vec<Line> = Vec::new();
    let mut oldest = before;
    for (first, path) in list(fs, dir)?.into_iter().rev() {
        if lines.len() >= wanted.tail || wanted.after.is_some_and(|after| after >= oldest && after <= last) {
            break;
        }
        let below = |line: &Line| line.seq < oldest;
        let read: Vec<Line> = match read(fs, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // it has just made room
            read => read?.into_iter().filter(below).collect(),
        };
        oldest = oldest.min(first);
        lines.extend(read.into_iter().rev().filter(|line| has(line)));
    }
    lines.truncate(wanted.tail);
    lines.reverse();
    Ok(lines)
}

/// By number.
fn list(fs: &dyn Fs, dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let named = |name: &str| name.strip_suffix(ENDING)?.parse().ok();
    let files = fs.read_dir(dir)?.into_iter().filter(|entry| !entry.is_dir);
    Ok(files.filter_map(|entry| Some((named(&entry.name)?, dir.join(&entry.name)))).collect())
}

fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}{ENDING}"))
}

/// Those that can be read, each number once.
fn read(fs: &dyn Fs, path: &Path) -> io::Result<Vec<Line>> {
    let bytes = fs.read(path)?;
    let mut lines: Vec<Line> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        if lines.last().is_none_or(|last| last.seq < line.seq) {
            lines.push(line);
        }
    }
    Ok(lines)
}
