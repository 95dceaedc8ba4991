//! What the log is delivered to.

pub mod influxdb;
pub mod store;

use std::future::Future;
use std::time::Duration;

use hearthline_core::{Batch, ErrorKind, Seq};
use serde::{Deserialize, Serialize};

pub use self::store::StoreSink;
use crate::context::Context;

/// A place that rows are delivered to. It is written to by one [`crate::deliver::Delivery`], in log order, and given
/// the same batch again after a failure or a crash: the same rows twice are the same rows once.
pub trait Sink: Send {
    /// As in the settings.
    fn name(&self) -> &str;

    /// Which program or format.
    fn kind(&self) -> &'static str;

    /// The last record that is durably there, with the counts up to it.
    fn committed(&self) -> Committed;

    /// Takes a batch. It need not be durable before [`Sink::commit`].
    fn write(&mut self, batch: &Batch) -> impl Future<Output = Result<(), SinkError>> + Send;

    /// Whether what was written should be made durable now.
    fn commit_due(&self) -> bool;

    /// Makes durable what was written, together with its position. The log is synced that far already.
    fn commit(&mut self) -> impl Future<Output = Result<Committed, SinkError>> + Send;

    /// There is nothing to write: the time for what may not wait for more, to see whether the other side is there, and for
    /// a small piece of other work, so that what comes meanwhile does not wait long.
    fn idle(&mut self) -> impl Future<Output = Result<Idle, SinkError>> + Send {
        async { Ok(Idle::Rested) }
    }

    /// Events in the log before the first that the sink counted, where it remembers that.
    fn before(&self) -> Option<u64> {
        None
    }

    /// Everything up to this record is durably there. It is less than what is [committed](Sink::committed) while the sink
    /// is given something from elsewhere that the log does not have any more.
    fn complete(&self) -> Seq {
        self.committed().seq
    }

    /// What the records up to the committed one say, for a sink that looks at it; told once, before the first write.
    fn know(&mut self, _context: &Context) {}
}

/// What a sink did with the time in which there was nothing to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Nothing that it has to go on with.
    Rested,
    /// A piece of work, of which there may be more.
    Worked,
}

/// How far a sink is, durably. Counts are cumulative and of events only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The last record.
    pub seq: Seq,
    /// Events up to it, counted by the sink.
    pub events: u64,
    /// Of these, rows that are there.
    pub delivered: u64,
    /// Rows that the sink's own filter left out.
    pub filtered: u64,
    /// Rows that were there already.
    pub collapsed: u64,
    /// Rows that were set aside.
    pub quarantined: u64,
    /// Events that left the log before the sink had them, and that the store does not have either.
    #[serde(default)]
    pub lost: u64,
}

impl Committed {
    /// Events whose fate is known.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.delivered + self.filtered + self.collapsed + self.quarantined + self.lost
    }
}

/// A write that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// In the server's or the disk's words.
    pub message: String,
    /// How long the other side wants to be left alone, where it said so.
    pub retry_after: Option<Duration>,
}
