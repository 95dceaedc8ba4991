//! Seeded scenarios: a house, its Home Assistant, the network, the disk and the whole way from the socket to the store, on
//! one runtime with paused time. A seed says how all of them are set up and what goes wrong when; in the end, what the
//! store holds is compared with what Home Assistant fired, to the row.
//!
//! - `plan`: what a seed means.
//! - `scenario`: lets it happen.
//! - `program`: the recorder, with the parts of the real one.
//! - `rig`: the clock, the line and the sink, which can be told to misbehave.
//! - `check`: what has to hold in the end.
//! - `replay`: what has to hold of the log alone.
//! - `seeds`: many seeds on all cores, and what is said of one that fails.
//!
//! `cargo xtask sim --seeds 2000` runs many, `cargo xtask sim --seed 17` runs one and says what it did.

#[cfg(test)]
mod check;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod program;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod scenario;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod stories;
