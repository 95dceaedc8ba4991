//! `check --env-file`: what the settings of an older system, as a file of variables, mean here.
//!
//! A line is `NAME=value`, with `export` before it or not, with quotes around the value or not, as Docker Compose and shells read
//! it; what begins with `#` is a remark. No value is ever shown that belongs to a secret.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::app::reload::{in_force, mistake};
use crate::commands::Context;
use crate::commands::settings::mistakes as told;
use crate::exit::Exit;
use crate::settings::catalogue::{About, variables};
use crate::settings::environment::variable;
use crate::settings::{Environment, Mistakes, Purpose, load, nearest, text};

/// Variables that say what one of ours says under another name; what to write instead.
const NEEDED: [(&str, &str); 2] = [
    (variable::HOME_ASSISTANT_URL, "the address of Home Assistant, as in http://192.168.1.10:8123"),
    (variable::HOME_ASSISTANT_TOKEN, "a long-lived access token (your profile, Security)"),
];

/// Without which something is off.
const USEFUL: [(&str, &str); 2] = [
    (variable::INFLUXDB_URL, "only the embedded store is written"),
    (
        variable::WEATHER_API_KEY,
        "no provider that wants a key is asked; the house's own weather entity needs none",
    ),
];

/// What the file means.
#[derive(Debug, PartialEq, Serialize)]
struct Answer {
    /// Variable, the key that it stands for, and what that does.
    understood: Vec<Understood>,
    /// Variable, and why nothing is done with it.
    ignored: Vec<(String, String)>,
    /// Variable, and what is missing with it.
    missing: Vec<(String, String)>,
    /// Variable, and what is as it comes without it.
    not_set: Vec<(String, String)>,
    mistakes: Vec<hearthline_api::SettingMistake>,
    /// The same as a settings file.
    toml: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Understood {
    variable: String,
    key: String,
    meaning: String,
}

/// Lists what is understood, ignored and missing; or prints the settings file that it makes.
pub(super) fn run(file: &Path, toml: bool, context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let content = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let answer = understand(&content);
    let page = if toml { answer.toml.clone() } else { render(&answer) };
    context.answer(&answer, &page)?;
    let good = answer.mistakes.is_empty() && answer.missing.is_empty();
    Ok(if good { Exit::Ok } else { Exit::Usage })
}

fn understand(content: &str) -> Answer {
    let (set, others) = parse(content);
    let known: BTreeMap<&str, (String, &About)> =
        variables().map(|(name, key, about)| (name, (key, about))).collect();
    let (mut understood, mut ignored) = (Vec::new(), Vec::new());
    for (name, value) in &set {
        match known.get(name.as_str()) {
            _ if value.trim().is_empty() => {
                ignored.push((name.clone(), "it is empty, which is as if it were not set".into()))
            }
            Some((key, about)) => understood.push(Understood {
                variable: name.clone(),
                key: key.clone(),
                meaning: about.meaning.into(),
            }),
            None => ignored.push((name.clone(), why(name, known.keys().copied()))),
        }
    }
    // Its text is not shown: it may be a part of a secret.
    ignored.extend(others.iter().map(|number| (format!("line {number}"), "it is no NAME=value".to_owned())));
    let is_set = |name: &str| set.get(name).is_some_and(|value| !value.trim().is_empty());
    let lacking = |of: [(&str, &str); 2]| {
        let lacking = of.into_iter().filter(|(name, _)| !is_set(name));
        lacking.map(|(name, what)| (name.to_owned(), what.to_owned())).collect::<Vec<_>>()
    };
    let environment: Environment = set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let none = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let (mistakes, toml) = match load(None, &environment, &none, Purpose::Read) {
        Ok(settings) => {
            ignored.extend(settings.notes.iter().filter_map(|note| {
                let (name, why) = note.split_once(": ")?;
                set.contains_key(name).then(|| (name.to_owned(), why.to_owned()))
            }));
            understood.retain(|one| !ignored.iter().any(|(name, _)| *name == one.variable));
            (Vec::new(), as_file(&in_force(&settings)))
        }
        Err(Mistakes(mistakes)) => (mistakes.iter().map(mistake).collect(), String::new()),
    };
    Answer { understood, ignored, missing: lacking(NEEDED), not_set: lacking(USEFUL), mistakes, toml }
}

fn why<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let near = nearest(name, known);
    near.map_or_else(
        || "nothing here has this name: what it sets is as it comes, or is written under another key (docs/configuration.md)".into(),
        |near| format!("nothing here has this name; did you mean {near}?"),
    )
}

