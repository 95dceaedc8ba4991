//! Reading the log behind a place until a record is there.

use std::collections::VecDeque;
use std::time::Duration;

use hearthline_core::{Clock, Origin, Seq, Timestamp};
use hearthline_log::{Log, LogReader, Read};
use hearthline_pipeline::record::Record;
use tokio::time::{Instant, timeout};

/// The log from some place on.
pub(super) struct Follower {
    log: Log,
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
    read: Instant,
}

impl Found {
    /// When it was read, on this clock that never goes back.
    pub(super) fn read_at(&self, clock: &dyn Clock) -> Duration {
        clock.monotonic().saturating_sub(self.read.elapsed())
    }
}

impl Follower {
    /// From now on.
    pub(super) fn new(log: &Log) -> Self {
        let through = log.written();
        Self { reader: log.reader(through), log: log.clone(), through, read: VecDeque::new() }
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
                self.read.extend(events.filter_map(|(seq, _, bytes)| found(seq, bytes)));
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

fn found(seq: Seq, bytes: &[u8]) -> Option<Found> {
    let Ok(Record::State(state)) = Record::decode(bytes) else { return None };
    (state.origin == Origin::Live && !state.late && !state.restored).then(|| Found {
        seq,
        ts: state.ts,
        tie: state.tie,
        received: state.received,
        removed: state.removed,
        entity_id: state.entity_id.into_owned(),
        raw: state.raw.into_owned(),
        read: Instant::now(),
    })
}
