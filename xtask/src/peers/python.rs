//! A Python environment with Home Assistant and DuckDB.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::folder;

const REQUIREMENTS: &str = include_str!("../../peers/python.txt");
const PYTHON: &str = "python3.11";
const NEEDS: &str = "is python3.11 with its venv module on the path?";

/// Whether nothing is left to be installed.
pub(crate) fn installed(target: &Path) -> bool {
    fs::read_to_string(stamp(&environment(target))).is_ok_and(|made_from| made_from == REQUIREMENTS)
}

/// Installs what is missing.
pub(crate) fn install(target: &Path) -> Result<()> {
    let environment = environment(target);
    super::install(
        &environment,
        || installed(target),
        |log| {
            println!("installing Home Assistant and DuckDB into {} (2 min)", environment.display());
            let run = |command: &mut Command| log.run(command.env_remove("PYTHONDONTWRITEBYTECODE"), NEEDS);
            let python = || Command::new(environment.join("bin/python"));
            run(Command::new(PYTHON).args(["-m", "venv"]).arg(&environment))?;
            let requirements = environment.join("requirements.txt");
            fs::write(&requirements, REQUIREMENTS).context("cannot write the list of requirements")?;
            // Every version is in the list, so nothing is left to resolve.
            let install =
                ["-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--requirement"];
            run(python().args(install).arg(&requirements))?;
            // Compiled once here and not by each of the first starts.
            run(python().args(["-m", "compileall", "-q", "-j", "0"]).arg(&environment))?;
            run(Command::new(environment.join("bin/hass")).arg("--version"))?;
            run(python().args(["-c", "import duckdb"]))?;
            fs::write(stamp(&environment), REQUIREMENTS).context("cannot write the stamp")
        },
    )
}

fn environment(target: &Path) -> PathBuf {
    folder(target).join("python")
}

fn stamp(environment: &Path) -> PathBuf {
    environment.join("made-from.txt")
}
