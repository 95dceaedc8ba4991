//! The programs that the tests run against, installed below the target folder. Nothing is installed on the system.
//!
//! A peer is whole when its stamp, written last, holds what it was made from; anything else is removed and made anew.

pub(crate) mod chromium;
mod debian;
pub(crate) mod deploy;
pub(crate) mod influxdb;
pub(crate) mod mosquitto;
pub(crate) mod python;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Where all of them are.
pub(crate) fn folder(target: &Path) -> PathBuf {
    target.join("peers")
}

/// The first program of one of these names.
fn on_the_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    folders.flat_map(|folder| names.iter().map(move |name| folder.join(name))).find(|path| path.is_file())
}

/// Makes a peer's folder anew and hands it to `make`, unless the peer `is_whole` by then. Other installers wait.
fn install(peer: &Path, is_whole: impl Fn() -> bool, make: impl FnOnce(&Log) -> Result<()>) -> Result<()> {
    let peers = peer.parent().context("a peer has no folder above it")?;
    fs::create_dir_all(peers).with_context(|| format!("cannot make {}", peers.display()))?;
    let lock = File::create(peers.join("lock")).context("cannot make the installer's lock file")?;
    lock.lock().context("cannot wait for another installer")?;
    if is_whole() {
        return Ok(());
    }
    if peer.exists() {
        fs::remove_dir_all(peer).with_context(|| format!("cannot remove a half made {}", peer.display()))?;
    }
    let log = Log { path: peer.with_extension("log") };
    File::create(&log.path).with_context(|| format!("cannot make {}", log.path.display()))?;
    make(&log)
}

/// Where an installer writes what it says.
struct Log {
    path: PathBuf,
}

impl Log {
    /// Waits for the command. `needs` says what has to be there for it.
    fn run(&self, command: &mut Command, needs: &str) -> Result<()> {
        let open =
            || File::options().append(true).open(&self.path).context("cannot append to the installer's log");
        let shown = format!("{command:?}");
        let status = command
            .stdin(Stdio::null())
            .stdout(open()?)
            .stderr(open()?)
            .status()
            .with_context(|| format!("cannot start {shown}; {needs}"))?;
        if !status.success() {
            let log = fs::read_to_string(&self.path).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(8).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            let path = self.path.display();
            bail!(
                "{shown} ended with {status}; all it said is in {path}, the last lines:\n{}",
                last.join("\n")
            );
        }
        Ok(())
    }
}
