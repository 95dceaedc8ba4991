//! What is wrong with the settings, in words that say what to do.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use hearthline_core::figures::many;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where it was made.
    pub(crate) place: Place,
    /// The key with its section, as in `store.flush_rows`; empty where the mistake has none (TOML that cannot be read).
    pub(crate) key: String,
    /// What is wrong and what to do.
    pub(crate) problem: Problem,
}

/// Where a mistake was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In the file, at line and column (from 1).
    File(Arc<Path>, usize, usize),
    /// In an environment variable.
    Env(&'static str),
    /// Nowhere: something is missing.
    Missing,
}

/// What is wrong with a value, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Lower case, no full stop.
    pub(crate) reason: String,
    /// An instruction.
    pub(crate) todo: String,
}

impl Problem {
    /// Both at once.
    pub(crate) fn new(reason: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { reason: reason.into(), todo: todo.into() }
    }

    /// The same, with another instruction.
    pub(crate) fn but(self, todo: impl Into<String>) -> Self {
        Self { todo: todo.into(), ..self }
    }
}

/// Every mistake that was found, in the order of the file, then of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl Mistakes {
    /// The first of them, and how many more there are.
    pub(crate) fn in_one_line(&self) -> String {
        let Some((first, more)) = self.0.split_first() else { return String::new() };
        let key = if first.key.is_empty() { String::new() } else { format!("{}: ", first.key) };
        let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
        format!("{}: {key}{}; {}{more}", first.place, first.problem.reason, first.problem.todo)
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line, column) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Missing => f.write_str("not set"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}\n  {}", self.problem.reason, self.problem.todo)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in the settings", many(self.0.len() as u64, "mistake"))?;
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        Ok(())
    }
}
