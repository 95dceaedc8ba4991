//! How far something is, on standard error: a line that is written over on a terminal, else a line for each that is another one.

use std::io::{self, IsTerminal as _, Write as _};

/// The line. It is gone from a terminal when this is dropped. Whether standard error takes it changes nothing.
pub(crate) struct Progress {
    on_terminal: bool,
    said: String,
}

impl Default for Progress {
    fn default() -> Self {
        Self { on_terminal: io::stderr().is_terminal(), said: String::new() }
    }
}

impl Progress {
    pub(crate) fn say(&mut self, line: &str) {
        if self.said == line {
            return;
        }
        line.clone_into(&mut self.said);
        let _ = match self.on_terminal {
            true => write!(io::stderr(), "\r\x1b[K{line}"),
            false => writeln!(io::stderr(), "{line}"),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.on_terminal && !self.said.is_empty() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
