//! The access token: a text that cannot be printed.

use std::fmt;
use std::sync::Arc;

/// An access token. Its `Debug` says nothing, so that no log line or error can hold it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

/// Answers with the token that holds now: a person may put another in place while the program runs.
pub type TokenSource = Arc<dyn Fn() -> Token + Send + Sync>;

impl Token {
    /// Wraps the text.
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }

    /// For the wire and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
