//! Every repair that there is, killed at each of its steps and started again, and taken back where it says that it can be.

use std::collections::BTreeSet;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::CATALOGUE;
use super::testing::{Case, Killed, killed_at_each_step};
use super::{connection, gaps, log, quarantine, restart, schema, sink, store};

/// A repair, with options, and what became of it.
type Row = (&'static str, &'static str, Killed);

/// Each on a thread of its own; where time is not that of a server, it passes at once.
fn on(
    paused: bool,
    (name, what, options): (&'static str, &'static str, Value),
    build: impl AsyncFn() -> Case + Send + 'static,
) -> JoinHandle<Row> {
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap();
        (name, what, runtime.block_on(killed_at_each_step(name, options, build)))
    })
}

fn waits(name: &'static str, build: impl AsyncFn() -> Case + Send + 'static) -> JoinHandle<Row> {
    on(true, (name, "", Value::Null), build)
}

fn works(
    name: &'static str,
    what: &'static str,
    options: Value,
    build: impl AsyncFn() -> Case + Send + 'static,
) -> JoinHandle<Row> {
    on(false, (name, what, options), build)
}

#[test]
fn each_repair_killed_at_each_step_ends_as_without_and_is_taken_back_where_it_can_be() {
    let clear = json!({ "mode": "clear" });
    let rows = [
        waits("connection", connection::tests::case),
        waits("restart", restart::tests::case),
        waits("gaps", gaps::tests::case),
        waits("quarantine", quarantine::tests::case),
        works("log", "", Value::Null, log::tests::case),
        works("store", "files", Value::Null, store::tests::files),
        works("store", "manifest", Value::Null, store::tests::manifest),
        works("sink", "", Value::Null, sink::tests::case),
        works("schema", "copy", Value::Null, schema::copy::tests::case),
        works("schema", "rewrite", json!({ "mode": "rewrite" }), schema::rewrite::tests::case),
        works("schema", "clear", clear, schema::clear::tests::case),
    ];
    let rows = rows.map(|row| row.join().unwrap());
    println!(
        "| Repair | | Steps | Killed, and the same in the end | Killed on its way back, and as it was |"
    );
    println!("| --- | --- | --- | ---: | ---: |");
    for (name, what, Killed { steps, there, back }) in &rows {
        let back = back.map_or("no way back".to_owned(), |kills| kills.to_string());
        println!("| {name} | {what} | {} | {there} | {back} |", steps.join(", "));
    }
    let tried: BTreeSet<_> = rows.iter().map(|(name, ..)| *name).collect();
    assert_eq!(tried, CATALOGUE.iter().map(|kind| kind.name).collect(), "all that there are");
    for (name, what, Killed { steps, there, back }) in &rows {
        // Begun, each step begun and done, verified: twice each.
        let receipts = 2 * (2 + 2 * steps.len() as u64);
        assert_eq!(*there, receipts, "{name} {what}");
        let kind = CATALOGUE.iter().find(|kind| kind.name == *name).unwrap();
        let nothing = kind.undo.starts_with("nothing to take back") || *what == "manifest";
        assert_eq!(back.is_none(), nothing, "{name} {what}: {}", kind.undo);
    }
}
