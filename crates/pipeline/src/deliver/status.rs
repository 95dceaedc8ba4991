//! What others may see of a delivery.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, Origin, Row, Seq, Timestamp};
use hearthline_log::{Log, LogError, Read, RecordBatch};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::slowness::Slowness;
use super::state_after;
use crate::health::PartState;
use crate::sinks::{Committed, Sink, SinkError};

/// What others may see of a delivery, at any time, from any thread.
pub struct SinkView {
    name: String,
    kind: &'static str,
    log: Log,
    clock: Arc<dyn Clock>,
    /// A person has mended something: the next attempt is due.
    hurry: Notify,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Events in the log before the first that this sink ever counted.
    base: u64,
    given: Seq,
    complete: Seq,
    state: PartState,
    since: Timestamp,
    committed: Committed,
    caught_up: Option<Duration>,
    slowness: Slowness,
    newest: Option<Timestamp>,
    /// The last record of which the states were counted: what is given again after a start is not counted again.
    counted: Seq,
    states: u64,
    with_weather: u64,
    write_errors: u64,
    last_error: Option<String>,
}

/// One look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkViewOf {
    /// As in the settings.
    pub name: String,
    /// Which program or format.
    pub kind: &'static str,
    /// How it is.
    pub state: PartState,
    /// Durably there.
    pub committed: Committed,
    /// Everything up to this record is there, too what is given to it from elsewhere.
    pub complete: Seq,
    /// Events that are in the log and not durably there.
    pub pending: u64,
    /// How long the oldest event that it was not given has been waiting.
    pub lag: Duration,
    /// How long it has been at work on what it was given, or was a moment ago, where that is long.
    pub slow: Option<Duration>,
    /// Live states that it was given since the program started; what is fetched from the past can have no weather.
    pub states: u64,
    /// Of these, the ones that know the weather of their time.
    pub with_weather: u64,
    /// Writes that failed.
    pub write_errors: u64,
    /// The last of them.
    pub last_error: Option<String>,
}

impl SinkView {
    pub(super) fn new(sink: &impl Sink, log: Log, clock: Arc<dyn Clock>) -> Self {
        let (name, kind, committed) = (sink.name(), sink.kind(), sink.committed());
        let base = || events_through(&log, committed.seq).saturating_sub(committed.events);
        let inner = Inner {
            base: sink.before().unwrap_or_else(base),
            complete: sink.complete(),
            given: committed.seq,
            state: PartState::Starting,
            since: clock.now(),
            committed,
            caught_up: None,
            slowness: Slowness::default(),
            newest: None,
            counted: committed.seq,
            states: 0,
            with_weather: 0,
            write_errors: 0,
            last_error: None,
        };
        Self { name: name.to_owned(), kind, log, clock, hurry: Notify::new(), inner: Mutex::new(inner) }
    }

    /// One look.
    #[must_use]
    pub fn look(&self) -> SinkViewOf {
        let inner = self.inner.lock();
        let pending = self.log.stats().events_total.saturating_sub(inner.base + inner.committed.events);
        let behind = inner.caught_up.map(|at| self.clock.monotonic().saturating_sub(at));
        let old = inner.newest.map(|ts| self.clock.now().since(ts));
        SinkViewOf {
            name: self.name.clone(),
            kind: self.kind,
            state: inner.state,
            committed: inner.committed,
            complete: inner.complete,
            pending,
            slow: inner.slowness.look(self.clock.monotonic()),
            lag: behind.or(old).unwrap_or_default(),
            states: inner.states,
            with_weather: inner.with_weather,
            write_errors: inner.write_errors,
            last_error: inner.last_error.clone(),
        }
    }

    /// A sink that waits before its next attempt makes it now; one that does not wait goes on.
    pub fn hurry(&self) {
        self.hurry.notify_waiters();
    }

    /// Ready when that is asked for.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }

    /// The last record that the sink was given.
    #[must_use]
    pub fn given(&self) -> Seq {
        self.inner.lock().given
    }

    /// Another delivery goes on behind what was committed.
    pub(super) fn starts_anew(&self, sink: &impl Sink) {
        self.committed(sink);
        let mut inner = self.inner.lock();
        inner.enter(PartState::Starting, &*self.clock);
        inner.slowness = Slowness::default();
        inner.given = inner.committed.seq;
    }

    /// The sink is given something, or does of itself what it has to do: whether that takes long is seen while it lasts.
    pub(super) async fn at_work<T>(&self, work: impl Future<Output = T>) -> T {
        self.inner.lock().slowness.begins(self.clock.monotonic());
        let done = work.await;
        self.inner.lock().slowness.ends(self.clock.monotonic());
        done
    }

    /// The sink has been given everything.
    pub(super) fn caught_up(&self) {
        let mut inner = self.inner.lock();
        inner.caught_up = Some(self.clock.monotonic());
        inner.works(&*self.clock);
    }

    pub(super) fn written(&self, batch: &Batch) {
        let mut inner = self.inner.lock();
        inner.works(&*self.clock);
        inner.given = batch.last;
        for row in &batch.rows {
            if let Row::State(row) = row {
                inner.newest = Some(row.ts);
                if row.origin == Origin::Live && row.seq > inner.counted {
                    inner.states += 1;
                    inner.with_weather += u64::from(row.weather.is_some());
                }
            }
        }
        inner.counted = inner.counted.max(batch.last);
    }

    /// The sink has committed.
    pub(super) fn committed(&self, sink: &impl Sink) {
        let mut inner = self.inner.lock();
        (inner.committed, inner.complete) = (sink.committed(), sink.complete());
        inner.base = sink.before().unwrap_or(inner.base);
    }

    pub(super) fn failed(&self, error: &SinkError) {
        let mut inner = self.inner.lock();
        inner.write_errors += 1;
        inner.last_error = Some(error.message.clone());
        inner.enter(state_after(error), &*self.clock);
    }
}

/// Events in the log up to and including `seq`.
pub(crate) fn events_through(log: &Log, seq: Seq) -> u64 {
    match batch_behind(log, seq) {
        Ok(Some(batch)) => {
            let within = batch.records().filter(|(at, is_event, _)| *at <= seq && *is_event).count();
            batch.events_before() + within as u64
        }
        Ok(None) | Err(_) => log.stats().events_total,
    }
}

/// The last record behind `seq` that the log does not have any more, which is `seq` where it has the next one; and the events
/// up to there.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn last_gone(log: &Log, seq: Seq) -> Result<(Seq, u64), LogError> {
    let Some(batch) = batch_behind(log, seq)? else {
        return Ok((log.written().max(seq), log.stats().events_total));
    };
    let last = Seq(batch.first().0.saturating_sub(1)).max(seq);
    let within = batch.records().filter(|(at, is_event, _)| *at <= last && *is_event).count();
    Ok((last, batch.events_before() + within as u64))
}

/// The batch with the first record behind `seq` that can be read.
fn batch_behind(log: &Log, seq: Seq) -> Result<Option<RecordBatch>, LogError> {
    let mut reader = log.reader(seq);
    while let Some(read) = reader.read()? {
        if let Read::Batch(batch) = read {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

impl Inner {
    fn works(&mut self, clock: &dyn Clock) {
        self.enter(PartState::Healthy, clock);
    }

    fn enter(&mut self, state: PartState, clock: &dyn Clock) {
        if self.state != state {
            (self.state, self.since) = (state, clock.now());
        }
    }
}
