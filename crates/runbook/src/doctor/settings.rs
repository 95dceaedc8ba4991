//! The settings: that they can be read is known by then; what is odd about them is told.

use super::catalogue::{SETTINGS_NOTE, SETTINGS_OK};
use super::{Check, Finding, seconds};

pub(super) const CHECK: Check = Check {
    name: "settings",
    within: seconds(5, 5),
    look: |subject, _| {
        Box::pin(async move {
            let notes = subject.notes.iter().map(|note| {
                Finding::of(SETTINGS_NOTE, note.clone())
                    .todo("remove it from the settings or the environment, or complete it")
            });
            let mut good = Finding::of(SETTINGS_OK, "the settings can be read");
            for line in &subject.settings {
                good = good.word("setting", line.clone());
            }
            std::iter::once(good).chain(notes).collect::<Vec<_>>().into()
        })
    },
};
