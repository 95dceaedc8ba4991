//! What files had in them, each once for all backups: `<dir>/files/<sha256>`, so that `sha256sum` can compare it.
//!
//! A file comes into being as `incoming.tmp`, is synced and gets its name. It is never changed.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::Fs;
use hearthline_core::fs::{AppendFile, ReadFile};
use memchr::memmem;
use ring::digest::{Context, SHA256};

use super::document::{hex, is_sha256};
use super::{BackupError, disk};

/// Bytes that are read at once; what is not longer is written only if it is new.
const PIECE: usize = 1 << 20;

/// What is being written.
const INCOMING: &str = "incoming.tmp";

/// The folder of contents.
pub(super) struct Pool<'f> {
    fs: &'f dyn Fs,
    dir: PathBuf,
    has: HashMap<String, u64>,
    /// What this one has put there.
    pub(super) new: (u64, u64),
}

/// A file that is in the pool.
pub(super) struct Kept {
    pub(super) sha256: String,
    pub(super) crc: u32,
}

/// Why a file is not in the pool.
pub(super) enum NotKept {
    /// It cannot be read.
    Unreadable(io::Error),
    /// A secret is in it.
    Secret,
    /// The pool takes nothing.
    Pool(BackupError),
}

/// Looks for secrets in what goes by.
struct Watch<'s> {
    secrets: &'s [String],
    tail: Vec<u8>,
}

impl Watch<'_> {
    /// Whether one is in this piece, or begins in the piece before it.
    fn sees(&mut self, piece: &[u8]) -> bool {
        let Some(longest) = self.secrets.iter().map(String::len).max() else { return false };
        self.tail.extend_from_slice(piece);
        let found = self.secrets.iter().any(|secret| memmem::find(&self.tail, secret.as_bytes()).is_some());
        let old = self.tail.len().saturating_sub(longest);
        self.tail.drain(..old);
        found
    }
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("files")
}

/// Why what a backup names cannot be had.
#[derive(Clone, Debug)]
pub(super) struct Unlike {
    pub(super) why: String,
    /// It was read, and is something else.
    pub(super) is_other: bool,
}

impl<'f> Pool<'f> {
    /// That of a folder of backups; made where there is none. What a killed backup was writing is removed.
    pub(super) fn open(fs: &'f dyn Fs, backups: &Path) -> Result<Self, BackupError> {
        let dir = path(backups);
        fs.create_dir_all(&dir).map_err(disk("make", &dir))?;
        fs.sync_dir(backups).map_err(disk("sync", backups))?;
        let mut has = HashMap::new();
        for entry in fs.read_dir(&dir).map_err(disk("list", &dir))? {
            if entry.name == INCOMING {
                let path = dir.join(&entry.name);
                fs.remove(&path).map_err(disk("remove", &path))?;
            } else if !entry.is_dir && is_sha256(&entry.name) {
                has.insert(entry.name, entry.len);
            }
        }
        Ok(Self { fs, dir, has, new: (0, 0) })
    }

    /// Whether it has that.
    pub(super) fn has(&self, sha256: &str, bytes: u64) -> bool {
        self.has.get(sha256) == Some(&bytes)
    }

    /// Takes the first `len` bytes of a file, if none of the secrets is in them.
    pub(super) fn put(&mut self, file: &dyn ReadFile, len: u64, secrets: &[String]) -> Result<Kept, NotKept> {
        let mut watch = Watch { secrets, tail: Vec::new() };
        let (mut sha, mut crc) = (Context::new(&SHA256), crc32fast::Hasher::new());
        let mut piece = vec![0; PIECE.min(usize::try_from(len).unwrap_or(PIECE)).max(1)];
        let tmp = self.dir.join(INCOMING);
        let mut out: Option<Box<dyn AppendFile>> = None;
        let mut at = 0;
        while at < len {
            let want = usize::try_from(len - at).unwrap_or(PIECE).min(piece.len());
            let Some(read) = piece.get_mut(..want) else { break };
            let n = file.read_at(read, at).map_err(NotKept::Unreadable)?;
            if n < want {
                let words = format!("it ends at byte {}, and {len} were written", at + n as u64);
                return Err(NotKept::Unreadable(io::Error::new(io::ErrorKind::UnexpectedEof, words)));
            }
            if watch.sees(read) {
                return Err(NotKept::Secret);
            }
            sha.update(read);
            crc.update(read);
            at += n as u64;
            if len > PIECE as u64 {
                self.write(&mut out, &tmp, read).map_err(NotKept::Pool)?;
            }
        }
        let sha256 = hex(sha.finish().as_ref());
        if !self.has(&sha256, len) {
            if out.is_none() {
                self.write(
                    &mut out,
                    &tmp,
                    piece.get(..usize::try_from(len).unwrap_or(0)).unwrap_or_default(),
                )
                .map_err(NotKept::Pool)?;
            }
            self.finish(out, &tmp, &sha256, len).map_err(NotKept::Pool)?;
        }
        Ok(Kept { sha256, crc: crc.finalize() })
    }

