use std::path::Path;

use super::*;
use crate::settings::{Environment, Purpose, load};

fn now(file: &str) -> SettingsInForce {
    let read = |_: &Path| Ok(file.to_owned());
    let environment: Environment = [("HOME_ASSISTANT_URL", "http://192.168.1.10:8123")].into_iter().collect();
    in_force(&load(Some(Path::new("/etc/hearthline.toml")), &environment, &read, Purpose::Read).unwrap())
}

const FILE: &str = "[home_assistant]\ntoken = \"hunter2\"\n[filter]\nexclude = [\"light\", \"sensor.*_battery\"]\n[store]\n\
                    retention = \"365d\"\n[[sinks]]\ntype = \"influxdb\"\nurl = \"http://influx:8086\"\npassword = \"hunter3\"\n\
                    username = \"me\"\ntags = { house = \"summer house\" }\n";

fn kept(number: u64, file: &str) -> KeptSet {
    KeptSet {
        number,
        since: format!("2026-11-2{number}T10:00:00.000000Z"),
        healthy: String::new(),
        version: "0.1.0".into(),
        file: None,
        settings: of_now(&now(file)),
    }
}

#[test]
fn what_is_set_is_told_with_who_said_so_and_without_a_secret() {
    let page = render(&now(FILE), false, false);
    assert!(!page.contains("hunter"), "{page}");
    insta::assert_snapshot!(page);
    assert!(render(&now(FILE), true, true).contains("store.flush_rows"), "all of it");
}

#[test]
fn what_was_kept_is_shown_as_a_file_and_says_where_a_secret_belongs() {
    let page = as_file(&kept(1, FILE).settings);
    assert!(!page.contains("hunter"), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn the_list_says_what_each_changed() {
    let other =
        FILE.replace("\"365d\"", "\"30d\"").replace("password = \"hunter3\"\nusername = \"me\"\n", "");
    let kept = KeptSettings { kept: vec![kept(2, &other), kept(1, FILE)] };
    insta::assert_snapshot!(list(&kept));
    assert_eq!(find(&kept, 3).unwrap_err().to_string(), "no settings are kept under 3; there are 2, 1");
    assert_eq!(diff(&kept.kept[0].settings, &kept.kept[0].settings), []);
}
