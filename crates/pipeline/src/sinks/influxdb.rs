//! InfluxDB, and whatever else takes line protocol.
//!
//! - [`line`]: the protocol: what is escaped and how.
//! - [`name`]: which name a field has. It says the type, so that no field can have two.
//! - [`schema`]: which types the server has, and where a value goes whose field is taken.
//! - [`attributes`]: which attributes are written.
//! - [`point`]: rows become lines.

pub mod attributes;
pub mod line;
pub mod name;
pub mod point;
pub mod schema;
