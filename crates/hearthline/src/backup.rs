//! What backups are given of the settings. No secret goes into one.

use std::path::Path;
use std::sync::Arc;

use hearthline_core::{Clock, Fs, RealFs, SystemClock};
use hearthline_runbook::backup::{self, Job, LeftOut, Source};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::app::both_alone;
use crate::settings::secret::written_in;
use crate::settings::{Secret, Settings};
use crate::{api_token, startup};

/// Kept of those that the program takes by itself, where the settings do not say how many.
const KEEP: usize = 14;
/// A text that is shorter may stand in any file.
const SHORTEST: usize = 8;
/// The ends of keys whose values are secrets.
const SECRET: [&str; 4] = ["token", "password", "api_key", "secret"];

/// Where backups lie, how often they are taken and how many are kept.
pub(crate) fn job(settings: &Settings) -> Job {
    let backup = &settings.backup;
    let every = backup.every.as_ref().map(|every| every.value);
    let dir = backup.dir.as_ref().map_or_else(|| settings.data_dir.join("backups"), |dir| dir.value.clone());
    Job { dir, every, keep: backup.keep.as_ref().map(|keep| keep.value).or(every.map(|_| KEEP)) }
}

/// The data folder on which nothing runs.
///
/// # Errors
/// When store or log cannot be opened.
pub(crate) fn source_alone(settings: &Settings) -> anyhow::Result<Source> {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let (store, log) = both_alone(settings)?;
    let data_dir = settings.data_dir.value.clone();
    Ok(Source { fs, clock, data_dir, store, log, settings: of_settings(settings) })
}

/// The settings, as they go into a backup at the moment of asking.
pub(crate) fn of_settings(settings: &Settings) -> Arc<dyn Fn() -> backup::Settings + Send + Sync> {
    let settings = settings.clone();
    Arc::new(move || of(&settings))
}

fn of(settings: &Settings) -> backup::Settings {
    let (named, mut left_out) = (named(settings), Vec::new());
    let is_in =
        |secret: &Secret, text: &str| secret.expose().len() >= SHORTEST && text.contains(secret.expose());
    let todo = |what: &str| format!("write {what} again, or bring the file that it is in");
    let bytes = settings.config.as_ref().map(|path| (path, (&RealFs as &dyn Fs).read(path)));
    let file = bytes.and_then(|(path, bytes)| {
        let masked = bytes.map_err(|error| error.to_string()).and_then(|bytes| masked(&bytes));
        match masked {
            Ok((text, _)) if named.iter().any(|(_, secret)| is_in(secret, &text)) => {
                let why = "a secret is in it where none is expected".into();
                left_out.push(LeftOut {
                    what: path.display().to_string(),
                    why,
                    todo: "bring it along yourself".into(),
                });
                None
            }
            Ok((text, keys)) => {
                left_out.extend(keys.into_iter().map(|key| LeftOut {
                    todo: todo(&key),
                    what: key,
                    why: "secrets are never in a backup; an empty text stands in its place".into(),
                }));
                Some(text.into_bytes())
            }
            Err(why) => {
                let what = path.display().to_string();
                left_out.push(LeftOut { what, why, todo: "bring it along yourself".into() });
                None
            }
        }
    });
    left_out.extend(named.iter().filter(|(origin, _)| !origin.is_empty()).map(|(origin, _)| LeftOut {
        what: origin.clone(),
        why: "secrets are never in a backup".into(),
        todo: "set it again".into(),
    }));
    let secrets = named.into_iter().map(|(_, secret)| secret.expose().to_owned());
    let secrets = secrets.filter(|secret| secret.len() >= SHORTEST).collect();
    let path = place(settings).unwrap_or_else(|| "settings.toml".into());
    backup::Settings { lines: startup::of_settings(settings), path, file, left_out, secrets }
}

/// Where the settings file lies within the data folder, if it does.
fn place(settings: &Settings) -> Option<String> {
    let whole = |path: &Path| std::path::absolute(path).ok();
    let file = whole(settings.config.as_deref()?)?;
    Some(file.strip_prefix(whole(&settings.data_dir)?).ok()?.display().to_string())
}

