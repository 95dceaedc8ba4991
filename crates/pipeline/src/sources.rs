//! Where events come from.

pub mod home_assistant;
