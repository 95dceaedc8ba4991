//! Folds the log into a sink.
//!
//! [`Delivery`] is a plain struct that is stepped by its caller; [`Delivery::run`] is the thin loop around it. A step
//! reads one batch of records, makes rows of them and gives them to the sink; when the sink is due it commits, after
//! the log has been synced that far, so that no sink is ever ahead of the log. A batch that the sink did not take is kept
//! and offered again: order and completeness do not depend on the sink's health.

mod slowness;
mod status;

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, ErrorKind, Pulse, Seq};
use hearthline_log::{Log, LogError, LogReader, Read};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::status::{SinkView, SinkViewOf};
pub(crate) use self::status::{events_through, last_gone};
use crate::context::Context;
use crate::health::PartState;
use crate::inlet::Reply;
use crate::normalise::Normaliser;
use crate::sinks::{Committed, Idle, Sink, SinkError};
use crate::watch::ticking;

/// How often a delivery with nothing to do looks whether its sink is due.
const TICK: Duration = Duration::from_secs(1);
/// The first and the longest pause after a sink has failed.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How long a disk may take for one call before it is taken for one that answers no more.
const DISK: Duration = Duration::from_secs(120);
/// The longest that a sink is left alone because its other side wants it.
const LONGEST: Duration = Duration::from_secs(300);

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more to do.
    Worked,
    /// The sink has all that is in the log, and used the time for something else, of which there may be more.
    Spare,
    /// The sink has all that is in the log.
    Idle,
}

/// Why a step failed. Nothing is lost by it: the next step tries again.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The log could not be read or synced.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The sink did not take it.
    #[error("{sink}: {error}")]
    Sink {
        /// Which.
        sink: String,
        /// Why.
        error: SinkError,
    },
}

impl DeliverError {
    /// Nothing goes on before a person has done something.
    const fn needs_a_hand(&self) -> bool {
        matches!(self, Self::Sink { error: SinkError { kind: ErrorKind::Config | ErrorKind::Fatal, .. }, .. })
    }

    /// How long to wait: as long as the other side wants, or until a person may have acted, or the pause.
    fn wait(&self, pause: Duration) -> Duration {
        match self {
            Self::Sink { error: SinkError { retry_after: Some(after), .. }, .. } => {
                pause.max(*after).min(LONGEST)
            }
            Self::Sink { .. } if self.needs_a_hand() => PAUSE.1,
            Self::Sink { .. } | Self::Log(_) => pause,
        }
    }
}

/// A request to make everything durable that is in the log now; answered with the position.
pub type FlushRequest = Reply<Committed>;

/// One log, one sink, one position.
pub struct Delivery<S> {
    log: Log,
    reader: LogReader,
    normaliser: Normaliser,
    sink: S,
    written: Seq,
    committed: Seq,
    refused: Option<Batch>,
    view: Arc<SinkView>,
    pulse: Pulse,
}

