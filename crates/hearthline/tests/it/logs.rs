//! What the program says of itself, what a person writes down, and the report of an incident.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::demo::influx;
use crate::hearthline::{Hearthline, Run};
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);
/// Of the demonstration's Home Assistant.
const TOKEN: &str = "simulated-token";

fn demo() -> Hearthline {
    Hearthline::new("http://127.0.0.1:1", "unused").with_variable("HEARTHLINE_LOG", "debug")
}

/// The lines that `hearthline logs --json` answers.
async fn lines(program: &Hearthline, arguments: &[&str]) -> Vec<Value> {
    let all: Vec<&str> = ["logs", "--json", "--tail", "5000"].iter().chain(arguments).copied().collect();
    let answer = program.command(&all).await;
    assert_eq!(answer.code, 0, "{answer:?}");
    answer.json()["lines"].as_array().unwrap().clone()
}

fn says(line: &Value) -> String {
    format!("{}: {} {}", line["part"].as_str().unwrap(), line["message"].as_str().unwrap(), line["fields"])
}

async fn filled(run: &mut Run) {
    run.within(SOON, "each gap is filled", |status| {
        status.count("/gaps/open") == 0 && status.count("/gaps/filled") > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_told_with_its_downtime_its_gap_its_receipt_and_its_note() {
    let program = demo();
    let mut run = program.demo();
    run.connected().await;
    run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    // What mends itself loses nothing, and is no error.
    run.cause("drop").await;
    filled(&mut run).await;
    let errors = lines(&program, &["--level", "error"]).await;
    assert!(errors.is_empty(), "{errors:?}");
    let warned = lines(&program, &["home_assistant", "--level", "warn"]).await;
    assert!(warned.iter().any(|line| says(line).contains("trying again")), "{warned:?}");

    run.cause("bucket-dropped").await;
    run.within(SOON, "the sink is parked", |status| influx(status)["state"] == "parked").await;
    run.cause("token-revoked").await;
    run.within(SOON, "the token is refused", |status| status.connection() == "parked").await;
    run.within(SOON, "both are alerts", |status| status.count("/alerts/critical") > 0).await;
    // Each error is of something that waits for a person.
    let errors = lines(&program, &["--level", "error"]).await;
    let hands = ["parked: no further attempt", "waits for a person", "make a new long-lived token"];
    let needs_a_hand = |line: &Value| hands.iter().any(|words| says(line).contains(words));
    assert!(errors.iter().all(needs_a_hand), "{errors:#?}");
    for part in ["home_assistant", "influxdb-simulated", "alerts"] {
        assert!(errors.iter().any(|line| line["part"] == part), "{part}: {errors:#?}");
    }

    let noted = program.command(&["note", &format!("a new token, the old one was {TOKEN}")]).await;
    assert_eq!(noted.code, 0, "{noted:?}");
    run.cause("heal").await;
    run.cause("token-restored").await;
    run.connected().await;
    let repaired = program.command(&["repair", "restart", "weather", "--apply", "--json"]).await;
    assert_eq!(repaired.code, 0, "{repaired:?}");
    filled(&mut run).await;
    run.within(SOON, "the sink takes again", |status| influx(status)["state"] == "healthy").await;

    let path = program.path("night.md");
    let written = program.command(&["report", "--since", "1h", "--out", path.to_str().unwrap()]).await;
    assert_eq!(written.code, 0, "{written:?}");
    let report = std::fs::read_to_string(&path).unwrap();
    for part in [
        "**Nothing was lost: ",
        "Nothing was recorded for ",
        "| filled |",
        "| sink_behind:influxdb-simulated | critical |",
        "-restart`",
        "a new token, the old one was ***",
        "parked: no further attempt until that is mended",
        "A gap is filled from Home Assistant's history by itself",
        "| House | a simulated one |",
        "Of each part, looked at each second since ",
    ] {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
    assert_eq!(run.stop().await.code(), Some(0));
    let files = program.files_with(TOKEN.as_bytes());
    assert_eq!(files, [] as [&Path; 0], "a secret is nowhere in the data folder");
    assert!(!report.contains(TOKEN));

    let alone = program.command(&["report", "--since", "1h"]).await;
    assert_eq!(alone.code, 0, "{alone:?}");
    assert!(alone.stdout.contains("| Now | the program does not run |"), "{}", alone.stdout);
    assert!(alone.stdout.contains("| filled |"), "the gaps are told from the log: {}", alone.stdout);
    assert!(alone.stdout.contains("a new token, the old one was ***"), "{}", alone.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_is_read_after_a_kill_and_followed_over_the_next_start() {
    let program = demo();
    let mut run = program.demo();
    run.connected().await;
    until("what it said is in a file", SOON, async || {
        (!program.files_with(b"has let us in").is_empty()).then_some(())
    })
    .await;
    run.kill().await;
    drop(run);
    for file in files(&program.data().join("logs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let (whole, _torn) = text.rsplit_once('\n').unwrap_or(("", &text));
        for line in whole.lines() {
            serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
    }
    let before = lines(&program, &[]).await;
    assert!(before.iter().any(|line| says(line).contains("has let us in")), "{before:?}");

    let follower = program.spawn(&["logs", "--follow", "--tail", "1", "--json"]);
    until("it shows the last line", SOON, async || (!follower.said().is_empty()).then_some(())).await;
    let noted = program.command(&["note", "started it again"]).await;
    assert_eq!(noted.code, 0, "without a program: {noted:?}");
    let mut run = program.demo();
    run.connected().await;
    until("it shows what the next run says", SOON, async || {
        follower.said().contains("has let us in").then_some(())
    })
    .await;
    let shown: Vec<u64> = follower
        .said()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["seq"].as_u64())
        .collect();
    assert!(shown.windows(2).all(|two| two[1] == two[0] + 1), "each line once, in order: {shown:?}");
    let listed = program.command(&["note", "--list", "--json"]).await;
    assert_eq!(listed.json()["notes"][0]["text"], "started it again");
    assert_eq!(run.stop().await.code(), Some(0));
    let all = lines(&program, &[]).await;
    assert!(all.last().unwrap()["message"].as_str().unwrap().starts_with("stopped"), "{:?}", all.last());
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every message of level `error` in the source, with `…` for what differs.
fn errors(folder: &Path, found: &mut Vec<String>) {
    for path in files(folder) {
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs" || name == "tests");
        if path.is_dir() && !is_test {
            errors(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            found.extend(code.split("tracing::error!(").skip(1).map(message));
        }
    }
}

/// The last text among the arguments of a call.
fn message(call: &str) -> String {
    let (mut texts, mut text, mut depth): (Vec<String>, Option<String>, i32) = (Vec::new(), None, 1);
    let mut signs = call.chars().peekable();
    while let Some(sign) = signs.next() {
        match (&mut text, sign) {
            (Some(said), '\\') => match signs.next() {
                Some('\n') => while signs.next_if(|sign| sign.is_whitespace()).is_some() {},
                Some(other) => said.push(other),
                None => {}
            },
            (Some(_), '"') => texts.extend(text.take()),
            (Some(said), sign) => said.push(sign),
            (None, '"') => text = Some(String::new()),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 {
            break;
        }
    }
    let said = texts.pop().unwrap();
    let mut pieces = said.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |said, piece| said + "…" + piece.split_once('}').map_or(piece, |(_, rest)| rest))
}

#[test]
fn every_error_is_told_with_why_it_is_one_and_what_to_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut said = Vec::new();
    for folder in files(&root.join("crates")) {
        errors(&folder.join("src"), &mut said);
    }
    let document = std::fs::read_to_string(root.join("docs/operations/logs.md")).unwrap();
    let (_, section) = document.split_once("\n## Errors\n").unwrap();
    let rows = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let mut told: Vec<String> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 3, "{row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
            cells[0].strip_prefix('`').unwrap().strip_suffix('`').unwrap().to_owned()
        })
        .collect();
    said.sort();
    said.dedup();
    told.sort();
    assert_eq!(told, said, "docs/operations/logs.md has each message of level error, and no other");
}
