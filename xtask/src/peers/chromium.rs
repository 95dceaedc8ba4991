//! Chromium: the one on the path, else Debian's packages of it and of the libraries that the machine lacks, unpacked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Log, debian, folder, on_the_path};

const LAUNCHER: &str = include_str!("../../peers/chromium.sh");
const ON_THE_PATH: [&str; 2] = ["chromium", "google-chrome"];
const NEEDS: &str = "install Chromium, so that it is on the path, where there is no apt";

/// The program to start, where nothing is left to be installed.
pub(crate) fn found(target: &Path) -> Option<PathBuf> {
    let unpacked = launcher(&peer(target));
    let is_whole = fs::read_to_string(&unpacked).is_ok_and(|made_from| made_from == LAUNCHER);
    on_the_path(&ON_THE_PATH).or_else(|| is_whole.then_some(unpacked))
}

/// Unpacks what is missing and answers with the program to start.
pub(crate) fn install(target: &Path) -> Result<PathBuf> {
    let peer = peer(target);
    super::install(&peer, || found(target).is_some(), |log| unpack(&peer, log))?;
    found(target).context("Chromium is unpacked and not found")
}

fn unpack(peer: &Path, log: &Log) -> Result<()> {
    println!("unpacking Chromium into {} (1 min)", peer.display());
    let unpacked = peer.join("unpacked");
    fs::create_dir_all(&unpacked).with_context(|| format!("cannot make {}", unpacked.display()))?;
    debian::unpack(&["chromium"], &unpacked, NEEDS, log)?;
    // Not yet under the name of a peer that is whole: it has to start first.
    let untried = peer.join("untried");
    fs::write(&untried, LAUNCHER).context("cannot write Chromium's launcher")?;
    log.run(Command::new("chmod").arg("+x").arg(&untried), NEEDS)?;
    log.run(Command::new(&untried).arg("--version"), NEEDS)?;
    fs::rename(&untried, launcher(peer)).context("cannot put Chromium's launcher in its place")
}

fn peer(target: &Path) -> PathBuf {
    folder(target).join("chromium")
}

fn launcher(peer: &Path) -> PathBuf {
    peer.join("chromium")
}
