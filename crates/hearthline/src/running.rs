//! `<data_dir>/run.json`: how a command finds the program that runs on a data folder.
//!
//! It is one JSON object, `{"pid": 4711, "address": "127.0.0.1:8099", "boot": "..."}`, readable by its owner alone; the
//! address comes when the program has come to listen, `boot` is the kernel's name of the machine's start, by which a power
//! cut is told from a crash. The running program holds a lock on it for as long as it lives, so that a file left behind by a killed one is recognised also where the
//! same process number is in use again (in a container it always is). It is removed at exit.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hearthline_core::{Fs, RealFs};
use hearthline_runbook::backup::UNFINISHED;
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

/// Why a data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// Another program has it.
    #[error("{}", taken(dir, holder))]
    Taken {
        /// The folder.
        dir: PathBuf,
        /// Who, as far as it has said.
        holder: Holder,
    },
    /// A backup is half put back into it.
    #[error(
        "a backup was being put into {} and did not come to its end: go on with `hearthline restore {backup} --to {}`, or empty the folder",
        dir.display(), dir.display()
    )]
    Unfinished {
        /// The folder.
        dir: PathBuf,
        /// Which.
        backup: String,
    },
    /// It cannot be written.
    #[error("the data folder {} cannot be written: {source}; {}", dir.display(), todo(source))]
    Disk {
        /// The folder.
        dir: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

/// Who has a data folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Holder {
    pid: Option<u32>,
    address: Option<SocketAddr>,
    boot: Option<String>,
}

impl ClaimError {
    /// Why the folder could not be had at this moment, where that is because a program that listens has it.
    pub(crate) fn of_running(data_dir: &Path) -> Option<Self> {
        let running = find(data_dir).ok()??;
        let holder = Holder { pid: Some(running.pid), address: Some(running.address), boot: None };
        Some(Self::Taken { dir: data_dir.to_path_buf(), holder })
    }
}

fn taken(dir: &Path, holder: &Holder) -> String {
    let dir = dir.display();
    let who = match (holder.pid, holder.address) {
        (Some(pid), Some(address)) => format!("process {pid}, http://{address}"),
        (Some(pid), None) => format!("process {pid}, which is starting or ending"),
        _ => "it has not said which process it is".into(),
    };
    format!(
        "another hearthline runs on {dir} ({who}), and two would spoil each other's files; stop it, or set another data \
         folder (data_dir, HEARTHLINE_DATA_DIR)"
    )
}

/// Why a command finds nothing.
pub(crate) fn nothing_in(data_dir: &Path) -> String {
    let dir = data_dir.display();
    format!("nothing is recorded in {dir} yet; is it the data folder? `hearthline run` makes it")
}

fn todo(error: &io::Error) -> &'static str {
    disk_todo(error).unwrap_or(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "let this program's user write there, or set another data folder (data_dir, HEARTHLINE_DATA_DIR)"
        }
        _ => {
            "set another data folder (data_dir, HEARTHLINE_DATA_DIR), or see what is the matter with its disk"
        }
    })
}

/// What to do about a disk that takes nothing, whatever was to be written.
pub(crate) fn disk_todo(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => Some(
            "its disk is read-only: mount it writable (the system makes a disk with errors read-only, which `dmesg` tells)",
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("make room on its disk"),
        _ => None,
    }
}

/// The right to be the one program on a data folder; given up on drop.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    path: PathBuf,
    /// What the last program left behind, if it could not remove it.
    left: Holder,
    /// It records, or is about to: what was left behind is made use of.
    announced: bool,
}

impl Claim {
    /// Takes the data folder, making it if needed.
    ///
    /// # Errors
    /// When another program runs on it, a backup is half put back into it, or as the disk says.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, ClaimError> {
        let claim = Self::take_to_restore(data_dir)?;
        let dir = data_dir.to_path_buf();
        match (&RealFs as &dyn Fs).read_if_exists(&data_dir.join(UNFINISHED)) {
            Ok(None) => Ok(claim),
            // Whatever is in it: what is half put back is not to be taken for a data folder.
            Ok(Some(name)) => {
                let name = String::from_utf8_lossy(&name).trim().to_owned();
                let backup = if name.is_empty() { "NAME".into() } else { name };
                Err(ClaimError::Unfinished { dir, backup })
            }
            Err(source) => Err(ClaimError::Disk { dir, source }),
        }
    }

    /// The same for a command that works on what is recorded, while nothing runs.
    ///
    /// # Errors
    /// When nothing is recorded there, or as [`Self::take`].
    pub(crate) fn of_recorded(data_dir: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(data_dir.join("store").is_dir(), nothing_in(data_dir));
        Self::for_command(data_dir)
    }

    /// The same for a command that may find nothing there.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) fn for_command(data_dir: &Path) -> anyhow::Result<Self> {
        Self::take(data_dir).with_context(|| format!("the data folder {} cannot be used", data_dir.display()))
    }

    /// The same for whoever puts a backup into it.
    ///
    /// # Errors
    /// When another program runs on it, or as the disk says.
    pub(crate) fn take_to_restore(data_dir: &Path) -> Result<Self, ClaimError> {
        let dir = || data_dir.to_path_buf();
        match Self::lock(data_dir) {
            Ok(Some(claim)) => Ok(claim),
            Ok(None) => Err(ClaimError::Taken { dir: dir(), holder: holder(data_dir) }),
            Err(source) => Err(ClaimError::Disk { dir: dir(), source }),
        }
    }

    /// The same where one may be held already, which is kept if it is of this folder and else given up.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) fn of(data_dir: &Path, held: Option<Self>) -> Result<Self, ClaimError> {
        match held.filter(|held| held.path == data_dir.join(NAME)) {
            Some(held) => Ok(held),
            None => Self::take(data_dir),
        }
    }

    /// None when another program holds it.
    fn lock(data_dir: &Path) -> io::Result<Option<Self>> {
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
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(e) => return Err(e.into()),
            }
            // The former owner may have removed the file between our opening and our locking it.
            let same = |named: std::fs::Metadata| file.metadata().is_ok_and(|held| held.ino() == named.ino());
            if std::fs::metadata(&path).is_ok_and(same) {
                let mut claim = Self { file, path, left: holder(data_dir), announced: false };
                claim.write(None)?;
                return Ok(Some(claim));
            }
        }
    }

    /// Says where the API listens, so that commands find it.
    ///
    /// # Errors
    /// As the disk says.
    pub(crate) fn announce(&mut self, address: SocketAddr) -> io::Result<()> {
        self.announced = true;
        self.write(Some(address))
    }

    /// Whether the last program was running when the machine went down.
    pub(crate) fn power_was_cut(&self) -> bool {
        matches!((&self.left.boot, boot()), (Some(then), Some(now)) if *then != now)
    }

    fn write(&mut self, address: Option<SocketAddr>) -> io::Result<()> {
        let document = serde_json::json!({ "pid": std::process::id(), "address": address, "boot": boot() });
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&serde_json::to_vec(&document)?)
    }
}

