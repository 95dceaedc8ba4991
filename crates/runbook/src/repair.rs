//! What mends what: a plan before anything is touched, a receipt of what was done, and the way back.
//!
//! A [`Repair`] is a plan and the steps of it. It is driven by an engine that writes the receipt before and after each step, so
//! that a repair that was killed goes on at the step at which it was. Therefore a step that is done twice is done once, and
//! says all it needs in its own [`Step::data`]: whoever goes on has nothing but the receipt.

mod blocking;
pub mod catalogue;
mod connection;
mod drive;
pub mod engine;
mod gaps;
mod keep;
mod log;
pub mod options;
pub mod plan;
pub mod program;
mod quarantine;
pub mod receipt;
pub mod receipts;
mod repairs;
pub(crate) mod restart;
pub mod schema;
mod sink;
mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::pin::Pin;

pub use self::catalogue::{CATALOGUE, Kind};
pub use self::connection::Connection;
pub use self::engine::{AtEnd, Engine, Finding, ForLine, Job, Refused, Seen};
pub use self::gaps::Gaps;
pub use self::log::Log;
pub use self::options::{Mode, Options};
pub use self::plan::{Plan, Step};
pub use self::program::Program;
pub use self::quarantine::Quarantine;
pub use self::receipt::{Done, Receipt, State};
pub use self::receipts::{Damaged, Listed, Receipts};
pub use self::repairs::Repairs;
pub use self::restart::Restart;
pub use self::schema::{Clear, ClearOptions, MendedSink, SchemaCopy, SchemaRewrite};
pub use self::sink::Sink;
pub use self::store::{Oldest, StoreFiles, StoreManifest};

/// A future of a step.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, RepairError>> + Send + 'a>>;

/// One way to mend.
pub trait Repair: Send {
    /// What would be done. It asks, and changes nothing. A plan without steps says that there is nothing to mend.
    fn plan(&mut self) -> Doing<'_, Plan>;

    /// Carries out one step, or goes on with it where it was killed. `scribe` takes what is to be told while it lasts.
    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done>;

    /// Takes one step back. Steps are taken back in the reverse order, and only those that [`Step::undo`] says can be: where none
    /// can, this is never asked.
    fn undo<'a>(&'a mut self, _step: &'a Step, _scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async { Ok(Done::default()) })
    }

    /// Whether that for which it was made is gone, with the evidence.
    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done>;
}

/// Takes how far a step is. Whoever shows it, shows the last word.
pub struct Scribe {
    /// The folder of the receipt, for what is kept beside it: backups, exports.
    pub dir: std::path::PathBuf,
    /// For the way back: what the step said when it was done; none where it was killed before that.
    pub done: Option<Done>,
    say: Box<dyn Fn(Progress) + Send + Sync>,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Progress {
    /// In `unit`.
    pub done: u64,
    /// Of so many, where it is known.
    pub of: Option<u64>,
    /// What is counted: `rows`, `bytes`.
    pub unit: String,
}

impl Scribe {
    /// Hands each word to `say`.
    #[must_use]
    pub fn new(dir: std::path::PathBuf, say: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { dir, done: None, say: Box::new(say) }
    }

    /// It is so far.
    pub fn progress(&self, done: u64, of: Option<u64>, unit: &str) {
        (self.say)(Progress { done, of, unit: unit.to_owned() });
    }
}

/// Why a step was not done. Nothing is half done by it: the step may be done again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// It may go better in a moment: a server that does not answer.
    #[error("{0}")]
    Later(String),
    /// A person has to do something first; the words say what.
    #[error("{0}")]
    Person(String),
    /// What was compared is not the same; nothing was deleted.
    #[error("{0}")]
    Differs(String),
}

/// Our own disk, beside the receipt.
impl From<std::io::Error> for RepairError {
    fn from(error: std::io::Error) -> Self {
        Self::Later(error.to_string())
    }
}
