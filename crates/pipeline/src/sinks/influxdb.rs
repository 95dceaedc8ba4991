//! InfluxDB, and whatever else takes line protocol.
//!
//! - [`line`]: the protocol: what is escaped and how.
//! - [`name`]: which name a field has. It says the type, so that no field can have two.
//! - [`schema`]: which types the server has, and where a value goes whose field is taken.
//! - [`attributes`]: which attributes are written.
//! - [`point`]: rows become lines.
//! - [`cardinality`]: what the points cost the server, and which limit is near.
//! - [`server`]: which server it is, what it has, and how it is written to.
//! - [`answer`]: what an answer to a write means.
//! - [`send`]: rows on their way, until each has its fate.
//! - [`stored`]: points as the server has them.
//! - [`refill`]: what is read from the store and not from the log.
//! - [`copy`]: values that go where we would have written them.
//! - [`export`], [`restore`]: points of a server in a file, and back into a server.
//! - [`state`]: what is kept on disk.
//! - [`switched`]: the measurement that is written to in place of the one in the settings.
//! - [`sink`], [`view`]: all of it together, and what others may see of it.

pub mod answer;
pub mod attributes;
pub mod cardinality;
pub mod copy;
pub mod export;
pub mod line;
pub mod name;
pub mod point;
pub mod refill;
pub mod restore;
#[cfg(test)]
mod sample;
pub mod schema;
pub mod send;
pub mod server;
pub mod sink;
mod state;
pub mod stored;
pub mod switched;
pub mod view;

pub use self::server::{Server, ServerConfig, Version};
pub use self::sink::{InfluxConfig, InfluxSink, Start};
pub use self::state::RefusedRow;
pub use self::view::{Hold, InfluxView, InfluxViewOf};
