//! The Python environment that `cargo xtask peers` makes.

use std::path::PathBuf;
use std::process::Command;

use crate::process::peer;

/// A program of the environment, as in `hass`.
pub(super) fn program(name: &str) -> Command {
    peer(&format!("python/bin/{name}"))
}

/// A script that lies beside this file.
pub(super) fn script(name: &str) -> Command {
    let mut command = program("python");
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/home_assistant").join(name));
    command
}
