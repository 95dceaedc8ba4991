//! The door to the disk.
//!
//! Everything durable goes through [`Fs`], so that a simulation can hold a disk in memory, lose what was not synced,
//! and fail on demand. A write is durable only after `sync` on the file, and a new, renamed or removed name only after
//! `sync_dir` on its folder.

mod fenced;
mod json;
mod mem;
mod real;

use std::io;
use std::path::{Path, PathBuf};

pub use fenced::FencedFs;
pub use mem::{Fault, MemFs};
pub use real::RealFs;

/// A disk: the real one, or one in memory that can lose and fail.
pub trait Fs: Send + Sync {
    /// Makes the folder and its parents; fine if it is there.
    ///
    /// # Errors
    /// As the disk says.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// What the folder holds, sorted by name. A folder that is not there is empty.
    ///
    /// # Errors
    /// As the disk says.
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<DirEntry>>;

    /// Makes a new, empty file for appending, in place of any other of that name.
    ///
    /// # Errors
    /// As the disk says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;

    /// Opens a file for reading at any place; sees what is appended later.
    ///
    /// # Errors
    /// `NotFound`, or as the disk says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;

    /// Makes a file of `len` zero bytes in place of any other of that name, whose room on the disk is really taken, and
    /// syncs it. Where that fails, no file is left.
    ///
    /// # Errors
    /// As the disk says; `StorageFull` where there is no room.
    fn allocate(&self, path: &Path, len: u64) -> io::Result<()> {
        let made = write_zeros(&mut *self.create(path)?, len);
        if made.is_err() {
            drop(self.remove(path)); // what failed is told, not this
        }
        made
    }

    /// Cuts a file to `len` bytes and syncs it.
    ///
    /// # Errors
    /// As the disk says.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;

    /// Renames within one folder, replacing the target at once.
    ///
    /// # Errors
    /// As the disk says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or as the disk says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// As the disk says.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// As the disk says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Bytes that can still be written where `path` lies.
    ///
    /// # Errors
    /// As the disk says.
    fn free_space(&self, path: &Path) -> io::Result<u64>;
}

/// A file that grows at its end.
pub trait AppendFile: Send {
    /// Appends all of `bytes`. After an error nothing is known about how much was written.
    ///
    /// # Errors
    /// As the disk says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything appended so far survives a power cut.
    ///
    /// # Errors
    /// As the disk says. What was appended since the last good sync may be lost, also if a later sync succeeds.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is read at any place.
pub trait ReadFile: Send + Sync {
    /// Bytes in the file now.
    ///
    /// # Errors
    /// As the disk says.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file is empty now.
    ///
    /// # Errors
    /// As the disk says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads up to `buf.len()` bytes at `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// As the disk says.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name alone.
    pub name: String,
    /// Bytes; 0 for a folder.
    pub len: u64,
    /// Whether it is a folder.
    pub is_dir: bool,
}

impl dyn Fs + '_ {
    /// The whole file.
    ///
    /// # Errors
    /// `NotFound`, or as the disk says.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The whole file, or none where there is none.
    ///
    /// # Errors
    /// As the disk says.
    pub fn read_if_exists(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Puts a file in place as a whole: readers see the old content or the new, also after a power cut.
    ///
    /// # Errors
    /// As the disk says; the old content is then still there.
    pub fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let tmp = temporary(path);
        let mut file = self.create(&tmp)?;
        file.append(bytes)?;
        file.sync()?;
        drop(file);
        self.rename(&tmp, path)?;
        match path.parent() {
            Some(dir) => self.sync_dir(dir),
            None => Ok(()),
        }
    }

    /// Takes a file that cannot be read out of the way of the next: `<name>.damaged`, in place of the one before. Answers where
    /// it lies now.
    ///
    /// # Errors
    /// `NotFound`, or as the disk says.
    pub fn set_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".damaged");
        let aside = PathBuf::from(aside);
        self.rename(path, &aside)?;
        Ok(aside)
    }
}

/// Zeros written out, so that they take room also where a disk cannot be asked for room alone.
fn write_zeros(file: &mut dyn AppendFile, len: u64) -> io::Result<()> {
    let zeros = [0; 64 << 10];
    let mut left = len;
    while left > 0 {
        let some = zeros.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&zeros);
        file.append(some)?;
        left -= some.len() as u64;
    }
    file.sync()
}

/// The name under which a file is written before it is put in place. Readers pass over names that end in `.tmp`.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}
