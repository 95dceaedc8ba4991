//! Room on the disk: when the log takes nothing more, and which segments go.

use std::io;
use std::time::Duration;

use hearthline_core::{Seq, Timestamp};

use crate::error::LogError;
use crate::log::{Log, Shared};
use crate::refusal;
use crate::state::State;

/// What a full disk must have free again before a segment that is stored may stay.
const ROOM: u64 = 16 << 20;

/// The reserve is spent, or could not be made yet.
struct Spent {
    /// Bytes that have to be free before it is made again.
    again: u64,
    /// Bytes that would do but for `min_free`.
    room: u64,
}

impl Log {
    /// Removes the oldest segments whose records are all stored elsewhere (`stored` and before) and whose end is older
    /// than `keep`; answers with how many. From 90 % of `max_bytes` on, and near `min_free`, the stored ones go however
    /// young they are. The newest segment stays, and what stays begins with a checkpoint.
    ///
    /// # Errors
    /// When a file cannot be removed; those before it are gone.
    pub fn trim(&self, stored: Seq, keep: Duration) -> Result<usize, LogError> {
        let shared = &*self.shared;
        let least = shared.least_before_trim();
        let now = shared.clock.now();
        let mut removed = 0;
        {
            let mut state = shared.state.lock();
            while let Some((group, ended)) = state.oldest(stored) {
                if ended.is_none_or(|ended| now.since(ended) < keep) && !shared.is_short(&state, least) {
                    break;
                }
                for span in state.segments.iter().take(group).map(|s| s.span).collect::<Vec<_>>() {
                    let path = shared.path(span.first);
                    match shared.fs.remove(&path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(LogError::io("remove", &path)(error));
                        }
                        _ => {}
                    }
                    state.segments.remove(0);
                    state.trimmed = span.last;
                    removed += 1;
                }
                let first = state.segments.first().map_or(state.trimmed, |segment| segment.span.first);
                state.damage.retain(|damage| !damage.is_before(first));
            }
        }
        if removed > 0 {
            let dir = &shared.config.dir;
            shared.fs.sync_dir(dir).map_err(LogError::io("sync", dir))?;
        }
        shared.judge_space();
        Ok(removed)
    }
}

impl State {
    /// The oldest segments that can go together, so that what stays begins with a checkpoint: how many they are, and
    /// when the last of them ended, as far as the headers behind it can be read.
    fn oldest(&self, stored: Seq) -> Option<(usize, Option<Timestamp>)> {
        let group = 1 + self.segments.get(1..)?.iter().position(|segment| segment.checkpoint)?;
        let all_stored = self.segments.iter().take(group).all(|segment| segment.span.last <= stored);
        let ended = self.segments.get(group..)?.iter().find_map(|segment| segment.span.began);
        all_stored.then_some((group, ended))
    }
}

impl Shared {
    /// Refuses appends when there is no room, and takes them again when there is clearly some.
    pub(crate) fn judge_space(&self) {
        let (max, least, dir) = (self.config.max_bytes, self.config.min_free, &*self.config.dir);
        let bytes = self.state.lock().bytes();
        let spent = self.judge_reserve();
        let free = self.free();
        let mut queue = self.queue.lock();
        let (max_again, least_again) = if queue.full.is_some() {
            (max / 20 * 19, least.saturating_add(least / 8))
        } else {
            (max, least)
        };
        queue.full = if let Some(Spent { again, room }) = spent {
            Some(match free < room {
                true => refusal::full_disk(dir, free, again),
                false => refusal::min_free_until(dir, free, least, again),
            })
        } else if bytes >= max_again.max(1) {
            Some(refusal::quota(dir, bytes, max))
        } else if free < least_again {
            Some(refusal::min_free(dir, free, least))
        } else {
            None
        };
    }

    /// Frees the reserve when the disk is full, and makes it again when there is room. Answers while it is spent.
    fn judge_reserve(&self) -> Option<Spent> {
        let mut reserve = self.reserve.lock();
        if self.free() < reserve.full() {
            reserve.release(&*self.fs);
        }
        let again = reserve.again(self.config.min_free);
        if reserve.is_spent() && self.free() >= again {
            reserve.make(&*self.fs);
        }
        reserve.is_spent().then(|| Spent { again, room: reserve.again(0) })
    }

    /// Whether stored segments go to make room: near the quota, or with less than `least` free.
    fn is_short(&self, state: &State, least: u64) -> bool {
        state.bytes() > self.config.max_bytes / 10 * 9 || self.free() < least
    }

    /// The bytes free on the disk below which stored segments go.
    fn least_before_trim(&self) -> u64 {
        let least = self.config.min_free;
        let has_failed = self.queue.lock().failed.as_ref().is_some_and(|failure| failure.full_disk);
        let reserve = self.reserve.lock();
        if has_failed || reserve.is_spent() {
            reserve.again(least).max(least.saturating_add(ROOM))
        } else {
            least.saturating_add(least / 4)
        }
    }

    /// Bytes free on the disk. A disk that does not say is not called full: a write tells.
    fn free(&self) -> u64 {
        self.fs.free_space(&self.config.dir).unwrap_or(u64::MAX)
    }
}
