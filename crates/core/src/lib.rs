//! The words that every other crate shares: identities, times, values, rows, and the two doors to the
//! outside (`Clock`, `Fs`). No async, no network, no policy.

pub mod batch;
pub mod clock;
pub mod context;
pub mod entity;
pub mod error;
pub mod fence;
pub mod figures;
pub mod fs;
pub mod origin;
pub mod pulse;
pub mod secret;
pub mod seq;
pub mod time;
pub mod value;

pub use batch::{
    Batch, EntityRow, EventRow, QuarantineRow, Row, SettledRow, Settlement, StateRow, WeatherRow,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use context::{Change, ChangeKind, EntityInfo, Named, Observation};
pub use entity::EntityId;
pub use error::ErrorKind;
pub use fence::Fence;
pub use fs::{FencedFs, Fs, MemFs, RealFs};
pub use origin::Origin;
pub use pulse::Pulse;
pub use secret::Secret;
pub use seq::Seq;
pub use time::Timestamp;
pub use value::Value;
