//! What the old way could not write is written, the history of before is put in order, and what was lost comes back.

use std::time::Instant;

use serde_json::json;

use super::table::{Scene, Table};
use super::{MEASUREMENT, Night, now, seconds, sink};
use crate::hearthline::Run;

pub(super) async fn play(night: &Night, run: &mut Run, table: &mut Table) {
    let began = now();
    night.passes().await;
    let status = night.settled(run).await;
    let told = sink(&status);
    assert_eq!((&told["quarantined"], &told["write_errors"]), (&json!(0), &json!(0)), "{told}");

    let count = async |field: &str, kind: &str| night.server.count(MEASUREMENT, field, kind).await;
    let (texts, ours) = (count("attr_dynamics", "string").await, count("attr_dynamics_str", "string").await);
    let truths = count("attr_dynamics_bool", "boolean").await;
    assert!(texts >= 100 && ours > 0 && truths > 0, "{texts} of before, {ours} and {truths} of ours");
    let schema = night.repair(&["schema"]).await;
    let after = count("attr_dynamics_str", "string").await;
    assert_eq!(after, ours + texts, "what was there is beside ours");
    assert_eq!(count("attr_dynamics", "string").await, texts, "and where it was");
    assert_eq!(count("attr_dynamics_bool", "boolean").await, truths);
    println!("{schema}");
    let scene = Scene {
        what: "`attr_dynamics` is text in the bucket, and comes as boolean",
        itself: format!("no event refused: {truths} booleans went to `attr_dynamics_bool`"),
        repair: format!(
            "`repair schema`: `attr_dynamics_str` has {after} texts, {ours} of ours and {texts} of before"
        ),
        ..Scene::default()
    };
    table.add(night.account(run, began, scene).await);
}

/// What the old way lost is in Home Assistant's history.
pub(super) async fn come_back(night: &Night, run: &mut Run, table: &mut Table, offered: usize) {
    let (asked, began) = (Instant::now(), night.began);
    let answer = night.hearthline.command(&["backfill", "--json", "--from", &began.to_string()]).await;
    assert_eq!(answer.code, 0, "{answer:?}");
    let gap = answer.json();
    let scene = Scene {
        what: "what the old way lost",
        person: format!(
            "`backfill --from`: of {offered} events all that were missing came from history, {} in {:.0} s",
            gap["recovered"],
            seconds(asked)
        ),
        ..Scene::default()
    };
    table.add(night.account(run, began, scene).await);
}
