//! `hearthline settings [list|show|diff]`: what holds and who said so, and what held before while all was well.

use clap::Subcommand;
use hearthline_api::{
    KeptSet, KeptSetting, KeptSettings, Setting, SettingChange, SettingMistake, SettingsInForce,
};
use hearthline_core::RealFs;
use serde_json::Value;

use super::Context;
use crate::app::reload::{in_force, read_kept};
use crate::exit::Exit;
use crate::house::Program;
use crate::settings::text;
use crate::table::{table, text as drawn};

/// Shows what holds, or what held.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also what nobody has set
    #[arg(long)]
    all: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The last settings under which all was well for a minute
    List,
    /// One of them as a settings file, without secrets; without a number what holds now
    Show {
        /// As in the list
        number: Option<u64>,
    },
    /// What differs between two of them, or between one and what holds now; without a number the newest is meant
    Diff {
        /// The one before
        a: Option<u64>,
        /// The one after; without it what holds now
        b: Option<u64>,
    },
}

/// Asks the running program, else the settings file and the data folder.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::of(&context.settings)?;
    let now: SettingsInForce = match &program {
        Some(program) => program.query("/api/v1/settings", &[]).await?,
        None => in_force(&context.settings),
    };
    let Some(what) = args.what else {
        return context.answer(&now, &render(&now, args.all, program.is_some()));
    };
    let kept: KeptSettings = match &program {
        Some(program) => program.query("/api/v1/settings/kept", &[]).await?,
        None => read_kept(&RealFs, &context.settings.data_dir)?,
    };
    match what {
        What::List => context.answer(&kept, &list(&kept)),
        What::Show { number: None } => context.answer(&now, &as_file(&of_now(&now))),
        What::Show { number: Some(number) } => {
            let set = find(&kept, number)?;
            context.answer(set, &as_file(&set.settings))
        }
        What::Diff { a, b } => {
            let before = match a {
                Some(number) => find(&kept, number)?,
                None => kept.kept.first().ok_or_else(none)?,
            };
            let after = match b {
                Some(number) => find(&kept, number)?.settings.clone(),
                None => of_now(&now),
            };
            let changes = diff(&before.settings, &after);
            let lines: String = changes.iter().map(|change| format!("{}\n", line(change))).collect();
            let page = if lines.is_empty() { "they are the same\n".into() } else { lines };
            context.answer(&changes, &page)
        }
    }
}

fn none() -> anyhow::Error {
    anyhow::anyhow!("no settings are kept yet: they are once all was well under them for a minute")
}

fn find(kept: &KeptSettings, number: u64) -> anyhow::Result<&KeptSet> {
    let found = kept.kept.iter().find(|set| set.number == number);
    found.ok_or_else(|| match &*kept.kept {
        [] => none(),
        sets => {
            let numbers: Vec<_> = sets.iter().map(|set| set.number.to_string()).collect();
            anyhow::anyhow!("no settings are kept under {number}; there are {}", numbers.join(", "))
        }
    })
}

fn of_now(now: &SettingsInForce) -> Vec<KeptSetting> {
    let kept = |one: &Setting| KeptSetting {
        name: one.name.clone(),
        value: one.value.clone(),
        secret: one.secret,
        origin: one.origin.clone(),
    };
    now.settings.iter().map(kept).collect()
}

fn as_file(settings: &[KeptSetting]) -> String {
    text::file(settings.iter().map(|one| text::Line {
        name: &one.name,
        value: &one.value,
        secret: one.secret,
        origin: one.origin.as_deref(),
    }))
}

fn diff(before: &[KeptSetting], after: &[KeptSetting]) -> Vec<SettingChange> {
    let of = |all: &[KeptSetting], name: &str| {
        all.iter()
            .find(|one| one.name == name)
            .map_or((Value::Null, false), |one| (one.value.clone(), one.secret))
    };
    let gone = before.iter().filter(|one| !after.iter().any(|other| other.name == one.name));
    let names = after.iter().chain(gone).map(|one| &one.name);
    names
        .filter_map(|name| {
            let ((from, was), (to, is)) = (of(before, name), of(after, name));
            // Of two secrets it is not known whether they are the same.
            (from != to || was != is).then(|| SettingChange {
                name: name.clone(),
                from,
                to,
                secret: was || is,
                holds: String::new(),
            })
        })
        .collect()
}

/// A change in a line.
pub(super) fn line(change: &SettingChange) -> String {
    let SettingChange { name, from, to, secret, .. } = change;
    if *secret {
        return format!("{name}: another secret");
    }
    let said = |value: &Value| if value.is_null() { "nothing".into() } else { text::value(value) };
    format!("{name}: {} -> {}", said(from), said(to))
}

/// Mistakes as a start tells them.
pub(super) fn mistakes(mistakes: &[SettingMistake]) -> String {
    let said = mistakes.iter().map(|SettingMistake { place, key, reason, todo }| {
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        format!("{place}: {key}{reason}\n  {todo}\n")
    });
    said.collect()
}

fn render(now: &SettingsInForce, all: bool, running: bool) -> String {
    let mut rows = table(&["Setting", "Value", "From"]);
    for Setting { name, value, secret, origin, unset, .. } in &now.settings {
        if !all && origin.is_none() {
            continue;
        }
        let value = match value {
            _ if *secret => "set, not told".to_owned(),
            Value::Null => unset.clone(),
            value => text::value(value),
        };
        rows.add_row([name.as_str(), &value, origin.as_deref().unwrap_or("default")]);
    }
    let file = now
        .file
        .as_deref()
        .map_or("the environment alone".to_owned(), |file| format!("{file} and the environment"));
    let mut page = if running {
        format!("In force since {}, from {file}:\n", second(&now.since))
    } else {
        format!("Nothing is running; a start would take, from {file}:\n")
    };
    page += &drawn(&rows);
    if !all {
        page += "All others are as they come: `hearthline settings --all`.\n";
    }
    for change in &now.waiting {
        page += &format!("With the next start: {}\n", line(change));
    }
    for note in &now.notes {
        page += &format!("Note: {note}\n");
    }
    if let Some(last) = &now.last_reload {
        page += &format!(
            "Read again at {} ({}): {}\n{}",
            second(&last.at),
            last.by,
            last.says,
            mistakes(&last.mistakes)
        );
    }
    page
}

/// A time to the second.
fn second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(time, _)| format!("{time}Z"))
}

fn list(kept: &KeptSettings) -> String {
    if kept.kept.is_empty() {
        return "No settings are kept yet: they are once all was well under them for a minute.\n".into();
    }
    let mut rows = table(&["Number", "Since", "Against the one before"]);
    for (n, set) in kept.kept.iter().enumerate() {
        let changes = match kept.kept.get(n + 1) {
            Some(before) => {
                let changes = diff(&before.settings, &set.settings);
                changes.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            None => "the oldest that is kept".into(),
        };
        rows.add_row([set.number.to_string(), second(&set.since), changes]);
    }
    drawn(&rows)
}

#[cfg(test)]
mod tests;
