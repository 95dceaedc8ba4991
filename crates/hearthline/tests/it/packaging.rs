//! What is in `packaging`, as far as it can be tried without an engine that runs it.

mod app;
mod compose;
mod unit;

use std::path::{Path, PathBuf};
use std::process::Command;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::House;
use serde_json::Value;

use crate::hearthline::Hearthline;
use crate::process::peer;
use crate::simulated::recorded;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging")
}

fn packaging(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The words of the instruction of that name, which end its line as a JSON array.
fn instruction(dockerfile: &str, name: &str) -> Vec<String> {
    let line = dockerfile.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_str(&line[line.find('[').unwrap()..]).unwrap()
}

/// What a program that has ended said, and whether it ended well.
fn ended(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A document of YAML, read by PyYAML.
fn yaml(text: &str) -> Value {
    let read = "import json, sys, yaml; json.dump(yaml.safe_load(sys.argv[1]), sys.stdout)";
    let (well, said) = ended(peer("python/bin/python").args(["-c", read, text]));
    assert!(well, "{said}");
    serde_json::from_str(&said).unwrap()
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(|word| &**word).collect()
}

#[tokio::test]
async fn the_entry_points_record_and_the_health_check_follows() {
    let docker = packaging("docker/Dockerfile");
    let app = packaging("home-assistant/hearthline/Dockerfile");
    for image in [&docker, &app] {
        assert_eq!(instruction(image, "ENTRYPOINT"), ["hearthline"]);
    }
    let (command, asked) = (instruction(&docker, "CMD"), instruction(&docker, "HEALTHCHECK"));
    assert_eq!(instruction(&app, "CMD"), command);
    let (command, check) = (words(&command), words(&asked[1..]));
    assert_eq!(asked[0], "hearthline");

    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let before = hearthline.command(&check).await;
    assert_eq!(before.code, 1, "{before:?}");
    assert!(before.stdout.contains("hearthline run"), "it says what to do: {before:?}");

    let mut run = hearthline.start_with(&command);
    run.connected().await;
    let well = hearthline.command(&check).await;
    assert_eq!((well.code, well.stdout.lines().count()), (0, 1), "{well:?}");
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn the_health_check_fails_where_data_is_being_lost() {
    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let hearthline = hearthline.with_variable("HOME_ASSISTANT_TOKEN", "wrong");
    let mut run = hearthline.start();
    run.until("its token is refused", |status| status.at("/overall") == "unhealthy").await;
    let checked = hearthline.command(&["healthcheck"]).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.stdout.contains("token"), "{checked:?}");
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn every_option_of_the_app_is_one_and_is_explained() {
    let config = packaging("home-assistant/hearthline/config.yaml");
    let schema = config.split_once("\nschema:\n").unwrap().1;
    let options: Vec<&str> =
        schema.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name).collect();
    assert_eq!(options.len(), 7);
    let explained = packaging("home-assistant/hearthline/translations/en.yaml");
    let values = options.iter().map(|name| {
        assert!(explained.contains(&format!("\n  {name}:\n")), "{name} is not explained");
        (*name, if *name == "influxdb_url" { "http://127.0.0.1:9" } else { "" })
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    serde_json::to_writer(&file, &values.collect::<std::collections::BTreeMap<_, _>>()).unwrap();
    let hearthline = Hearthline::new("http://127.0.0.1:9", "token")
        .with_variable("HEARTHLINE_OPTIONS", &file.path().display().to_string());
    let checked = hearthline.command(&["check", "--offline"]).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(config.contains(&format!("version: \"{}\"", env!("CARGO_PKG_VERSION"))));
}
