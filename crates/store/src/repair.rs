//! Mending a store: files that cannot be read, and a manifest that cannot.

mod files;
mod rebuild;

pub use files::{BadFile, Replaced};
pub use rebuild::{Rebuilt, Survey, damaged_manifest, rebuild, survey};
