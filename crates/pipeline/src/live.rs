//! What has just been written to the store, for those who watch.
//!
//! Watching costs the recorder nothing: rows are copied only while somebody watches, and a watcher that is too slow misses
//! rows and is told how many. Nothing waits for a watcher.

use std::sync::Arc;

use hearthline_core::{Batch, Row};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Rows that wait for the slowest watcher.
pub const CAPACITY: usize = 4096;

/// Where rows are published. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Live(broadcast::Sender<Arc<Row>>);

/// One who watches.
#[derive(Debug)]
pub struct Watch(broadcast::Receiver<Arc<Row>>);

/// What a watcher sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The next row, in the order of the log.
    Row(Arc<Row>),
    /// So many rows went by unseen; the next one comes after them.
    Missed(u64),
}

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Live {
    /// Shows the rows of a batch to everyone who watches now.
    pub fn publish(&self, batch: &Batch) {
        if self.0.receiver_count() == 0 {
            return;
        }
        for row in &batch.rows {
            let _ = self.0.send(Arc::new(row.clone())); // the last watcher may just have gone
        }
    }

    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

impl Watch {
    /// What comes next; none when nobody can publish any more. Nothing is missed when the future is dropped before it is
    /// ready.
    pub async fn next(&mut self) -> Option<Seen> {
        match self.0.recv().await {
            Ok(row) => Some(Seen::Row(row)),
            Err(RecvError::Lagged(missed)) => Some(Seen::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::{QuarantineRow, Seq, Timestamp};

    use super::*;

    fn batch(seqs: std::ops::Range<u64>) -> Batch {
        let row = |seq| {
            let (site, reason, raw) = ("home".into(), "no JSON".into(), [].into());
            Row::Quarantined(QuarantineRow { seq: Seq(seq), ts: Timestamp::EPOCH, site, reason, raw })
        };
        Batch { first: Seq(seqs.start), last: Seq(seqs.end - 1), rows: seqs.map(row).collect() }
    }

    async fn next(watch: &mut Watch) -> Result<u64, u64> {
        match watch.next().await.unwrap() {
            Seen::Row(row) => Ok(row.seq().0),
            Seen::Missed(missed) => Err(missed),
        }
    }

    #[tokio::test]
    async fn everyone_sees_what_is_written_while_watching() {
        let live = Live::default();
        live.publish(&batch(1..5));
        let (mut one, mut other) = (live.watch(), live.watch());
        live.publish(&batch(5..7));
        for watch in [&mut one, &mut other] {
            assert_eq!((next(watch).await, next(watch).await), (Ok(5), Ok(6)));
        }
        drop(live);
        assert_eq!(one.next().await, None);
    }

    #[tokio::test]
    async fn one_that_is_too_slow_is_told_how_many_it_missed() {
        let live = Live::default();
        let mut watch = live.watch();
        let capacity = CAPACITY as u64;
        live.publish(&batch(1..capacity + 11));
        assert_eq!(next(&mut watch).await, Err(10));
        assert_eq!(next(&mut watch).await, Ok(11));
    }
}
