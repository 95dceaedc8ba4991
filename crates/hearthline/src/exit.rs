//! How a command ends.

use std::process::ExitCode;

/// What the exit code of the process says. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything is as it should be.
    Ok = 0,
    /// It did not work, or data is being lost.
    Failed = 1,
    /// The command line or the settings are wrong.
    Usage = 2,
    /// Something is late or absent; nothing is lost.
    Degraded = 3,
    /// The other side (Home Assistant, or the running program) cannot be reached.
    Unreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
