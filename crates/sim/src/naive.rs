//! The old way: a program that writes a house into an InfluxDB as the system before Hearthline did, to be compared with.
//!
//! It is wrong on purpose. Each attribute has the type that its JSON has. Each event is a request of its own. A request that
//! is not taken is tried three times more, half a second apart, and nothing is read meanwhile. Nothing is on a disk. A
//! connection that ends is not made again.
//!
//! It is a client like any other: of a simulated Home Assistant and InfluxDB or of real ones, without encryption.

mod home_assistant;
mod influxdb;
mod line;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use url::Url;

pub use influxdb::NaiveTarget;

use home_assistant::{Connection, Heard};

/// After the first try.
const RETRIES: u32 = 3;
/// Before each of them.
const PAUSE: Duration = Duration::from_millis(500);
/// Different words of refusal that are counted apart; others are counted together.
const MOST_WORDS: usize = 100;
const OTHERS: &str = "others";

/// What became of the events so far. `received = accepted + lost + left_out`, and one more while an event is in its hands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NaiveCounts {
    /// Whether it reads.
    pub running: bool,
    /// Why it does not, once it has ended.
    pub ended: Option<String>,
    /// Events that came over its connection. What came while it had none, it does not know of.
    pub received: u64,
    /// Points that the server took.
    pub accepted: u64,
    /// Events that were given up.
    pub lost: u64,
    /// Removals, of which it writes nothing.
    pub left_out: u64,
    /// Requests, retries included.
    pub tries: u64,
    /// The lost events, by what the server said last.
    pub refused: BTreeMap<String, u64>,
}

/// The program. Clones share what it counts.
#[derive(Clone)]
pub struct NaiveWriter {
    home_assistant: Url,
    token: Arc<str>,
    target: Arc<NaiveTarget>,
    counts: Arc<Mutex<NaiveCounts>>,
}

impl NaiveWriter {
    /// One that has not begun. The address is Home Assistant's, as in `http://127.0.0.1:8123`.
    #[must_use]
    pub fn new(home_assistant: Url, token: &str, target: NaiveTarget) -> Self {
        Self { home_assistant, token: token.into(), target: Arc::new(target), counts: Arc::default() }
    }

    /// What became of the events so far.
    #[must_use]
    pub fn counts(&self) -> NaiveCounts {
        self.counts.lock().clone()
    }

    /// Writes until its connection ends, for good. Dropped, it stops where it is.
    ///
    /// # Errors
    /// Why it ended, in words; [`NaiveCounts::ended`] has the same.
    pub async fn run(&self) -> Result<(), String> {
        let ended = self.write_all().await;
        let mut counts = self.counts.lock();
        counts.running = false;
        counts.ended = Some(match &ended {
            Ok(()) => "Home Assistant closed the connection, and it is not made again".into(),
            Err(why) => why.clone(),
        });
        ended
    }

    async fn write_all(&self) -> Result<(), String> {
        let mut connection = Connection::open(&self.home_assistant, &self.token).await?;
        self.counts.lock().running = true;
        loop {
            match connection.next().await? {
                Heard::Event(event) => self.write(&event).await,
                Heard::Other => {}
                Heard::End => return Ok(()),
            }
        }
    }

    /// Writes one event. The reader waits for it.
    async fn write(&self, event: &serde_json::Value) {
        self.counts.lock().received += 1;
        let Some(line) = line::of(event, &self.target.measurement) else {
            self.counts.lock().left_out += 1;
            return;
        };
        let mut tries_left = RETRIES;
        loop {
            self.counts.lock().tries += 1;
            match self.target.write(&line).await {
                Ok(()) => {
                    self.counts.lock().accepted += 1;
                    return;
                }
                Err(words) if tries_left == 0 => {
                    self.counts.lock().lose(words);
                    return;
                }
                Err(_) => {}
            }
            tries_left -= 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl NaiveCounts {
    fn lose(&mut self, words: String) {
        self.lost += 1;
        let known = self.refused.contains_key(&words) || self.refused.len() < MOST_WORDS;
        *self.refused.entry(if known { words } else { OTHERS.into() }).or_default() += 1;
    }
}
