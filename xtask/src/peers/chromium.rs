//! Chromium: the one on the path, else Debian's packages of it and of the libraries that the machine lacks, unpacked.
//!
//! apt finds out which these are, for any user, with package lists of its own: the system's may be absent or too old.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Log, folder};

const LAUNCHER: &str = include_str!("../../peers/chromium.sh");
const ON_THE_PATH: [&str; 2] = ["chromium", "google-chrome"];
const NEEDS: &str = "install Chromium, so that it is on the path, where there is no apt";

/// The program to start, where nothing is left to be installed.
pub(crate) fn found(target: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_the_path = std::env::split_paths(&path)
        .flat_map(|folder| ON_THE_PATH.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    let unpacked = launcher(&peer(target));
    let is_whole = fs::read_to_string(&unpacked).is_ok_and(|made_from| made_from == LAUNCHER);
    on_the_path.or_else(|| is_whole.then_some(unpacked))
}

/// Unpacks what is missing and answers with the program to start.
pub(crate) fn install(target: &Path) -> Result<PathBuf> {
    let peer = peer(target);
    super::install(&peer, || found(target).is_some(), |log| unpack(&peer, log))?;
    found(target).context("Chromium is unpacked and not found")
}

fn unpack(peer: &Path, log: &Log) -> Result<()> {
    println!("unpacking Chromium into {} (1 min)", peer.display());
    let archives = peer.join("apt/cache/archives");
    for folder in [archives.join("partial"), peer.join("apt/state/lists/partial")] {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let apt = |arguments: &[&str]| log.run(apt_get(&peer.join("apt")).args(arguments), NEEDS);
    // Also fails for a source that has nothing to do with Chromium: whether that can be had, the next step tells.
    let updated = apt(&["update"]);
    let download = ["install", "--yes", "--no-install-recommends", "--download-only", "chromium"];
    apt(&download).map_err(|error| updated.err().unwrap_or(error))?;
    let packages = packages(&archives)?;
    ensure!(!packages.is_empty(), "apt says that Chromium is installed, but it is not on the path");
    for package in packages {
        let unpacked = peer.join("unpacked");
        log.run(Command::new("dpkg-deb").arg("--extract").args([package, unpacked]), NEEDS)?;
    }
    fs::remove_dir_all(peer.join("apt")).context("cannot remove what apt fetched")?;
    // Not yet under the name of a peer that is whole: it has to start first.
    let untried = peer.join("untried");
    fs::write(&untried, LAUNCHER).context("cannot write Chromium's launcher")?;
    log.run(Command::new("chmod").arg("+x").arg(&untried), NEEDS)?;
    log.run(Command::new(&untried).arg("--version"), NEEDS)?;
    fs::rename(&untried, launcher(peer)).context("cannot put Chromium's launcher in its place")
}

/// apt that asks the system only for its sources, their keys, and which packages are installed.
fn apt_get(own: &Path) -> Command {
    let mut apt = Command::new("apt-get");
    for (setting, folder) in [("Dir::State", "state"), ("Dir::Cache", "cache")] {
        apt.arg("--option").arg(format!("{setting}={}", own.join(folder).display()));
    }
    // The locks guard what the system has, which stays as it is; apt's own user may not write below the target folder.
    apt.args(["--quiet", "--option", "Debug::NoLocking=true", "--option", "APT::Sandbox::User=root"]);
    apt
}

fn packages(archives: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(archives).context("cannot look at what apt fetched")?;
    let mut packages = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    packages.retain(|path| path.extension() == Some(OsStr::new("deb")));
    Ok(packages)
}

fn peer(target: &Path) -> PathBuf {
    folder(target).join("chromium")
}

fn launcher(peer: &Path) -> PathBuf {
    peer.join("chromium")
}
