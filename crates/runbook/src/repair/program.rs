//! What repairs need of the running program.

use super::Doing;
use crate::Status;

/// The running program, as repairs see it.
pub trait Program: Send + Sync {
    /// How it is doing.
    fn status(&self) -> Status;

    /// Has the connection to Home Assistant closed and made again, now. Returns at once.
    fn reconnect(&self);

    /// Stops one part, or all in their order, and starts it anew. Answers when it runs, with what a person should know.
    ///
    /// # Errors
    /// No part has that name, or why it cannot be started anew.
    fn restart<'a>(&'a self, part: Option<&'a str>) -> Doing<'a, String>;
}
