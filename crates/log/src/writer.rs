//! The one owner of the log's files.
//!
//! What was written and not yet synced stays in memory, at most 8 MiB and one batch. When a write or a sync fails, the
//! file is never written or synced again: whether a later sync that succeeds has anything to do with what failed cannot
//! be known. Everything since the last good sync is written to a new segment instead, whose header names the valid end
//! of the old one; until that has worked the log takes nothing.

mod thread;
mod unsynced;

use std::sync::Arc;
use std::time::Duration;

use event_listener::Event;
use hearthline_core::fs::{AppendFile, temporary};
use hearthline_core::{Clock, Fs, Seq};
use parking_lot::Mutex;

pub use self::thread::{LogThread, Round};
use self::unsynced::Unsynced;
use crate::batch::RecordBatch;
use crate::error::LogError;
use crate::log::{Log, LogConfig, Shared, SyncPolicy};
use crate::queue::{Queue, Taken};
use crate::recover::{Recovery, recover};
use crate::refusal;
use crate::reserve::Reserve;
use crate::segment::{Footer, START, SegmentHeader};
use crate::state::{Segment, Span};

/// How long after a failure the next attempt is made.
const RETRY: Duration = Duration::from_secs(1);

/// Owns the files; stepped by its caller, or by the thread of [`LogWriter::spawn`].
///
/// Dropped without [`LogWriter::close`] it is as if the process had been killed.
pub struct LogWriter {
    shared: Arc<Shared>,
    active: Option<Active>,
    unsynced: Unsynced,
    /// Encoded, and not yet whole in a file.
    unpublished: Option<RecordBatch>,
    /// Events through the last batch encoded.
    events: u64,
    /// The next segment's.
    id: u64,
    /// When to try again after a failure, in the clock's monotonic time.
    retry_at: Option<Duration>,
}

/// The segment that is written to.
struct Active {
    file: Box<dyn AppendFile>,
    first: Seq,
    /// Over all bytes of the file.
    crc: crc32fast::Hasher,
}

impl LogWriter {
    /// Opens the log in its folder, or makes it. The first number given is at least `next_at_least`, which is how a
    /// caller that knows of later records than the log keeps a number from being given twice.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or a later version has written in it. Damage is no error.
    pub fn open(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        config: LogConfig,
        next_at_least: Seq,
    ) -> Result<(Self, Recovery), LogError> {
        let (state, recovery, next) = recover(&*fs, &config)?;
        let (events, id) = (state.events, state.segments.len() as u64);
        let reserve = Reserve::open(&*fs, &config.dir, config.reserve_bytes);
        let shared = Arc::new(Shared {
            fs,
            clock,
            config,
            state: Mutex::new(state),
            queue: Mutex::new(Queue::new(next.max(next_at_least))),
            reserve: Mutex::new(reserve),
            wake: Event::new(),
            written: Event::new(),
            synced: Event::new(),
        });
        shared.judge_space();
        let unsynced = Unsynced::default();
        let writer = Self { shared, active: None, unsynced, unpublished: None, events, id, retry_at: None };
        Ok((writer, recovery))
    }

    /// Opens a log anew whose writer is gone, as after a panic: what it had written is read as after a start, what only
    /// waited for it is lost, and its numbers are not given again. Handles and events stay; a reader that was made before is of
    /// no use any more, and a producer has to begin from what the log has.
    ///
    /// # Errors
    /// As [`LogWriter::open`]; `HasWriter` while there is one.
    pub fn reopen(log: &Log) -> Result<(Self, Recovery), LogError> {
        let shared = Arc::clone(&log.shared);
        if !shared.queue.lock().gone {
            return Err(LogError::HasWriter);
        }
        let (mut state, recovery, next) = recover(&*shared.fs, &shared.config)?;
        let events = state.events;
        let id = {
            let mut old = shared.state.lock();
            let unused = old.segments.iter().map(|segment| segment.span.id + 1).max().unwrap_or_default();
            state.segments.iter_mut().for_each(|segment| segment.span.id += unused);
            state.trimmed = old.trimmed;
            let id = unused + state.segments.len() as u64;
            *old = state;
            id
        };
        {
            let mut queue = shared.queue.lock();
            let producer = queue.producer;
            *queue = Queue::new(next.max(queue.last().next()));
            queue.producer = producer;
        }
        shared.judge_space();
        shared.written.notify(usize::MAX);
        shared.synced.notify(usize::MAX);
        let unsynced = Unsynced::default();
        Ok((Self { shared, active: None, unsynced, unpublished: None, events, id, retry_at: None }, recovery))
    }

