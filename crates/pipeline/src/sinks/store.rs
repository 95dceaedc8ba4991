//! The embedded store as a sink. Its manifest is its cursor, so position and rows cannot disagree.

use std::sync::Arc;

use hearthline_core::{Batch, ErrorKind};
use hearthline_store::{Store, StoreError};

use super::{Committed, Sink, SinkError};
use crate::live::Live;

/// What it is called beside the sinks of the settings.
pub const NAME: &str = "store";

/// The embedded store as a sink.
pub struct StoreSink {
    store: Arc<Store>,
    live: Live,
}

impl StoreSink {
    /// Writes into this store and then shows the rows to those who watch. The calls block on the disk: give it a thread
    /// of its own.
    #[must_use]
    pub fn new(store: Arc<Store>, live: Live) -> Self {
        live.begin_after(store.committed());
        Self { store, live }
    }
}

impl Sink for StoreSink {
    fn name(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> &'static str {
        "parquet"
    }

    fn committed(&self) -> Committed {
        let counts = self.store.committed_counts();
        Committed {
            seq: self.store.committed(),
            events: counts.events,
            delivered: counts.delivered,
            filtered: 0,
            collapsed: counts.collapsed,
            quarantined: counts.quarantined,
            lost: 0,
        }
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.store.write(batch)?;
        self.live.publish(batch);
        Ok(())
    }

    fn commit_due(&self) -> bool {
        self.store.flush_due()
    }

    async fn commit(&mut self) -> Result<Committed, SinkError> {
        self.store.flush()?;
        Ok(self.committed())
    }
}

impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        // A full or failing disk may be mended by a person at any time; the rows wait in the log.
        Self { kind: ErrorKind::Transient, message: error.to_string(), retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::{ManualClock, MemFs, QuarantineRow, Row, Seq, Timestamp};
    use hearthline_store::StoreConfig;

    use super::*;
    use crate::live::Seen;

    #[tokio::test]
    async fn only_what_the_store_took_is_shown() {
        let (fs, clock) = (Arc::new(MemFs::default()), Arc::new(ManualClock::at(Timestamp::EPOCH)));
        let config = StoreConfig {
            flush_rows: 10,
            flush_interval: std::time::Duration::from_secs(1),
            ..StoreConfig::new("/store")
        };
        let closed = Store::open_read_only(fs.clone(), clock.clone(), config.clone()).unwrap();
        let open = Store::open(fs, clock, config).unwrap();
        let row = |seq| {
            let (site, reason, raw) = ("home".into(), "no JSON".into(), [].into());
            Row::Quarantined(QuarantineRow { seq: Seq(seq), ts: Timestamp::EPOCH, site, reason, raw })
        };
        let batch = |seq| Batch { first: Seq(seq), last: Seq(seq), rows: vec![row(seq)] };
        let live = Live::default();
        let (mut watch, _) = live.watch();
        StoreSink::new(Arc::new(closed), live.clone()).write(&batch(1)).await.unwrap_err();
        StoreSink::new(Arc::new(open), live).write(&batch(2)).await.unwrap();
        assert_eq!(watch.next().await, Some(Seen::Row(Arc::new(row(2)))));
    }
}
