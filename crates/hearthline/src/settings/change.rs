//! What differs between two settings, and what of it a running program takes up.

use std::collections::BTreeMap;

use super::catalogue::{self, About, HOUSE, InForce, SINK, Shown, Takes, What};
use super::origin::Origin;
use super::{InfluxDb, Settings};

/// A value that is another one.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The whole name of the key.
    pub(crate) name: String,
    /// What it was.
    pub(crate) from: What,
    /// What is wanted.
    pub(crate) to: Shown,
    /// When that holds.
    pub(crate) takes: Takes,
}

impl Change {
    /// The sink that it is about.
    pub(crate) fn sink(&self) -> Option<&str> {
        sink_of(&self.name)
    }
}

/// Every value that is another one. Where only its place in the file is, nothing has changed. Sinks that come or go, or whose
/// order is another, are a change for which the program has to be started anew.
pub(crate) fn changes(before: &Settings, after: &Settings) -> Vec<Change> {
    let takes = |name: &str, about: &About| match sink_of(name) {
        Some(sink) if place(before, sink) != place(after, sink) => Takes::Restart,
        None if name == "home_assistant.token" && same_file(before, after) => Takes::Live,
        _ => about.takes,
    };
    let all = catalogue::all(before).into_iter();
    let mut old: BTreeMap<String, InForce> = all.map(|one| (one.name.clone(), one)).collect();
    let mut changes = Vec::new();
    for InForce { name, about, shown } in catalogue::all(after) {
        let was = old.remove(&name);
        let from = was.map_or(What::Unset, |was| was.shown.value);
        // What a new sink or another layout has without being told is no news.
        let is_news = from != What::Unset || shown.origin != Origin::Default;
        if from != shown.value && is_news {
            let takes = takes(&name, about);
            changes.push(Change { name, from, to: shown, takes });
        }
    }
    for (name, InForce { about, shown, .. }) in old {
        if shown.value != What::Unset && shown.origin != Origin::Default {
            let (takes, to) = (takes(&name, about), Shown { value: What::Unset, origin: Origin::Default });
            changes.push(Change { name, from: shown.value, to, takes });
        }
    }
    changes
}

fn sink_of(name: &str) -> Option<&str> {
    name.strip_prefix("sinks.")?.split_once('.').map(|(sink, _)| sink)
}

/// A token from the same file as before is taken from there by itself.
fn same_file(before: &Settings, after: &Settings) -> bool {
    let file =
        |settings: &Settings| settings.home_assistant.token_file.as_ref().map(|file| file.value.clone());
    file(before).is_some() && file(before) == file(after)
}

/// Where a sink stands among the others; none where there is none of that name.
fn place(settings: &Settings, name: &str) -> Option<usize> {
    settings.sinks.iter().position(|sink| *sink.name == name)
}

/// The settings in force when of those that are wanted everything is taken up for which the program need not be started anew.
pub(crate) fn taken_up(in_force: &Settings, wanted: &Settings) -> Settings {
    let mut merged = in_force.clone();
    let waits: Vec<Change> =
        changes(in_force, wanted).into_iter().filter(|change| change.takes == Takes::Restart).collect();
    let taken = |name: &str| !waits.iter().any(|change| change.name == name);
    for entry in HOUSE.iter().filter(|entry| taken(entry.about.key)) {
        (entry.take)(&mut merged, wanted);
    }
    for (n, sink) in merged.sinks.iter_mut().enumerate() {
        let same = wanted.sinks.iter().position(|wanted| wanted.name.value == sink.name.value) == Some(n);
        if let Some(wanted) = wanted.sinks.get(n).filter(|_| same) {
            take_sink(sink, wanted);
        }
    }
    merged.notes.clone_from(&wanted.notes);
    merged
}

fn take_sink(sink: &mut InfluxDb, wanted: &InfluxDb) {
    for entry in SINK {
        (entry.take)(sink, wanted);
    }
}

#[cfg(test)]
mod tests;
