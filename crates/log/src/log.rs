//! The handle that producer, readers and housekeeping share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_listener::{Event, Listener as _};
use hearthline_core::{Clock, Fs, Seq, Timestamp};
use parking_lot::Mutex;

use crate::damage::{Damage, MISSING};
use crate::error::LogError;
use crate::queue::Queue;
use crate::reader::{LogReader, Read};
use crate::reserve::Reserve;
use crate::segment::file_name;
use crate::state::State;

/// When what was written is synced; see the crate's documentation for what each survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// After each write.
    Always,
    /// When the oldest record that is not synced is this old.
    Interval(Duration),
    /// When asked by [`Log::sync_through`], at the end of a segment, and every 8 MiB.
    Os,
}

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Its folder, which nothing else uses.
    pub dir: PathBuf,
    /// When to sync.
    pub sync: SyncPolicy,
    /// Bytes on disk above which nothing is taken. Needs room for at least two segments: the newest one never goes.
    pub max_bytes: u64,
    /// Bytes that stay free on the disk.
    pub min_free: u64,
    /// Bytes that are taken on the disk for when it is full, so that checkpoints and the store can still be written;
    /// 0 for none.
    pub reserve_bytes: u64,
    /// Bytes that may wait to be written.
    pub queue_bytes: usize,
    /// Bytes of the newest batches that are kept in memory for readers at the head.
    pub ring_bytes: usize,
}

impl LogConfig {
    /// A log that nothing bounds, synced when asked, of which 1 MiB may wait to be written; readers read from the disk.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            sync: SyncPolicy::Os,
            max_bytes: u64::MAX,
            min_free: 0,
            reserve_bytes: 0,
            queue_bytes: 1 << 20,
            ring_bytes: 0,
        }
    }
}

/// The figures of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStats {
    /// The oldest record; 0 if there is none.
    pub first_seq: Seq,
    /// The newest record that can be read.
    pub last_seq: Seq,
    /// The newest record that survives a power cut.
    pub synced_seq: Seq,
    /// Bytes on disk.
    pub bytes: u64,
    /// Events that can be read or could be before they were trimmed.
    pub events_total: u64,
    /// Why appends are refused, if they are: what is the matter, where, and what to do.
    pub refuses: Option<String>,
}

/// The log, for all but its writer. Clones are the same log.
#[derive(Clone)]
pub struct Log {
    pub(crate) shared: Arc<Shared>,
    /// As of [`Log::producer`]; none is not checked.
    pub(crate) producer: Option<u64>,
}

/// What the handles and the writer share. `state` and `queue` are never locked at the same time.
pub(crate) struct Shared {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: LogConfig,
    pub(crate) state: Mutex<State>,
    pub(crate) queue: Mutex<Queue>,
    /// Never locked together with another.
    pub(crate) reserve: Mutex<Reserve>,
    /// There is something to do for the writer.
    pub(crate) wake: Event,
    /// More can be read.
    pub(crate) written: Event,
    /// More is synced, or cannot be.
    pub(crate) synced: Event,
}

impl Shared {
    pub(crate) fn path(&self, first: Seq) -> PathBuf {
        self.config.dir.join(file_name(first))
    }
}

impl Log {
    /// The last record that can be read; records survive a killed process from then on.
    #[must_use]
    pub fn written(&self) -> Seq {
        self.shared.state.lock().written
    }

    /// Waits until `seq` can be read; for ever if the writer goes before that.
    pub async fn wait_written(&self, seq: Seq) {
        loop {
            let listener = self.shared.written.listen();
            if self.written() >= seq {
                return;
            }
            listener.await;
        }
    }

    /// Waits, on the caller's thread, until all that was handed over before the call can be read; whether that came so in
    /// this time.
    #[must_use]
    pub fn settle(&self, within: Duration) -> bool {
        let Some(given) = self.shared.queue.lock().to_come() else { return true };
        let end = self.shared.clock.monotonic().saturating_add(within);
        loop {
            let listener = self.shared.written.listen();
            if self.written() >= given {
                return true;
            }
            let left = end.saturating_sub(self.shared.clock.monotonic());
            if left.is_zero() {
                return false;
            }
            let _ = listener.wait_timeout(left);
        }
    }

