//! What is known of alerts, on disk.
//!
//! ```text
//! <data_dir>/alerts.json           one JSON object (`Kept`), put in place as a whole, within a second of each change,
//!                                  and each minute while something is wrong
//! <data_dir>/alerts.json.damaged   the last one that could not be read; nothing reads it
//! ```
//!
//! It is bounded: what is wrong by [`super::board::MOST`], what was by [`super::board::HISTORY`]. It holds nothing that a fold
//! needs: without it what is wrong is found again, and only what was, and what a person said of it, is gone.

use std::io;
use std::path::Path;

use hearthline_core::Fs;

use super::board::Kept;

/// Of the file.
pub(super) const VERSION: u32 = 1;

/// What is there.
pub(super) fn kept(fs: &dyn Fs, path: &Path) -> io::Result<Option<Kept>> {
    fs.read_json_of(path, VERSION)
}

/// What is there, with why nothing is where something should be.
pub(super) fn read(fs: &dyn Fs, path: &Path) -> (Kept, Option<String>) {
    let why = match self::kept(fs, path) {
        Ok(kept) => return (kept.unwrap_or_default(), None),
        Err(why) => why,
    };
    let fate = match fs.set_aside(path) {
        Ok(aside) => format!("it lies in {} now", aside.display()),
        Err(error) => format!("it could not be set aside either: {error}"),
    };
    let note = format!(
        "{} could not be read ({why}); {fate}. What was wrong before the last start, and what was said of it, is not known",
        path.display()
    );
    tracing::warn!("{note}");
    (Kept::default(), Some(note))
}

/// Puts it in place.
pub(super) fn write(fs: &dyn Fs, path: &Path, kept: &Kept) -> io::Result<()> {
    fs.write_json(path, kept)
}