    /// A handle for everybody else.
    #[must_use]
    pub fn log(&self) -> Log {
        Log { shared: Arc::clone(&self.shared), producer: None }
    }

    /// Writes what was appended so far and syncs if that is due; answers with how long it can rest if nothing is
    /// appended, or none if until then.
    ///
    /// # Errors
    /// When a write or sync fails. Nothing is lost: the log takes nothing more and says why, and a step after a second
    /// tries again.
    pub fn step(&mut self) -> Result<Option<Duration>, LogError> {
        let now = self.shared.clock.monotonic();
        if let Some(at) = self.retry_at {
            if now < at {
                return Ok(Some(at - now));
            }
            self.start_segment()?;
        }
        let through = self.shared.queue.lock().last();
        while let Some(taken) = self.take(through)? {
            self.write(taken)?;
            if self.unsynced.is_large() {
                self.sync()?;
            }
        }
        if self.sync_is_due() {
            self.sync()?;
        }
        self.retry_at = None;
        self.shared.judge_space();
        self.shared.queue.lock().failed = None;
        Ok(self.rest())
    }

    /// Takes nothing more, writes and syncs what was appended, and ends the segment.
    ///
    /// # Errors
    /// When that fails; what was synced before is safe.
    pub fn close(mut self) -> Result<(), LogError> {
        self.shared.queue.lock().closed = true;
        self.retry_at = self.retry_at.map(|_| Duration::ZERO);
        self.step()?;
        self.seal()
    }

    /// What was appended next; ends the segment if that begins another.
    fn take(&mut self, through: Seq) -> Result<Option<Taken>, LogError> {
        if self.shared.queue.lock().rolls_next(through) {
            self.seal()?;
        }
        Ok(self.shared.queue.lock().take(through))
    }

    fn write(&mut self, taken: Taken) -> Result<(), LogError> {
        let Taken { first, append, roll } = taken;
        let batch = RecordBatch::new(first, self.events, append);
        self.events = batch.events_through();
        let bytes = self.unsynced.push(&batch, roll, &*self.shared.clock);
        let Some(active) = &mut self.active else {
            self.unpublished = Some(batch);
            return self.start_segment();
        };
        if let Err(error) = active.file.append(bytes) {
            let path = self.shared.path(active.first);
            self.unpublished = Some(batch);
            return Err(self.fail(LogError::io("write", &path)(error)));
        }
        active.crc.update(bytes);
        {
            let mut state = self.shared.state.lock();
            if let Some(segment) = state.segments.last_mut() {
                segment.grow(batch.first(), batch.last(), bytes.len() as u64);
            }
            state.publish(batch);
        }
        self.shared.written.notify(usize::MAX);
        Ok(())
    }

    /// Begins a segment with everything that is not synced yet. It is synced, and can be read from then on.
    fn start_segment(&mut self) -> Result<(), LogError> {
        let Some((first, checkpoint)) = self.unsynced.first() else { return Ok(()) };
        let began = self.shared.clock.now();
        let previous = self.shared.state.lock().before(first);
        let header = SegmentHeader { first, began, checkpoint, previous }.encode();
        let file = match self.create(first, &header) {
            Ok(file) => file,
            Err(error) => return Err(self.fail(error)),
        };
        let mut crc = crc32fast::Hasher::new();
        crc.update(&header);
        crc.update(self.unsynced.bytes());
        self.active = Some(Active { file, first, crc });

        let span =
            Span { id: self.id, first, last: first, end: START, size: START, previous, began: Some(began) };
        let mut segment = Segment { span, synced_end: START, checkpoint, index: Vec::new() };
        segment.grow(first, self.unsynced.last(), self.unsynced.bytes().len() as u64);
        self.id += 1;
        {
            let mut state = self.shared.state.lock();
            state.start(segment);
            if let Some(batch) = self.unpublished.take() {
                state.publish(batch);
            }
        }
        self.shared.written.notify(usize::MAX);
        self.synced();
        Ok(())
    }