impl<S: Sink> Delivery<S> {
    /// Goes on behind what the sink has committed.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open(log: Log, clock: Arc<dyn Clock>, mut sink: S, site: &str) -> Result<Self, LogError> {
        let committed = sink.committed();
        let context = Context::replay(&log, committed.seq)?;
        sink.know(&context);
        let view = Arc::new(SinkView::new(&sink, log.clone(), clock));
        let normaliser = Normaliser::with(site, context);
        Ok(Self {
            reader: log.reader(committed.seq),
            normaliser,
            written: committed.seq,
            committed: committed.seq,
            refused: None,
            log,
            sink,
            view,
            pulse: Pulse::unwatched(),
        })
    }

    /// What others may see of it.
    #[must_use]
    pub fn view(&self) -> Arc<SinkView> {
        Arc::clone(&self.view)
    }

    /// The same, watched by this pulse.
    #[must_use]
    pub fn watched(mut self, pulse: Pulse) -> Self {
        self.pulse = pulse;
        self
    }

    /// The same, shown where the delivery before this one was, whose figures go on.
    #[must_use]
    pub fn shown_in(mut self, view: Arc<SinkView>) -> Self {
        view.starts_anew(&self.sink);
        self.view = view;
        self
    }

    /// Commits if that is due, then delivers one batch if there is one.
    ///
    /// # Errors
    /// When log or sink fail; the next step goes on at the same place.
    pub async fn step(&mut self) -> Result<Step, DeliverError> {
        self.pulse.beat();
        // What waits in memory goes into files before more comes: a disk that takes nothing fills no memory.
        if self.sink.commit_due() {
            self.commit().await?;
        }
        let batch = match self.refused.take() {
            Some(batch) => Some(batch),
            None => self.read()?,
        };
        let Some(batch) = batch else {
            let idle = self.view.at_work(self.sink.idle()).await.map_err(|error| self.failed(error))?;
            self.view.caught_up();
            return Ok(match idle {
                Idle::Rested => Step::Idle,
                Idle::Worked => Step::Spare,
            });
        };
        if let Err(error) = self.view.at_work(self.sink.write(&batch)).await {
            self.refused = Some(batch);
            return Err(self.failed(error));
        }
        self.written = batch.last;
        self.view.written(&batch);
        Ok(Step::Worked)
    }

    /// Makes durable all that was written, log first.
    ///
    /// # Errors
    /// As [`Delivery::step`].
    pub async fn commit(&mut self) -> Result<(), DeliverError> {
        if self.written > self.committed {
            ticking(self.log.sync_through(self.written)).await?;
        } else if !self.sink.commit_due() {
            return Ok(());
        }
        let _long = self.pulse.takes_long("writing down what it was given", DISK);
        let committed = self.view.at_work(self.sink.commit()).await.map_err(|error| self.failed(error))?;
        self.committed = committed.seq;
        self.view.committed(&self.sink);
        Ok(())
    }

    /// Steps until the sink has everything that is in the log, then commits.
    ///
    /// # Errors
    /// As [`Delivery::step`].
    pub async fn drain(&mut self) -> Result<Committed, DeliverError> {
        while self.step().await? == Step::Worked {}
        self.commit().await?;
        Ok(self.sink.committed())
    }

    fn read(&mut self) -> Result<Option<Batch>, DeliverError> {
        let _long = self.pulse.takes_long("reading the log", DISK);
        loop {
            match self.reader.read()? {
                None => return Ok(None),
                Some(Read::Damage(damage)) => {
                    tracing::error!(sink = self.sink.name(), %damage, "records of the log cannot be read");
                }
                Some(Read::Batch(records)) => {
                    let mut batch = Batch { first: records.first(), last: records.last(), rows: Vec::new() };
                    let new = records.records().filter(|(seq, ..)| *seq > self.written);
                    batch.rows.extend(new.filter_map(|(seq, _, bytes)| self.normaliser.row(seq, bytes)));
                    return Ok(Some(batch));
                }
            }
        }
    }

    fn failed(&self, error: SinkError) -> DeliverError {
        self.view.failed(&error);
        DeliverError::Sink { sink: self.sink.name().to_owned(), error }
    }

    /// Steps until told to stop; then drains, so that a stop in order leaves nothing pending.
    ///
    /// # Errors
    /// When the last drain fails; what is pending is then delivered after the next start.
    pub async fn run(
        mut self,
        mut flushes: mpsc::Receiver<FlushRequest>,
        stop: CancellationToken,
    ) -> Result<Committed, DeliverError> {
        let mut pause = PAUSE.0;
        while !stop.is_cancelled() {
            match self.step().await {
                Ok(Step::Worked | Step::Spare) => {
                    pause = PAUSE.0;
                    if let Ok(request) = flushes.try_recv() {
                        self.answer(request).await;
                    }
                    tokio::task::yield_now().await;
                }
                Ok(Step::Idle) => {
                    pause = PAUSE.0;
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => {}
                        _ = self.log.wait_written(self.written.next()) => {}
                        () = tokio::time::sleep(TICK) => {}
                        Some(request) = flushes.recv() => self.answer(request).await,
                    }
                }
                Err(error) => {
                    let wait = error.wait(pause);
                    let retry_in_s = wait.as_secs_f64();
                    if error.needs_a_hand() {
                        tracing::error!(%error, retry_in_s, "delivery waits for a person; events are safe in the log");
                    } else {
                        tracing::warn!(%error, retry_in_s, "delivery failed; events are safe in the log");
                    }
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => {}
                        () = self.view.hurried() => {}
                        () = ticking(tokio::time::sleep(wait)) => {}
                    }
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        self.drain().await
    }

    async fn answer(&mut self, request: FlushRequest) {
        let result = self.drain().await.map_err(|error| error.to_string());
        drop(request.send(result)); // whoever asked may have gone
    }
}

/// What a failure means for the part.
#[must_use]
pub const fn state_after(error: &SinkError) -> PartState {
    match error.kind {
        ErrorKind::Transient | ErrorKind::Corrupt => PartState::Degraded,
        ErrorKind::Fatal | ErrorKind::Config => PartState::Parked,
    }
}
