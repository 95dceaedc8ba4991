//! What has just been written to the store, for those who watch.
//!
//! A watcher that is too slow misses rows and is told how many; nothing waits for a watcher. The last rows are kept, so that one
//! whose connection broke goes on where it was ([`Live::watch_after`]), also over a restart: what the store reads again from the
//! log is shown like everything else.

use std::collections::VecDeque;
use std::sync::Arc;

use hearthline_core::{Batch, Row, Seq};
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Rows that wait for the slowest watcher, and that are kept for one who comes back.
pub const CAPACITY: usize = 4096;
/// The texts of the rows that are kept have so many bytes at most.
const KEPT_BYTES: usize = 4 << 20;

/// Where rows are published. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Live {
    watchers: broadcast::Sender<Arc<Row>>,
    kept: Arc<Mutex<Kept>>,
}

/// The last rows.
#[derive(Debug, Default)]
struct Kept {
    rows: VecDeque<Arc<Row>>,
    bytes: usize,
    /// Every row behind this one is among them; none before the first batch.
    after: Option<Seq>,
    /// Everything was shown up to here.
    through: Seq,
}

/// One who watches.
#[derive(Debug)]
pub struct Watch {
    /// What it has not seen of what was kept.
    before: VecDeque<Arc<Row>>,
    /// It has seen everything up to here.
    after: Seq,
    rows: broadcast::Receiver<Arc<Row>>,
}

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
        Self { watchers: broadcast::Sender::new(CAPACITY), kept: Arc::default() }
    }
}

impl Live {
    /// Shows the rows of a batch to everyone who watches now, and keeps them for a while. Rows that were shown before are passed
    /// over: a delivery that is made anew begins where the files end.
    pub fn publish(&self, batch: &Batch) {
        let mut kept = self.kept.lock();
        kept.begin(batch);
        let through = kept.through;
        for row in batch.rows.iter().filter(|row| row.seq() > through) {
            let row = Arc::new(row.clone());
            kept.push(Arc::clone(&row));
            let _ = self.watchers.send(row); // nobody may watch
        }
        kept.through = kept.through.max(batch.last);
    }

    /// Watches from now on: from the row behind this one, everything up to which was shown.
    #[must_use]
    pub fn watch(&self) -> (Watch, Seq) {
        let kept = self.kept.lock();
        let watch = Watch { before: VecDeque::new(), after: kept.through, rows: self.watchers.subscribe() };
        (watch, kept.through)
    }

    /// Watches from the row behind this one on; none where that is not kept any more, or is beyond the newest of the log, so that it
    /// is of another one. After a start the log may have more than was shown yet.
    #[must_use]
    pub fn watch_after(&self, seq: Seq, newest: Seq) -> Option<Watch> {
        let kept = self.kept.lock();
        kept.after.filter(|after| *after <= seq && seq <= kept.through.max(newest))?;
        let before = kept.rows.iter().filter(|row| row.seq() > seq).cloned().collect();
        Some(Watch { before, after: seq, rows: self.watchers.subscribe() })
    }

    /// What is shown first comes behind this record, unless something was shown before.
    pub(crate) fn begin_after(&self, seq: Seq) {
        let mut kept = self.kept.lock();
        if kept.after.is_none() {
            *kept = Kept { after: Some(seq), through: seq, ..Kept::default() };
        }
    }
}

impl Kept {
    /// A batch that does not follow the last one leaves a hole: nobody can go on from before it.
    fn begin(&mut self, batch: &Batch) {
        let before = Seq(batch.first.0.saturating_sub(1));
        if self.after.is_none() || self.through < before {
            *self = Self { after: Some(before), through: before, ..Self::default() };
        }
    }

    fn push(&mut self, row: Arc<Row>) {
        self.bytes += bytes_of(&row);
        self.rows.push_back(row);
        while self.rows.len() > CAPACITY || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.rows.pop_front() else { break };
            self.bytes -= bytes_of(&oldest);
            self.after = Some(oldest.seq());
        }
    }
}

/// Of what may be long in a row.
fn bytes_of(row: &Row) -> usize {
    match row {
        Row::State(row) => row.attributes.as_ref().map_or(0, |text| text.len()),
        Row::Event(row) => row.data.len(),
        Row::Quarantined(row) => row.raw.len(),
        Row::Settled(_) | Row::Weather(_) | Row::Entity(_) => 0,
    }
}

