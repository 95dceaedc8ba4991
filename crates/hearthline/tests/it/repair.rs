//! `hearthline repair` from outside: on a demonstration of which something is broken, and on a folder on which nothing runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::demo::influx;
use crate::hearthline::{Answer, Hearthline};

const SOON: Duration = Duration::from_secs(90);

async fn repair(program: &Hearthline, arguments: &[&str]) -> Answer {
    let mut all = vec!["repair", "--json"];
    all.extend(arguments);

    program.command(&all).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_bucket_is_made_again_the_connection_too_and_a_part_is_started_anew() {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let mut run = program.demo();
    run.connected().await;
    run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;

    run.cause("bucket-dropped").await;
    run.within(SOON, "the sink is parked", |status| influx(status)["state"] == "parked").await;
    let found = repair(&program, &[]).await.json();
    let sink = found["findings"].as_array().unwrap().iter().find(|found| found["repair"] == "sink");
    let sink = sink.unwrap_or_else(|| panic!("{found}"));
    assert_eq!(sink["options"], json!({ "sink": "influxdb-simulated" }));
    let done = repair(&program, &["sink", "--apply"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let receipt = &done.json()["receipt"];
    let says = receipt["steps"].as_array().unwrap().iter().map(|step| step["done"]["says"].to_string());
    println!("repair sink: {}", says.collect::<Vec<_>>().join(", "));
    let stored = run.status().await.at("/sinks").as_array().unwrap()[0]["delivered"].as_u64().unwrap();
    assert!(receipt["steps"][2]["done"]["data"]["events"].as_u64().unwrap() >= stored, "{receipt}");
    assert_eq!(receipt["state"], "done");
    assert!(receipt["before"].as_array().unwrap().len() > 3, "{receipt}");
    run.within(SOON, "the sink takes again", |status| influx(status)["state"] == "healthy").await;

    let attempts = run.status().await.count("/home_assistant/attempts");
    let done = repair(&program, &["connection", "--apply"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let says = &done.json()["receipt"]["steps"][0]["done"];
    println!("repair connection: {}", says["says"]);
    assert!(says["data"]["seconds"].as_f64().unwrap() < 5.0, "{says}");
    assert_eq!(run.status().await.count("/home_assistant/attempts"), attempts + 1);

    let done = repair(&program, &["restart", "weather", "--apply"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    println!("repair restart: {}", done.json()["receipt"]["steps"][0]["done"]["says"]);
    let wrong = repair(&program, &["restart", "cellar", "--apply"]).await;
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("no part is called \"cellar\""), "{wrong:?}");

    let listed = repair(&program, &["--list"]).await.json();
    let states: Vec<_> =
        listed["receipts"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["done", "done", "done"]);
    assert_eq!(run.stop().await.code(), Some(0));

    // Nothing runs: the receipts are read from the folder, and what needs the program says so.
    let id = listed["receipts"][0]["id"].as_str().unwrap();
    assert_eq!(repair(&program, &["--show", id]).await.json()["receipt"]["state"], "done");
    let refused = repair(&program, &["gaps", "--apply"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    for arguments in [&["fly"][..], &["gaps", "--sink", "a"], &["sink"]] {
        let refused = repair(&program, arguments).await;
        assert_eq!(refused.code, 2, "{refused:?}");
    }
}

/// The files of a folder whose names have this in them.
fn files(dir: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, part));
        } else if path.display().to_string().contains(part) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_manifest_is_damaged_starts_again_with_every_row_after_a_repair() {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let mut run = program.demo();
    run.connected().await;
    run.until("something is recorded", |status| status.count("/events/logged") > 100).await;
    assert_eq!(run.stop().await.code(), Some(0));
    let exported = async || {
        let answer = program.command(&["export", "--format", "csv", "--from", "2000-01-01"]).await;
        assert_eq!(answer.code, 0, "{answer:?}");
        let mut lines: Vec<_> = answer.stdout.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let wanted = exported().await;
    assert!(wanted.len() > 50, "{}", wanted.len());
    let manifest = files(&program.data().join("store"), "/manifest.").remove(0);
    let mut bytes = std::fs::read(&manifest).unwrap();
    bytes[12] ^= 0xff;
    std::fs::write(&manifest, bytes).unwrap();

    let plan = repair(&program, &["store"]).await.json();
    assert!(plan["finding"].as_str().unwrap().contains("is damaged"), "{plan}");
    let done = repair(&program, &["store", "--apply"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    println!("repair store: {}", done.json()["receipt"]["steps"][1]["done"]["says"]);
    assert_eq!(repair(&program, &["store"]).await.json()["steps"], json!([]));
    assert_eq!(exported().await, wanted, "every row is there, before the log is read again");

    let mut run = program.demo();
    run.connected().await;
    assert_eq!(run.status().await.at("/events/unaccounted"), &json!(0));
    assert_eq!(run.stop().await.code(), Some(0));
    let after = exported().await;
    let there = wanted.iter().filter(|line| after.binary_search(line).is_ok()).count();
    assert_eq!(there, wanted.len(), "each of them is there still");
    let mut once = after.clone();
    once.dedup();
    assert_eq!(once.len(), after.len(), "and once");
}
