//! InfluxDB 1.6.7 and VictoriaMetrics: those on the path, else Debian's packages, unpacked. The tests find them by links,
//! which are made when both have started.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Log, debian, folder, on_the_path};

/// A program, its package, and what makes it say its version.
const SERVERS: [(&str, &str, &str); 2] =
    [("influxd", "influxdb", "version"), ("victoria-metrics", "victoria-metrics", "-version")];
const NEEDS: &str =
    "install influxdb and victoria-metrics, so that both are on the path, where there is no apt";

/// The programs to start, where nothing is left to be installed.
pub(crate) fn found(target: &Path) -> Option<Vec<PathBuf>> {
    let links = SERVERS.iter().map(|(name, ..)| links(&peer(target)).join(name));
    links.map(|link| link.is_file().then_some(link)).collect()
}

/// Unpacks what is missing and answers with the programs to start.
pub(crate) fn install(target: &Path) -> Result<Vec<PathBuf>> {
    let peer = peer(target);
    super::install(&peer, || found(target).is_some(), |log| unpack(&peer, log))?;
    found(target).context("InfluxDB is unpacked and not found")
}

fn unpack(peer: &Path, log: &Log) -> Result<()> {
    println!("unpacking InfluxDB and VictoriaMetrics into {} (half a minute)", peer.display());
    let unpacked = peer.join("unpacked");
    fs::create_dir_all(&unpacked).with_context(|| format!("cannot make {}", unpacked.display()))?;
    let missing: Vec<_> = SERVERS.iter().filter(|(name, ..)| on_the_path(&[*name]).is_none()).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|(_, package, _)| *package).collect();
        debian::unpack(&packages, &unpacked, NEEDS, log)?;
    }
    let untried = peer.join("untried");
    fs::create_dir_all(&untried).with_context(|| format!("cannot make {}", untried.display()))?;
    for (name, _, version) in SERVERS {
        let program = on_the_path(&[name]).unwrap_or_else(|| unpacked.join("usr/bin").join(name));
        log.run(Command::new(&program).arg(version), NEEDS)?;
        symlink(program, untried.join(name)).with_context(|| format!("cannot link {name}"))?;
    }
    fs::rename(untried, links(peer)).context("cannot put the links in their place")
}

fn peer(target: &Path) -> PathBuf {
    folder(target).join("influxdb")
}

fn links(peer: &Path) -> PathBuf {
    peer.join("bin")
}