    /// A durable file with this header and everything that is not synced yet.
    fn create(&self, first: Seq, header: &[u8]) -> Result<Box<dyn AppendFile>, LogError> {
        let (fs, path) = (&*self.shared.fs, self.shared.path(first));
        let tmp = temporary(&path);
        let create = || {
            let mut file = fs.create(&tmp)?;
            file.append(header)?;
            file.append(self.unsynced.bytes())?;
            file.sync()?;
            fs.rename(&tmp, &path)?;
            fs.sync_dir(&self.shared.config.dir)?;
            Ok(file)
        };
        create().map_err(|error| {
            drop(fs.remove(&tmp)); // room for others; the next attempt makes it anew
            LogError::io("write", &path)(error)
        })
    }

    fn sync(&mut self) -> Result<(), LogError> {
        if let Some(active) = &mut self.active
            && let Err(error) = active.file.sync()
        {
            let path = self.shared.path(active.first);
            return Err(self.fail(LogError::io("sync", &path)(error)));
        }
        self.synced();
        Ok(())
    }

    /// Ends the segment with a footer.
    fn seal(&mut self) -> Result<(), LogError> {
        let Some(mut active) = self.active.take() else { return Ok(()) };
        let (last, events) = (self.unsynced.last(), self.events);
        let index = self.shared.state.lock().segments.last().map_or_else(Vec::new, |s| s.index.clone());
        let footer = Footer { last, events, file_crc: active.crc.finalize(), index }.encode();
        if let Err(error) = active.file.append(&footer).and_then(|()| active.file.sync()) {
            return Err(self.fail(LogError::io("end", &self.shared.path(active.first))(error)));
        }
        self.synced();
        if let Some(segment) = self.shared.state.lock().segments.last_mut() {
            segment.span.size += footer.len() as u64;
        }
        Ok(())
    }

    /// Everything written survives a power cut.
    fn synced(&mut self) {
        self.unsynced.clear();
        self.shared.state.lock().sync();
        self.shared.synced.notify(usize::MAX);
    }

    /// Gives the file up, takes nothing more, and tells whoever waits.
    fn fail(&mut self, error: LogError) -> LogError {
        self.active = None;
        self.retry_at = Some(self.shared.clock.monotonic() + RETRY);
        if error.is_full_disk() {
            self.shared.reserve.lock().release(&*self.shared.fs);
        }
        let failure = refusal::failed(&error, &self.shared.config.dir);
        self.shared.queue.lock().failed = Some(failure);
        self.shared.synced.notify(usize::MAX);
        error
    }

    fn sync_is_due(&self) -> bool {
        let synced = self.shared.state.lock().synced;
        let wanted = self.shared.queue.lock().sync_wanted > synced;
        let Some(since) = self.unsynced.since() else { return false };
        match self.shared.config.sync {
            _ if wanted => true,
            SyncPolicy::Always => true,
            SyncPolicy::Interval(interval) => self.shared.clock.monotonic().saturating_sub(since) >= interval,
            SyncPolicy::Os => false,
        }
    }

    fn rest(&self) -> Option<Duration> {
        let full = self.shared.queue.lock().full.is_some().then_some(RETRY);
        let sync = match (self.shared.config.sync, self.unsynced.since()) {
            (SyncPolicy::Interval(interval), Some(since)) => {
                Some((since + interval).saturating_sub(self.shared.clock.monotonic()))
            }
            _ => None,
        };
        full.into_iter().chain(sync).min()
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock();
        (queue.closed, queue.gone) = (true, true);
        drop(queue);
        self.shared.synced.notify(usize::MAX);
    }
}
