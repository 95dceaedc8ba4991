//! Reading the log behind a place until a record is there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Origin, Seq, Timestamp};
use hearthline_log::{Log, LogReader, Read};
use hearthline_pipeline::record::Record;
use tokio::time::timeout;

/// The log from some place on.
pub(super) struct Follower {
    log: Log,
    clock: Arc<dyn Clock>,
    reader: LogReader,
    /// Everything through this record was read.
    through: Seq,
    /// What was read and not looked at yet: the newest last.
    read: VecDeque<Found>,
}

/// A live state, as its record has it.
pub(super) struct Found {
    pub(super) seq: Seq,
    pub(super) ts: Timestamp,
    pub(super) tie: u8,
    pub(super) received: Timestamp,
    pub(super) removed: bool,
    pub(super) entity_id: String,
    pub(super) raw: String,
    /// When it was read, on the clock that never goes back.
    pub(super) read_at: Duration,
}

impl Follower {
    /// From now on.
    pub(super) fn new(log: &Log, clock: &Arc<dyn Clock>) -> Self {
        let through = log.written();
        let (log, reader, clock) = (log.clone(), log.reader(through), Arc::clone(clock));
        Self { log, clock, reader, through, read: VecDeque::new() }
    }

    /// The next live state that is wanted; none when none comes within that time. Those before it are passed over.
    pub(super) async fn find(&mut self, within: Duration, wanted: impl Fn(&Found) -> bool) -> Option<Found> {
        timeout(within, async {
            loop {
                while let Some(found) = self.read.pop_front() {
                    if wanted(&found) {
                        return found;
                    }
                }
                self.read_on().await;
            }
        })
        .await
        .ok()
    }

    /// Takes in the next batch, once there is one.
    async fn read_on(&mut self) {
        match self.reader.read() {
            Ok(Some(Read::Batch(batch))) => {
                let through = self.through;
                let events = batch.records().filter(|(seq, is_event, _)| *is_event && *seq > through);
                let now = self.clock.monotonic();
                self.read.extend(events.filter_map(|(seq, _, bytes)| found(seq, bytes, now)));
                self.through = through.max(batch.last());
            }
            Ok(Some(Read::Damage(damage))) => {
                self.through = damage.lost.map_or(self.through, |(_, last)| last.max(self.through));
            }
            Ok(None) => self.log.wait_written(self.through.next()).await,
            Err(error) => {
                tracing::debug!(%error, "the log could not be read just now");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn found(seq: Seq, bytes: &[u8], read_at: Duration) -> Option<Found> {
    let Ok(Record::State(state)) = Record::decode(bytes) else { return None };
    (state.origin == Origin::Live && !state.late && !state.restored).then(|| Found {
        seq,
        ts: state.ts,
        tie: state.tie,
        received: state.received,
        removed: state.removed,
        entity_id: state.entity_id.into_owned(),
        raw: state.raw.into_owned(),
        read_at,
    })
}
