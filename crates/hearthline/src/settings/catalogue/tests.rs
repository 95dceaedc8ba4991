use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::settings::{Environment, Mistakes, Purpose, load, text};

const PLACE_ALONE: &str = "[[notify]]\ntype = \"ntfy\"\nurl = \"https://ntfy.example/house\"\n";
const SINK_ALONE: &str = "[[sinks]]\ntype = \"influxdb\"\nurl = \"http://a:8086\"\n";

fn read(text: &str) -> Result<Settings, Mistakes> {
    let read = |path: &Path| {
        Ok(match path.to_str() {
            Some("/etc/hearthline.toml") => text,
            Some("/etc/address") => "https://hunter2.example",
            _ => "hunter2",
        }
        .to_owned())
    };
    load(Some(Path::new("/etc/hearthline.toml")), &Environment::default(), &read, Purpose::Read)
}

/// The keys that the reader asks for in a section, as it tells somebody who writes one that there is not.
fn known(section: &str) -> BTreeSet<String> {
    let Err(mistakes) = read(&format!("{section}\nzzzzzzzz = 1\n")) else {
        panic!("{section} takes anything")
    };
    let told = mistakes
        .0
        .into_iter()
        .find_map(|mistake| Some(mistake.problem.todo.strip_prefix("remove it; known here: ")?.to_owned()));
    told.unwrap().split(", ").map(str::to_owned).collect()
}

#[test]
fn every_key_that_is_read_has_a_row_and_every_row_is_read() {
    let rows: BTreeSet<&str> = HOUSE.iter().map(|entry| entry.about.key).collect();
    assert_eq!(rows.len(), HOUSE.len(), "a row for each");
    let mut read = BTreeSet::new();
    for name in known("") {
        // A section holds keys of its own, and no value.
        let section = rows.iter().any(|row| row.starts_with(&format!("{name}.")));
        if section {
            read.extend(known(&format!("[{name}]")).into_iter().map(|key| format!("{name}.{key}")));
        } else if name != "sinks" && name != "notify" {
            read.insert(name);
        }
    }
    let of_file = rows.iter().filter(|row| row.bytes().any(|byte| byte.is_ascii_lowercase()));
    // A key that only a variable says.
    let of_file: BTreeSet<String> =
        of_file.filter(|row| **row != "weather.api_key").map(ToString::to_string).collect();
    assert_eq!(read, of_file);

    let rows: BTreeSet<String> = SINK.iter().map(|entry| entry.about.key.to_owned()).collect();
    assert_eq!(known(SINK_ALONE), rows);
    let rows: BTreeSet<String> = NOTIFY.iter().map(|entry| entry.about.key.to_owned()).collect();
    assert_eq!(known(PLACE_ALONE), rows);
}

#[test]
fn the_page_of_the_settings_is_what_the_rows_say() {
    let (defaults, sink) = (read("").unwrap(), read(SINK_ALONE).unwrap().sinks.remove(0));
    let place = read(PLACE_ALONE).unwrap().notify.remove(0);
    let page = docs::configuration(&defaults, &sink, &place);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, page.as_bytes()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/configuration.md is stale: run this test with INSTA_UPDATE=always");
}

#[test]
fn what_is_shown_can_be_read_again_and_says_the_same() {
    let shown = |settings: &Settings| {
        let all = all(settings).into_iter().map(|one| (one.name, one.shown.value));
        all.collect::<Vec<_>>()
    };
    let first = read(super::super::tests::EVERY_KEY).unwrap();
    let kept: Vec<_> = all(&first).into_iter().map(|one| (one.name, one.shown)).collect();
    let lines = kept.iter().map(|(name, shown)| text::Line {
        name,
        value: match &shown.value {
            What::Plain(value) => value,
            _ => &Value::Null,
        },
        secret: matches!(shown.value, What::Secret(_)),
        origin: match &shown.origin {
            Origin::Default => None,
            _ => Some("/etc/hearthline.toml"),
        },
    });
    let file = text::file(lines);
    assert!(!file.contains("hunter2"), "{file}");
    let again = read(&file).unwrap_or_else(|mistakes| panic!("{mistakes}\n{file}"));
    assert_eq!(shown(&again), shown(&first), "{file}");
}

#[test]
fn a_path_that_is_relative_to_its_file_is_told_so_that_it_holds_in_any_file() {
    let text = "[home_assistant]\ntoken_file = \"secrets/home_assistant\"\n[backup]\ndir = \"/mnt/nas\"\n";
    let read_file = |_: &Path| Ok(text.to_owned());
    let environment = Environment::default();
    let settings = load(Some(Path::new("house/own.toml")), &environment, &read_file, Purpose::Read).unwrap();
    let told = |name: &str| {
        let one = all(&settings).into_iter().find(|one| one.name == name).unwrap();
        one.shown.value
    };
    let whole = std::env::current_dir().unwrap().join("house/secrets/home_assistant");
    assert_eq!(told("home_assistant.token_file"), What::Plain(whole.display().to_string().into()));
    assert_eq!(told("backup.dir"), What::Plain("/mnt/nas".into()));
    assert_eq!(told("data_dir"), What::Plain("./data".into()), "which no file says");
}

#[test]
fn every_value_of_every_key_is_told_and_no_secret() {
    let settings = read(super::super::tests::EVERY_KEY).unwrap();
    let told: Vec<String> = all(&settings)
        .into_iter()
        .map(|InForce { name, shown, .. }| match shown.value {
            What::Unset => format!("{name}: nothing"),
            What::Plain(value) => format!("{name}: {} ({})", text::value(&value), shown.origin),
            What::Secret(_) => format!("{name}: a secret ({})", shown.origin),
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
