//! Home Assistant's side of the WebSocket API, as recorded from 2026.11.
//!
//! One [`HomeAssistant`] is one server; clones share it. It writes into its clients' queues at the moment something is
//! fired and cuts off those that do not keep up, as the real one does. What it has fired, it also keeps, so that a test
//! can compare to the row.

mod commands;
mod connection;
mod control;
mod fault;
pub(crate) mod http;
mod ledger;
mod line;
mod listen;
mod message;
mod outbox;
mod recorder;
mod rest;
mod tape;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use crate::house::{Fired, House, State, Write};

pub use control::Save;
pub use fault::{Ending, Fault, FaultKind, Garbage};
pub use ledger::LedgerEntry;

use line::Valve;
use world::World;

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The release it says it is.
    pub version: String,
    /// `location_name` of the configuration.
    pub location_name: String,
    /// The one token that is right; any is when it is empty.
    pub token: String,
    /// Whether the token's user is an administrator. Others may subscribe to `state_changed` only, and set no state.
    pub admin: bool,
    /// `http: login_attempts_threshold`: the wrong try that bans the address. Absent as by default: no bans.
    pub login_attempts_threshold: Option<u32>,
    /// The recorder's `commit_interval`: history shows a row only after the next whole multiple of it.
    pub commit_interval: Duration,
    /// Entities that the recorder leaves out.
    pub excluded: Vec<String>,
    /// The recorder's `purge_keep_days`; the ledger goes back as far.
    pub keep: Duration,
    /// How long a client may have more than 1,024 messages waiting: 10 s in 2026.11, 5 s in 2024.3. At 4,096 it is cut
    /// off at once.
    pub peak_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: "2026.11.0".into(),
            location_name: "Demo house (simulated)".into(),
            token: "simulated-token".into(),
            admin: true,
            login_attempts_threshold: None,
            commit_interval: Duration::from_secs(5),
            excluded: Vec::new(),
            keep: Duration::from_secs(10 * 86_400),
            peak_time: Duration::from_secs(10),
        }
    }
}

/// What has happened at the server so far, and what is the case now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that are open, from the accepted socket on.
    pub connections: u64,
    /// Connections accepted.
    pub connections_ever: u64,
    /// Subscriptions that are active.
    pub subscriptions: u64,
    /// Subscriptions made.
    pub subscriptions_ever: u64,
    /// Tries to authenticate, right and wrong, over the WebSocket and over REST.
    pub auth_attempts: u64,
    /// Tries that failed.
    pub auth_failures: u64,
    /// `ping` commands received.
    pub pings: u64,
    /// Clients cut off because they did not keep up.
    pub cut_off: u64,
    /// `state_changed` events fired, delivered or not.
    pub fired: u64,
    /// Bytes written to sockets, HTTP included.
    pub bytes_sent: u64,
    /// `User-Agent` of the last upgrade.
    pub user_agent: Option<String>,
}

/// A simulated Home Assistant.
#[derive(Clone)]
pub struct HomeAssistant(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    options: Options,
    /// Whether the port is open.
    accepting: watch::Sender<bool>,
    /// Under every connection.
    valve: Arc<Valve>,
    bytes_sent: Arc<AtomicU64>,
}

impl std::fmt::Debug for HomeAssistant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HomeAssistant").field(&self.counters()).finish()
    }
}

impl HomeAssistant {
    /// A server that is `RUNNING`, with the house advanced to the clock's now.
    #[must_use]
    pub fn new(house: House, clock: Arc<dyn Clock>, options: Options) -> Self {
        let world = Mutex::new(World::new(house, &options));
        let server = Self(Arc::new(Inner {
            world,
            clock,
            options,
            accepting: watch::Sender::new(true),
            valve: Arc::default(),
            bytes_sent: Arc::default(),
        }));
        server.advance();
        server
    }

    /// Moves the house to the clock's now and sends what happened.
    pub fn advance(&self) {
        drop(self.present());
    }

    /// Lets the house live, for ever: advances it whenever something is due, at least once a second.
    pub async fn run(&self) {
        loop {
            let wait = {
                let world = self.present();
                world.house.wait(self.now(), Duration::from_secs(1))
            };
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    /// Writes a state now, as an integration does. `attributes` is a JSON object and goes to clients as it is,
    /// unchecked. Nothing is fired for an equal write.
    pub fn set_state(&self, entity_id: &str, state: &str, attributes: &str) -> Option<Fired> {
        self.call_service(None, vec![Write::new(entity_id, state, attributes)]).pop()
    }

    /// Writes several states now under one context, as one service call does.
    pub fn call_service(&self, user_id: Option<&str>, writes: Vec<Write>) -> Vec<Fired> {
        let mut world = self.present();
        let fired = world.house.call_service(self.now(), user_id, writes);
        world.publish(fired.clone());
        fired
    }

    /// Removes an entity now.
    pub fn remove(&self, entity_id: &str) -> Option<Fired> {
        let mut world = self.present();
        let fired = world.house.remove(self.now(), entity_id);
        world.publish(fired.clone());
        fired
    }

    /// Fires an event that is no change of a state; `data` is a JSON object. It is not in the ledger.
    pub fn fire(&self, event_type: &str, data: &str) {
        self.present().fire(self.now(), event_type, data);
    }

    /// Every `state_changed` that was fired, in order, delivered or not; as far back as [`Options::keep`].
    #[must_use]
    pub fn ledger(&self) -> Vec<Fired> {
        self.0.world.lock().recorder.ledger()
    }

    /// What every entity says, as `get_states` has it.
    #[must_use]
    pub fn states(&self) -> Vec<Arc<State>> {
        self.0.world.lock().house.states().filter(|state| state.serialisable).cloned().collect()
    }

    /// The state of an entity now.
    #[must_use]
    pub fn state(&self, entity_id: &str) -> Option<Arc<State>> {
        self.0.world.lock().house.state(entity_id).cloned()
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let bytes_sent = self.0.bytes_sent.load(Ordering::Relaxed);
        Counters { bytes_sent, ..self.0.world.lock().counters() }
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The world, moved to now.
    fn present(&self) -> MutexGuard<'_, World> {
        let mut world = self.0.world.lock();
        let fired = world.house.advance(self.now());
        world.publish(fired);
        world
    }
}

#[cfg(test)]
mod tests;
