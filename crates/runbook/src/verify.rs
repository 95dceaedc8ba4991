//! Whether an event gets through: a state is set in Home Assistant and followed to the log, the store and every sink, and read
//! back from each.
//!
//! What is set is the *canary*, an entity that exists for as long as it is followed: a number with an attribute `dynamics` that is
//! a text, then the next number with the same attribute as a boolean, then the entity is removed. So a change, a flip of a type
//! and a removal go the whole way. Where it cannot be set, the next state that comes by itself is followed, and that is said.
//!
//! Who carries it out tells of each [`Leg`] how it ended; what follows from that is worked out here, from facts alone:
//! [`leg`] has the words, [`readback`] compares what was read back with what was set, [`document`] sums up. [`Kept`] has the last
//! results on disk, [`Verify`] is the handle for all who ask.

pub mod document;
mod handle;
mod kept;
pub mod leg;
pub mod readback;

#[cfg(test)]
mod tests;

pub use self::document::{By, Change, Kind, Passage, Underway, Verifications, Verified};
pub use self::handle::{Carried, Carry, MOST_ROUNDS, Progress, Refused, Verify};
pub use self::kept::{Kept, kept};
pub use self::leg::{Leg, Outcome, Step, Trouble};
pub use self::readback::Expected;
