//! Debian's packages, fetched by apt and unpacked.
//!
//! apt finds out which are needed, for any user, with package lists of its own: the system's may be absent or too old.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Log;

/// Fetches these packages, with the libraries that the machine lacks, and unpacks them below `into`.
pub(super) fn unpack(names: &[&str], into: &Path, needs: &str, log: &Log) -> Result<()> {
    let own = into.with_extension("apt");
    let archives = own.join("cache/archives");
    for folder in [archives.join("partial"), own.join("state/lists/partial")] {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let apt = |arguments: &[&str]| log.run(apt_get(&own).args(arguments), needs);
    // Also fails for a source that has nothing to do with it: whether the packages can be had, the next step tells.
    let updated = apt(&["update"]);
    let download = ["install", "--yes", "--no-install-recommends", "--download-only"];
    apt(&[&download, names].concat()).map_err(|error| updated.err().unwrap_or(error))?;
    let packages = packages(&archives)?;
    ensure!(
        !packages.is_empty(),
        "apt says that {} is installed, but it is not on the path",
        names.join(", ")
    );
    for package in packages {
        log.run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(into), needs)?;
    }
    fs::remove_dir_all(own).context("cannot remove what apt fetched")
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
