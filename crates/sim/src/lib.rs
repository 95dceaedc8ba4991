//! A simulated house and all that can go wrong with it: for tests of one part, for tests of the whole program, and for
//! `hearthline demo`.
//!
//! [`House`] is the house itself, a plain struct that a caller moves through time. [`HomeAssistant`] serves one over
//! Home Assistant's WebSocket API, to any stream, and does on demand what real ones do badly ([`Fault`]). Waits follow
//! tokio's time, so a paused runtime needs no real seconds; what is written in events follows a [`Clock`], and
//! [`TokioClock`] makes both the same.
//!
//! [`Weather`] plays the weather services of the world outside, in the shapes that these document.
//!
//! [`InfluxDb`] plays an InfluxDB of either kind, strict about types.
//!
//! [`NaiveWriter`] writes as the system before Hearthline did, to be compared with.
//!
//! [`Scenario`] is all of that from a file, and the control port lets other programs break things.
//!
//! A house with a past: make it some hours ago and advance it to now.
//!
//! [`Clock`]: hearthline_core::Clock

pub mod clock;
pub mod home_assistant;
pub mod house;
pub mod influxdb;
pub mod naive;
pub mod recording;
pub mod scenario;
pub mod weather;
mod words;

pub use clock::TokioClock;
pub use home_assistant::{
    Counters, Ending, Fault, FaultKind, Garbage, HomeAssistant, LedgerEntry, Options, Save,
};
pub use house::{Context, Fired, House, State, Write};
pub use influxdb::{
    Access, FieldKind, FieldValue, InfluxCounters, InfluxDb, InfluxFault, InfluxVersion, Point,
};
pub use naive::{NaiveCounts, NaiveTarget, NaiveWriter};
pub use recording::Recording;
pub use scenario::{Chaos, Scenario, Timed};
pub use weather::{Outdoors, Weather, WeatherFault};
