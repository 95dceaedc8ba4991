//! A simulated InfluxDB: 1.x, 2.x or 3.x, strict about types as the real one, with what such servers do badly.
//!
//! What 1.x answers to each kind of write is recorded from a real 1.6.7 (`influxdb/recorded-1.6.7.ndjson` is a part of it, and the
//! tests hold the simulated one to it): how a line is read, what is wrong with one that cannot be, that a point with one
//! field of another type is left out whole and `dropped` counts those of one shard alone, the answers to the questions
//! asked of it, limits and refusals. 2.x and 3.x are as their documentation says, see there. Points are kept in memory
//! under their identity: measurement, tags, time.

mod database;
mod fault;
mod http;
mod line;
mod point;
mod query;
mod serve;
mod v1;
mod v2;
mod v3;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Clock;
use parking_lot::Mutex;
use tokio::sync::watch;

use database::Database;
use http::Request;
use line::Reading;

pub use fault::InfluxFault;
pub use point::{FieldKind, FieldValue, Point};

/// Which one is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfluxVersion {
    /// 1.6.7.
    V1,
    /// 2.7.
    V2,
    /// 3 Core.
    V3,
}

/// Who is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    #[default]
    Open,
    /// 1.x.
    Password {
        /// The one user.
        user: String,
        /// Of that user.
        password: String,
    },
    /// 2.x and 3.x.
    Token(String),
}

impl Access {
    /// Whether a request to a 2.x or 3.x shows the token, where one is wanted.
    fn lets_in(&self, request: &Request) -> bool {
        let Self::Token(token) = self else { return true };
        let given = request.header("authorization").and_then(|value| value.split_once(' '));
        given.is_some_and(|(scheme, given)| ["Token", "Bearer"].contains(&scheme) && given == token)
    }
}

/// What has happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InfluxCounters {
    /// Connections taken.
    pub connections: u64,
    /// Requests of any kind.
    pub requests: u64,
    /// Those that wanted to write.
    pub writes: u64,
    /// Points stored; one that was there already counts again.
    pub stored: u64,
    /// Lines that were not stored while their neighbours could be.
    pub refused: u64,
    /// Whole answers to writes, by status.
    pub answers: BTreeMap<u16, u64>,
}

/// One server; clones share it.
#[derive(Clone)]
pub struct InfluxDb(Arc<Inner>);

struct Inner {
    version: InfluxVersion,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Whether the port is open.
    open: watch::Sender<bool>,
}

struct State {
    access: Access,
    /// The one of 2.x.
    organisation: String,
    one_type: bool,
    databases: BTreeMap<String, Database>,
    counters: InfluxCounters,
    /// With how many writes it is for, where it ends by itself.
    fault: Option<(InfluxFault, Option<u32>)>,
}

impl InfluxDb {
    /// One without databases. The organisation of a 2.x is `home`.
    pub fn new(version: InfluxVersion, access: Access, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            access,
            organisation: "home".into(),
            one_type: version == InfluxVersion::V3,
            databases: BTreeMap::new(),
            counters: InfluxCounters::default(),
            fault: None,
        };
        Self(Arc::new(Inner { version, clock, state: Mutex::new(state), open: watch::Sender::new(true) }))
    }

    /// Makes a database or bucket that keeps points for so long, for ever without a length.
    pub fn create(&self, database: &str, retention: Option<Duration>) {
        let mut state = self.0.state.lock();
        let made = Database::new(retention, state.one_type);
        state.databases.insert(database.into(), made);
    }

    /// Drops a database or bucket with all its points, as a person does by hand. Whether there was one.
    pub fn drop_database(&self, database: &str) -> bool {
        self.0.state.lock().databases.remove(database).is_some()
    }

    /// Whether there is a database or bucket of that name.
    #[must_use]
    pub fn has(&self, database: &str) -> bool {
        self.0.state.lock().databases.contains_key(database)
    }

    /// Writes as another program does that is not counted. Times are nanoseconds.
    ///
    /// # Errors
    /// When the database is not there, or with the first line that is not stored.
    pub fn seed(&self, database: &str, lines: &str) -> Result<(), String> {
        let now = self.now();
        let mut state = self.0.state.lock();
        let database = state.databases.get_mut(database).ok_or("there is no such database")?;
        let read = Reading { unit: 1, now, unsigned: true }.read(lines.as_bytes());
        let points: Result<Vec<_>, _> = read.into_iter().map(|line| line.point).collect();
        match database.write(points?, now).first() {
            None => Ok(()),
            Some(refused) => Err(format!("point {} is refused: {:?}", refused.index + 1, refused.why)),
        }
    }

    /// From now on it does badly, until another fault or [`InfluxDb::heal`].
    pub fn cause(&self, fault: InfluxFault) {
        self.cause_for(fault, None);
    }

    /// It does badly for so many writes.
    pub fn cause_next(&self, fault: InfluxFault, writes: u32) {
        self.cause_for(fault, Some(writes));
    }

    fn cause_for(&self, fault: InfluxFault, writes: Option<u32>) {
        self.0.state.lock().fault = Some((fault, writes));
        self.0.open.send_replace(fault != InfluxFault::Down);
    }

    /// It does well again.
    pub fn heal(&self) {
        self.0.state.lock().fault = None;
        self.0.open.send_replace(true);
    }

    /// What it does badly now.
    #[must_use]
    pub fn fault(&self) -> Option<InfluxFault> {
        self.0.state.lock().fault.map(|(fault, _)| fault)
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> InfluxCounters {
        self.0.state.lock().counters.clone()
    }

    /// Every point of a measurement; none where it is not there.
    #[must_use]
    pub fn points(&self, database: &str, measurement: &str) -> Vec<Point> {
        let state = self.0.state.lock();
        state.databases.get(database).map(|known| known.points(measurement).collect()).unwrap_or_default()
    }

    /// How many values each field has of each type.
    #[must_use]
    pub fn counts(&self, database: &str, measurement: &str) -> BTreeMap<(String, FieldKind), u64> {
        let state = self.0.state.lock();
        let Some(known) = state.databases.get(database) else { return BTreeMap::new() };
        let fields = known.fields(measurement).into_iter();
        fields.map(|(name, kind)| ((name.to_owned(), kind), known.count(measurement, name, kind))).collect()
    }

    /// Opens a port and answers everyone, in tasks of the runtime that live as long as it does. While it is down the port
    /// is closed, and it is the same port afterwards.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, address: std::net::SocketAddr) -> io::Result<std::net::SocketAddr> {
        serve::listen(self.clone(), address).await
    }

    fn now(&self) -> i64 {
        self.0.clock.now().0.saturating_mul(1_000)
    }
}
