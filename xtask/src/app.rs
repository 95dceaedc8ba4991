//! The folder of an app that a Home Assistant with supervisor takes: what is in `packaging`, with the program beside it.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{Workspace, stages};

/// Builds the program for carrying and puts the folder together.
pub(crate) fn assemble(workspace: &Workspace) -> Result<bool> {
    println!("builds the program for carrying (10 min the first time)");
    let build = ["build", "--profile", "dist", "--locked", "--package", "hearthline"];
    if !stages::cargo(workspace, &build).status().context("cannot start cargo")?.success() {
        bail!("it does not build");
    }
    let (from, to) =
        (workspace.root.join("packaging/home-assistant/hearthline"), workspace.target.join("app/hearthline"));
    if to.exists() {
        fs::remove_dir_all(&to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::create_dir_all(to.join("translations"))?;
    for name in ["config.yaml", "Dockerfile", "DOCS.md", "translations/en.yaml"] {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let size = fs::copy(workspace.target.join("dist/hearthline"), to.join("hearthline"))
        .context("cannot copy the program")?;
    println!(
        "copy {} to /addons of that machine ({} MiB, for {})",
        to.display(),
        size >> 20,
        std::env::consts::ARCH
    );
    Ok(true)
}
