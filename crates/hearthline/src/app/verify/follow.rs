//! Reading the log behind a place until a record is there.

use std::time::Duration;

use hearthline_core::{Clock, Origin, Seq, Timestamp};
use hearthline_log::{Log, LogReader, Read};
use hearthline_pipeline::record::Record;
use tokio::time::{Instant, timeout};

/// The log from some place on.
pub(super) struct Follower {
    log: Log,
    reader: LogReader,
    begin: Seq,
    /// What was read and not looked at yet: the newest last.
    read: std::collections::VecDeque<Found>,
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
        let begin = log.written();
        Self { reader: log.reader(begin), log: log.clone(), begin, read: std::collections::VecDeque::new() }
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
                let begin = self.begin;
                let events = batch.records().filter(|(seq, is_event, _)| *is_event && *seq > begin);
                self.read.extend(events.filter_map(|(seq, _, bytes)| found(seq, bytes)));
                self.begin = begin.max(batch.last());
            }
            Ok(Some(Read::Damage(_))) => {}
            Ok(None) => self.log.wait_written(self.log.written().max(self.begin).next()).await,
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
