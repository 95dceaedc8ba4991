//! Every setting that there is: what it is called, what it means, what holds without it, and when a change of it holds.
//!
//! One row is one key of the file. The document `docs/configuration.md`, the settings in force as the API and the commands tell
//! them, what a reload changes, and the settings that are kept are all made from these rows; a test holds them to the keys that
//! are read.

#[cfg(test)]
mod docs;
mod house;
mod notify;
mod sink;

use serde_json::Value;

use super::Settings;
use super::origin::{Origin, Setting};
use super::secret::Secret;

pub(super) use self::house::HOUSE;
pub(super) use self::notify::NOTIFY;
pub(super) use self::sink::SINK;

/// What can be written where a key names a file or a folder.
const PATH: &str = "a path";

/// A key of the settings of `T`.
pub(super) struct Entry<T: 'static> {
    pub(super) about: About,
    /// Its value; none for another word for a key that has a row.
    pub(super) shown: fn(&T) -> Option<Shown>,
    /// Takes the value over into the first from the second.
    pub(super) take: fn(&mut T, &T),
}

/// What is known of a key without its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// With its section, as in `store.flush_rows`; of a sink the key alone. A variable that no key of the file stands for is its
    /// own.
    pub(crate) key: &'static str,
    /// The environment variable that wins over the file.
    pub(crate) variable: Option<&'static str>,
    /// What can be written.
    pub(crate) kind: &'static str,
    /// What holds where nothing is written and there is no value either.
    pub(crate) unset: &'static str,
    /// What it does, in a sentence.
    pub(crate) meaning: &'static str,
    /// When a change holds.
    pub(crate) takes: Takes,
}

/// When a change of a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// With a reload, at once.
    Live,
    /// With a reload: the part that it belongs to is started anew alone, and goes on where it was.
    Part,
    /// When the program is started anew.
    Restart,
}

impl Takes {
    /// The word of documents.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Part => "part",
            Self::Restart => "restart",
        }
    }
}

/// The value of a key and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) value: What,
    pub(crate) origin: Origin,
}

/// What a key says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// Nothing.
    Unset,
    /// As it can be written in the file.
    Plain(Value),
    /// Something that is not told.
    Secret(Secret),
}

/// A key with its value, under its whole name: of a sink that is `sinks.<name>.<key>`, of a place `notify.<name>.<key>`.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) name: String,
    pub(crate) about: &'static About,
    pub(crate) shown: Shown,
}

/// Every key of the settings with its value, in the order of the document.
pub(crate) fn all(settings: &Settings) -> Vec<InForce> {
    let mut all = Vec::new();
    for Entry { about, shown, .. } in HOUSE {
        all.extend(shown(settings).map(|shown| in_force(about.key.into(), about, shown)));
    }
    for sink in &settings.sinks {
        all.extend(of_each("sinks", &sink.name, SINK, sink));
    }
    for place in &settings.notify {
        all.extend(of_each("notify", &place.name, NOTIFY, place));
    }
    all
}

/// Every environment variable that stands for a key, with the key as it is written in the file, and what is known of it.
pub(crate) fn variables() -> impl Iterator<Item = (&'static str, String, &'static About)> {
    let house = HOUSE.iter().map(|entry| (&entry.about, entry.about.key.to_owned()));
    // The bucket is what the variable is called after.
    let sink = SINK.iter().filter(|entry| entry.about.key != "database");
    let sink =
        sink.map(|entry| (&entry.about, format!("{} of the [[sinks]] named influxdb", entry.about.key)));
    house.chain(sink).filter_map(|(about, key)| Some((about.variable?, key, about)))
}

/// The keys of one of several tables, under the name that it has among them.
fn of_each<T>(
    section: &str,
    name: &str,
    entries: &'static [Entry<T>],
    one: &T,
) -> impl Iterator<Item = InForce> {
    entries.iter().filter_map(move |Entry { about, shown, .. }| {
        let name = format!("{section}.{name}.{}", about.key);
        shown(one).map(|shown| in_force(name, about, shown))
    })
}

/// A path in the file is relative to that file: it is told in full, so that it means the same wherever it is written next.
fn in_force(name: String, about: &'static About, mut shown: Shown) -> InForce {
    if about.kind == PATH
        && let (Origin::File(..), What::Plain(Value::String(path))) = (&shown.origin, &mut shown.value)
        && let Ok(whole) = std::path::absolute(&*path)
    {
        *path = whole.display().to_string();
    }
    InForce { name, about, shown }
}

fn plain<T>(setting: &Setting<T>, written: fn(&T) -> Value) -> Option<Shown> {
    Some(Shown { value: What::Plain(written(&setting.value)), origin: setting.origin.clone() })
}

fn optional<T>(setting: Option<&Setting<T>>, written: fn(&T) -> Value) -> Option<Shown> {
    setting.map_or_else(nothing, |setting| plain(setting, written))
}

fn secret(setting: Option<&Setting<Secret>>) -> Option<Shown> {
    let shown = |setting: &Setting<Secret>| {
        Some(Shown { value: What::Secret(setting.value.clone()), origin: setting.origin.clone() })
    };
    setting.map_or_else(nothing, shown)
}

const fn nothing() -> Option<Shown> {
    Some(Shown { value: What::Unset, origin: Origin::Default })
}

/// A row. What is written before the key says what the field is: a `set` one always has a value, an `open` one may have none,
/// a `hidden` one is a secret.
macro_rules! row {
    (set $key:literal $(as $variable:path)?: $takes:ident, $kind:tt, $($field:ident).+ => $written:path, $meaning:literal) => {
        row!(@ $key, [$($variable)?], $takes, $kind, "", $meaning,
            |of| super::plain(&of.$($field).+, $written), |to, from| to.$($field).+ = from.$($field).+.clone())
    };
    (open $key:literal $(as $variable:path)?: $takes:ident, $kind:tt or $unset:literal, $($field:ident).+ => $written:path,
        $meaning:literal) => {
        row!(@ $key, [$($variable)?], $takes, $kind, $unset, $meaning,
            |of| super::optional(of.$($field).+.as_ref(), $written), |to, from| to.$($field).+ = from.$($field).+.clone())
    };
    (hidden $key:literal $(as $variable:path)?: $takes:ident, $kind:tt or $unset:literal, $($field:ident).+,
        $meaning:literal) => {
        row!(@ $key, [$($variable)?], $takes, $kind, $unset, $meaning,
            |of| super::secret(of.$($field).+.as_ref()), |to, from| to.$($field).+ = from.$($field).+.clone())
    };
    (@ $key:literal, [$($variable:path)?], $takes:ident, $kind:expr, $unset:expr, $meaning:expr, $shown:expr, $take:expr) => {
        super::Entry {
            about: super::About {
                key: $key,
                variable: row!(@variable $($variable)?),
                kind: $kind,
                unset: $unset,
                meaning: $meaning,
                takes: super::Takes::$takes,
            },
            shown: $shown,
            take: $take,
        }
    };
    (@variable) => { None };
    (@variable $variable:path) => { Some($variable) };
}
use row;

#[cfg(test)]
mod tests;