/// The file that says the same. What was a secret is to be put where it is not read by accident.
fn as_file(settings: &hearthline_api::SettingsInForce) -> String {
    let lines = settings.settings.iter().map(|one| text::Line {
        name: &one.name,
        value: &one.value,
        secret: one.secret,
        // Said by the file that is made.
        origin: one.origin.as_ref().map(|_| "the file of variables"),
    });
    text::file(lines)
}

/// The variables, and the numbers of the lines that set none.
fn parse(content: &str) -> (BTreeMap<String, String>, Vec<usize>) {
    let (mut set, mut others) = (BTreeMap::new(), Vec::new());
    for (number, line) in (1..).zip(content.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match pair(line) {
            Some((name, value)) => drop(set.insert(name.to_owned(), value.to_owned())),
            None => others.push(number),
        }
    }
    (set, others)
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
    let value = match quoted {
        Some((value, _)) => value,
        // A remark behind a value stands after a space.
        None => value.split(" #").next().unwrap_or(value).trim_end(),
    };
    (!name.is_empty()).then_some((name, value))
}

fn render(answer: &Answer) -> String {
    let mut page = String::new();
    let mut list = |title: &str, lines: Vec<String>| {
        let _ = writeln!(page, "{title}: {}", lines.len());
        for line in lines {
            let _ = writeln!(page, "  {line}");
        }
    };
    let pairs =
        |pairs: &[(String, String)]| pairs.iter().map(|(name, what)| format!("{name}: {what}")).collect();
    list(
        "Understood",
        answer.understood.iter().map(|one| format!("{} is {}", one.variable, one.key)).collect(),
    );
    list("Ignored", pairs(&answer.ignored));
    list("Missing", pairs(&answer.missing));
    list("Not set", pairs(&answer.not_set));
    if !answer.mistakes.is_empty() {
        page += &told(&answer.mistakes);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_an_older_system_are_understood_ignored_or_missing() {
        let content = "# the old house\n\
            HOME_ASSISTANT_URL=http://192.168.1.10:8123\n\
            export HOME_ASSISTANT_TOKEN=\"hunter2.hunter2\" # of my profile\n\
            INFLUXDB_URL='http://influx:8086'\n\
            INFLUXDB_TOKEN=hunter3\n\
            INFLUXDB_BUCKET=home_assistant_events\n\
            INFLUXDB_ORGS=me\n\
            WEATHER_API_KEY=\n\
            EVENT_PROCESSOR_PORT=8001\n\
            nonsense\n";
        let answer = understand(content);
        let page = format!("{}\n# as a file\n{}", render(&answer), answer.toml);
        assert!(!page.contains("hunter"), "{page}");
        insta::assert_snapshot!(page);
    }

    #[test]
    fn what_is_missing_or_wrong_is_told() {
        let answer = understand("HOME_ASSISTANT_URL=192.168.1.10\nINFLUXDB_ORG=me\n");
        insta::assert_snapshot!(render(&answer));
        let answer = understand("INFLUXDB_ORG=me\n");
        assert_eq!(
            answer.ignored,
            [("INFLUXDB_ORG".to_owned(), "of no use without INFLUXDB_URL".to_owned())]
        );
        assert!(answer.understood.is_empty());
    }
}
