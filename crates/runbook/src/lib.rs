//! What Hearthline knows about its own health: the facts, the success criteria, the verdict, the status document.

pub mod alerts;
pub mod backup;
pub mod criteria;
pub mod discovery;
pub mod doctor;
pub mod facts;
pub mod incident;
pub mod kept;
pub mod logs;
pub mod maintenance;
pub mod markdown;
pub mod monitor;
pub mod notes;
pub mod notify;
#[cfg(test)]
mod operations;
pub mod parts;
pub mod repair;
pub mod reports;
pub mod runbook;
pub mod silent;
pub mod space;
pub mod status;
pub mod verdict;
pub mod verify;

pub use facts::{Canary, Connection, Facts, Missed};
pub use status::Status;
