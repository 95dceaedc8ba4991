//! The store as a sink that a demonstration can let stand still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hearthline_core::{Batch, ErrorKind};
use hearthline_pipeline::sinks::{Committed, Sink, SinkError, StoreSink};

/// The store; nobody but a demonstration ever lets it stand.
pub(super) struct Archive {
    /// The real one.
    pub(super) sink: StoreSink,
    /// Whether it takes nothing.
    pub(super) stands: Arc<AtomicBool>,
}

impl Archive {
    fn moves(&self) -> Result<(), SinkError> {
        if self.stands.load(Ordering::Relaxed) {
            let message = "the archive was told to stand still, in this simulated house".into();
            return Err(SinkError { kind: ErrorKind::Transient, message, retry_after: None });
        }
        Ok(())
    }
}

impl Sink for Archive {
    fn name(&self) -> &str {
        self.sink.name()
    }

    fn kind(&self) -> &'static str {
        self.sink.kind()
    }

    fn committed(&self) -> Committed {
        self.sink.committed()
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.moves()?;
        self.sink.write(batch).await
    }

    fn commit_due(&self) -> bool {
        self.sink.commit_due()
    }

    async fn commit(&mut self) -> Result<Committed, SinkError> {
        self.moves()?;
        self.sink.commit().await
    }
}