/// Every secret of this moment, with where it comes from if that is neither the settings file nor the data folder.
fn named(settings: &Settings) -> Vec<(String, Secret)> {
    use crate::settings::origin::Origin;
    let mut named: Vec<(String, Secret)> = settings
        .secrets()
        .map(|(secret, file)| match (file, &secret.origin) {
            (Some(file), _) => {
                (file.display().to_string(), written_in(file).unwrap_or_else(|| secret.value.clone()))
            }
            (None, Origin::Env(name)) => ((*name).to_owned(), secret.value.clone()),
            (None, _) => (String::new(), secret.value.clone()),
        })
        .collect();
    named.extend(
        settings
            .notify
            .iter()
            .flat_map(|place| place.headers.iter())
            .filter_map(|(_, value)| Some((String::new(), Secret::new(value.to_str().ok()?)))),
    );
    let of_api = api_token::load(&settings.data_dir).ok().flatten();
    named.extend(of_api.map(|token| (String::new(), token)));
    named
}

/// The text of a settings file with an empty text in the place of each secret, and the keys of these. Its comments are left away
/// where one may hold a secret: a line that a person has taken out of use.
fn masked(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let content = DeTable::parse(text).map_err(|error| format!("it is no TOML: {}", error.message()))?;
    let (mut spans, mut keys) = (Vec::new(), Vec::new());
    find(content.get_ref(), "", &mut |key, span| {
        keys.push(key.to_owned());
        spans.push(span);
    });
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut masked = text.to_owned();
    for span in spans {
        if masked.get(span.clone()).is_none() {
            return Err("the place of a secret in it is not known".into());
        }
        masked.replace_range(span, "\"\"");
    }
    let is_secret = |line: &str| {
        let comment = line.trim_start();
        comment.starts_with('#') && SECRET.iter().any(|word| comment.contains(word))
    };
    let lines = masked.lines().map(|line| if is_secret(line) { "# (left out)" } else { line });
    Ok((lines.flat_map(|line| [line, "\n"]).collect(), keys))
}

fn find(table: &DeTable<'_>, within: &str, found: &mut dyn FnMut(&str, std::ops::Range<usize>)) {
    for (key, value) in table {
        let key = key.get_ref();
        let name = if within.is_empty() { key.to_string() } else { format!("{within}.{key}") };
        if SECRET.iter().any(|word| key.ends_with(word)) || name == "notify.url" || within == "notify.headers"
        {
            found(&name, value.span());
        } else {
            within_value(value, &name, found);
        }
    }
}

fn within_value(
    value: &Spanned<DeValue<'_>>,
    name: &str,
    found: &mut dyn FnMut(&str, std::ops::Range<usize>),
) {
    match value.get_ref() {
        DeValue::Table(table) => find(table, name, found),
        DeValue::Array(values) => values.iter().for_each(|value| within_value(value, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Purpose, load};

    #[test]
    fn a_settings_file_goes_without_its_secrets_and_says_which() {
        let text = "data_dir = \"/x\" # here\n[home_assistant]\n# token = \"old-secret\"\ntoken = 'very-secret'\n\n[[sinks]]\n\
                    type = \"influxdb\"\npassword = \"\"\"\nmany\nlines\"\"\"\n[[sinks]]\ntags = { a = \"b\", api_key = \"deep\" }\n\
                    token_file = \"/etc/t\"\n[[notify]]\nurl = \"https://a/b\"\nheaders = { X-Key = \"c\" }\n";
        let (masked, keys) = masked(text.as_bytes()).unwrap();
        insta::assert_snapshot!(masked, @r#"
        data_dir = "/x" # here
        [home_assistant]
        # (left out)
        token = ""

        [[sinks]]
        type = "influxdb"
        password = ""
        [[sinks]]
        tags = { a = "b", api_key = "" }
        token_file = "/etc/t"
        [[notify]]
        url = ""
        headers = { X-Key = "" }
        "#);
        assert_eq!(
            keys,
            [
                "home_assistant.token",
                "notify.headers.X-Key",
                "notify.url",
                "sinks.password",
                "sinks.tags.api_key"
            ]
        );
        assert!(super::masked(b"token = \"a\" b").is_err());
    }

    #[test]
    fn where_backups_lie_and_how_many_are_kept() {
        let of = |text: &str| {
            let read = |_: &std::path::Path| Ok(text.to_owned());
            job(&load(Some("/etc/a.toml".as_ref()), &Environment::default(), &read, Purpose::Read).unwrap())
        };
        let none = of("data_dir = \"/d\"");
        assert_eq!(none, Job { dir: "/d/backups".into(), every: None, keep: None });
        let all = of("[backup]\ndir = \"nas\"\nevery = \"1d\"");
        let day = std::time::Duration::from_secs(86_400);
        assert_eq!(all, Job { dir: "/etc/nas".into(), every: Some(day), keep: Some(14) });
        assert_eq!(of("[backup]\nkeep = 3").keep, Some(3));
    }
}
