//! The clock, the line and the sink, which can be told to misbehave.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hearthline_core::{Batch, Clock, ErrorKind, Row, Timestamp};
use hearthline_pipeline::sinks::{Committed, Sink, SinkError};
use hearthline_sim::TokioClock;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Our clock, which people and NTP set.
#[derive(Clone)]
pub(crate) struct Wall {
    steady: TokioClock,
    micros: Arc<AtomicI64>,
}

impl Wall {
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self { steady: TokioClock::starting_at(start), micros: Arc::default() }
    }

    pub(crate) fn jump(&self, millis: i64) {
        self.micros.fetch_add(millis * 1000, Ordering::Relaxed);
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.steady.now().0 + self.micros.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        self.steady.monotonic()
    }
}

/// How long a standstill is noticed after its end.
const LOOK: Duration = Duration::from_millis(250);

/// Something that stands still until some instant. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standstill(Arc<Mutex<Option<Instant>>>);

impl Standstill {
    pub(crate) fn last(&self, lasts: Duration) {
        *self.0.lock() = Some(Instant::now() + lasts);
    }

    pub(crate) fn end(&self) {
        *self.0.lock() = None;
    }

    /// When to look again; none when it is over.
    fn look_again(&self) -> Option<Instant> {
        let now = Instant::now();
        self.0.lock().filter(|until| *until > now).map(|until| until.min(now + LOOK))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.look_again().is_some()
    }

    pub(crate) async fn over(&self) {
        while let Some(until) = self.look_again() {
            sleep_until(until).await;
        }
    }
}

/// Our end of the line, from which nothing is read during a standstill.
pub(crate) struct Slow<S> {
    pub(crate) stream: S,
    pub(crate) still: Standstill,
    pub(crate) sleep: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Slow<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(until) = self.still.look_again() {
            let sleep = self.sleep.insert(Box::pin(sleep_until(until)));
            ready!(sleep.as_mut().poll(context));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Slow<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How a sink is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moods {
    pub(crate) stands: Standstill,
    pub(crate) refuses: Standstill,
    pub(crate) lies: Standstill,
    /// Drops so many rows and says nothing: no sink may, and the check has to notice.
    pub(crate) steals: Arc<Mutex<usize>>,
}

/// A sink with moods.
pub(crate) struct Moody<S> {
    pub(crate) sink: S,
    pub(crate) moods: Moods,
}

impl<S> Moody<S> {
    async fn may_go_on(&self) -> Result<(), SinkError> {
        self.moods.stands.over().await;
        if self.moods.refuses.is_on() { Err(transient("refused (simulated)")) } else { Ok(()) }
    }

    fn answer<T>(&self, answer: T) -> Result<T, SinkError> {
        if self.moods.lies.is_on() { Err(transient("no answer (simulated)")) } else { Ok(answer) }
    }
}

impl<S: Sink + Sync> Sink for Moody<S> {
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
        self.may_go_on().await?;
        let mut batch = batch.clone();
        let steals = *self.moods.steals.lock();
        if let Some(n) = batch.rows.iter().rposition(Row::is_event).filter(|_| steals > 0) {
            batch.rows.remove(n);
            *self.moods.steals.lock() -= 1;
        }
        self.sink.write(&batch).await?;
        self.answer(())
    }

    fn commit_due(&self) -> bool {
        self.sink.commit_due()
    }

    async fn commit(&mut self) -> Result<Committed, SinkError> {
        self.may_go_on().await?;
        let committed = self.sink.commit().await?;
        self.answer(committed)
    }
}

fn transient(message: &str) -> SinkError {
    SinkError { kind: ErrorKind::Transient, message: message.into(), retry_after: None }
}
