//! The one producer of the log: filters, recognises duplicates, finds missed predecessors, keeps the gap ledger.
//!
//! [`Ingest`] is called by whoever reads a source, on the reader's own thread, and never waits: it appends to the log's
//! queue. What it holds (the last state of each entity, the gaps, the counters) is a fold over the log and is rebuilt
//! from it at start.
//!
//! Events of one frame become one append. If the log does not take it, everything that the frame changed in memory is
//! taken back, so that the next snapshot finds what is missing.

mod context;
mod fence;
mod fold;
mod history;
mod offer;
mod refilter;
mod registry;
mod settle;
mod silence;
mod snapshot;
mod view;
mod weather;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use hearthline_core::{Clock, EntityId, Origin, Seq, Timestamp};
use hearthline_log::{Append, Log, LogError};

use self::fence::Fences;
pub use self::fold::Fold;
pub use self::history::{Fill, PastState};
pub use self::refilter::LiveEntity;
use self::registry::Registered;
pub use self::snapshot::SnapshotReport;
pub use self::view::{FIRST_MINUTES, GapCounts, IngestView, ViewOf};
use self::weather::OwnWeather;
use crate::context::Context;
use crate::filter::Filter;
use crate::gaps::{Cause, Gap};
use crate::record::{Checkpoint, ConnectedRecord, Held, HeldEntity, Moved, Record, UndecodableRecord};
use crate::silence::{Silence, SilenceView};
use crate::sources::home_assistant::wire::{Event, EventData};

/// Raw bytes in a segment before the next one begins.
const SEGMENT_BYTES: u64 = 64 << 20;

/// How far our clock may be from Home Assistant's.
pub(crate) const CLOCKS: Duration = Duration::from_secs(30);

/// What a source says when a connection is authenticated and subscribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Home Assistant's version.
    pub ha_version: String,
    /// Nothing but `state_changed` is subscribed, so that a snapshot can show that nothing was missed.
    pub states_only: bool,
}

/// Why an event was not taken. The events of the frame lie in the gap that [`Ingest::disconnected`] opens.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The disk is slower than the stream and the queue between them is full: close the connection, come back later.
    #[error("the log's queue is full: the disk is slower than the events")]
    QueueFull,
    /// The log takes nothing: it is full or failed.
    #[error(transparent)]
    Log(LogError),
    /// A record could not be made.
    #[error("cannot encode a record: {0}")]
    Encode(#[from] crate::record::RecordError),
}

/// Whether the stream is complete just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// No subscription.
    Down,
    /// Subscribed again, no event yet.
    Resuming,
    /// Events arrive, the first snapshot has not.
    Catching,
    /// Events arrive and were compared with a snapshot.
    Complete,
}

/// The one producer of the log.
pub struct Ingest {
    log: Log,
    clock: Arc<dyn Clock>,
    filter: Arc<Filter>,
    /// Another filter was taken, and what that asks for has not been done.
    refiltered: bool,
    /// Held entities that another filter let in again: what they were meanwhile was left out, and not lost.
    returned: HashSet<EntityId>,
    /// What the last comparison showed, with the class that each state says.
    live: HashMap<EntityId, Option<Arc<str>>>,
    fold: Fold,
    stream: Stream,
    running: bool,
    states_only: bool,
    frame: Frame,
    scratch: Vec<u8>,
    refused: Option<Cause>,
    /// The last number that the log gave.
    appended: Seq,
    fences: Fences,
    /// When the newest connection was made, in our clock.
    connected_at: Option<Timestamp>,
    totals_changed: bool,
    /// Held entities that the last snapshot did not show.
    absent: Vec<EntityId>,
    own_weather: OwnWeather,
    registered: Registered,
    view: Arc<IngestView>,
    silence: Silence,
    silent: Arc<SilenceView>,
    /// The last look at who has reported: Home Assistant's time, and our own that never jumps.
    looked: Option<(Timestamp, Duration)>,
    /// Entities whose events are no sign of life of the house: what we show Home Assistant of ourselves.
    ours: Vec<String>,
}

/// What one frame has changed so far.
#[derive(Default)]
struct Frame {
    append: Append,
    events: u64,
    undecodable: u64,
    gaps: Vec<Gap>,
    /// States that were counted as recovered, by gap.
    recovered: Vec<(u64, u64)>,
    undo: Vec<(EntityId, Option<Held>)>,
    /// The context before the frame, once the frame has changed it.
    context: Option<Context>,
    /// `last_fired` before the frame, once the frame has changed it.
    last_fired: Option<Option<Timestamp>>,
}

