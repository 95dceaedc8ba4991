//! What Hearthline knows about its own health, and what it does about it: the status document, the success criteria,
//! the verdict.

pub mod status;

pub use status::Status;
