//! How much of the time each part was up, over the last day, week and month, kept over restarts of the program.
//!
//! Time is kept by the hour of UTC: of each hour, how much of it counts and how much of that the part was up. What passes
//! while the program runs is measured by the clock that never jumps. What passed while it did not run counts, and nothing was
//! up in it; where the wall clock went back meanwhile, nothing is known of it and nothing counts. So a share is over the
//! window or over the time since the file was made, whichever is shorter, to the hour.
//!
//! # The file
//!
//! Eight bytes of [`MAGIC`], of which the last is the version, then the CRC-32 of the rest in four bytes, little-endian, then
//! [`Uptime`] in postcard, equal hours in a row as one. It is replaced as a whole, each minute and at the end: a kill costs no
//! more than the last minute, which then counts as down. One that cannot be read is begun anew, which is said.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use hearthline_core::{Fs, Timestamp};
use serde::{Deserialize, Serialize};

use super::PartState;

const MAGIC: [u8; 8] = *b"HLuptim\x01";
const HOUR: Duration = Duration::from_secs(3600);
const HOUR_MICROS: i64 = 3_600_000_000;
/// What is kept.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// 2020: a clock that says less was never set, and nothing follows from it.
const PLAUSIBLE: Timestamp = Timestamp(1_577_836_800_000_000);

/// How much of the time each part was up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// When counting began.
    since: Timestamp,
    /// Until when it is known.
    seen: Timestamp,
    parts: BTreeMap<String, Times>,
}

/// Of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Times {
    /// It was wanted when it was last seen: what comes until the next start counts.
    wanted: bool,
    /// By time.
    runs: Vec<Run>,
}

/// Hours in a row that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// The first, since 1970.
    first: i64,
    hours: u32,
    /// Milliseconds of each that count, and in which the part was up.
    counted: u32,
    up: u32,
}

/// A share of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// From 0 to 1.
    pub up: f64,
    /// Of so much time.
    pub of: Duration,
}

