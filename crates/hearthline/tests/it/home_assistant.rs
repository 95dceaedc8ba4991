//! Tests against a real Home Assistant.

mod connection;
mod crash;
mod demo_house;
mod doctor;
mod duckdb;
mod filter;
mod gaps;
mod integration;
mod mqtt;
pub(crate) mod peer;
mod python;
mod recording;
mod records;
mod registries;
mod rows;
mod setup;
mod stop;
mod token;
pub(crate) mod witness;

use crate::hearthline::Hearthline;
use peer::HomeAssistant;

/// The program, set up to record this house as its owner.
fn recorder_of(house: &HomeAssistant) -> Hearthline {
    Hearthline::new(&house.url(), house.owner())
}
