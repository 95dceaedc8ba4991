//! `repair schema`: fields of an InfluxDB that an older system wrote with other types.
//!
//! - [`copy`]: the values are copied into the fields in which the sink writes them now, and nothing is deleted.
//! - [`rewrite`]: the whole measurement is copied into a new one, which is written to from then on.
//! - [`clear`]: a measurement is exported and deleted with its types, and a person can take that back.
//!
//! Each is done again from its beginning where it was killed: what is there already is not written again.

pub mod clear;
pub mod copy;
mod counts;
pub mod rewrite;
#[cfg(test)]
mod testing;
mod undo;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::figures::{counted, grouped as number};
use hearthline_core::{Clock, Fs};
use hearthline_pipeline::sinks::influxdb::export::take::TakeError;
use hearthline_pipeline::sinks::influxdb::export::{ExportError, Origin};
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::{Measurements, Opened};
use hearthline_pipeline::sinks::influxdb::view::Hold;
use hearthline_pipeline::sinks::influxdb::{InfluxView, Server, ServerConfig, Version};

pub use self::clear::{Clear, ClearOptions};
pub use self::copy::SchemaCopy;
pub use self::rewrite::SchemaRewrite;
use super::RepairError;

/// How long a sink may take to stand still: a write that is on its way is waited for.
const STANDS: Duration = Duration::from_secs(60);

/// The sink whose server is mended.
#[derive(Clone)]
pub struct MendedSink {
    /// As in the settings.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Where its server is.
    pub server: ServerConfig,
    /// The running sink; none where no program runs.
    pub view: Option<InfluxView>,
    /// For what is kept beside the receipt.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The server, once it was found.
struct Open {
    server: Server,
    opened: Opened,
}

impl Open {
    const fn version(&self) -> Version {
        self.opened.version
    }
}

impl MendedSink {
    async fn open(&self, measurement: &str) -> Result<Open, RepairError> {
        let mut server =
            Server::new(self.server.clone()).map_err(|error| RepairError::Person(error.to_string()))?;
        let opened = server.open(&Measurements::These(vec![measurement]), false).await?;
        Ok(Open { server, opened })
    }

    /// Has the sink stand still, if it runs.
    async fn hold(&self, words: &str) -> Result<Option<Hold>, RepairError> {
        let Some(view) = &self.view else { return Ok(None) };
        let hold = view.hold(words);
        if hold.stands(STANDS).await {
            Ok(Some(hold))
        } else {
            Err(RepairError::Later(format!("sink {} still has a write on its way", self.name)))
        }
    }

    /// Where an export comes from.
    fn origin(&self, says: &str, measurement: &str, to_ns: Option<i64>) -> Origin {
        Origin {
            server: self.server.url.to_string(),
            version: says.to_owned(),
            database: self.server.database.clone(),
            measurement: measurement.to_owned(),
            from_ns: None,
            to_ns,
        }
    }

    /// This moment, in nanoseconds since 1970.
    fn now(&self) -> i64 {
        self.clock.now().0.saturating_mul(1000)
    }
}

impl From<Stop> for RepairError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Later { words, .. } => Self::Later(words),
            Stop::Parked(words) => Self::Person(words),
        }
    }
}

impl From<ExportError> for RepairError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Disk { .. } => Self::Later(error.to_string()),
            ExportError::Name(_) => Self::Person(error.to_string()),
            ExportError::Damaged { .. } => Self::Differs(error.to_string()),
        }
    }
}

impl From<TakeError> for RepairError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Stop(stop) => stop.into(),
            TakeError::Export(error) => error.into(),
        }
    }
}

/// `1 row`, `12,034 rows`.
fn rows(count: u64) -> String {
    counted(count, "row")
}
