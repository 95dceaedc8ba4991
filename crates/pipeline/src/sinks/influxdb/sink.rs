//! The sink: rows are taken, sent in batches by size and age, one batch on its way at a time.
//!
//! Nothing waits in here but for an answer: whoever steps the sink pauses. The cursor is written when the server has everything
//! that was taken, every few seconds and at the end. While the server takes nothing, a batch of rows is held and no more; the rest
//! waits in the log.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, Clock, ErrorKind, Fs, Row, Seq};
use hearthline_log::Log;

use super::answer::Meaning;
use super::point::{Encoder, Layout, WEATHER};
use super::schema::{FieldType, Schema};
use super::send::{Done, Sending, Stop};
use super::server::{Opened, Server, ServerConfig, Version};
use super::state::{Cursor, State};
use super::view::{InfluxView, InfluxViewOf};
use crate::context::Context;
use crate::deliver::events_through;
use crate::filter::{Filter, Subject};
use crate::record::{EntityRecord, Record};
use crate::sinks::{Committed, Sink, SinkError};

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
    clock: Arc<dyn Clock>,
    state: State,
    /// Where entities belong, if the filter looks at that.
    context: Option<Context>,
    server: Server,
    opened: Option<Opened>,
    encoder: Encoder,
    /// Everything through `taken.committed.seq` was taken; its counts are of what has its fate.
    taken: Cursor,
    committed: Committed,
    rows: Vec<Row>,
    /// When the oldest of `rows` was taken.
    rows_since: Option<Duration>,
    sending: Option<Sending>,
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
    pub fn open(config: InfluxConfig, log: Log, fs: Arc<dyn Fs>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let state = State::open(Arc::clone(&fs), config.dir.clone())?;
        let cursor = match state.cursor() {
            Ok(Some(cursor)) => cursor,
            Ok(None) => begin(&log, config.start),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::error!(
                    sink = config.name, file = %config.dir.join("cursor").display(),
                    "the position cannot be read: everything that is in the log is sent again, which doubles nothing"
                );
                begin(&log, Start::Log)
            }
            Err(error) => return Err(error),
        };
        let context = match config.filter.looks_further() {
            true => Some(Context::replay(&log, cursor.committed.seq).map_err(io::Error::other)?),
            false => None,
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
            clock,
            state,
            context,
            server,
            opened: None,
            taken: cursor,
            committed: cursor.committed,
            rows: Vec::new(),
            rows_since: None,
            sending: None,
            unwell: true,
            heard: now,
            unsaved: None,
            view,
            told: (0, 0),
        };
        let measurement = &sink.config.layout.measurement;
        sink.view.change(|view| view.measurement.clone_from(measurement));
        sink.look_for_missed(cursor.committed.seq);
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

    /// Takes a batch.
    fn take(&mut self, batch: &Batch) {
        let through = self.taken.committed.seq;
        if batch.first > through.next() {
            self.look_for_missed(Seq(batch.first.0.saturating_sub(1)));
        }
        let now = self.clock.monotonic();
        for row in batch.rows.iter().filter(|row| row.seq() > through) {
            self.taken.committed.events += u64::from(row.is_event());
            self.learn_place(row);
            if self.wants(row) {
                self.rows.push(row.clone());
                self.rows_since.get_or_insert(now);
            } else {
                self.taken.committed.filtered += u64::from(row.is_event());
            }
        }
        self.taken.committed.seq = batch.last;
        self.unsaved.get_or_insert(now);
    }

    /// Events that left the log before they were taken.
    fn look_for_missed(&mut self, through: Seq) {
        let Cursor { committed, before } = self.taken;
        let missed = events_through(&self.log, through).saturating_sub(before + committed.events);
        if missed > 0 {
            tracing::error!(
                sink = self.config.name,
                events = missed,
                "the log could not wait for this sink any longer: these events are in the store and not there"
            );
        }
        self.view.change(|view| view.missed = missed);
    }

    fn learn_place(&mut self, row: &Row) {
        if let (Some(context), Row::Entity(row)) = (&mut self.context, row) {
            context.apply(&Record::Entity(EntityRecord {
                at: row.ts,
                received: row.ts,
                info: Cow::Borrowed(&*row.info),
                removed: row.removed,
                changes: row.changes.to_vec(),
            }));
        }
    }

    fn wants(&self, row: &Row) -> bool {
        match row {
            Row::State(row) => {
                let known =
                    self.context.as_ref().and_then(|all| all.entities.version(&row.entity_key, row.ts));
                self.config.filter.keeps(Subject {
                    entity_id: row.entity_id.as_str(),
                    info: known.map(|version| &*version.info),
                    device_class: row.device_class.as_deref(),
                })
            }
            Row::Event(_) | Row::Quarantined(_) => true,
            Row::Weather(_) => self.config.layout.weather,
            Row::Settled(_) | Row::Entity(_) => false,
        }
    }

    fn is_taken(&self, batch: &Batch) -> bool {
        batch.last <= self.taken.committed.seq
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

    /// Nothing is sent while a repair wants that.
    fn stand_still(&mut self) -> Result<(), SinkError> {
        let Some(message) = self.view.stand() else { return Ok(()) };
        self.unwell = true;
        Err(SinkError { kind: ErrorKind::Transient, message, retry_after: None })
    }

    /// Sends all that was taken; where there is nothing to send, sees whether the server is there.
    async fn settle(&mut self) -> Result<(), SinkError> {
        let settled = self.exchange().await;
        match &settled {
            Ok(()) => {
                self.unwell = false;
                self.heard = self.clock.monotonic();
            }
            Err(_) => self.unwell = true,
        }
        self.tell();
        settled
    }

    async fn exchange(&mut self) -> Result<(), SinkError> {
        let version = self.opened().await?;
        if !self.has_unsent() {
            return self.server.ping().await.map_err(|stop| self.failed(stop));
        }
        while self.has_unsent() {
            let mut sending = match self.sending.take() {
                Some(sending) => sending,
                None => {
                    self.rows_since = None;
                    let rows = std::mem::take(&mut self.rows);
                    let rows = self.young_enough(rows);
                    Sending::new(rows, self.most, &mut self.encoder)
                }
            };
            let sent = self.send(&mut sending, version).await;
            if let Some(too_many) = sending.too_many() {
                self.most = self.most.min(too_many.div_ceil(2));
            }
            match sent {
                Ok(()) => self.finish(sending)?,
                Err(stop) => {
                    self.sending = Some(sending);
                    return Err(self.failed(stop));
                }
            }
        }
        Ok(())
    }

    /// Sends until each row has its fate, or nothing more is to be sent now.
    async fn send(&mut self, sending: &mut Sending, version: Version) -> Result<(), Stop> {
        while let Some(body) = sending.body(&mut self.encoder) {
            let meaning = self.server.write(version, body).await?;
            if matches!(meaning, Meaning::Columns(_))
                && let Ok(fields) = self.server.fields(version, &measurements(&self.config.layout)).await?
            {
                self.adopt(&fields);
            }
            let learns = matches!(meaning, Meaning::Conflict(_));
            sending.answered(meaning, &mut self.encoder, self.clock.now())?;
            if learns && let Err(error) = self.state.save_schema(self.encoder.schema()) {
                tracing::warn!(sink = self.config.name, %error, "what was learned of the server's fields is not on disk yet");
            }
        }
        Ok(())
    }

    /// Counts what became of rows, and writes down those that were set aside.
    fn finish(&mut self, sending: Sending) -> Result<(), SinkError> {
        let Done { delivered, filtered, quarantined, for_type, refused } =
            match sending.done(&mut self.encoder) {
                Ok(done) => done,
                Err((mut rows, stop)) => {
                    rows.append(&mut self.rows);
                    self.rows = rows;
                    self.rows_since.get_or_insert(self.clock.monotonic());
                    return Err(self.failed(stop));
                }
            };
        self.view.change(|view| view.refused_for_type += for_type);
        if let Some(first) = refused.first() {
            let words = &first.words;
            tracing::error!(sink = self.config.name, rows = refused.len(), %words, "rows were refused and set aside");
            if let Err(error) = self.state.refuse(&refused, self.clock.now()) {
                tracing::error!(sink = self.config.name, %error, "rows that were refused could not be written down");
            }
        }
        let counts = &mut self.taken.committed;
        counts.delivered += delivered;
        counts.filtered += filtered;
        counts.quarantined += quarantined;
        Ok(())
    }

    /// Leaves out what the server would not keep.
    fn young_enough(&mut self, mut rows: Vec<Row>) -> Vec<Row> {
        let Some(retention) = self.opened.as_ref().and_then(|opened| opened.retention) else { return rows };
        let oldest = self.clock.now().minus(retention.saturating_sub(MARGIN));
        let mut old = 0;
        rows.retain(|row| {
            let is_old = super::send::time_of(row) < oldest;
            old += u64::from(is_old && row.is_event());
            !is_old
        });
        self.taken.committed.filtered += old;
        rows
    }

    /// The server's version, once it is known that it can be written to.
    async fn opened(&mut self) -> Result<Version, SinkError> {
        if let Some(opened) = &self.opened {
            return Ok(opened.version);
        }
        let measurements = measurements(&self.config.layout);
        // One that had rows and is gone was dropped: made again in silence, it would be without its past.
        let make = self.taken.committed.delivered == 0;
        let opened = self.server.open(&measurements, make).await.map_err(|stop| self.failed(stop))?;
        self.adopt(&opened.fields);
        self.encoder.join_lines(opened.reads_lines);
        if let Some(sending) = &mut self.sending {
            sending.encode(&mut self.encoder);
        }
        tracing::info!(
            sink = self.config.name, url = %self.config.server.url, version = opened.says,
            fields = opened.fields.len(), made = opened.made, "{} can be written to", self.server.what(opened.version)
        );
        let version = opened.version;
        self.view.change(|view| {
            view.version = Some(opened.says.clone()).filter(|says| !says.is_empty());
            view.speaks = Some(version);
            view.fields_unknown.clone_from(&opened.fields_unknown);
        });
        self.opened = Some(opened);
        Ok(version)
    }

    /// The server has these fields.
    fn adopt(&mut self, fields: &[(String, String, FieldType)]) {
        let now = self.clock.now();
        self.encoder.change_schema(|schema| {
            for (measurement, field, has) in fields {
                schema.adopt(measurement, field, [*has], now);
            }
        });
    }

    /// Writes to another measurement, or forgets what is known of the server's fields, if that is wanted.
    fn obey(&mut self) {
        if let Some(measurement) = self.view.wants() {
            self.write_to(measurement);
        }
        if !self.view.take_reset() {
            return;
        }
        tracing::info!(
            sink = self.config.name,
            "what is known of the server's fields is forgotten and read again"
        );
        self.encoder.change_schema(Schema::forget);
        self.opened = None;
        self.unwell = true;
        if let Err(error) = self.state.save_schema(self.encoder.schema()) {
            tracing::warn!(sink = self.config.name, %error, "the schema on disk could not be replaced");
        }
        self.tell();
    }

    /// Rows that are on their way are encoded again: who has them already has them in the measurement before.
    fn write_to(&mut self, measurement: String) {
        tracing::info!(sink = self.config.name, measurement, "rows go to another measurement from now on");
        self.encoder.write_to(&measurement);
        self.view.reset();
        self.view.writes_to(&measurement);
        self.config.layout.measurement = measurement;
    }

    fn failed(&mut self, stop: Stop) -> SinkError {
        match stop {
            Stop::Later { after, words } => {
                SinkError { kind: ErrorKind::Transient, message: words, retry_after: after }
            }
            Stop::Parked(words) => {
                self.opened = None; // a person may have mended anything
                SinkError { kind: ErrorKind::Config, message: words, retry_after: None }
            }
        }
    }

    fn tell(&mut self) {
        let (conflicts, left_out) = (self.encoder.schema().conflicts(), self.encoder.left_out());
        let ahead = self.taken.committed.settled().saturating_sub(self.committed.settled());
        let size = self.encoder.size();
        let cardinality = (size != self.told).then(|| self.encoder.cardinality());
        self.told = size;
        self.view.change(|view| {
            (view.conflicts, view.left_out, view.ahead) = (conflicts, left_out, ahead);
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
        self.committed
    }

    fn before(&self) -> Option<u64> {
        Some(self.taken.before)
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.stand_still()?;
        self.obey();
        // A batch that was taken and is offered again had to wait for the server.
        if self.rows.len() < self.config.batch_size && !self.is_taken(batch) {
            self.take(batch);
        }
        if self.is_due() || self.unwell {
            self.settle().await?;
        }
        if !self.is_taken(batch) {
            self.take(batch);
        }
        Ok(())
    }

    async fn idle(&mut self) -> Result<(), SinkError> {
        self.stand_still()?;
        self.obey();
        let is_quiet = self.clock.monotonic().saturating_sub(self.heard) >= QUIET;
        if self.is_due() || self.unwell || is_quiet {
            self.settle().await?;
        }
        Ok(())
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
        self.state.save_cursor(&self.taken).map_err(disk)?;
        self.committed = self.taken.committed;
        self.unsaved = None;
        self.tell();
        Ok(self.committed)
    }
}

/// What is written to.
fn measurements(layout: &Layout) -> [&str; 2] {
    [&layout.measurement, WEATHER]
}

/// Where a sink without a position begins.
fn begin(log: &Log, start: Start) -> Cursor {
    let seq = match start {
        Start::Log => Seq(log.stats().first_seq.0.saturating_sub(1)),
        Start::Now => log.written(),
    };
    let committed = Committed { seq, ..Committed::default() };
    Cursor { committed, before: events_through(log, seq) }
}

#[cfg(test)]
mod tests;
