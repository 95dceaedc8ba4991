//! `hearthline runbook` from outside: on a demonstration of which something is broken, killed at one line after the other, and on
//! a folder on which nothing runs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::hearthline::{Answer, Hearthline};
use crate::wait::until;

const SOON: Duration = Duration::from_secs(90);
/// What a run may take on a busy machine.
const LONG: Duration = Duration::from_secs(240);

async fn runbook(program: &Hearthline, arguments: &[&str]) -> Answer {
    program.command(&[&["runbook", "--json"], arguments].concat()).await
}

/// The lines of a run that were begun, by their kinds.
fn begun(receipt: &Value) -> Vec<String> {
    let (kinds, steps) = (receipt["plan"]["steps"].as_array().unwrap(), receipt["steps"].as_array().unwrap());
    let begun = kinds.iter().zip(steps).filter(|(_, was)| was["started"].is_string());
    begun.map(|(step, _)| step["kind"].as_str().unwrap().to_owned()).collect()
}

/// The receipt of the last run, as it is on disk.
fn on_disk(program: &Hearthline) -> Option<Value> {
    let mut runs: Vec<PathBuf> =
        std::fs::read_dir(program.data().join("runbooks")).ok()?.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    serde_json::from_slice(&std::fs::read(runs.pop()?.join("receipt.json")).ok()?).ok()
}

fn report(program: &Hearthline, run: &Value) -> String {
    let name = run["report"].as_str().unwrap_or_else(|| panic!("no report: {run}"));
    std::fs::read_to_string(program.data().join("reports").join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runbook_is_planned_without_the_program_and_applied_to_its_end_with_it() {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let without = runbook(&program, &["--plan"]).await;
    assert_eq!(without.code, 0, "{without:?}");
    assert_eq!(without.json()["steps"][0]["kind"], "document");
    let refused = runbook(&program, &["--apply", "--yes"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("start it with `hearthline run`"), "{refused:?}");

    let mut run = program.demo();
    run.connected().await;
    run.until("something is recorded", |status| status.count("/events/logged") > 100).await;
    let planned = runbook(&program, &["--plan", "--monitor", "4s"]).await.json();
    let kinds: Vec<_> =
        planned["steps"].as_array().unwrap().iter().map(|step| step["kind"].as_str().unwrap()).collect();
    // The demonstration's bucket has fields of an older system under other types.
    assert_eq!(
        kinds,
        ["document", "settings", "schema", "restart", "healthy", "canary", "monitor", "criteria"]
    );
    assert_eq!(planned["steps"][6]["seconds"], 4);
    assert!(!program.data().join("runbooks").exists(), "a plan touches nothing");
    let unconfirmed = runbook(&program, &["--apply"]).await;
    assert_eq!(unconfirmed.code, 2, "{unconfirmed:?}");
    assert!(!program.data().join("runbooks").exists(), "nobody has confirmed it");

    let told = program.command(&["runbook", "--apply", "--yes", "--monitor", "4s"]).await;
    println!("{}", told.stdout);
    // The first minutes of a house know too little of its weather.
    assert!([0, 3].contains(&told.code), "{told:?}");
    let signs: Vec<_> = told.stdout.lines().filter_map(|line| line.strip_prefix("✓")).collect();
    assert_eq!(signs.len(), 8, "{}", told.stdout);
    let last = runbook(&program, &["--show"]).await.json();
    let receipt = &last["seen"]["receipt"];
    assert_eq!(receipt["state"], "done");
    for (at, kind) in ["schema", "restart"].iter().enumerate() {
        let nested = receipt["steps"][at + 2]["done"]["data"]["receipt"].as_str().unwrap();
        let shown = program.command(&["repair", "--json", "--show", nested]).await.json();
        assert_eq!(
            (&shown["receipt"]["state"], &shown["receipt"]["plan"]["repair"]),
            (&"done".into(), &(*kind).into())
        );
    }
    let report = report(&program, &last);
    println!("{report}");
    for part in [
        "## Before",
        "## Lines",
        "## After",
        "## Performance targets",
        "## Counters",
        "## Data lost\n\nNothing",
        "## Downtime",
        "All parts were stopped and started anew within ",
        "## Settings",
        "| Total time |",
        "| Persisted of received | 100 % |",
    ] {
        assert!(report.contains(part), "{part} is missing");
    }
    let over_http = run.get(&format!("/api/v1/reports/{}", last["report"].as_str().unwrap())).await;
    assert_eq!(over_http, report);
    assert_eq!(run.status().await.at("/events/unaccounted"), 0);
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_one_line_after_the_other_it_goes_on_there_by_itself() {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let mut run = program.demo();
    run.connected().await;
    run.until("something is recorded", |status| status.count("/events/logged") > 100).await;
    let mut applying = program.spawn(&["runbook", "--apply", "--yes", "--monitor", "6s"]);
    let mut killed_at = BTreeSet::new();
    for line in ["schema", "restart", "canary", "monitor"] {
        until(&format!("line {line} is begun"), SOON, async || {
            begun(&on_disk(&program)?).contains(&line.to_owned()).then_some(())
        })
        .await;
        run.kill().await;
        killed_at.extend(begun(&on_disk(&program).unwrap()).pop());
        run = program.demo();
        run.connected().await;
    }
    println!("killed at {killed_at:?}");
    assert_eq!(
        applying.ended(SOON).await.code(),
        Some(4),
        "the command says that the program does not answer"
    );
    assert!(applying.said().contains("does not answer"), "{}", applying.said());
    let receipt =
        until("it is done", LONG, async || on_disk(&program).filter(|receipt| receipt["ended"].is_string()))
            .await;
    assert_eq!(receipt["state"], "done", "{receipt:#}");
    assert!(receipt["resumed"].as_array().unwrap().len() >= 2, "{receipt:#}");
    let again = runbook(&program, &["--show"]).await.json();
    let report = report(&program, &again);
    assert!(report.contains("| Gone on with |") && report.contains("The run was interrupted"), "{report}");
    // With the demonstration its house is gone too, so that not everything can be had: each gap is named.
    assert!(report.matches("the last run did not end in order").count() >= 3, "{report}");
    // Each line has one repair, however often it was killed at it.
    let listed = program.command(&["repair", "--json", "--list"]).await.json();
    let mut lines: Vec<_> = listed["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["line"].as_str().unwrap().to_owned())
        .collect();
    lines.sort();
    let id = receipt["id"].as_str().unwrap();
    assert_eq!(lines, [format!("{id}/restart"), format!("{id}/schema (influxdb-simulated)")]);
    assert_eq!(run.stop().await.code(), Some(0));
}
