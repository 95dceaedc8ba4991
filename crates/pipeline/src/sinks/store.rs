//! The embedded store as a sink. Its manifest is its cursor, so position and rows cannot disagree.

use std::sync::Arc;

use hearthline_core::{Batch, ErrorKind};
use hearthline_store::{Store, StoreError};

use super::{Committed, Sink, SinkError};

/// The embedded store as a sink.
pub struct StoreSink {
    store: Arc<Store>,
}

impl StoreSink {
    /// Writes into this store. The calls block on the disk: give it a thread of its own.
    #[must_use]
    pub const fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl Sink for StoreSink {
    fn name(&self) -> &'static str {
        "store"
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
        }
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.store.write(batch).map_err(SinkError::from)
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
        Self { kind: ErrorKind::Transient, message: error.to_string() }
    }
}