impl Ingest {
    /// Rebuilds what is held from the log, begins a segment of this run with it, and opens a gap if the last run did not
    /// open one itself.
    ///
    /// # Errors
    /// When the log cannot be read or takes nothing.
    pub fn open(log: Log, clock: Arc<dyn Clock>, filter: Arc<Filter>) -> Result<Self, IngestError> {
        Self::open_after(log, clock, filter, Cause::NotRunning)
    }

    /// As [`Ingest::open`], and says how the last run ended if it did not say so itself.
    ///
    /// # Errors
    /// As [`Ingest::open`].
    pub fn open_after(
        log: Log,
        clock: Arc<dyn Clock>,
        filter: Arc<Filter>,
        ended: Cause,
    ) -> Result<Self, IngestError> {
        Self::open_again(log, clock, filter, ended, "the last run did not end in order")
    }

    /// As [`Ingest::open_after`], and says in words why what is missing is missing.
    ///
    /// # Errors
    /// As [`Ingest::open`].
    pub fn open_again(
        log: Log,
        clock: Arc<dyn Clock>,
        filter: Arc<Filter>,
        ended: Cause,
        why: &str,
    ) -> Result<Self, IngestError> {
        let fold = Fold::replay(&log, Seq(u64::MAX)).map_err(IngestError::Log)?;
        let mut ingest = Self {
            log,
            clock,
            filter,
            refiltered: false,
            returned: HashSet::new(),
            live: HashMap::new(),
            fold,
            stream: Stream::Down,
            running: false,
            states_only: true,
            frame: Frame::default(),
            scratch: Vec::new(),
            refused: None,
            appended: Seq::ZERO,
            fences: Fences::default(),
            connected_at: None,
            totals_changed: false,
            absent: Vec::new(),
            own_weather: OwnWeather::default(),
            registered: Registered::default(),
            view: Arc::default(),
            silence: Silence::default(),
            silent: Arc::default(),
            looked: None,
            ours: Vec::new(),
        };
        // In the checkpoint, so that it is known also to a log that is too full for anything else.
        if let Some(last) = ingest.heard_through() {
            ingest.fold.gaps.open(last, ended, why);
        }
        ingest.roll()?;
        ingest.view.publish(&ingest.fold, true);
        Ok(ingest)
    }

    /// The same, shown where the producer before this one was.
    #[must_use]
    pub fn shown_in(mut self, view: Arc<IngestView>, silent: Arc<SilenceView>) -> Self {
        view.publish(&self.fold, true);
        (self.view, self.silent) = (view, silent);
        self
    }

    /// What others may see of it, at any time, from any thread.
    #[must_use]
    pub fn view(&self) -> Arc<IngestView> {
        Arc::clone(&self.view)
    }

    /// The log that everything goes to.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// A connection was authenticated and subscribed: from now on events arrive.
    ///
    /// # Errors
    /// When the log takes nothing.
    pub fn connected(&mut self, hello: &Hello) -> Result<(), IngestError> {
        self.stream = Stream::Resuming;
        self.running = false;
        self.states_only = hello.states_only;
        let record = ConnectedRecord { at: self.clock.now(), ha_version: hello.ha_version.as_str().into() };
        self.fold.gaps.began(record.at);
        self.connected_at = Some(record.at);
        if self.looked.is_none() {
            self.silence.restarted(); // we have
        }
        self.silence.interrupted();
        self.totals_changed = true;
        self.absent.clear();
        self.push(&Record::Connected(record))?;
        self.end_frame()
    }

    /// Takes one event.
    ///
    /// # Errors
    /// When a record cannot be made. Whether the log takes it is said by [`Ingest::end_frame`].
    pub fn accept(&mut self, event: &Event<'_>, received: Timestamp) -> Result<(), IngestError> {
        self.fold.counters.offer(Origin::Live);
        let bounded = self.fold.gaps.bound(event.time_fired);
        self.note_bounded(bounded);
        if self.stream == Stream::Resuming {
            self.stream = Stream::Catching;
        }
        if !self.is_ours(&event.data) {
            self.view.heard(received);
        }
        match &event.data {
            EventData::StateChanged { .. } => self.accept_state(event, received),
            EventData::Other(data) => self.accept_other(event, data, received),
        }
    }

    /// Events of these entities are recorded as any, and are no sign that the house lives: they are what we say of ourselves.
    #[must_use]
    pub fn without_life_of(mut self, ours: Vec<String>) -> Self {
        self.ours = ours;
        self
    }

    fn is_ours(&self, data: &EventData<'_>) -> bool {
        matches!(data, EventData::StateChanged { entity_id, .. } if self.ours.iter().any(|ours| ours == entity_id))
    }

