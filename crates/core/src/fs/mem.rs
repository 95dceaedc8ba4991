//! A disk in memory that forgets what was not synced and fails when told to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{AppendFile, DirEntry, Fs, ReadFile};

/// A disk in memory. Clones share it.
///
/// It is as forgetful as POSIX allows: [`MemFs::power_cut`] takes away every byte after the last sync of its file and
/// every name (made, renamed, removed) after the last sync of its folder. A killed process loses neither.
#[derive(Clone, Debug)]
pub struct MemFs(Arc<Mutex<Disk>>);

/// What a [`MemFs`] can be told to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every sync fails, and what it should have made durable never is.
    Sync,
    /// Every write fails with `ReadOnlyFilesystem`.
    ReadOnly,
}

#[derive(Debug, Default)]
struct Disk {
    /// Names as a running program sees them.
    names: BTreeMap<PathBuf, usize>,
    /// Names as they are after a power cut.
    durable_names: BTreeMap<PathBuf, usize>,
    dirs: BTreeSet<PathBuf>,
    files: Vec<File>,
    capacity: u64,
    used: u64,
    faults: Vec<Fault>,
    /// Changes that are still taken; none is any number.
    left: Option<u64>,
}

#[derive(Debug, Default)]
struct File {
    bytes: Vec<u8>,
    durable: usize,
}