    /// Has the writer sync now, under every policy, and waits until all through `seq` survives a power cut.
    ///
    /// # Errors
    /// `Full` or `Failed` while the log cannot write, `Closed` when the writer is gone; ask again later.
    pub async fn sync_through(&self, seq: Seq) -> Result<(), LogError> {
        loop {
            let listener = self.shared.synced.listen();
            if self.shared.state.lock().synced >= seq {
                return Ok(());
            }
            {
                let mut queue = self.shared.queue.lock();
                if let Some(failure) = &queue.failed {
                    return Err(failure.error());
                }
                if queue.gone {
                    return Err(LogError::Closed);
                }
                queue.sync_wanted = queue.sync_wanted.max(seq);
            }
            self.shared.wake.notify(1);
            listener.await;
        }
    }

    /// A reader that begins with the batch of the record behind `after`, or with the oldest if that was trimmed.
    #[must_use]
    pub fn reader(&self, after: Seq) -> LogReader {
        LogReader::new(self.clone(), after)
    }

    /// The newest readable checkpoint at or before `end`: its first record, and when its segment began.
    #[must_use]
    pub fn last_checkpoint(&self, end: Seq) -> Option<(Seq, Timestamp)> {
        let checkpoints: Vec<_> = {
            let state = self.shared.state.lock();
            let checkpoints = state.segments.iter().filter(|segment| segment.checkpoint);
            checkpoints
                .filter_map(|segment| Some((segment.span.first, segment.span.began?)))
                .take_while(|at| at.0 <= end)
                .collect()
        };
        checkpoints.into_iter().rev().find(|(first, _)| {
            let read = self.reader(Seq(first.0.saturating_sub(1))).read();
            matches!(read, Ok(Some(Read::Batch(batch))) if batch.first() == *first)
        })
    }

    /// What is known to be unreadable now, by place: found when the log was opened, or met by a reader since. Reading all
    /// of it, as [`verify`](crate::verify) does, may find more. What is trimmed is no longer named.
    #[must_use]
    pub fn damage(&self) -> Vec<Damage> {
        self.shared.state.lock().damage.clone()
    }

    /// As [`Log::damage`], without what was [set aside](crate::aside).
    #[must_use]
    pub fn damage_in_the_way(&self) -> Vec<Damage> {
        let state = self.shared.state.lock();
        let aside = |damage: &&Damage| !state.aside.iter().any(|aside| aside.covers(damage));
        state.damage.iter().filter(aside).cloned().collect()
    }

    /// Reads anew what is set aside.
    ///
    /// # Errors
    /// As the disk says.
    pub fn look_aside(&self) -> std::io::Result<()> {
        let aside = crate::aside::read(&*self.shared.fs, &self.shared.config.dir)?;
        self.shared.state.lock().aside = aside;
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        &self.shared.config.dir
    }

    /// What is missing at the front, for a caller that has everything through `stored` elsewhere: segments are let go of
    /// only when they are stored, so these were removed by somebody else. It is known as damage from then on.
    #[must_use]
    pub fn missing_behind(&self, stored: Seq) -> Option<Damage> {
        let mut state = self.shared.state.lock();
        let oldest = state.segments.first()?.span;
        let missing = oldest.previous.filter(|missing| missing.last > stored)?;
        let damage = Damage {
            file: file_name(missing.first),
            bytes: 0..0,
            lost: Some((stored.next(), missing.last)),
            from: None,
            to: oldest.began,
            reason: MISSING,
        };
        damage.clone().note(&mut state.damage);
        Some(damage)
    }

    /// The figures of this moment.
    #[must_use]
    pub fn stats(&self) -> LogStats {
        let refuses = self.shared.queue.lock().refuses();
        let state = self.shared.state.lock();
        LogStats {
            first_seq: state.segments.first().map_or(Seq::ZERO, |segment| segment.span.first),
            last_seq: state.written,
            synced_seq: state.synced,
            bytes: state.bytes(),
            events_total: state.events,
            refuses,
        }
    }
}