    /// Takes an event that could not be parsed: its bytes go to the log, its neighbours are not delayed.
    ///
    /// # Errors
    /// As [`Ingest::accept`].
    pub fn undecodable(&mut self, raw: &[u8], reason: &str, received: Timestamp) -> Result<(), IngestError> {
        self.fold.counters.offer(Origin::Live);
        self.view.heard(received);
        let masked = std::str::from_utf8(raw).map(crate::mask::mask);
        let raw = masked.as_ref().map_or(raw, |text| text.as_bytes());
        let record = UndecodableRecord { received, reason: reason.into(), raw: raw.into() };
        self.push(&Record::Undecodable(record))?;
        self.fold.counters.undecodable += 1;
        self.frame.undecodable += 1;
        Ok(())
    }

    /// Hands what was taken since the last call to the log, as one append.
    ///
    /// # Errors
    /// When the log does not take it; everything since the last call is then undone and counted as `unlogged`.
    pub fn end_frame(&mut self) -> Result<(), IngestError> {
        for (id, _) in &self.frame.recovered {
            if let Some(gap) = self.fold.gaps.get(*id).cloned() {
                note(&mut self.frame.gaps, gap);
            }
        }
        for gap in std::mem::take(&mut self.frame.gaps) {
            self.push(&Record::Gap(gap.clone()))?;
            self.frame.gaps.push(gap);
        }
        let gaps_changed = !self.frame.gaps.is_empty() || std::mem::take(&mut self.totals_changed);
        let result = if self.frame.append.is_empty() { Ok(()) } else { self.append_frame() };
        self.view.publish(&self.fold, gaps_changed);
        result
    }

