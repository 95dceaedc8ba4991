//! What a thread said when it ended in a panic.

use std::collections::HashMap;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread::{self, ThreadId};

use parking_lot::Mutex;

static WORDS: Mutex<Option<HashMap<ThreadId, String>>> = Mutex::new(None);
static HEARD: Once = Once::new();

/// From now on panics go to the log, with their place, and are remembered.
pub(crate) fn hear() {
    HEARD.call_once(|| {
        let usual = cfg!(test).then(panic::take_hook);
        panic::set_hook(Box::new(move |info| {
            if let Some(usual) = &usual {
                usual(info); // a test that fails is to say so
            }
            let (thread, words) = (thread::current(), words(info));
            tracing::error!(thread = thread.name().unwrap_or("unnamed"), "panic: {words}");
            WORDS.lock().get_or_insert_default().insert(thread.id(), words);
        }));
    });
}

/// What that thread said, once.
pub(super) fn take(thread: ThreadId) -> Option<String> {
    WORDS.lock().as_mut()?.remove(&thread)
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("it says nothing");
    match info.location() {
        Some(place) => format!("{said} ({}:{})", place.file(), place.line()),
        None => said.to_owned(),
    }
}
