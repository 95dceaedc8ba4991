//! `cargo xtask bench`: how far the program is from what the machine can do.

use anyhow::{Context as _, Result};

use crate::{Workspace, stages};

/// Builds and runs the benchmark, optimised; it prints its table and writes `bench.json` into the target folder.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<bool> {
    println!("builds for 4 min the first time, measures for {}", if quick { "1 min" } else { "10 min" });
    let status = stages::cargo(workspace, &["bench", "--package", "hearthline", "--bench", "speed", "--"])
        .args(quick.then_some("--quick"))
        .status()
        .context("cannot start cargo")?;
    Ok(status.success())
}
