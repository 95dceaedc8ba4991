//! A disk that takes changes only from whoever has the turn.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{AppendFile, DirEntry, Fs, ReadFile};
use crate::fence::{TakenOver, Turn};

/// A disk that takes changes only while this turn lasts: one that was replaced leaves no trace when it wakes up.
pub struct FencedFs {
    fs: Arc<dyn Fs>,
    turn: Turn,
}

struct FencedFile {
    file: Box<dyn AppendFile>,
    turn: Turn,
}

fn refused(taken: TakenOver) -> io::Error {
    io::Error::other(taken)
}

impl FencedFs {
    /// The same disk, for the holder of this turn.
    #[must_use]
    pub const fn new(fs: Arc<dyn Fs>, turn: Turn) -> Self {
        Self { fs, turn }
    }
}

impl Fs for FencedFs {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.create_dir_all(dir)
    }

    fn read_dir(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.fs.read_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let _inside = self.turn.enter().map_err(refused)?;
        Ok(Box::new(FencedFile { file: self.fs.create(path)?, turn: self.turn.clone() }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.fs.open(path)
    }

    fn allocate(&self, path: &Path, len: u64) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.allocate(path, len)
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.truncate(path, len)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.remove(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.remove_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.fs.sync_dir(dir)
    }

    fn free_space(&self, path: &Path) -> io::Result<u64> {
        self.fs.free_space(path)
    }
}

impl AppendFile for FencedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let _inside = self.turn.enter().map_err(refused)?;
        self.file.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fence::Fence;
    use crate::fs::MemFs;

    #[test]
    fn a_file_that_was_begun_before_the_turn_was_lost_is_not_put_in_place() {
        let (disk, fence) = (Arc::new(MemFs::default()), Fence::default());
        let old = FencedFs::new(disk.clone(), fence.next().unwrap());
        old.create_dir_all("/d".as_ref()).unwrap();
        let mut file = old.create("/d/a.tmp".as_ref()).unwrap();
        file.append(b"old").unwrap();
        let new: Arc<dyn Fs> = Arc::new(FencedFs::new(disk, fence.next().unwrap()));
        new.write_atomic("/d/a".as_ref(), b"new").unwrap();
        assert!(file.append(b"er").is_err() && file.sync().is_err());
        assert!(old.rename("/d/a.tmp".as_ref(), "/d/a".as_ref()).is_err());
        assert!(old.remove("/d/a".as_ref()).is_err());
        assert_eq!(new.read("/d/a".as_ref()).unwrap(), b"new");
    }
}
