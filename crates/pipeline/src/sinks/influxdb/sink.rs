//! The sink: rows are taken, sent in batches by size and age, one batch on its way at a time.
//!
//! Nothing waits in here but for an answer: whoever steps the sink pauses. The cursor is written when the server has everything
//! that was taken, every few seconds and at the end. While the server takes nothing, a batch of rows is held and no more; the rest
//! waits in the log. What left the log meanwhile is read from the store, beside what comes.

mod exchange;
mod refill;
mod take;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, ErrorKind, Fs, Row, Seq};
use hearthline_log::Log;
use hearthline_store::Store;

use self::refill::Working;
use super::point::{Encoder, Layout};
use super::send::Sending;
use super::server::{Opened, Server, ServerConfig};
use super::state::{Cursor, State};
use super::view::{InfluxView, InfluxViewOf};
use crate::context::Context;
use crate::deliver::events_through;
use crate::filter::Filter;
use crate::sinks::{Committed, Idle, Sink, SinkError};

/// Between two writes of the cursor.
const CURSOR_EVERY: Duration = Duration::from_secs(5);
/// The longest without a word from the server before it is asked whether it is there.
const QUIET: Duration = Duration::from_secs(10);
/// A row that will be this old soon may be too old when it arrives.
const MARGIN: Duration = Duration::from_secs(60);

/// Where a new sink begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record of the log.
    #[default]
    Log,
    /// With what comes from now on.
    Now,
    /// With the oldest row of the store.
    All,
}

/// One `[[sinks]]` of type `influxdb`.
#[derive(Clone, Debug)]
pub struct InfluxConfig {
    /// As in the settings.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Where the server is.
    pub server: ServerConfig,
    /// How points look.
    pub layout: Layout,
    /// What it gets.
    pub filter: Filter,
    /// Lines that are sent at once.
    pub batch_size: usize,
    /// The longest that a row waits for others.
    pub batch_interval: Duration,
    /// Where it begins when it is new.
    pub start: Start,
}

/// A place that speaks line protocol.
pub struct InfluxSink {
    config: InfluxConfig,
    log: Log,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    state: State,
    /// Where entities belong, if the filter looks at that.
    context: Option<Context>,
    server: Server,
    opened: Option<Opened>,
    encoder: Encoder,
    /// Everything through `taken.committed.seq` was taken; its counts are of what has its fate.
    taken: Cursor,
    /// As it is on disk.
    saved: Cursor,
    rows: Vec<Row>,
    /// When the oldest of `rows` was taken.
    rows_since: Option<Duration>,
    sending: Option<Sending>,
    working: Option<Working>,
    /// Lines that the server takes at once.
    most: usize,
    /// The last exchange failed, or there was none yet.
    unwell: bool,
    heard: Duration,
    /// Since when the cursor on disk is not what it could be.
    unsaved: Option<Duration>,
    view: InfluxView,
    /// The size of which the view's cardinality is: it is worked out when that is another.
    told: (u64, usize),
}

