//! Secrets, which settings have as they were read, and files as they are now.

use std::path::Path;

pub(crate) use hearthline_core::Secret;

/// What a file says now, where it says something: another one may have been put into it while the program runs.
pub(crate) fn written_in(file: &Path) -> Option<Secret> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)
}