impl Uptime {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self { since: now, seen: now, parts: BTreeMap::new() }
    }

    /// What the file holds, and what has passed since it was written: the program did not run.
    #[must_use]
    pub fn read(fs: &dyn Fs, path: &Path, now: Timestamp) -> Self {
        let anew = |why: &str| {
            tracing::warn!(path = %path.display(), why, "how long the parts were up cannot be read; it is counted anew");
            Self::new(now)
        };
        match Self::kept(fs, path) {
            Ok(Some(mut uptime)) => {
                uptime.resume(now);
                uptime
            }
            Ok(None) => Self::new(now),
            Err(why) => anew(&why),
        }
    }

    /// What the file holds, up to when it was written; none where there is none.
    ///
    /// # Errors
    /// In words: why it cannot be read.
    pub fn kept(fs: &dyn Fs, path: &Path) -> Result<Option<Self>, String> {
        let Some(bytes) = fs.read_if_exists(path).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let Some((crc, body)) = bytes.strip_prefix(&MAGIC).and_then(<[u8]>::split_first_chunk::<4>) else {
            return Err("it is of another version, or no such file at all".into());
        };
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err("it is damaged".into());
        }
        postcard::from_bytes(body).map(Some).map_err(|error| error.to_string())
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// As the disk says.
    pub fn write(&self, fs: &dyn Fs, path: &Path) -> io::Result<()> {
        let body = postcard::to_stdvec(self).map_err(io::Error::other)?;
        let bytes = [&MAGIC[..], &crc32fast::hash(&body).to_le_bytes(), &body].concat();
        fs.write_atomic(path, &bytes)
    }

    /// When counting began.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// Until when it is known.
    #[must_use]
    pub const fn seen(&self) -> Timestamp {
        self.seen
    }

    /// The parts of which something is known, by name.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// The part has been so for a while, up to now.
    pub fn add(&mut self, part: &str, state: PartState, passed: Duration, now: Timestamp) {
        let times = match self.parts.get_mut(part) {
            Some(times) => times,
            None => self.parts.entry(part.to_owned()).or_default(),
        };
        times.wanted = state.counts();
        let passed = u32::try_from(passed.as_millis()).unwrap_or(u32::MAX);
        if times.wanted {
            times.add(hour(now), passed, if state.is_up() { passed } else { 0 });
        }
        self.seen = now;
    }

    /// The share of a window that the part was up; none where nothing counts.
    #[must_use]
    pub fn share(&self, part: &str, window: Duration, now: Timestamp) -> Option<Share> {
        self.between(part, now.minus(window), now)
    }

    /// The share of the hours that a period touches; none where nothing of them counts.
    #[must_use]
    pub fn between(&self, part: &str, from: Timestamp, to: Timestamp) -> Option<Share> {
        let (first, last) = (hour(from), hour(to));
        let runs = &self.parts.get(part)?.runs;
        let (mut counted, mut up) = (0, 0);
        for run in runs {
            let within = (run.end().min(last + 1) - run.first.max(first)).max(0).unsigned_abs();
            counted += within * u64::from(run.counted);
            up += within * u64::from(run.up);
        }
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        (counted > 0).then(|| Share { up: up as f64 / counted as f64, of: Duration::from_millis(counted) })
    }

    /// What passed since it was last seen.
    fn resume(&mut self, now: Timestamp) {
        let passed = now.since(self.seen);
        if self.seen >= PLAUSIBLE && !passed.is_zero() {
            let from = self.seen.max(now.minus(KEPT));
            for times in self.parts.values_mut().filter(|times| times.wanted) {
                for at in hour(from)..=hour(now) {
                    let begins = Timestamp(at * HOUR_MICROS).max(from);
                    let ends = Timestamp((at + 1) * HOUR_MICROS).min(now);
                    let down = u32::try_from(ends.since(begins).as_millis()).unwrap_or(u32::MAX);
                    times.add(at, down, 0);
                }
            }
        }
        self.seen = now;
        self.since = self.since.min(now);
    }
}

impl Run {
    fn end(&self) -> i64 {
        self.first + i64::from(self.hours)
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.counted, self.up) == (other.counted, other.up)
    }
}

impl Times {
    fn add(&mut self, at: i64, counted: u32, up: u32) {
        // A clock that was set back leaves hours behind that are still to come: nothing can be told of them.
        self.runs.retain(|run| run.first <= at);
        if let Some(last) = self.runs.last_mut()
            && last.end() > at
        {
            let spare = u32::try_from(last.end() - at).unwrap_or(0);
            last.hours = last.hours.saturating_sub(spare);
            let mut this = Run { first: at, hours: 1, ..*last };
            if last.hours == 0 {
                self.runs.pop();
            }
            this.counted = this.counted.saturating_add(counted);
            this.up = this.up.saturating_add(up);
            self.runs.push(this);
        } else {
            self.join();
            self.runs.push(Run { first: at, hours: 1, counted, up });
        }
        let oldest = at - i64::try_from(KEPT.as_secs() / HOUR.as_secs()).unwrap_or(0);
        while let Some(run) = self.runs.first_mut().filter(|run| run.first < oldest) {
            let gone = u32::try_from(oldest - run.first).unwrap_or(u32::MAX).min(run.hours);
            (run.first, run.hours) = (run.first + i64::from(gone), run.hours - gone);
            if run.hours > 0 {
                break;
            }
            self.runs.remove(0);
        }
    }

    /// The last hour is over: it belongs to those before it, if it is like them.
    fn join(&mut self) {
        let Some((last, before)) = self.runs.split_last_mut().map(|(last, before)| (*last, before)) else {
            return;
        };
        if let Some(run) = before.last_mut().filter(|run| run.is_like(&last) && run.end() == last.first) {
            run.hours += last.hours;
            self.runs.pop();
        }
    }
}

const fn hour(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MICROS)
}

#[cfg(test)]
mod tests;