impl InfluxSink {
    /// Goes on where its folder says. Nobody is asked yet.
    ///
    /// # Errors
    /// As the disk says, or when the certificates to trust cannot be used.
    pub fn open(
        config: InfluxConfig,
        log: Log,
        store: Arc<Store>,
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let state = State::open(Arc::clone(&fs), config.dir.clone())?;
        let begin = |start| {
            let cursor = begin(&log, &store, start, &*clock);
            // It begins there also when the log has gone on before anything could be sent.
            if cursor.committed.seq <= log.stats().synced_seq {
                state.save_cursor(&cursor)?;
            }
            io::Result::Ok(cursor)
        };
        let cursor = match state.cursor() {
            Ok(Some(cursor)) => cursor,
            Ok(None) => begin(config.start)?,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(
                    sink = config.name, file = %config.dir.join("cursor").display(),
                    "the position cannot be read: everything that is in the log is sent again, which doubles nothing"
                );
                begin(Start::Log)?
            }
            Err(error) => return Err(error),
        };
        let schema = state.schema()?;
        let server = Server::new(config.server.clone()).map_err(io::Error::other)?;
        let ServerConfig { url, database, .. } = &config.server;
        let view = InfluxView::new(&config.name, &config.dir, fs, url.to_string(), database.clone());
        let now = clock.monotonic();
        let mut sink = Self {
            encoder: Encoder::new(config.layout.clone(), schema),
            most: config.batch_size,
            config,
            log,
            store,
            clock,
            state,
            context: None,
            server,
            opened: None,
            saved: cursor.clone(),
            taken: cursor,
            rows: Vec::new(),
            rows_since: None,
            sending: None,
            working: None,
            unwell: true,
            heard: now,
            unsaved: None,
            view,
            told: (0, 0),
        };
        let layout = &sink.config.layout;
        sink.view.change(|view| {
            view.layout = layout.as_str();
            view.measurement = layout.measurement().map(ToOwned::to_owned);
        });
        sink.look_for_missed().map_err(io::Error::other)?;
        // Until it is on disk, the same is found again.
        sink.saved = sink.taken.clone();
        sink.tell();
        Ok(sink)
    }

    /// What others may see of it.
    #[must_use]
    pub fn view(&self) -> InfluxView {
        self.view.clone()
    }

    /// The same, shown where the sink before this one was, of which it is asked what was asked of that.
    #[must_use]
    pub fn shown_in(mut self, view: InfluxView) -> Self {
        let seen = self.view.look();
        view.change(|shown| *shown = InfluxViewOf { refused_for_type: shown.refused_for_type, ..seen });
        self.view = view;
        self
    }

    /// Does what others want of it. Nothing is sent while a repair wants that.
    fn obey(&mut self) -> Result<(), SinkError> {
        self.stand_still()?;
        self.obey_reset();
        self.obey_refills();
        Ok(())
    }

    fn stand_still(&mut self) -> Result<(), SinkError> {
        let Some(message) = self.view.stand() else { return Ok(()) };
        self.unwell = true;
        Err(SinkError { kind: ErrorKind::Transient, message, retry_after: None })
    }

    fn has_unsent(&self) -> bool {
        self.sending.is_some() || !self.rows.is_empty()
    }

    fn is_due(&self) -> bool {
        let waited = |since: Duration| self.clock.monotonic().saturating_sub(since);
        self.sending.is_some()
            || self.rows.len() >= self.config.batch_size
            || self.rows_since.is_some_and(|since| waited(since) >= self.config.batch_interval)
    }

    fn tell(&mut self) {
        let (conflicts, left_out) = (self.encoder.schema().conflicts(), self.encoder.left_out());
        let ahead = self.taken.committed.settled().saturating_sub(self.saved.committed.settled());
        let settled = (!self.has_unsent()).then_some(self.taken.committed.seq);
        let (refill, loss) = (self.refill_seen(), self.taken.loss.clone());
        let size = self.encoder.size();
        let cardinality = (size != self.told).then(|| self.encoder.cardinality());
        self.told = size;
        self.view.change(|view| {
            (view.conflicts, view.left_out, view.ahead) = (conflicts, left_out, ahead);
            (view.refill, view.loss) = (refill, loss);
            view.settled = settled.unwrap_or(view.settled);
            if let Some(cardinality) = cardinality {
                view.cardinality = cardinality;
            }
        });
    }
}

impl Sink for InfluxSink {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn kind(&self) -> &'static str {
        "influxdb"
    }

    fn committed(&self) -> Committed {
        self.saved.committed
    }

    fn before(&self) -> Option<u64> {
        Some(self.saved.before)
    }

    fn complete(&self) -> Seq {
        self.complete_through()
    }

    fn know(&mut self, context: &Context) {
        self.context = self.config.filter.looks_further().then(|| context.clone());
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.obey()?;
        // A batch that was taken and is offered again had to wait for the server.
        if self.rows.len() < self.config.batch_size && !self.is_taken(batch) {
            self.take(batch)?;
        }
        if self.is_due() || self.unwell {
            self.settle().await?;
        }
        if !self.is_taken(batch) {
            self.take(batch)?;
        }
        Ok(())
    }

    async fn idle(&mut self) -> Result<Idle, SinkError> {
        self.obey()?;
        let is_quiet = self.clock.monotonic().saturating_sub(self.heard) >= QUIET;
        if self.is_due() || self.unwell || is_quiet {
            self.settle().await?;
        }
        self.refill().await
    }

    fn commit_due(&self) -> bool {
        self.unsaved.is_some_and(|since| self.clock.monotonic().saturating_sub(since) >= CURSOR_EVERY)
    }

    async fn commit(&mut self) -> Result<Committed, SinkError> {
        if self.has_unsent() {
            self.stand_still()?;
            self.settle().await?;
        }
        let disk = |error: io::Error| SinkError {
            kind: ErrorKind::Transient,
            message: format!("the position cannot be written ({error})"),
            retry_after: None,
        };
        self.state.save_schema(self.encoder.schema()).map_err(disk)?;
        self.taken.expired = self.store.expired();
        self.state.save_cursor(&self.taken).map_err(disk)?;
        self.saved = self.taken.clone();
        self.unsaved = None;
        self.tell();
        Ok(self.saved.committed)
    }
}

/// Where a sink without a position begins.
fn begin(log: &Log, store: &Store, start: Start, clock: &dyn Clock) -> Cursor {
    let seq = match start {
        Start::Log => Seq(log.stats().first_seq.0.saturating_sub(1)),
        Start::Now => log.written(),
        Start::All => store.committed(),
    };
    let events = events_through(log, seq);
    let committed = Committed { seq, ..Committed::default() };
    let cursor = Cursor { committed, expired: store.expired(), ..Cursor::default() };
    match start {
        Start::All if seq > Seq::ZERO => {
            let refills = vec![refill::all_of(store, events, clock.now())];
            Cursor { refills, ..cursor }
        }
        _ => Cursor { before: events, ..cursor },
    }
}

#[cfg(test)]
mod tests;
