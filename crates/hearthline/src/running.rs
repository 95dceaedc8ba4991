//! `<data_dir>/run.json`: how a command finds the program that runs on a data folder.
//!
//! It is one JSON object, `{"pid": 4711, "address": "127.0.0.1:8099"}`, readable by its owner alone. The running program
//! holds a lock on it for as long as it lives, so that a file left behind by a killed one is recognised also where the
//! same process number is in use again (in a container it always is). It is removed at exit.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hearthline_core::{Fs, RealFs};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

const NAME: &str = "run.json";

/// A running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its process number.
    pub(crate) pid: u32,
    /// Where its API listens.
    pub(crate) address: SocketAddr,
}

/// The right to be the one program on a data folder; given up on drop.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    /// Takes the data folder, making it if needed.
    ///
    /// # Errors
    /// `AlreadyExists` when another program runs on it; else as the disk says.
    pub(crate) fn take(data_dir: &Path) -> io::Result<Self> {
        RealFs.create_dir_all(data_dir)?;
        let path = data_dir.join(NAME);
        let mut tries = 0;
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                // A command that looks whether somebody runs holds the lock for a moment.
                Err(Errno::WOULDBLOCK) if tries < 100 => {
                    tries += 1;
                    std::thread::yield_now();
                    continue;
                }
                Err(Errno::WOULDBLOCK) => return Err(io::ErrorKind::AlreadyExists.into()),
                Err(e) => return Err(e.into()),
            }
            // The former owner may have removed the file between our opening and our locking it.
            let same = |named: std::fs::Metadata| file.metadata().is_ok_and(|held| held.ino() == named.ino());
            if std::fs::metadata(&path).is_ok_and(same) {
                file.set_len(0)?;
                return Ok(Self { file, path });
            }
        }
    }

    /// Says where the API listens, so that commands find it.
    ///
    /// # Errors
    /// As the disk says.
    pub(crate) fn announce(&mut self, address: SocketAddr) -> io::Result<()> {
        let running = serde_json::to_vec(&Running { pid: std::process::id(), address })?;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&running)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Err(error) = RealFs.remove(&self.path) {
            tracing::warn!("{} is left behind: {error}", self.path.display());
        }
    }
}

/// The program that runs on a data folder; none when nobody does, or when it has not come to listen yet.
///
/// # Errors
/// As the disk says.
pub(crate) fn find(data_dir: &Path) -> io::Result<Option<Running>> {
    let mut file = match File::open(data_dir.join(NAME)) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
        return Ok(None);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_running_program_is_found_until_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let address = "127.0.0.1:8099".parse().unwrap();
        let mut claim = Claim::take(dir.path()).unwrap();
        assert_eq!(find(dir.path()).unwrap(), None, "it does not listen yet");
        claim.announce(address).unwrap();
        assert_eq!(find(dir.path()).unwrap(), Some(Running { pid: std::process::id(), address }));
        drop(claim);
        assert_eq!(find(dir.path()).unwrap(), None);
        assert!(!dir.path().join(NAME).exists());
    }

    #[test]
    fn a_second_program_on_one_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Claim::take(dir.path()).unwrap();
        assert_eq!(Claim::take(dir.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_file_left_by_a_killed_program_is_stale_even_if_its_process_number_lives() {
        let dir = tempfile::tempdir().unwrap();
        let left = Running { pid: std::process::id(), address: "127.0.0.1:1".parse().unwrap() };
        File::create_new(dir.path().join(NAME))
            .unwrap()
            .write_all(&serde_json::to_vec(&left).unwrap())
            .unwrap();
        assert_eq!(find(dir.path()).unwrap(), None);
        let mut claim = Claim::take(dir.path()).unwrap();
        claim.announce("127.0.0.1:2".parse().unwrap()).unwrap();
        assert_eq!(find(dir.path()).unwrap().unwrap().address.port(), 2);
    }

    #[test]
    fn only_the_owner_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let _claim = Claim::take(dir.path()).unwrap();
        let mode = std::fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
