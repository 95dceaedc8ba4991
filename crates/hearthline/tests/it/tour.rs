//! `hearthline demo --tour`: it holds on a program that is well, and fails on one that is not.

use std::time::Duration;

use serde_json::Value;

use crate::hearthline::Hearthline;
use crate::wait::until;

/// The folder of the environment is not the tour's own, and nobody is at the address.
fn program() -> Hearthline {
    Hearthline::new("http://127.0.0.1:1", "unused")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_of_the_tour_holds_figure_by_figure() {
    let program = program();
    let folder = program.path("tour");
    let arguments = ["demo", "--tour", "--json", "--seed", "3", "--data-dir", folder.to_str().unwrap()];
    let toured = program.command(&arguments).await;
    println!("{}", toured.stdout);
    assert_eq!(toured.code, 0, "{}", toured.stderr);
    let tour: Value = serde_json::from_str(&toured.stdout).unwrap();
    assert_eq!(tour["holds"], true);
    let acts = tour["acts"].as_array().unwrap();
    let names: Vec<_> = acts.iter().map(|act| act["act"].as_str().unwrap()).collect();
    assert_eq!(names, ["types", "connection", "influxdb", "kill -9", "runbook", "files"]);
    for act in acts {
        let figures = act["figures"].as_array().unwrap();
        assert!(figures.len() >= 5 && figures.iter().all(|figure| figure["holds"] == true), "{act}");
    }
    let again = program.command(&arguments).await;
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("has a recording already"), "{}", again.stderr);
    let history = program.command(&["export", "--format", "ndjson", "--entity", "light.hue_lamp"]).await;
    assert_ne!(history.code, 0, "the tour leaves the folder of the environment alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_dies_by_itself_fails_the_tour() {
    let program = program();
    let folder = program.path("tour");
    let mut tour = program.spawn(&["demo", "--tour", "--data-dir", folder.to_str().unwrap()]);
    until("the tour has begun", Duration::from_secs(40), async || {
        tour.said().contains("is being recorded").then_some(())
    })
    .await;
    let running: Value = serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    let killed = std::process::Command::new("kill").args(["-9", &running["pid"].to_string()]).status();
    assert!(killed.unwrap().success());
    let ended = tour.ended(Duration::from_secs(200)).await;
    let said = tour.said();
    assert_eq!(ended.code(), Some(1), "{said}");
    let first = said.lines().find(|line| line.starts_with("types")).unwrap();
    assert!(first.contains("FAILED"), "{first}");
    assert!(said.contains("has ended by itself (signal: 9"), "{said}");
    assert!(said.contains("FAILED: types"), "{said}");
}
