//! `repair store`: files that cannot be read, and a manifest that cannot.
//!
//! - [`StoreFiles`], while the program runs: a bad file is kept beside the receipt, and its rows are taken from the log as far as
//!   the log still has them. What it does not have is a gap, which history may fill.
//! - [`StoreManifest`], while it does not run, since it cannot: the manifest is made anew from the files. The log is read again
//!   from its oldest record, so that nothing is missing and nothing is there twice.

mod files;
mod manifest;

pub use self::files::StoreFiles;
pub use self::manifest::{Oldest, StoreManifest};

/// What a file is called beside the receipt: its path, in one name.
fn kept_name(name: &std::path::Path) -> String {
    name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
pub(super) mod tests;
