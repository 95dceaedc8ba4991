//! The segment log: bytes in, sequence numbers out. Plain threads, no async runtime.
//!
//! One producer appends records through [`Log`] and gets their numbers at once; one [`LogWriter`] owns the files,
//! writes what was appended as checksummed batches and syncs by [`SyncPolicy`]; any number of [`LogReader`]s follow,
//! each at its own place. The writer is a plain struct stepped by its caller; [`LogThread`] is the thin loop around it.
//!
//! What survives:
//!
//! | | killed process | power cut |
//! | --- | --- | --- |
//! | [`SyncPolicy::Always`] | all that was written | all that was written |
//! | [`SyncPolicy::Interval`] | all that was written | all but the last interval |
//! | [`SyncPolicy::Os`] | all that was written | all before the last [`Log::sync_through`], end of a segment or 8 MiB |
//!
//! What can go wrong with the files and the disk, and what becomes of the data then, is told in `docs/operations/log.md`.
//! The formats of the files are told where they are written: `segment.rs` and `batch.rs`.

mod append;
pub mod aside;
mod batch;
mod cut;
mod damage;
mod error;
mod fields;
mod log;
mod queue;
mod reader;
mod recover;
mod refusal;
mod reserve;
mod segment;
mod space;
mod state;
mod verify;
mod walk;
mod writer;

pub use append::Append;
pub use batch::RecordBatch;
pub use cut::{Cut, CutFile};
pub use damage::Damage;
pub use error::LogError;
pub use log::{Log, LogConfig, LogStats, SyncPolicy};
pub use reader::{LogReader, Read};
pub use recover::{Recovery, glance};
pub use verify::{Report, SegmentReport, verify, verify_while};
pub use writer::{LogThread, LogWriter, Round};