    fn append_frame(&mut self) -> Result<(), IngestError> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.append.set_meta(&self.fold.counters.to_meta());
        match self.log.append(frame.append) {
            Ok(seq) => {
                self.appended = seq;
                if self.log.segment_bytes() > SEGMENT_BYTES { self.roll() } else { Ok(()) }
            }
            Err(error) => {
                for (entity, held) in frame.undo.into_iter().rev() {
                    self.fold.restore(&entity, held);
                }
                if let Some(before) = frame.last_fired {
                    self.fold.last_fired = before;
                }
                if let Some(before) = frame.context {
                    self.fold.context = before;
                    self.registered.forget_compared();
                }
                self.fold.counters.logged -= frame.events;
                self.fold.counters.unlogged += frame.events;
                self.fold.counters.undecodable -= frame.undecodable;
                for (gap, count) in frame.recovered {
                    self.fold.gaps.update(gap, |gap| gap.recovered = gap.recovered.saturating_sub(count));
                }
                // They are logged with the next frame that is taken.
                let now = |gap: Gap| self.fold.gaps.get(gap.id).cloned().unwrap_or(gap);
                self.frame.gaps = frame.gaps.into_iter().map(now).collect();
                let error = IngestError::from(error);
                self.refused = Some(match error {
                    IngestError::QueueFull => Cause::QueueFull,
                    _ => Cause::LogRefused,
                });
                Err(error)
            }
        }
    }

    /// Home Assistant has started completely: from now on what it says is not put back from before a restart.
    pub const fn running(&mut self) {
        self.running = true;
    }

    /// Home Assistant is starting: the connection was not lost, it was restarted.
    ///
    /// # Errors
    /// When the log takes nothing.
    pub fn starting(&mut self) -> Result<(), IngestError> {
        self.silence.restarted();
        let lost =
            self.fold.gaps.newest_open().filter(|gap| gap.cause == Cause::Disconnected).map(|gap| gap.id);
        let gap = lost.and_then(|id| self.fold.gaps.update(id, |gap| gap.cause = Cause::Restarted));
        self.note_gap(gap);
        self.end_frame()
    }

    /// What was heard and cannot be taken is not in memory any longer: the gap says so.
    pub const fn overflowed(&mut self) {
        self.refused = Some(Cause::QueueFull);
    }

    /// The stream has ended: opens a gap.
    pub fn disconnected(&mut self, detail: &str) {
        let cause = self.refused.take().unwrap_or(Cause::Disconnected);
        self.end_stream(cause, detail);
    }

    /// The program stops in order: opens the gap that lasts until its next start.
    pub fn stopped(&mut self) {
        self.end_stream(Cause::Stopped, "");
    }

    fn end_stream(&mut self, cause: Cause, detail: &str) {
        self.open_gap(cause, detail);
        self.stream = Stream::Down;
        let logged = match self.end_frame() {
            // A checkpoint is taken also by a log that is full, and it names the gaps.
            Err(IngestError::Log(LogError::Full { .. })) => self.roll(),
            ended => ended,
        };
        match logged {
            Ok(()) => self.frame.gaps.clear(),
            Err(error) => tracing::warn!(%error, %cause, "a gap could not be logged yet"),
        }
    }

    fn open_gap(&mut self, cause: Cause, detail: &str) {
        if let Some(last) = self.heard_through() {
            let gap = self.fold.gaps.open(last, cause, detail);
            self.note_gap(gap);
        }
    }

    /// Up to when nothing can have been missed that no gap names; none before the first connection.
    fn heard_through(&self) -> Option<Timestamp> {
        // Before the first event ever, only our own clock says when it could have come.
        let last = self.fold.last_fired.or(self.connected_at.map(|at| at.minus(CLOCKS)))?;
        // Where states were not compared since the last gap, it may go on.
        let open = self.fold.gaps.newest_open().filter(|_| self.stream != Stream::Complete);
        Some(open.and_then(|gap| gap.to).map_or(last, |to| last.min(to)))
    }

    /// The gap has changed: to be logged with the frame.
    fn note_gap(&mut self, gap: Option<Gap>) {
        if let Some(gap) = gap {
            note(&mut self.frame.gaps, gap);
        }
    }

    /// A gap has got its end: events that come now can show how far history is.
    fn note_bounded(&mut self, gap: Option<Gap>) {
        if gap.is_some() {
            self.fences.wanted();
        }
        self.note_gap(gap);
    }

    /// So many more states of a gap are had now.
    fn recovered(&mut self, gap: u64, count: u64) {
        self.fold.gaps.update(gap, |gap| gap.recovered += count);
        match self.frame.recovered.iter_mut().find(|(id, _)| *id == gap) {
            Some((_, sum)) => *sum += count,
            None => self.frame.recovered.push((gap, count)),
        }
    }

    /// Starts a new segment with all that is held.
    fn roll(&mut self) -> Result<(), IngestError> {
        let mut entities: Vec<_> = self.fold.held.iter().collect();
        entities.sort_by(|a, b| a.0.cmp(b.0));
        let checkpoint = Record::Checkpoint(Checkpoint {
            entities: entities
                .into_iter()
                .map(|(entity_id, held)| HeldEntity { entity_id: entity_id.clone(), held: held.clone() })
                .collect(),
            gaps: self.fold.gaps.all().to_vec(),
            gap_totals: self.fold.gaps.totals().clone(),
            moved: self.moved(),
            unknown: self.fold.unknown.iter().cloned().collect(),
            counters: self.fold.counters,
            last_fired: self.fold.last_fired,
        });
        self.scratch.clear();
        checkpoint.encode(&mut self.scratch)?;
        let mut append = Append::new();
        append.push(&self.scratch, false);
        self.fold.context.forget(self.clock.now());
        let context = Record::Context(Box::new(self.fold.context.clone()));
        self.scratch.clear();
        context.encode(&mut self.scratch)?;
        append.push(&self.scratch, false);
        append.set_meta(&self.fold.counters.to_meta());
        self.log.roll(append)?;
        Ok(())
    }

    fn moved(&self) -> Vec<(u64, Vec<(EntityId, Moved)>)> {
        let of =
            |moved: &BTreeMap<EntityId, Moved>| moved.iter().map(|(id, how)| (id.clone(), *how)).collect();
        self.fold.moved.iter().map(|(gap, moved)| (*gap, of(moved))).collect()
    }

    /// Adds a record to the frame.
    fn push(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        self.scratch.clear();
        record.encode(&mut self.scratch)?;
        self.frame.append.push(&self.scratch, record.is_event());
        if record.is_event() {
            self.fold.counters.logged += 1;
            self.frame.events += 1;
        }
        Ok(())
    }

    /// An event of that time is logged. One that is not logged leaves no trace, so that a replay says the same.
    fn fired(&mut self, at: Timestamp) {
        let before = self.fold.last_fired.replace(at);
        self.frame.last_fired.get_or_insert(before);
    }

    /// Replaces what is held of an entity, so that it can be taken back.
    fn hold(&mut self, entity: EntityId, held: Held) {
        self.fold.unknown.remove(&entity);
        self.returned.remove(&entity);
        let before = self.fold.hold(entity.clone(), held);
        self.frame.undo.push((entity, before));
    }
}

/// Takes over the newest shape of a gap.
fn note(gaps: &mut Vec<Gap>, gap: Gap) {
    match gaps.iter_mut().find(|known| known.id == gap.id) {
        Some(known) => *known = gap,
        None => gaps.push(gap),
    }
}

impl From<LogError> for IngestError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::QueueFull => Self::QueueFull,
            error => Self::Log(error),
        }
    }
}

#[cfg(test)]
mod tests;
