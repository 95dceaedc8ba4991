//! The messages that wait for one client, and the rule by which it is cut off.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Ending;

/// `MAX_PENDING_MSG`.
pub(super) const PENDING_MAX: usize = 4096;
/// `PENDING_MSG_PEAK`.
pub(super) const PENDING_PEAK: usize = 1024;

/// A frame to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    Text(String),
    /// Text that is in no array, whatever the client asked for.
    Alone(String),
    Binary(Vec<u8>),
    Ping,
}

/// A queue with one reader. Counted are the messages that the socket has not taken yet.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    peak_time: Duration,
    filled: Notify,
    /// Over the peak.
    grown: Notify,
    full: Notify,
    ended: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Out>,
    coalesce: bool,
    /// One message a frame all the same.
    single: bool,
    ending: Option<Ending>,
}

impl Outbox {
    pub(super) fn new(peak_time: Duration) -> Self {
        Self {
            queue: Mutex::default(),
            peak_time,
            filled: Notify::new(),
            grown: Notify::new(),
            full: Notify::new(),
            ended: Notify::new(),
        }
    }

    /// Adds a message; none after the connection was told to end.
    pub(super) fn push(&self, message: Out) {
        let mut queue = self.queue.lock();
        if queue.ending.is_some() {
            return;
        }
        queue.waiting.push_back(message);
        self.filled.notify_one();
        if queue.waiting.len() > PENDING_PEAK {
            self.grown.notify_one();
        }
        if queue.waiting.len() >= PENDING_MAX {
            self.full.notify_one();
        }
    }

    /// From now on, several messages that wait go out as one array.
    pub(super) fn coalesce(&self, on: bool) {
        self.queue.lock().coalesce = on;
    }

    /// From now on one message goes out as one frame, whatever the client asked for.
    pub(super) fn single(&self, on: bool) {
        self.queue.lock().single = on;
    }

    /// Returns when something waits.
    pub(super) async fn filled(&self) {
        while self.len() == 0 {
            self.filled.notified().await;
        }
    }

    /// The next frame.
    pub(super) async fn take(&self) -> Out {
        loop {
            if let Some(frame) = self.queue.lock().take() {
                return frame;
            }
            self.filled.notified().await;
        }
    }

    /// Tells the connection to end. The first word counts; what waits is thrown away.
    pub(super) fn end(&self, ending: Ending) {
        let mut queue = self.queue.lock();
        queue.waiting.clear();
        queue.ending.get_or_insert(ending);
        self.ended.notify_one();
    }

    /// Returns when the connection was told to end.
    pub(super) async fn ended(&self) -> Ending {
        loop {
            let ending = self.queue.lock().ending;
            if let Some(ending) = ending {
                return ending;
            }
            self.ended.notified().await;
        }
    }

    /// Returns when the client has not kept up.
    pub(super) async fn overrun(&self) {
        loop {
            self.grown.notified().await;
            if self.len() > PENDING_PEAK {
                tokio::select! {
                    biased;
                    () = self.full.notified() => return,
                    () = tokio::time::sleep(self.peak_time) => {}
                }
                if self.len() > PENDING_PEAK {
                    return;
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.lock().waiting.len()
    }
}

impl Queue {
    fn take(&mut self) -> Option<Out> {
        let first = self.waiting.pop_front()?;
        let Out::Text(mut texts) = first else { return Some(first) };
        let mut several = false;
        while self.coalesce
            && !self.single
            && let Some(Out::Text(next)) = self.waiting.pop_front_if(|out| matches!(out, Out::Text(_)))
        {
            several = true;
            texts.push(',');
            texts.push_str(&next);
        }
        Some(Out::Text(if several { format!("[{texts}]") } else { texts }))
    }
}
