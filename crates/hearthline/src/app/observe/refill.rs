//! What a sink is given from the store, and what it will never have.

use hearthline_pipeline::health::PartState;
use hearthline_pipeline::sinks::influxdb::refill::{Loss, RefillViewOf, Why};
use hearthline_runbook::status;

/// What is read from the store, for a person.
pub(super) fn words(refill: &RefillViewOf) -> String {
    let RefillViewOf { done, of, .. } = refill;
    match refill.why {
        Why::Missed => {
            format!(
                "being refilled from the store with what the log could not keep for it: {done} of {of} events"
            )
        }
        Why::New => format!("being filled with what the store has: {done} of {of} events"),
        Why::Asked => format!("being refilled from the store, as was asked: {done} of {of} events"),
    }
}

/// The same for programs.
pub(super) fn shown(refill: &RefillViewOf, sink: PartState) -> status::Refill {
    let RefillViewOf { why, done, of, from, to, since, left, waiting } = *refill;
    status::Refill {
        why: why.as_str().into(),
        done,
        of,
        from: from.map(|from| from.to_string()),
        to: to.map(|to| to.to_string()),
        since: since.to_string(),
        left_s: left.map(|left| left.as_secs_f64()),
        waiting: waiting as u64,
        running: matches!(sink, PartState::Healthy | PartState::Starting),
    }
}

/// What a sink will never have, for a person.
pub(super) fn lost(loss: &Loss) -> String {
    let Loss { events, from, to, words } = loss;
    let from = from.map_or_else(|| "the first".to_owned(), |from| from.to_string());
    let to = to.map_or_else(|| "what the log has".to_owned(), |to| to.to_string());
    format!("{events} events from {from} to {to} are neither in the log nor in the store: {words}")
}
