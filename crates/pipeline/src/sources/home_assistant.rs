//! Home Assistant's WebSocket API as a source.
//!
//! - [`address`], [`dial`], [`tls`]: from what a person wrote to an open stream.
//! - [`session`]: one connection: authentication, commands and their answers, liveness. It never reconnects itself.
//! - [`connection`]: what is done on one connection, in order: subscribe, wait until Home Assistant has started, compare
//!   its states with ours, then take in events until the stream ends.
//! - [`link`]: the owner: connects again, for ever, as [`backoff`] and the [`error`] say.
//! - [`fill`]: fills gaps from history, on the same connection.
//! - [`inquiry`]: questions by whoever wants to know how it is and records nothing.
//! - `lists`: asks for the registries, and keeps events back until they are in.
//! - [`reported`]: what has reported without a change.
//! - [`command`]: everything that is ever sent, but for
//! - [`canary`]: the one state that is ever set, where a person or the settings ask for it.
//! - [`wire`]: what is received.

pub mod address;
pub mod backoff;
pub mod canary;
pub mod command;
mod connection;
pub mod dial;
pub mod error;
mod fill;
mod heard;
pub mod inquiry;
pub mod link;
mod lists;
pub mod reported;
pub mod session;
pub mod status;
pub mod tls;
pub mod token;
pub mod wire;

pub use address::Address;
pub use canary::Canary;
pub use dial::{Dial, Io, Way};
pub use error::{Retry, SessionError};
pub use fill::{Stored, in_store};
pub use inquiry::Inquiry;
pub use link::{Link, LinkConfig, SWEEP};
pub use session::{Session, SessionConfig};
pub use status::{LinkState, LinkStatus};
pub use tls::Trust;
pub use token::TokenSource;
