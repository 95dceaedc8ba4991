//! What looks at the files of `packaging`: docker-compose and systemd-analyze, each the one on the path, else Debian's, unpacked.
//! The tests find them by links and launchers, which are put in place when both have started.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Log, debian, folder, on_the_path};

/// A program, its package, and what starts it where it was unpacked.
const PROGRAMS: [(&str, &str, &str); 2] = [
    ("docker-compose", "docker-compose", include_str!("../../peers/docker-compose.sh")),
    ("systemd-analyze", "systemd", include_str!("../../peers/systemd-analyze.sh")),
];
const NEEDS: &str = "install docker-compose and systemd, so that both are on the path, where there is no apt";

/// Whether nothing is left to be installed.
pub(crate) fn installed(target: &Path) -> bool {
    PROGRAMS.iter().all(|(name, ..)| links(&peer(target)).join(name).is_file())
}

/// Unpacks what is missing.
pub(crate) fn install(target: &Path) -> Result<()> {
    let peer = peer(target);
    super::install(&peer, || installed(target), |log| unpack(&peer, log))
}

fn unpack(peer: &Path, log: &Log) -> Result<()> {
    println!("unpacking docker-compose into {} (seconds)", peer.display());
    let unpacked = peer.join("unpacked");
    fs::create_dir_all(&unpacked).with_context(|| format!("cannot make {}", unpacked.display()))?;
    let missing = PROGRAMS.iter().filter(|(name, ..)| on_the_path(&[*name]).is_none());
    let packages: Vec<_> = missing.map(|(_, package, _)| *package).collect();
    if !packages.is_empty() {
        debian::unpack(&packages, &unpacked, NEEDS, log)?;
    }
    let untried = peer.join("untried");
    fs::create_dir_all(&untried).with_context(|| format!("cannot make {}", untried.display()))?;
    for (name, _, launcher) in PROGRAMS {
        let link = untried.join(name);
        if let Some(program) = on_the_path(&[name]) {
            symlink(program, link).with_context(|| format!("cannot link {name}"))?;
        } else {
            // Finds what was unpacked beside the folder of links.
            let path = peer.join(name);
            fs::write(&path, launcher).with_context(|| format!("cannot write {}", path.display()))?;
            log.run(Command::new("chmod").arg("+x").arg(&path), NEEDS)?;
            symlink(path, link).with_context(|| format!("cannot link {name}"))?;
        }
        log.run(Command::new(untried.join(name)).arg("--version"), NEEDS)?;
    }
    fs::rename(untried, links(peer)).context("cannot put the links in their place")
}

fn peer(target: &Path) -> PathBuf {
    folder(target).join("deploy")
}

fn links(peer: &Path) -> PathBuf {
    peer.join("bin")
}
