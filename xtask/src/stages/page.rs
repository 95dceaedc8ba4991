//! The page's types and its own tests, where the build of the program put its sources and npm's packages.

use anyhow::Result;

use super::{npm_tested, skipped};
use crate::Workspace;
use crate::report::Outcome;

const STAGE: &str = "page";

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let folder = workspace.target.join("dashboard");
    if !folder.join("built").is_file() {
        return Ok(skipped(STAGE, "the program was built without its page; the build says why"));
    }
    npm_tested(STAGE, &folder.join("work"), &[])
}