impl Watch {
    /// What comes next; none when nobody can publish any more. Nothing is missed when the future is dropped before it is
    /// ready.
    pub async fn next(&mut self) -> Option<Seen> {
        if let Some(row) = self.before.pop_front() {
            return Some(Seen::Row(row));
        }
        loop {
            match self.rows.recv().await {
                Ok(row) if row.seq() <= self.after => {}
                Ok(row) => return Some(Seen::Row(row)),
                Err(RecvError::Lagged(missed)) => return Some(Seen::Missed(missed)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use hearthline_core::{QuarantineRow, Timestamp};

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
        let ((mut one, _), (mut other, _)) = (live.watch(), live.watch());
        live.publish(&batch(5..7));
        for watch in [&mut one, &mut other] {
            assert_eq!((next(watch).await, next(watch).await), (Ok(5), Ok(6)));
        }
        drop(live);
        assert_eq!(one.next().await, None);
    }

    /// All that one who comes back sees at once.
    async fn after(live: &Live, seq: u64) -> Option<Vec<u64>> {
        let mut watch = live.watch_after(Seq(seq), Seq(0))?;
        let mut seen = Vec::new();
        while let Some(Ok(seq)) = next(&mut watch).now_or_never() {
            seen.push(seq);
        }
        Some(seen)
    }

    #[tokio::test]
    async fn who_comes_back_goes_on_without_a_loss_and_sees_nothing_twice() {
        let live = Live::default();
        assert_eq!(after(&live, 0).await, None, "nothing is known yet");
        live.publish(&batch(5..8));
        assert_eq!(after(&live, 4).await, Some(vec![5, 6, 7]));
        assert_eq!(after(&live, 6).await, Some(vec![7]));
        assert_eq!(after(&live, 7).await, Some(vec![]));
        assert_eq!(after(&live, 3).await, None, "what came before is not known");
        assert_eq!(after(&live, 8).await, None, "of another log");
        let mut watch = live.watch_after(Seq(6), Seq(7)).unwrap();
        live.publish(&batch(8..9));
        assert_eq!((next(&mut watch).await, next(&mut watch).await), (Ok(7), Ok(8)));
    }

    #[tokio::test]
    async fn after_a_start_it_goes_on_before_everything_was_read_again() {
        let live = Live::default();
        live.begin_after(Seq(4));
        assert_eq!(after(&live, 4).await, Some(vec![]));
        assert!(live.watch_after(Seq(3), Seq(9)).is_none(), "it is in files by now");
        let mut watch = live.watch_after(Seq(6), Seq(7)).unwrap();
        live.publish(&batch(5..9));
        assert_eq!((next(&mut watch).await, next(&mut watch).await), (Ok(7), Ok(8)));
        live.begin_after(Seq(4));
        live.publish(&batch(5..10));
        assert_eq!(next(&mut watch).await, Ok(9), "a delivery that begins anew shows nothing twice");
    }

    #[tokio::test]
    async fn only_so_much_is_kept() {
        let live = Live::default();
        let capacity = CAPACITY as u64;
        live.publish(&batch(1..capacity + 11));
        assert_eq!(after(&live, 9).await, None);
        assert_eq!(after(&live, 10).await.map(|seen| seen.len()), Some(CAPACITY));
        let mut long = batch(capacity + 11..capacity + 13);
        for row in &mut long.rows {
            let Row::Quarantined(row) = row else { continue };
            row.raw = vec![0; KEPT_BYTES].into();
        }
        live.publish(&long);
        assert_eq!(after(&live, capacity + 10).await, None);
        assert_eq!(after(&live, capacity + 11).await, Some(vec![capacity + 12]));
    }

    #[tokio::test]
    async fn nobody_goes_on_over_a_hole() {
        let live = Live::default();
        live.publish(&batch(1..3));
        live.publish(&batch(5..6));
        assert_eq!(after(&live, 2).await, None);
        assert_eq!(after(&live, 4).await, Some(vec![5]));
    }

    #[tokio::test]
    async fn one_that_is_too_slow_is_told_how_many_it_missed() {
        let live = Live::default();
        let (mut watch, _) = live.watch();
        let capacity = CAPACITY as u64;
        live.publish(&batch(1..capacity + 11));
        assert_eq!(next(&mut watch).await, Err(10));
        assert_eq!(next(&mut watch).await, Ok(11));
    }
}
