//! The programs that the tests run against, installed below the target folder: a Python environment with Home Assistant
//! and DuckDB. Nothing is installed on the system.
//!
//! The environment is whole when its stamp holds the list it was made from; anything else is removed and made anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

const REQUIREMENTS: &str = include_str!("../peers/python.txt");
const PYTHON: &str = "python3.11";

/// Whether nothing is left to be installed.
pub(crate) fn installed(target: &Path) -> bool {
    fs::read_to_string(stamp(&folder(target))).is_ok_and(|made_from| made_from == REQUIREMENTS)
}

/// Installs what is missing and answers with the folder that holds it all.
pub(crate) fn install(target: &Path) -> Result<PathBuf> {
    let peers = folder(target);
    fs::create_dir_all(&peers).with_context(|| format!("cannot make {}", peers.display()))?;
    let lock = File::create(peers.join("lock")).context("cannot make the installer's lock file")?;
    lock.lock().context("cannot wait for another installer")?;
    if installed(target) {
        return Ok(peers);
    }
    let environment = environment(&peers);
    println!("installing Home Assistant and DuckDB into {} (2 min)", environment.display());
    if environment.exists() {
        fs::remove_dir_all(&environment)
            .with_context(|| format!("cannot remove a half made {}", environment.display()))?;
    }
    let log = Log { path: peers.join("install.log") };
    File::create(&log.path).with_context(|| format!("cannot make {}", log.path.display()))?;
    log.run(Command::new(PYTHON).args(["-m", "venv"]).arg(&environment))?;
    let requirements = peers.join("python.txt");
    fs::write(&requirements, REQUIREMENTS).context("cannot write the list of requirements")?;
    // Every version is in the list, so nothing is left to resolve.
    let install = ["-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--requirement"];
    log.run(Command::new(environment.join("bin/python")).args(install).arg(&requirements))?;
    // Compiled once here and not by each of the first starts.
    log.run(
        Command::new(environment.join("bin/python"))
            .args(["-m", "compileall", "-q", "-j", "0"])
            .arg(&environment),
    )?;
    log.run(Command::new(environment.join("bin/hass")).arg("--version"))?;
    log.run(Command::new(environment.join("bin/python")).args(["-c", "import duckdb"]))?;
    fs::write(stamp(&peers), REQUIREMENTS).context("cannot write the stamp")?;
    Ok(peers)
}

fn folder(target: &Path) -> PathBuf {
    target.join("peers")
}

fn environment(peers: &Path) -> PathBuf {
    peers.join("python")
}

fn stamp(peers: &Path) -> PathBuf {
    environment(peers).join("made-from.txt")
}

/// Where the installers write what they say.
struct Log {
    path: PathBuf,
}

impl Log {
    fn run(&self, command: &mut Command) -> Result<()> {
        let open =
            || File::options().append(true).open(&self.path).context("cannot append to the installer's log");
        let shown = format!("{command:?}");
        let status = command
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .stdin(Stdio::null())
            .stdout(open()?)
            .stderr(open()?)
            .status()
            .with_context(|| {
                format!("cannot start {shown}; is {PYTHON} with its venv module on the path?")
            })?;
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
