//! Settings, their changes and their mistakes as documents tell them: without a secret.

use hearthline_api::{
    FilterPreview, KeptSet, KeptSetting, Reloaded, Setting, SettingChange, SettingMistake, SettingsInForce,
};
use hearthline_core::Timestamp;
use hearthline_core::figures::many;
use serde_json::Value;

use crate::settings::Settings;
use crate::settings::catalogue::{self, InForce, Takes, What};
use crate::settings::change::Change;
use crate::settings::mistake::{Mistake, Mistakes};
use crate::settings::origin::Origin;

fn value(what: &What) -> Value {
    match what {
        What::Plain(value) => value.clone(),
        What::Unset | What::Secret(_) => Value::Null,
    }
}

const fn is_secret(what: &What) -> bool {
    matches!(what, What::Secret(_))
}

fn origin(origin: &Origin) -> Option<String> {
    (*origin != Origin::Default).then(|| origin.to_string())
}

/// Every key that holds; what is known of them beside is not in it.
pub(crate) fn in_force(settings: &Settings) -> SettingsInForce {
    let all = catalogue::all(settings).into_iter().map(|InForce { name, about, shown }| Setting {
        name,
        value: value(&shown.value),
        secret: is_secret(&shown.value),
        origin: origin(&shown.origin),
        meaning: about.meaning.into(),
        kind: about.kind.into(),
        unset: about.unset.into(),
        holds: about.takes.as_str().into(),
    });
    SettingsInForce {
        file: settings.config.as_ref().map(|path| path.display().to_string()),
        since: String::new(),
        settings: all.collect(),
        waiting: Vec::new(),
        notes: settings.notes.clone(),
        last_reload: None,
    }
}

pub(super) fn kept(settings: &Settings, since: Timestamp, healthy: Timestamp) -> KeptSet {
    let all = catalogue::all(settings).into_iter().map(|InForce { name, shown, .. }| KeptSetting {
        name,
        value: value(&shown.value),
        secret: is_secret(&shown.value),
        origin: origin(&shown.origin),
    });
    KeptSet {
        number: 0,
        since: since.to_string(),
        healthy: healthy.to_string(),
        version: env!("CARGO_PKG_VERSION").into(),
        file: settings.config.as_ref().map(|path| path.display().to_string()),
        settings: all.collect(),
    }
}

pub(super) fn change(change: &Change) -> SettingChange {
    SettingChange {
        name: change.name.clone(),
        from: value(&change.from),
        to: value(&change.to.value),
        secret: is_secret(&change.from) || is_secret(&change.to.value),
        holds: change.takes.as_str().into(),
    }
}

/// All of them, in their order.
pub(crate) fn mistakes(Mistakes(mistakes): &Mistakes) -> Vec<SettingMistake> {
    let told = |mistake: &Mistake| SettingMistake {
        place: mistake.place.to_string(),
        key: mistake.key.clone(),
        reason: mistake.problem.reason.clone(),
        todo: mistake.problem.todo.clone(),
    };
    mistakes.iter().map(told).collect()
}

/// A sink that can be read and not be made.
pub(super) fn unusable(sink: &str, why: &str) -> SettingMistake {
    SettingMistake {
        place: format!("[[sinks]] {sink}"),
        key: "sinks".into(),
        reason: why.into(),
        todo: "correct it and read the settings again".into(),
    }
}

/// Something that is no mistake of a person.
pub(super) fn inside(why: &str) -> SettingMistake {
    SettingMistake {
        place: "the program".into(),
        key: String::new(),
        reason: why.into(),
        todo: "please report this with the program's log".into(),
    }
}

/// What a reload did.
pub(super) fn sentence(reloaded: &Reloaded) -> String {
    let Reloaded { taken, waiting, troubles, .. } = reloaded;
    let mut words = Vec::new();
    match taken.len() {
        0 if waiting.is_empty() => words.push("nothing has changed".to_owned()),
        0 => {}
        count => words.push(format!("{} taken up", settings(count))),
    }
    if !waiting.is_empty() {
        words.push(format!(
            "{} with the next start: {}",
            hold(waiting.len()),
            names(waiting.iter().map(|one| &*one.name))
        ));
    }
    if !troubles.is_empty() {
        words.push(format!("not all went well: {}", troubles.join("; ")));
    }
    words.join("; ")
}

/// What a person should know of what waits.
pub(super) fn waits(waiting: &[Change]) -> Option<String> {
    let list = || names(waiting.iter().map(|change| &*change.name));
    (!waiting.is_empty())
        .then(|| format!("{} when the program is started anew: {}", hold(waiting.len()), list()))
}

/// What others would do.
pub(super) fn would(changes: &[Change], preview: Result<&FilterPreview, &String>) -> String {
    let count = |takes| changes.iter().filter(|change| change.takes == takes).count();
    let (live, part, restart) = (count(Takes::Live), count(Takes::Part), count(Takes::Restart));
    let mut words = Vec::new();
    if changes.is_empty() {
        words.push("nothing would change".to_owned());
    }
    if live + part > 0 {
        words.push(format!("a reload would take up {}", settings(live + part)));
    }
    if restart > 0 {
        words.push(format!("{} with the next start", hold(restart)));
    }
    words.push(match preview {
        Ok(preview) => format!("entities: {}", preview.says),
        Err(why) => format!("which entities would be recorded is not known: {why}"),
    });
    words.join("; ")
}

fn settings(count: usize) -> String {
    many(count as u64, "setting")
}

fn hold(count: usize) -> String {
    format!("{} hold{}", settings(count), if count == 1 { "s" } else { "" })
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
