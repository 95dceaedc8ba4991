//! Between the producer and the writer: numbers are given here, in call order.

use std::collections::VecDeque;
use std::sync::Arc;

use hearthline_core::Seq;

use crate::append::Append;
use crate::error::LogError;
use crate::log::Log;

/// Raw bytes of appends that become one batch.
const BATCH_BYTES: usize = 1 << 20;

/// Appends that have their numbers and wait to be written.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<Taken>,
    bytes: usize,
    next: Seq,
    /// The first number that this queue gave or will give: what is before it was written, or never will be.
    first: Seq,
    segment_bytes: u64,
    /// Why there is no room.
    pub(crate) full: Option<String>,
    /// Why the last write or sync failed.
    pub(crate) failed: Option<Failure>,
    /// Nothing more is taken.
    pub(crate) closed: bool,
    /// The writer is gone.
    pub(crate) gone: bool,
    /// The writer is to end its thread and to be given back.
    pub(crate) hand_over: bool,
    /// Who alone may append, by number; 0 while anybody may.
    pub(crate) producer: u64,
    /// Somebody waits until this record is synced.
    pub(crate) sync_wanted: Seq,
}

/// A failed write or sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) full_disk: bool,
    pub(crate) reason: String,
}

/// What becomes one batch.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) first: Seq,
    pub(crate) append: Append,
    /// It begins a segment.
    pub(crate) roll: bool,
}

impl Log {
    /// Hands records over and gives them the next numbers; answers with the last. Never waits.
    ///
    /// What was appended is readable and survives a killed process once [`Log::written`] has reached it, and a power
    /// cut once it is synced. An append without records is answered with the last number given.
    ///
    /// # Errors
    /// `TakenOver` if this handle is not the producer's, where there is one. `QueueFull` if more than `queue_bytes` would wait (one append alone always fits); `Full`, `Failed` or `Closed`
    /// if the log takes nothing just now. No number was given then.
    pub fn append(&self, append: Append) -> Result<Seq, LogError> {
        self.enqueue(append, false)
    }

    /// As [`Log::append`], and the records begin a new segment: they are a checkpoint. They are taken also when the
    /// queue or the quota is full: a program that could not begin could not make room either.
    ///
    /// # Errors
    /// `Failed`, also as `Full` when the disk itself is full, and `Closed`.
    pub fn roll(&self, append: Append) -> Result<Seq, LogError> {
        self.enqueue(append, true)
    }

    /// A handle for the one producer: from now on nobody else appends, also not whoever had such a handle before. One that
    /// hung and was replaced leaves nothing behind when it wakes up.
    #[must_use]
    pub fn producer(&self) -> Self {
        let mut queue = self.shared.queue.lock();
        queue.producer += 1;
        Self { shared: Arc::clone(&self.shared), producer: Some(queue.producer) }
    }

    /// Bytes appended since the last roll, as they were given.
    #[must_use]
    pub fn segment_bytes(&self) -> u64 {
        self.shared.queue.lock().segment_bytes
    }

    fn enqueue(&self, append: Append, roll: bool) -> Result<Seq, LogError> {
        append.check()?;
        let mut queue = self.shared.queue.lock();
        if queue.producer != self.producer.unwrap_or(0) && !append.is_empty() {
            return Err(LogError::TakenOver);
        }
        match queue.check() {
            Err(LogError::Full { .. }) if roll && queue.failed.is_none() => {}
            checked => checked?,
        }
        let bytes = append.bytes();
        if !roll && !queue.waiting.is_empty() && queue.bytes + bytes > self.shared.config.queue_bytes {
            return Err(LogError::QueueFull);
        }
        if !append.is_empty() {
            let first = queue.next;
            queue.next = first.plus(u64::from(append.count));
            queue.bytes += bytes;
            queue.segment_bytes = if roll { 0 } else { queue.segment_bytes } + bytes as u64;
            queue.waiting.push_back(Taken { first, append, roll });
        }
        let last = queue.last();
        drop(queue);
        self.shared.wake.notify(1);
        Ok(last)
    }
}

impl Queue {
    pub(crate) const fn new(next: Seq) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            next,
            first: next,
            segment_bytes: 0,
            full: None,
            failed: None,
            closed: false,
            gone: false,
            hand_over: false,
            producer: 0,
            sync_wanted: Seq::ZERO,
        }
    }

    /// The last number given.
    pub(crate) const fn last(&self) -> Seq {
        Seq(self.next.0 - 1)
    }

    /// The last number given that is still to be written, or was.
    pub(crate) fn to_come(&self) -> Option<Seq> {
        (self.next > self.first).then(|| self.last())
    }

    /// Whether appends are taken just now.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        if self.closed {
            return Err(LogError::Closed);
        }
        if let Some(failure) = &self.failed {
            return Err(failure.error());
        }
        match &self.full {
            Some(reason) => Err(LogError::Full { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Why they are not, for a person.
    pub(crate) fn refuses(&self) -> Option<String> {
        match self.check().err()? {
            LogError::Full { reason } | LogError::Failed { reason } => Some(reason),
            error => Some(error.to_string()),
        }
    }

    /// Whether what comes next, through the number `through`, begins a segment.
    pub(crate) fn rolls_next(&self, through: Seq) -> bool {
        self.waiting.front().is_some_and(|next| next.roll && next.first <= through)
    }

    /// The next batch, of what was appended through the number `through`.
    pub(crate) fn take(&mut self, through: Seq) -> Option<Taken> {
        let mut taken = self.waiting.pop_front_if(|next| next.first <= through)?;
        self.bytes -= taken.append.bytes();
        while taken.append.records.len() < BATCH_BYTES {
            let Some(next) = self.waiting.pop_front_if(|next| !next.roll && next.first <= through) else {
                break;
            };
            self.bytes -= next.append.bytes();
            taken.append.extend(next.append);
        }
        Some(taken)
    }
}

impl Failure {
    pub(crate) fn error(&self) -> LogError {
        let reason = self.reason.clone();
        if self.full_disk { LogError::Full { reason } } else { LogError::Failed { reason } }
    }
}
