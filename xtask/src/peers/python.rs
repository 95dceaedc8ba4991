//! Python environments: one with Home Assistant and DuckDB, one with what the recipes of `docs` use. They are apart, because Home
//! Assistant names the versions of what it shares with others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::folder;

struct Environment {
    /// Of its folder.
    name: &'static str,
    requirements: &'static str,
    /// What is said of it.
    holds: &'static str,
    /// What has to end well before it is whole.
    proof: &'static [&'static [&'static str]],
}

const ENVIRONMENTS: [Environment; 2] = [
    Environment {
        name: "python",
        requirements: include_str!("../../peers/python.txt"),
        holds: "Home Assistant and DuckDB (2 min)",
        proof: &[&["hass", "--version"], &["python", "-c", "import duckdb"]],
    },
    Environment {
        name: "recipes",
        requirements: include_str!("../../peers/recipes.txt"),
        holds: "DuckDB and pandas (half a minute)",
        proof: &[&["python", "-c", "import duckdb, pandas, pyarrow"]],
    },
];
const PYTHON: &str = "python3.11";
const NEEDS: &str = "is python3.11 with its venv module on the path?";

/// Whether nothing is left to be installed.
pub(crate) fn installed(target: &Path) -> bool {
    ENVIRONMENTS.iter().all(|environment| environment.is_whole(target))
}

/// Installs what is missing.
pub(crate) fn install(target: &Path) -> Result<()> {
    ENVIRONMENTS.iter().try_for_each(|environment| environment.install(target))
}

impl Environment {
    fn is_whole(&self, target: &Path) -> bool {
        fs::read_to_string(stamp(&self.folder(target))).is_ok_and(|made_from| made_from == self.requirements)
    }

    fn install(&self, target: &Path) -> Result<()> {
        let environment = self.folder(target);
        super::install(
            &environment,
            || self.is_whole(target),
            |log| {
                println!("installing {} into {}", self.holds, environment.display());
                let run =
                    |command: &mut Command| log.run(command.env_remove("PYTHONDONTWRITEBYTECODE"), NEEDS);
                let program = |name: &str| Command::new(environment.join("bin").join(name));
                run(Command::new(PYTHON).args(["-m", "venv"]).arg(&environment))?;
                let requirements = environment.join("requirements.txt");
                fs::write(&requirements, self.requirements)
                    .context("cannot write the list of requirements")?;
                // Every version is in the list, so nothing is left to resolve.
                let install =
                    ["-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--requirement"];
                run(program("python").args(install).arg(&requirements))?;
                // Compiled once here and not by each of the first starts.
                run(program("python").args(["-m", "compileall", "-q", "-j", "0"]).arg(&environment))?;
                for proof in self.proof {
                    let [name, arguments @ ..] = proof else { continue };
                    run(program(name).args(arguments))?;
                }
                fs::write(stamp(&environment), self.requirements).context("cannot write the stamp")
            },
        )
    }

    fn folder(&self, target: &Path) -> PathBuf {
        folder(target).join(self.name)
    }
}

fn stamp(environment: &Path) -> PathBuf {
    environment.join("made-from.txt")
}