    /// Takes these bytes.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) -> Result<Kept, BackupError> {
        let (mut sha, mut out) = (Context::new(&SHA256), None);
        sha.update(bytes);
        let (sha256, tmp) = (hex(sha.finish().as_ref()), self.dir.join(INCOMING));
        if !self.has(&sha256, bytes.len() as u64) {
            self.write(&mut out, &tmp, bytes)?;
            self.finish(out, &tmp, &sha256, bytes.len() as u64)?;
        }
        Ok(Kept { sha256, crc: crc32fast::hash(bytes) })
    }

    fn write(
        &self,
        out: &mut Option<Box<dyn AppendFile>>,
        tmp: &Path,
        bytes: &[u8],
    ) -> Result<(), BackupError> {
        if out.is_none() {
            *out = Some(self.fs.create(tmp).map_err(disk("create", tmp))?);
        }
        match out {
            Some(file) => file.append(bytes).map_err(disk("write", tmp)),
            None => Ok(()),
        }
    }

    /// Gives it its name, which is durable after [`Pool::sync`].
    fn finish(
        &mut self,
        out: Option<Box<dyn AppendFile>>,
        tmp: &Path,
        sha256: &str,
        len: u64,
    ) -> Result<(), BackupError> {
        if let Some(mut file) = out {
            file.sync().map_err(disk("sync", tmp))?;
        }
        self.fs.rename(tmp, &self.dir.join(sha256)).map_err(disk("rename", tmp))?;
        self.has.insert(sha256.to_owned(), len);
        self.new = (self.new.0 + 1, self.new.1 + len);
        Ok(())
    }

    /// From now on all that was put there survives a power cut.
    pub(super) fn sync(&self) -> Result<(), BackupError> {
        self.fs.sync_dir(&self.dir).map_err(disk("sync", &self.dir))
    }

    /// Removes what none of these is; how many files, and how many bytes.
    pub(super) fn keep_only(&mut self, named: &impl Fn(&str) -> bool) -> Result<(u64, u64), BackupError> {
        let useless: Vec<_> = self.has.extract_if(|sha256, _| !named(sha256)).collect();
        for (sha256, _) in &useless {
            let path = self.dir.join(sha256);
            self.fs.remove(&path).map_err(disk("remove", &path))?;
        }
        Ok((useless.len() as u64, useless.iter().map(|(_, bytes)| bytes).sum()))
    }
}

/// Reads what has that checksum, and hands each piece on. The error says in words what is the matter with it, or is that of `to`.
pub(super) fn read_out(
    fs: &dyn Fs,
    backups: &Path,
    (sha256, bytes): (&str, u64),
    to: &mut dyn FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<Result<(), Unlike>, BackupError> {
    let path = path(backups).join(sha256);
    let unread = |why: String| Ok(Err(Unlike { why, is_other: false }));
    let file = match fs.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return unread("it is not there".into()),
        Err(error) => return unread(error.to_string()),
    };
    let (mut sha, mut piece, mut at) = (Context::new(&SHA256), vec![0; PIECE], 0);
    loop {
        let n = match file.read_at(&mut piece, at) {
            Ok(n) => n,
            Err(error) => return unread(error.to_string()),
        };
        let read = piece.get(..n).unwrap_or_default();
        at += n as u64;
        if n == 0 || at > bytes {
            break;
        }
        sha.update(read);
        to(read)?;
    }
    let why = match (at == bytes, hex(sha.finish().as_ref()) == sha256) {
        (true, true) => return Ok(Ok(())),
        (false, _) => format!("it has another length than the {bytes} bytes that were written"),
        (true, false) => "its bytes are not what was written".into(),
    };
    Ok(Err(Unlike { why, is_other: true }))
}

/// Takes something out of the pool that is not what was written: it is known again by its name, so that no later backup would
/// copy it anew. A folder that takes nothing keeps it.
pub(super) fn set_aside(fs: &dyn Fs, backups: &Path, sha256: &str) {
    let dir = path(backups);
    if let Err(error) = fs.set_aside(&dir.join(sha256)).and_then(|_| fs.sync_dir(&dir)) {
        tracing::warn!(%error, sha256, "a damaged file of the backups could not be set aside");
    }
}
