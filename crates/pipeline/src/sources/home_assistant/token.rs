//! The access token of each moment.

use std::sync::Arc;

use hearthline_core::Secret;

/// Answers with the token that holds now: a person may put another in place while the program runs.
pub type TokenSource = Arc<dyn Fn() -> Secret + Send + Sync>;
