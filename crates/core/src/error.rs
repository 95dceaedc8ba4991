//! What a caller can do about an error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one question that decides what happens next: is it worth trying again, and who has to act?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Trying again later may work (a peer that is away, a full disk).
    Transient,
    /// Trying again the same way cannot work; a person or a repair has to act.
    Fatal,
    /// Bytes that were stored are not what was stored.
    Corrupt,
    /// The settings are wrong.
    Config,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transient => "transient",
            Self::Fatal => "fatal",
            Self::Corrupt => "corrupt",
            Self::Config => "config",
        })
    }
}
