//! The manifest: which files count, and up to which log record they hold everything. It is the store's cursor.
//!
//! ```text
//! manifest.<n>   "HLMANI01" frame…              n has ten digits; the highest number is the manifest
//! frame          length u32 | crc32 u32 | payload       little endian; the checksum covers length and payload
//! payload        postcard of Frame: Base first, then one Edit for each commit
//! ```
//!
//! A new manifest is written as `manifest.<n>.tmp` with its base, synced, renamed, and the folder synced; only then the
//! older one is removed. Edits are appended to the file through the same handle. This happens at each open for writing,
//! after every 1,000 edits, and after an append that failed: nothing is known about the end of that file then.
//!
//! A commit is an edit whose sync has returned, after the files it names were synced with their folders. So at the end of
//! the file there may be a frame that is not whole: it was never committed, is passed over, and its files are removed at
//! the next open for writing. A bad frame with a good one behind it, or a bad base, is damage and refused.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::fs::{AppendFile, temporary};
use hearthline_core::{Fs, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::disk;
use crate::{StoreError, Table};

const MAGIC: &[u8; 8] = b"HLMANI01";
const HEADER: usize = 8;
const EDITS: usize = 1000;
const PREFIX: &str = "manifest.";

/// What happened to the rows of everything committed. Events only: records without a row are no part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All rows: `delivered + collapsed + quarantined`.
    pub events: u64,
    /// Rows put into `states` or `events`.
    pub delivered: u64,
    /// Rows whose identity was there already.
    pub collapsed: u64,
    /// Rows put into `quarantine`, settled by now or not.
    pub quarantined: u64,
}

/// A file that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    /// Its name; never used twice.
    pub(crate) id: u64,
    pub(crate) table: Table,
    /// The UTC day, counted from 1970-01-01.
    pub(crate) day: i64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// CRC-32 of all its bytes.
    pub(crate) crc: u32,
    /// The least and the greatest `ts`.
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// The last log record of the commit that it came with.
    pub(crate) through: Seq,
}

impl FileEntry {
    /// Where it lies.
    pub(crate) fn path(&self, store: &Path) -> PathBuf {
        self.table.partition(store, self.day).join(format!("{:010}.parquet", self.id))
    }
}

/// What the manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// Everything up to this record is in files.
    pub(crate) seq: Seq,
    pub(crate) counts: Counts,
    /// Rows that retention has dropped.
    pub(crate) expired: u64,
    /// The next file's name.
    pub(crate) next_id: u64,
    /// By table, day and id.
    pub(crate) files: Vec<FileEntry>,
}

/// One commit. The counts are those after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Edit {
    pub(crate) seq: Seq,
    pub(crate) counts: Counts,
    pub(crate) expired: u64,
    pub(crate) add: Vec<FileEntry>,
    pub(crate) remove: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
enum Frame {
    Base(Contents),
    Edit(Edit),
}

impl Contents {
    /// An edit that changes nothing yet.
    pub(crate) fn edit(&self) -> Edit {
        Edit {
            seq: self.seq,
            counts: self.counts,
            expired: self.expired,
            add: Vec::new(),
            remove: Vec::new(),
        }
    }

    fn apply(&mut self, edit: Edit) {
        (self.seq, self.counts, self.expired) = (edit.seq, edit.counts, edit.expired);
        self.files.retain(|file| !edit.remove.contains(&file.id));
        self.next_id = edit.add.iter().map(|file| file.id + 1).fold(self.next_id, u64::max);
        self.files.extend(edit.add);
        self.files.sort_by_key(|file| (file.table, file.day, file.id));
    }
}

/// The manifest of the one writer.
pub(crate) struct Manifest {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    number: u64,
    /// None after a failed append.
    file: Option<Box<dyn AppendFile>>,
    edits: usize,
    contents: Arc<Contents>,
}

impl Manifest {
    /// Reads the manifest of a folder and starts a new one with the same contents.
    pub(crate) fn open(fs: Arc<dyn Fs>, dir: &Path) -> Result<Self, StoreError> {
        let found = read(&*fs, dir)?;
        let (number, contents) = found.unwrap_or_default();
        let mut manifest =
            Self { fs, dir: dir.to_path_buf(), number, file: None, edits: 0, contents: Arc::default() };
        manifest.rebase(contents)?;
        Ok(manifest)
    }

    /// Puts a manifest with these contents in place of whatever is there, with a number behind `number`.
    pub(crate) fn replace(
        fs: Arc<dyn Fs>,
        dir: &Path,
        number: u64,
        contents: Contents,
    ) -> Result<(), StoreError> {
        let mut manifest =
            Self { fs, dir: dir.to_path_buf(), number, file: None, edits: 0, contents: Arc::default() };
        manifest.rebase(contents)
    }

    /// What is committed.
    pub(crate) fn contents(&self) -> &Arc<Contents> {
        &self.contents
    }

    /// Whether what is on disk is what is committed: not after a failed commit, until another has gone well.
    pub(crate) fn is_known(&self) -> bool {
        self.file.is_some()
    }