impl Disk {
    fn file(&mut self, id: usize) -> io::Result<&mut File> {
        self.files.get_mut(id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn id(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.faults.contains(&Fault::ReadOnly) {
            Err(io::ErrorKind::ReadOnlyFilesystem.into())
        } else {
            Ok(())
        }
    }

    /// Before anything is written but bytes.
    fn write(&mut self) -> io::Result<()> {
        self.check_writable()?;
        self.change()
    }

    /// Before anything is made durable.
    fn sync(&mut self) -> io::Result<()> {
        if self.faults.contains(&Fault::Sync) {
            return Err(io::Error::other("sync failed (simulated)"));
        }
        self.change()
    }

    fn change(&mut self) -> io::Result<()> {
        let Some(left) = &mut self.left else { return Ok(()) };
        *left = left.checked_sub(1).ok_or_else(|| io::Error::other("killed (simulated)"))?;
        Ok(())
    }

    fn recount(&mut self) {
        let ids: BTreeSet<usize> = self.names.values().copied().collect();
        self.used = ids.iter().filter_map(|id| self.files.get(*id)).map(|f| f.bytes.len() as u64).sum();
    }
}

impl Default for MemFs {
    fn default() -> Self {
        Self::with_capacity(u64::MAX)
    }
}

impl MemFs {
    /// A disk that is full after `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk { capacity, ..Disk::default() })))
    }

    /// Changes how many bytes fit.
    pub fn set_capacity(&self, capacity: u64) {
        self.0.lock().capacity = capacity;
    }

    /// Makes the disk fail in this way until [`MemFs::heal`].
    pub fn fail(&self, fault: Fault) {
        self.0.lock().faults.push(fault);
    }

    /// Takes so many changes and no more until [`MemFs::heal`]: where the power goes, or the process is killed. Half of what is
    /// appended then is there.
    pub fn take_only(&self, changes: u64) {
        self.0.lock().left = Some(changes);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        let mut disk = self.0.lock();
        disk.faults.clear();
        disk.left = None;
    }

    /// Takes away what was not synced.
    pub fn power_cut(&self) {
        let mut disk = self.0.lock();
        disk.names = disk.durable_names.clone();
        for file in &mut disk.files {
            file.bytes.truncate(file.durable);
        }
        disk.recount();
    }

    /// Overwrites bytes in place, as a dying disk does.
    ///
    /// # Panics
    /// When the file is not there or too short: the test is wrong then.
    #[expect(clippy::panic, reason = "an aid for tests, which are wrong when this does not fit")]
    pub fn scribble(&self, path: &Path, offset: usize, bytes: &[u8]) {
        let mut disk = self.0.lock();
        let target = disk.id(path).ok().and_then(|id| disk.files.get_mut(id));
        match target.and_then(|file| file.bytes.get_mut(offset..offset + bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => panic!("{} has no {} bytes at {offset}", path.display(), bytes.len()),
        }
    }
}

impl Fs for MemFs {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.write()?;
        disk.dirs.extend(dir.ancestors().map(Path::to_path_buf));
        Ok(())
    }

    fn read_dir(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let disk = self.0.lock();
        let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
        let mut found = Vec::new();
        for (path, id) in disk.names.iter().filter(|(path, _)| path.parent() == Some(dir)) {
            let len = disk.files.get(*id).map_or(0, |f| f.bytes.len() as u64);
            found.extend(name(path).map(|name| DirEntry { name, len, is_dir: false }));
        }
        for path in disk.dirs.iter().filter(|path| path.parent() == Some(dir)) {
            found.extend(name(path).map(|name| DirEntry { name, len: 0, is_dir: true }));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut disk = self.0.lock();
        disk.write()?;
        if !path.parent().is_some_and(|dir| dir.as_os_str().is_empty() || disk.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let id = disk.files.len();
        disk.files.push(File::default());
        disk.names.insert(path.to_path_buf(), id);
        disk.recount();
        drop(disk);
        Ok(Box::new(Handle { disk: Arc::clone(&self.0), id }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let id = self.0.lock().id(path)?;
        Ok(Box::new(Handle { disk: Arc::clone(&self.0), id }))
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.write()?;
        let id = disk.id(path)?;
        let file = disk.file(id)?;
        file.bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        file.durable = file.bytes.len();
        disk.recount();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.write()?;
        let id = disk.id(from)?;
        disk.names.remove(from);
        disk.names.insert(to.to_path_buf(), id);
        disk.recount();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.write()?;
        disk.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        disk.recount();
        Ok(())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.write()?;
        if disk.names.keys().any(|path| path.starts_with(dir)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        if disk.dirs.remove(dir) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.sync()?;
        let inside = |path: &Path| path.parent() == Some(dir);
        let now: Vec<_> = disk
            .names
            .iter()
            .filter(|(path, _)| inside(path))
            .map(|(path, id)| (path.clone(), *id))
            .collect();
        disk.durable_names.retain(|path, _| !inside(path));
        disk.durable_names.extend(now);
        Ok(())
    }

    fn free_space(&self, _path: &Path) -> io::Result<u64> {
        let disk = self.0.lock();
        Ok(disk.capacity.saturating_sub(disk.used))
    }
}

struct Handle {
    disk: Arc<Mutex<Disk>>,
    id: usize,
}

impl AppendFile for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.check_writable()?;
        let killed = disk.change().err();
        let room = usize::try_from(disk.capacity.saturating_sub(disk.used)).unwrap_or(usize::MAX);
        let taken = if killed.is_some() { bytes.len() / 2 } else { bytes.len() };
        let fits = bytes.get(..room.min(taken)).unwrap_or(bytes);
        disk.used += fits.len() as u64;
        disk.file(self.id)?.bytes.extend_from_slice(fits);
        match killed {
            Some(killed) => Err(killed),
            None if fits.len() < bytes.len() => Err(io::ErrorKind::StorageFull.into()),
            None => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.sync()?;
        let file = disk.file(self.id)?;
        file.durable = file.bytes.len();
        Ok(())
    }
}

impl ReadFile for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock().file(self.id)?.bytes.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.disk.lock();
        let file = disk.file(self.id)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = file.bytes.get(offset..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_takes_what_was_not_synced() {
        let fs = MemFs::default();
        let dir = Path::new("/data");
        fs.create_dir_all(dir).unwrap();
        let mut file = fs.create(&dir.join("a")).unwrap();
        file.append(b"kept").unwrap();
        file.sync().unwrap();
        fs.sync_dir(dir).unwrap();
        file.append(b" lost").unwrap();
        fs.create(&dir.join("b")).unwrap().sync().unwrap();

        fs.power_cut();

        assert_eq!((&fs as &dyn Fs).read(&dir.join("a")).unwrap(), b"kept");
        assert_eq!(fs.read_dir(dir).unwrap().len(), 1, "b's name was never synced");
    }

    #[test]
    fn a_full_disk_takes_what_fits_and_says_so() {
        let fs = MemFs::with_capacity(3);
        fs.create_dir_all(Path::new("/d")).unwrap();
        let mut file = fs.create(Path::new("/d/a")).unwrap();
        assert_eq!(file.append(b"four").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!((&fs as &dyn Fs).read(Path::new("/d/a")).unwrap(), b"fou");
        assert_eq!(fs.free_space(Path::new("/d")).unwrap(), 0);
    }

    #[test]
    fn a_disk_that_takes_no_more_keeps_what_it_took_and_half_of_the_rest() {
        let fs = MemFs::default();
        fs.create_dir_all(Path::new("/d")).unwrap();
        fs.take_only(3);
        let mut file = fs.create(Path::new("/d/a")).unwrap();
        file.append(b"ab").unwrap();
        file.sync().unwrap();
        assert!(
            file.append(b"cdef").is_err() && file.sync().is_err() && fs.sync_dir(Path::new("/d")).is_err()
        );
        assert_eq!((&fs as &dyn Fs).read(Path::new("/d/a")).unwrap(), b"abcd");
        fs.heal();
        file.append(b"g").unwrap();
    }

    #[test]
    fn room_is_allocated_as_a_whole_or_not_at_all() {
        let fs = MemFs::with_capacity(200_000);
        let path = Path::new("/d/reserve");
        fs.create_dir_all(Path::new("/d")).unwrap();
        fs.allocate(path, 150_001).unwrap();
        assert_eq!(fs.free_space(path).unwrap(), 49_999);
        let error = fs.allocate(path, 200_001).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs.open(path).err().unwrap().kind(), io::ErrorKind::NotFound);
        assert_eq!(fs.free_space(path).unwrap(), 200_000);
    }

    #[test]
    fn an_atomic_write_leaves_the_old_or_the_new() {
        let fs = MemFs::default();
        let (dyn_fs, path) = (&fs as &dyn Fs, Path::new("/d/a"));
        fs.create_dir_all(Path::new("/d")).unwrap();
        dyn_fs.write_atomic(path, b"old").unwrap();
        fs.fail(Fault::Sync);
        dyn_fs.write_atomic(path, b"new").unwrap_err();
        fs.power_cut();
        assert_eq!(dyn_fs.read(path).unwrap(), b"old");
    }
}
