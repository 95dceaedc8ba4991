//! `repair schema`: fields that an InfluxDB has as another type than is written to them.
//!
//! - [`clear`]: exports a measurement, deletes it with its types, and lets a person take that back.

pub mod clear;

use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::{InfluxView, ServerConfig};

pub use self::clear::{Clear, ClearOptions};
use super::RepairError;

/// The sink whose server is mended.
#[derive(Clone)]
pub struct Target {
    /// As in the settings.
    pub sink: String,
    /// Where its server is.
    pub server: ServerConfig,
    /// What states are written to.
    pub measurement: String,
    /// The sink, where it runs in this program.
    pub view: Option<InfluxView>,
}

impl From<Stop> for RepairError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Later { words, .. } => Self::Later(words),
            Stop::Parked(words) => Self::Person(words),
        }
    }
}
