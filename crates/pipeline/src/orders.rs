//! What a person asks of the recorder while it runs.
//!
//! The producer belongs to the reader's thread alone. An [`Order`] reaches it through a channel and is carried out between
//! two frames, connected or not, so that it waits for nothing and nothing waits for it longer than for a frame. Each has a
//! reply of its own; whoever asked may have gone by then.

use std::sync::Arc;

use hearthline_core::{Seq, Timestamp};
use tokio::sync::mpsc;

use crate::filter::Filter;
use crate::gaps::Gap;
use crate::ingest::{Ingest, IngestError, LiveEntity};
use crate::inlet::Inlet;
use crate::quarantine::{Settle, Settled};
use crate::record::WeatherRecord;

/// Orders that wait for the reader.
const WAITING: usize = 16;

pub use crate::inlet::Reply;

/// Something to be done by the one that holds the producer.
#[derive(Debug)]
pub enum Order {
    /// List every gap that is remembered, the newest first.
    ListGaps(Reply<Vec<Gap>>),
    /// Try gaps once more that could not be filled: one, or all of them. Answered with how many there are.
    RetryGaps(Option<u64>, Reply<usize>),
    /// Fetch the states that Home Assistant's history has since an instant. Answered with the gap that stands for it.
    Backfill(Timestamp, Reply<u64>),
    /// A part of the log cannot be read: between which times it was written, and what it is. Answered with whether that is
    /// news.
    Damaged(Timestamp, Timestamp, String, Reply<bool>),
    /// Log a weather observation.
    Weather(WeatherRecord<'static>, Reply<()>),
    /// Settle records that were set aside.
    Quarantine(Settle, Reply<Vec<Settled>>),
    /// Judge events by another filter from now on. Answered with the number behind which its records come.
    Refilter(Arc<Filter>, Reply<Seq>),
    /// List the entities of which Home Assistant has a state, recorded or not.
    ListLive(Reply<Vec<LiveEntity>>),
}

impl Order {
    /// Does it with the producer alone, which needs no connection.
    pub fn carry_out(self, ingest: &mut Ingest) {
        match self {
            Self::ListGaps(reply) => drop(reply.send(Ok(ingest.list_gaps()))),
            Self::RetryGaps(id, reply) => drop(reply.send(in_words(ingest.retry_gaps(id)))),
            Self::Backfill(from, reply) => drop(reply.send(in_words(ingest.backfill(from)))),
            Self::Damaged(from, to, what, reply) => {
                drop(reply.send(in_words(ingest.damaged(from, to, &what))));
            }
            Self::Weather(record, reply) => drop(reply.send(in_words(ingest.observed(record)))),
            Self::Quarantine(settle, reply) => drop(reply.send(settle.carry_out(ingest))),
            Self::Refilter(filter, reply) => drop(reply.send(Ok(ingest.refilter(filter)))),
            Self::ListLive(reply) => drop(reply.send(Ok(ingest.live()))),
        }
    }
}

fn in_words<T>(done: Result<T, IngestError>) -> Result<T, String> {
    done.map_err(|error| error.to_string())
}

/// Where orders are given. Clones are the same place, also after the reader was started anew.
#[derive(Clone, Debug)]
pub struct Orders(Inlet<Order>);

/// Where they come out: at the reader.
pub type Incoming = mpsc::Receiver<Order>;

impl Orders {
    /// Both ends.
    #[must_use]
    pub fn channel() -> (Self, Incoming) {
        let (inlet, incoming) = Inlet::new(WAITING);
        (Self(inlet), incoming)
    }

    /// Another end for the reader that was started anew.
    #[must_use]
    pub fn renew(&self) -> Incoming {
        self.0.renew()
    }

    /// Gives an order and waits for its reply.
    ///
    /// # Errors
    /// In words: why it could not be carried out.
    pub async fn give<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T, String> {
        self.0.ask(order).await
    }
}

/// Waits for something else and carries out orders meanwhile.
pub async fn meanwhile<T>(orders: &mut Incoming, ingest: &mut Ingest, awaited: impl Future<Output = T>) -> T {
    let mut awaited = std::pin::pin!(awaited);
    loop {
        tokio::select! {
            done = &mut awaited => return done,
            Some(order) = orders.recv() => order.carry_out(ingest),
        }
    }
}
