//! Values of a server's fields, copied to the fields in which we would have written them.
//!
//! - [`moves`]: which field goes where, by the names of [`super::name`].
//! - [`convert`]: what a value becomes; never one that says something else.
//! - [`run`]: reading, writing, and comparing what was written.
//!
//! The old field stays where it is, in every case: no server deletes one field of a point.

pub mod convert;
pub mod moves;
pub mod run;

pub use self::convert::number;
pub use self::moves::{Move, Moves};
pub use self::run::{Mode, Outcome, Transfer};
