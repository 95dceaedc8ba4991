//! The Python environment that `cargo xtask peers` makes.

use std::path::PathBuf;
use std::process::Command;

const PEERS: &str = "HEARTHLINE_TEST_PEERS";

/// A program of the environment, as in `hass`.
pub(super) fn program(name: &str) -> Command {
    let peers =
        std::env::var_os(PEERS).unwrap_or_else(|| panic!("{PEERS} is not set: run `cargo xtask test`"));
    Command::new(PathBuf::from(peers).join("python/bin").join(name))
}

/// A script that lies beside this file.
pub(super) fn script(name: &str) -> Command {
    let mut command = program("python");
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/home_assistant").join(name));
    command
}
