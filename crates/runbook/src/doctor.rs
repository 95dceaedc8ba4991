//! What is wrong: one list of checks, each of which looks at one thing and says what it found, with figures and a remedy.
//!
//! A [`Check`] is a name, a limit of time and a function over the [`Subject`]: what the settings name, and the program if it
//! runs. All checks run beside each other; the way to Home Assistant is one of them, since each of its steps needs the one
//! before. What a check can find is in the [`catalogue`], each with an id that stays, and is told in
//! `docs/operations/doctor.md` under that id, which each finding carries with it ([`explain`]).

mod backup;
mod blocking;
pub mod catalogue;
mod disk;
pub mod explain;
mod files;
mod finding;
mod home_assistant;
mod kept;
mod log;
mod port;
mod program;
pub mod report;
mod settings;
mod sinks;
mod space;
mod store;
pub mod subject;
mod told;
mod weather;

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub use self::catalogue::{CATALOGUE, Kind, Severity};
pub(crate) use self::finding::millis;
pub use self::finding::{Figure, Finding, Looked, Skipped};
pub use self::kept::{Doctor, Examine};
pub use self::report::{Outcome, Report};
pub use self::subject::{Peer, Running, Sink, Subject, Weather};

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Writes nowhere.
    Look,
    /// Also writes a small file, and a point into each sink, and removes both.
    Try,
    /// Also reads everything that is stored, and asks the provider of weather once.
    Full,
}

/// One thing that is looked at.
pub(crate) struct Check {
    /// What it is called.
    name: &'static str,
    /// How long it may take, and how long where everything is read.
    within: [Duration; 2],
    look: fn(Arc<Subject>, Depth) -> Looking,
}

/// A check at work.
pub(crate) type Looking = Pin<Box<dyn Future<Output = Looked> + Send>>;

const CHECKS: &[Check] = &[
    settings::CHECK,
    program::CHECK,
    port::CHECK,
    home_assistant::CHECK,
    disk::CHECK,
    space::CHECK,
    files::CHECK,
    log::CHECK,
    store::CHECK,
    sinks::CHECK,
    weather::CHECK,
    backup::CHECK,
    told::PLACES,
    told::BROKER,
];

const fn seconds(usual: u64, full: u64) -> [Duration; 2] {
    [Duration::from_secs(usual), Duration::from_secs(full)]
}

/// Looks at everything. `say` is told the name of each check that is done, how long it took, and how many there are.
pub async fn examine(
    subject: Arc<Subject>,
    depth: Depth,
    say: impl FnMut(&'static str, Duration, usize) + Send,
) -> Report {
    examine_with(CHECKS, subject, depth, say).await
}

/// Looks at the way to Home Assistant alone: for who is about to say where it is.
pub async fn examine_way(subject: Arc<Subject>) -> Report {
    const WAY: &[Check] = &[home_assistant::CHECK];
    examine_with(WAY, subject, Depth::Look, |_, _, _| ()).await
}

async fn examine_with(
    checks: &'static [Check],
    subject: Arc<Subject>,
    depth: Depth,
    mut say: impl FnMut(&'static str, Duration, usize) + Send,
) -> Report {
    let (began, at) = (Instant::now(), subject.clock.now());
    let mut running = JoinSet::new();
    for (n, check) in checks.iter().enumerate() {
        let subject = Arc::clone(&subject);
        let [usual, full] = check.within;
        let within = if depth == Depth::Full { full } else { usual };
        running.spawn(async move {
            let began = Instant::now();
            // On a task of its own, so that a check that panics is a finding.
            let mut work = JoinSet::new();
            work.spawn((check.look)(subject, depth));
            let looked = match timeout(within, work.join_next()).await {
                Ok(Some(Ok(looked))) => looked,
                Ok(_) => Finding::of(catalogue::CHECK_BROKEN, "the check ended in a panic")
                    .todo(
                        "this is a mistake in the program: report it with `hearthline doctor --export FILE`",
                    )
                    .into(),
                Err(_) => Finding::of(
                    catalogue::CHECK_LATE,
                    format!("the check was not done within {} s", within.as_secs()),
                )
                .todo("ask again; if it stays so, what it looks at does not answer")
                .into(),
            };
            (n, looked.about(check.name), began.elapsed())
        });
    }
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        let Ok((n, looked, took)) = done else { continue };
        if let Some(check) = checks.get(n) {
            say(check.name, took, checks.len());
        }
        all.push((n, looked));
    }
    all.sort_by_key(|(n, _)| *n);
    Report::of(&subject, at, depth, began.elapsed(), all.into_iter().map(|(_, looked)| looked))
}
