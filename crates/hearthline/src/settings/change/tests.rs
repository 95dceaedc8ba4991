use std::path::Path;

use super::super::{Environment, Purpose, load};
use super::*;

fn settings(text: &str) -> Settings {
    let read = |_: &Path| Ok(text.to_owned());
    load(Some(Path::new("/etc/hearthline.toml")), &Environment::default(), &read, Purpose::Read).unwrap()
}

const BEFORE: &str = "[filter]\nexclude = [\"light\"]\n[store]\nflush_rows = 5\n[criteria]\nuptime = \"95%\"\n\
                      [[sinks]]\ntype = \"influxdb\"\nurl = \"http://a:8086\"\ntoken = \"hunter2\"\n";

fn names(before: &str, after: &str) -> Vec<(String, Takes)> {
    changes(&settings(before), &settings(after)).into_iter().map(|one| (one.name, one.takes)).collect()
}

#[test]
fn another_place_in_the_file_is_no_change() {
    assert_eq!(names(BEFORE, &format!("# said first\n\n{BEFORE}")), []);
    let moved = taken_up(&settings(BEFORE), &settings(&format!("\n\n{BEFORE}")));
    assert_eq!(
        moved.store.flush_rows.origin.to_string(),
        "/etc/hearthline.toml:6",
        "it is told where it is now"
    );
}

#[test]
fn what_needs_a_start_keeps_its_value_and_the_rest_is_taken_up() {
    let after = "[filter]\ninclude = [\"light\"]\n[store]\nflush_rows = 6\n[criteria]\nuptime = \"96%\"\n\
                 [[sinks]]\ntype = \"influxdb\"\nurl = \"http://a:8086\"\ntoken = \"hunter3\"\nexclude = [\"light.a\"]\n";
    let live = |name: &str| (name.to_owned(), Takes::Live);
    let part = |name: &str| (name.to_owned(), Takes::Part);
    assert_eq!(
        names(BEFORE, after),
        [
            live("filter.include"),
            live("filter.exclude"),
            ("store.flush_rows".into(), Takes::Restart),
            live("criteria.uptime"),
            part("sinks.influxdb.token"),
            part("sinks.influxdb.exclude"),
        ]
    );
    let merged = taken_up(&settings(BEFORE), &settings(after));
    assert_eq!((*merged.store.flush_rows, &*merged.filter.include.value), (5, &["light".to_owned()][..]));
    let sink = merged.sinks.first().unwrap();
    assert_eq!((sink.token.as_ref().unwrap().expose(), sink.filter.exclude.len()), ("hunter3", 1));
    let waits = changes(&merged, &settings(after));
    assert_eq!(
        waits.iter().map(|one| &*one.name).collect::<Vec<_>>(),
        ["store.flush_rows"],
        "it goes on waiting"
    );
}

#[test]
fn a_sink_that_comes_or_goes_needs_a_start_and_is_told_by_what_is_written_of_it() {
    let second = "[[sinks]]\ntype = \"influxdb\"\nname = \"second\"\nurl = \"http://b:8086\"\n";
    let restart = |name: &str| (name.to_owned(), Takes::Restart);
    let both = format!("{BEFORE}{second}");
    assert_eq!(names(BEFORE, &both), [restart("sinks.second.name"), restart("sinks.second.url")]);
    assert_eq!(names(&both, BEFORE), [restart("sinks.second.name"), restart("sinks.second.url")]);
    let merged = taken_up(&settings(BEFORE), &settings(&both));
    assert_eq!(merged.sinks.len(), 1);
    let changed = changes(&settings(BEFORE), &settings(&both));
    assert_eq!(changed.first().unwrap().sink(), Some("second"));
}

#[test]
fn another_layout_is_one_change_of_each_key_that_is_written() {
    let ha = format!("{BEFORE}layout = \"ha\"\ndefault_measurement = \"state\"\n");
    let part = |name: &str| (name.to_owned(), Takes::Part);
    assert_eq!(
        names(BEFORE, &ha),
        [
            part("sinks.influxdb.database"),
            part("sinks.influxdb.layout"),
            part("sinks.influxdb.default_measurement"),
        ]
    );
}

#[test]
fn another_token_in_the_same_file_is_taken_up_by_itself() {
    let with = |token: &'static str| {
        let file = "[home_assistant]\nurl = \"http://ha:8123\"\ntoken_file = \"/t\"\n";
        let read = move |path: &Path| Ok(if path == Path::new("/t") { token } else { file }.to_owned());
        load(Some(Path::new("/etc/hearthline.toml")), &Environment::default(), &read, Purpose::Record)
            .unwrap()
    };
    let changes = changes(&with("one"), &with("two"));
    assert_eq!((changes.len(), changes.first().unwrap().takes), (1, Takes::Live));
}