/// The kernel's name of the machine's start.
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

impl Drop for Claim {
    /// A command that had the folder for a moment leaves what it found: the next start tells a power cut from a crash by it.
    fn drop(&mut self) {
        if !self.announced
            && self.left.boot.is_some()
            && let Ok(left) = serde_json::to_vec(&self.left)
            && self.file.set_len(0).and_then(|()| self.file.rewind()).is_ok()
            && self.file.write_all(&left).is_ok()
        {
            return;
        }
        if let Err(error) = RealFs.remove(&self.path) {
            tracing::warn!("{} is left behind: {error}", self.path.display());
        }
    }
}

/// Who holds a folder that is held, as far as it has said.
fn holder(data_dir: &Path) -> Holder {
    let text = std::fs::read(data_dir.join(NAME)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
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

/// The process number of a program that has the folder and does not listen: it is starting or ending.
pub(crate) fn not_listening(data_dir: &Path) -> Option<u32> {
    let file = File::open(data_dir.join(NAME)).ok()?;
    flock(&file, FlockOperation::NonBlockingLockShared).err()?;
    holder(data_dir).pid
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
        assert_eq!(not_listening(dir.path()), Some(std::process::id()));
        claim.announce(address).unwrap();
        assert_eq!(find(dir.path()).unwrap(), Some(Running { pid: std::process::id(), address }));
        drop(claim);
        assert_eq!((find(dir.path()).unwrap(), not_listening(dir.path())), (None, None));
        assert!(!dir.path().join(NAME).exists());
    }

    #[test]
    fn a_second_program_on_one_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Claim::take(dir.path()).unwrap();
        let words = || Claim::take(dir.path()).unwrap_err().to_string();
        let folder = dir.path().display();
        let starting =
            format!("another hearthline runs on {folder} (process {}, which is", std::process::id());
        assert!(words().starts_with(&starting), "{}", words());
        first.announce("127.0.0.1:8099".parse().unwrap()).unwrap();
        let listening = format!("(process {}, http://127.0.0.1:8099)", std::process::id());
        assert!(words().contains(&listening) && words().contains("stop it, or set another"), "{}", words());
    }

    #[test]
    fn a_folder_into_which_a_backup_is_half_put_back_is_no_data_folder_whatever_the_mark_says() {
        let dir = tempfile::tempdir().unwrap();
        for (mark, told) in [
            (&b"2026-11-26T00-41-07Z"[..], "`hearthline restore 2026-11-26T00-41-07Z --to "),
            (b"", "`hearthline restore NAME --to "),
            (b"\xff\xfe", "go on with `hearthline restore "),
        ] {
            let path = dir.path().join(UNFINISHED);
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
            file.write_all(mark).unwrap();
            let words = Claim::take(dir.path()).unwrap_err().to_string();
            assert!(words.contains(told), "{words}");
        }
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
    fn a_power_cut_is_told_from_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let after = |left: &str| {
            let mut file = File::create_new(dir.path().join(NAME)).unwrap();
            file.write_all(left.as_bytes()).unwrap();
            drop(Claim::take(dir.path()).unwrap()); // a command between
            let mut claim = Claim::take(dir.path()).unwrap();
            claim.announce("127.0.0.1:1".parse().unwrap()).unwrap();
            claim.power_was_cut()
        };
        let crashed = serde_json::json!({ "pid": 1, "address": null, "boot": boot() }).to_string();
        assert!(!after(&crashed), "the machine is the same since");
        assert!(after(r#"{"pid":1,"address":"127.0.0.1:1","boot":"another"}"#));
        assert!(!after(""), "nothing is known");
        assert!(!Claim::take(dir.path()).unwrap().power_was_cut(), "it ended in order");
    }

    #[test]
    fn only_the_owner_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let _claim = Claim::take(dir.path()).unwrap();
        let mode = std::fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
