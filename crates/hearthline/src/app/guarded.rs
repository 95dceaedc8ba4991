//! A sink as its part's thread sees it: one that hung and was replaced changes nothing any more, and a demonstration may let
//! it stand still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hearthline_core::fence::{Inside, Turn};
use hearthline_core::{Batch, ErrorKind, Seq};
use hearthline_pipeline::context::Context;
use hearthline_pipeline::sinks::{Committed, Idle, Sink, SinkError};

use super::snag::Snags;

/// A sink with a guard.
pub(super) struct Guarded<S> {
    /// The real one.
    pub(super) sink: S,
    /// Where what it changes is in memory that another shares; none where its disk alone is fenced.
    pub(super) turn: Option<Turn>,
    /// Whether it takes nothing; only in a demonstration.
    pub(super) stands: Arc<AtomicBool>,
    pub(super) snags: Snags,
}

impl<S: Sink> Guarded<S> {
    fn enter<'t>(&self, turn: Option<&'t Turn>) -> Result<Option<Inside<'t>>, SinkError> {
        let refused = |message: String| SinkError { kind: ErrorKind::Transient, message, retry_after: None };
        if self.stands.load(Ordering::Relaxed) {
            return Err(refused("the archive was told to stand still, in this simulated house".into()));
        }
        turn.map(Turn::enter).transpose().map_err(|taken| refused(taken.to_string()))
    }
}

impl<S: Sink> Sink for Guarded<S> {
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
        let turn = self.turn.clone();
        let _inside = self.enter(turn.as_ref())?;
        self.sink.write(batch).await
    }

    fn commit_due(&self) -> bool {
        self.sink.commit_due()
    }

    async fn commit(&mut self) -> Result<Committed, SinkError> {
        let turn = self.turn.clone();
        let _inside = self.enter(turn.as_ref())?;
        self.snags.meet_inside(self.sink.name());
        self.sink.commit().await
    }

    async fn idle(&mut self) -> Result<Idle, SinkError> {
        self.sink.idle().await
    }

    fn before(&self) -> Option<u64> {
        self.sink.before()
    }

    fn complete(&self) -> Seq {
        self.sink.complete()
    }

    fn know(&mut self, context: &Context) {
        self.sink.know(context);
    }
}
