//! Stories told in Chromium against `hearthline demo`, by Playwright. They run in a copy of `e2e/` in `<target>/e2e`,
//! with npm's packages beside it; pictures of the page are left in `<target>/e2e-screenshots`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{npm, npm_tested, run_one, skipped};
use crate::report::Outcome;
use crate::{Workspace, peers};

const STAGE: &str = "browser";
const LOCK: &str = "package-lock.json";
const STORIES: &str = "stories";

/// The stories that are shorter in a test, or in none.
const LASTING: [&str; 2] = ["faults", "load"];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let began = Instant::now();
    let (chromium, stories) = match prepare(workspace) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(skipped(STAGE, &format!("{error:#}"))),
    };
    let mut outcome = npm_tested(STAGE, &stories, &environment(workspace, &chromium, "debug"))?;
    outcome.why.push(format!("with {}", chromium.display()));
    outcome.took = began.elapsed();
    Ok(outcome)
}

/// Every fault, and ten minutes of load, with the optimised program. Whether all of it held.
pub(crate) fn soak(workspace: &Workspace) -> Result<bool> {
    let (chromium, stories) = prepare(workspace)?;
    let mut command = npm(&stories, &["test", "--"]);
    command.args(LASTING).envs(environment(workspace, &chromium, "release")).env("HEARTHLINE_SOAK", "1");
    Ok(run_one(STAGE, &mut command, |_| ())?.0.success())
}

/// What the stories are told of where things are.
fn environment(workspace: &Workspace, chromium: &Path, profile: &str) -> [(&'static str, PathBuf); 3] {
    let target = &workspace.target;
    [
        ("HEARTHLINE", target.join(profile).join("hearthline")),
        ("CHROMIUM", chromium.to_owned()),
        ("SCREENSHOTS", target.join("e2e-screenshots")),
    ]
}

/// Chromium, and the folder in which the stories can run.
fn prepare(workspace: &Workspace) -> Result<(PathBuf, PathBuf)> {
    let chromium = peers::chromium::install(&workspace.target).context("Chromium cannot be had")?;
    let (from, to) = (workspace.root.join("e2e"), workspace.target.join("e2e"));
    let has_packages = to.join("node_modules/.package-lock.json").is_file() // npm writes it last
        && fs::read(to.join(LOCK)).ok() == fs::read(from.join(LOCK)).ok();
    mirror(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    if !has_packages {
        let (status, _) = run_one(STAGE, &mut npm(&to, &["ci", "--prefer-offline"]), |_| ())?;
        ensure!(status.success(), "npm ci ended with {status}");
    }
    Ok((chromium, to))
}

/// Makes files and stories those of the other folder. What is made beside them stays.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.join(STORIES))?;
    fs::remove_dir_all(to.join(STORIES))?;
    for folder in ["", STORIES] {
        fs::create_dir_all(to.join(folder))?;
        for entry in fs::read_dir(from.join(folder))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), to.join(folder).join(entry.file_name()))?;
            }
        }
    }
    Ok(())
}
