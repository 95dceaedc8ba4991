//! A second client of the same Home Assistant: what the program should have seen.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::peer::HomeAssistant;
use super::python;
use crate::process::Process;
use crate::wait::until;

/// A change of one entity, as the witness saw it or as it is stored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Change {
    pub(crate) entity_id: String,
    /// `last_updated`, or `time_fired` of a removal, in microseconds.
    pub(crate) ts: i64,
    pub(crate) last_changed: i64,
    /// None is a removal.
    pub(crate) state: Option<String>,
    pub(crate) attributes: Value,
}

impl Change {
    /// What makes it one change and not another.
    pub(crate) fn identity(&self) -> (&str, i64) {
        (&self.entity_id, self.ts)
    }
}

/// A client that has subscribed and only listens.
pub(crate) struct Witness(Process);

impl Witness {
    pub(crate) async fn of(house: &HomeAssistant) -> Self {
        let address = format!("{}/api/websocket", house.url().replacen("http", "ws", 1));
        let mut command = python::script("witness.py");
        let process = Process::start("the witness", command.arg(address).env("TOKEN", house.owner()));
        until("the witness has subscribed", Duration::from_secs(60), async || {
            process.said().contains("subscribed").then_some(())
        })
        .await;
        Self(process)
    }

    /// What it has seen so far of entities whose id begins like this, sorted by entity and time.
    pub(crate) fn seen(&self, prefix: &str) -> Vec<Change> {
        let said = self.0.said();
        let whole = said.rsplit_once('\n').map_or("", |(lines, _)| lines);
        let changes = whole.lines().filter(|line| line.starts_with('{'));
        let changes = changes.map(|line| serde_json::from_str::<Change>(line).unwrap());
        let mut changes: Vec<Change> =
            changes.filter(|change| change.entity_id.starts_with(prefix)).collect();
        changes.sort_by(|a, b| a.identity().cmp(&b.identity()));
        changes
    }

    /// The same, as soon as it has seen so many.
    pub(crate) async fn has_seen(&self, prefix: &str, count: usize) -> Vec<Change> {
        let what = format!("the witness has seen {count} changes");
        until(&what, Duration::from_secs(60), async || {
            let seen = self.seen(prefix);
            (seen.len() >= count).then_some(seen)
        })
        .await
    }
}
