//! The criteria watched for a while: held, not held, interrupted, and without a program.

mod real;

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Ending, Fault, HomeAssistant, House};
use serde_json::Value;

use crate::hearthline::{Hearthline, Run};
use crate::process::Process;
use crate::simulated::recorded;
use crate::wait::until;

/// What starting, looking and ending may take on a machine that is busy with other tests.
const BUSY: Duration = Duration::from_secs(60);

/// A lively house, recorded, of which everything that is known holds: for the usual shares it has not been recorded for long
/// enough.
async fn healthy() -> (HomeAssistant, Hearthline, Run) {
    let house = House::new(7, SystemClock::new().now()).with_rate(20.0);
    let (peer, hearthline) = recorded(house).await;
    let hearthline = hearthline.with_settings("[criteria]\nuptime = \"1%\"\nweather = \"1%\"\n");
    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    let mut run = hearthline.start();
    run.connected().await;
    run.within(BUSY, "every criterion that is known holds", |status| {
        let met = |met: bool| {
            status.at("/criteria").as_array().unwrap().iter().filter(move |one| one["met"] == met).count()
        };
        met(false) == 0 && met(true) >= 5
    })
    .await;
    (peer, hearthline, run)
}

fn criterion<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["criteria"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()
}

#[tokio::test]
async fn criteria_that_hold_are_passed_and_a_connection_that_is_lost_is_not() {
    let (peer, hearthline, mut run) = healthy().await;
    let answer = hearthline.command(&["monitor", "--for", "5s", "--json"]).await;
    let passed = answer.json();
    assert_eq!((answer.code, &passed["passed"]), (0, &Value::Bool(true)), "{passed}");
    assert!(passed["watched_s"].as_f64().unwrap() >= 5.0, "{passed}");
    assert!(passed["looks"].as_u64().unwrap() >= 2, "{passed}");
    assert!(passed["events"].as_u64().unwrap() > 0, "{passed}");
    assert_eq!(criterion(&passed, "connection")["held_s"], passed["watched_s"]);
    let not_held = passed["criteria"].as_array().unwrap().iter().filter(|one| one["outcome"] == "not_held");
    assert_eq!(not_held.count(), 0, "{passed}");

    let mut watch = hearthline.spawn(&["monitor", "--for", "12s"]);
    said(&watch, "of 12 s").await;
    peer.cause(Fault::Drop(Ending::Eof));
    let code = watch.ended(BUSY).await.code();
    let words = watch.said();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("NOT PASSED:") && words.contains("not held: connection"), "{words}");
    assert!(words.contains("connection lost: 1; gaps: 1, lost: 0"), "{words}");
    println!("{words}");
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_program_that_goes_away_is_said_and_holds_nothing() {
    let (_peer, hearthline, mut run) = healthy().await;
    let mut watch = hearthline.spawn(&["monitor", "--for", "6s"]);
    said(&watch, "of 6 s").await;
    run.kill().await;
    let code = watch.ended(BUSY).await.code();
    let words = watch.said();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("the program did not answer for "), "{words}");
    assert!(words.contains("0 held, "), "none holds without a program: {words}");

    let answer = hearthline.command(&["monitor", "--for", "6s"]).await;
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.stderr.contains("nothing is running on"), "{answer:?}");
}

#[tokio::test]
async fn who_interrupts_it_is_told_what_was_seen_and_it_is_not_passed() {
    let (_peer, hearthline, mut run) = healthy().await;
    let mut watch = hearthline.spawn(&["monitor"]);
    said(&watch, "of 1800 s").await;
    watch.signal("INT");
    let code = watch.ended(BUSY).await.code();
    let words = watch.said();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("NOT PASSED:\n  it ended after "), "{words}");
    assert!(words.contains("WebSocket connected"), "the table is there: {words}");
    assert_eq!(run.stop().await.code(), Some(0));
}

async fn said(process: &Process, words: &str) {
    let what = format!("it says {words:?}");
    until(&what, BUSY, async || process.said().contains(words).then_some(())).await;
}
