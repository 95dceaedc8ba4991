//! The old way beside ours, while a person wants to watch it.

use std::sync::Arc;

use hearthline_api::{Naive, NaiveLoss};
use hearthline_sim::{NaiveCounts, NaiveWriter};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

/// The naive writer, on or off.
#[derive(Clone)]
pub(crate) struct Beside {
    writer: NaiveWriter,
    on: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Beside {
    /// Off.
    pub(crate) fn new(writer: NaiveWriter) -> Self {
        Self { writer, on: Arc::default() }
    }

    /// Switches it on, if it does not run. What it counts goes on.
    pub(crate) fn start(&self) {
        let mut on = self.on.lock();
        if on.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let writer = self.writer.clone();
        *on = Some(tokio::spawn(async move {
            let ended = writer.run().await.err();
            let why = ended.or_else(|| writer.counts().ended).unwrap_or_default();
            tracing::warn!("simulated: the naive writer has ended: {why}");
        }));
    }

    /// Switches it off and says what it lost.
    pub(crate) fn stop(&self) {
        let Some(task) = self.on.lock().take() else { return };
        task.abort();
        tracing::warn!("simulated: {}", sentence(&self.writer.counts()));
    }

    /// What became of its events; nothing while it is off.
    pub(crate) fn counts(&self) -> Option<NaiveCounts> {
        self.on.lock().is_some().then(|| self.writer.counts())
    }

    /// The same for the page.
    pub(crate) fn shown(&self) -> Option<Naive> {
        let counts = self.counts()?;
        let lost = |(words, events): (&String, &u64)| NaiveLoss { words: words.clone(), events: *events };
        Some(Naive {
            running: counts.running,
            ended: counts.ended.clone(),
            received: counts.received,
            accepted: counts.accepted,
            lost: counts.lost,
            refused: counts.refused.iter().map(lost).collect(),
        })
    }
}

/// What it did, in one sentence.
pub(crate) fn sentence(counts: &NaiveCounts) -> String {
    format!(
        "the naive writer received {} events, {} were taken and {} lost",
        counts.received, counts.accepted, counts.lost
    )
}