    /// Makes an edit durable. After an error it may or may not be there at the next open, so the files that it names
    /// must stay until another commit has gone well.
    pub(crate) fn commit(&mut self, edit: Edit) -> Result<(), StoreError> {
        let mut contents = Contents::clone(&self.contents);
        contents.apply(edit.clone());
        let Some(mut file) = self.file.take().filter(|_| self.edits < EDITS) else {
            return self.rebase(contents);
        };
        let path = path(&self.dir, self.number);
        file.append(&encode(&Frame::Edit(edit), &path)?).map_err(disk("write", &path))?;
        file.sync().map_err(disk("sync", &path))?;
        self.file = Some(file);
        self.edits += 1;
        self.contents = Arc::new(contents);
        Ok(())
    }

    fn rebase(&mut self, contents: Contents) -> Result<(), StoreError> {
        let path = path(&self.dir, self.number + 1);
        let tmp = temporary(&path);
        let contents = Arc::new(contents);
        let bytes = based(&contents, &path)?;
        let mut file = self.fs.create(&tmp).map_err(disk("create", &tmp))?;
        file.append(&bytes).map_err(disk("write", &tmp))?;
        file.sync().map_err(disk("sync", &tmp))?;
        self.fs.rename(&tmp, &path).map_err(disk("rename", &tmp))?;
        // From here the new number may be what a reader finds, whatever follows.
        self.number += 1;
        self.fs.sync_dir(&self.dir).map_err(disk("sync", &self.dir))?;
        (self.file, self.edits, self.contents) = (Some(file), 0, contents);
        if let Err(error) = self.remove_older() {
            tracing::warn!(%error, dir = %self.dir.display(), "an older manifest cannot be removed");
        }
        Ok(())
    }

    fn remove_older(&self) -> io::Result<()> {
        for entry in self.fs.read_dir(&self.dir)? {
            let older = number(&entry.name).is_some_and(|n| n < self.number);
            if older || (entry.name.starts_with(PREFIX) && entry.name.ends_with(".tmp")) {
                self.fs.remove(&self.dir.join(&entry.name))?;
            }
        }
        Ok(())
    }
}

/// Name and bytes of the first manifest of a folder that has these contents.
pub(crate) fn whole(contents: &Contents) -> Result<(String, Vec<u8>), StoreError> {
    let path = path(Path::new(""), 1);
    Ok((path.display().to_string(), based(contents, &path)?))
}

fn based(contents: &Contents, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(encode(&Frame::Base(contents.clone()), path)?);
    Ok(bytes)
}

/// The manifest of a folder with its number; none where there is none.
pub(crate) fn read(fs: &dyn Fs, dir: &Path) -> Result<Option<(u64, Contents)>, StoreError> {
    let entries = fs.read_dir(dir).map_err(disk("list", dir))?;
    let Some(number) = entries.iter().filter_map(|entry| number(&entry.name)).max() else { return Ok(None) };
    let path = path(dir, number);
    let bytes = fs.read(&path).map_err(disk("read", &path))?;
    let contents = decode(&bytes).map_err(|why| StoreError::DamagedManifest { path, why })?;
    Ok(Some((number, contents)))
}

fn decode(bytes: &[u8]) -> Result<Contents, String> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a manifest does")?;
    let Some((Frame::Base(mut contents), len)) = frame(rest) else {
        return Err("its base is not what was written".into());
    };
    rest = rest.get(len..).unwrap_or_default();
    while !rest.is_empty() {
        let Some((Frame::Edit(edit), len)) = frame(rest) else {
            let at = bytes.len() - rest.len();
            if (1..rest.len()).any(|skip| rest.get(skip..).and_then(frame).is_some()) {
                return Err(format!(
                    "the edit at byte {at} is not what was written, and there are edits after it"
                ));
            }
            tracing::info!(
                at,
                bytes = rest.len(),
                "the manifest ended in the middle of a write; that end is passed over"
            );
            break;
        };
        contents.apply(edit);
        rest = rest.get(len..).unwrap_or_default();
    }
    Ok(contents)
}

/// The frame at the start of `bytes`, with its length; none when it is not whole or not what was written.
fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let payload = rest.get(..usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
    if checksum(*len, payload) != u32::from_le_bytes(*crc) {
        return None;
    }
    Some((postcard::from_bytes(payload).ok()?, HEADER + payload.len()))
}

fn encode(frame: &Frame, path: &Path) -> Result<Vec<u8>, StoreError> {
    let too_long = |why: String| StoreError::DamagedManifest { path: path.to_path_buf(), why };
    let payload = postcard::to_stdvec(frame).map_err(|e| too_long(e.to_string()))?;
    let len = u32::try_from(payload.len()).map_err(|e| too_long(e.to_string()))?.to_le_bytes();
    let mut bytes = len.to_vec();
    bytes.extend(checksum(len, &payload).to_le_bytes());
    bytes.extend(payload);
    Ok(bytes)
}

fn checksum(len: [u8; 4], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&len);
    crc.update(payload);
    crc.finalize()
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{number:010}"))
}

/// The number in a manifest's file name.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}
