//! What repairs need of the running program.

use super::{Doing, Done};
use crate::Status;

/// The running program, as repairs see it.
pub trait Program: Send + Sync {
    /// How it is doing.
    fn status(&self) -> Status;

    /// Has the connection to Home Assistant closed and made again, now. Returns at once.
    fn reconnect(&self);

    /// Restarts one part, or all in their order, and answers when what was restarted is well again.
    ///
    /// # Errors
    /// No part has that name, or why it did not become well.
    fn restart<'a>(&'a self, part: Option<&'a str>) -> Doing<'a, Done>;
}
