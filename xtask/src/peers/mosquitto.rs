//! The broker mosquitto, with what makes its file of passwords: Debian's package, with the libraries that the machine lacks,
//! unpacked. Also where there is one on the path: its helper may not be.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Log, debian, folder};

const LAUNCHER: &str = include_str!("../../peers/mosquitto.sh");
const PROGRAMS: [&str; 2] = ["mosquitto", "mosquitto_passwd"];
const NEEDS: &str = "mosquitto is unpacked by Debian's apt";

/// The program to start, where nothing is left to be installed.
pub(crate) fn found(target: &Path) -> Option<PathBuf> {
    let launcher = launcher(&peer(target));
    fs::read_to_string(&launcher).is_ok_and(|made_from| made_from == LAUNCHER).then_some(launcher)
}

/// Unpacks what is missing and answers with the program to start.
pub(crate) fn install(target: &Path) -> Result<PathBuf> {
    let peer = peer(target);
    super::install(&peer, || found(target).is_some(), |log| unpack(&peer, log))?;
    found(target).context("mosquitto is unpacked and not found")
}

fn unpack(peer: &Path, log: &Log) -> Result<()> {
    println!("unpacking mosquitto into {} (seconds)", peer.display());
    let unpacked = peer.join("unpacked");
    fs::create_dir_all(&unpacked).with_context(|| format!("cannot make {}", unpacked.display()))?;
    debian::unpack(&["mosquitto"], &unpacked, NEEDS, log)?;
    // The launcher is the stamp, so it is put in place last.
    let untried = peer.join("untried");
    fs::write(&untried, LAUNCHER).context("cannot write mosquitto's launcher")?;
    log.run(Command::new("chmod").arg("+x").arg(&untried), NEEDS)?;
    for program in PROGRAMS {
        let link = peer.join(program);
        symlink("launcher", &link).with_context(|| format!("cannot link {program}"))?;
    }
    fs::rename(&untried, launcher(peer)).context("cannot put mosquitto's launcher in its place")
}

fn peer(target: &Path) -> PathBuf {
    folder(target).join("mosquitto")
}

fn launcher(peer: &Path) -> PathBuf {
    peer.join("launcher")
}
