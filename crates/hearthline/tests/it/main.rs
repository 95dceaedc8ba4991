//! Tests of the whole program, as somebody outside sees it: the real binary, its folder, its API, its exit codes.
//!
//! Those in `home_assistant` run against a real Home Assistant, most in `influxdb` against a real InfluxDB, which `cargo xtask
//! test` installs and starts.

#![expect(
    clippy::disallowed_methods,
    reason = "what is tested here is another process, on the real clock and disk"
)]

#[cfg(test)]
mod alone;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod fire;
#[cfg(test)]
mod hearthline;
#[cfg(test)]
mod home_assistant;
#[cfg(test)]
mod influxdb;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod load;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod monitor;
#[cfg(test)]
mod nothing_lost;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod process;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recipes;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod runbook;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod told;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod wait;
#[cfg(test)]
mod weather;
#[cfg(test)]
mod worst_night;
