//! Backups of the real program while it records: taken, rehearsed, put back, and compared with what was fired. `cargo xtask soak`
//! does it with a million events.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock, Timestamp};
use hearthline_sim::{Fault, HomeAssistant, House};
use serde_json::Value;

use crate::hearthline::{Answer, Hearthline, Run};
use crate::simulated::{recorded, stored_with};
use crate::wait::{alone, is_whole, until};

const SETTINGS: &str =
    "[store]\nflush_interval = \"2s\"\n[backup]\ndir = \"backups of the house\"\nevery = \"1d\"\nkeep = 2\n";

fn storm(peer: &HomeAssistant, per_second: u32, lasting: Duration) {
    peer.cause(Fault::Storm { per_second, lasting, attribute_bytes: 100 });
}

async fn has_fired(peer: &HomeAssistant, events: u64, within: Duration) {
    until("so many events are fired", within, async || (peer.counters().fired >= events).then_some(())).await;
}

/// What a backup says of itself; nothing else is wrong.
async fn backed_up(hearthline: &Hearthline) -> Value {
    let answer = hearthline.command(&["backup", "--json"]).await;
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    let backup = answer.json();
    assert_eq!(backup["damaged"], serde_json::json!([]));
    backup
}

fn figure(document: &Value, pointer: &str) -> u64 {
    document.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {document}"))
}

fn equal(rehearsed: &Answer) -> Value {
    assert_eq!(rehearsed.code, 0, "{}{}", rehearsed.stdout, rehearsed.stderr);
    let document = rehearsed.json();
    assert_eq!(document["equal"], true, "{document}");
    document
}

/// Every state that is stored, once.
async fn stored(hearthline: &Hearthline, data: &Path) -> BTreeMap<(String, Timestamp), Option<String>> {
    let at = data.display().to_string();
    stored_with(hearthline, &[("HEARTHLINE_DATA_DIR", &at)]).await
}

async fn all_in_files(run: &mut Run) {
    run.within(Duration::from_secs(120), "the store has the log", |status| {
        status.count("/sinks/0/pending") == 0
    })
    .await;
    run.post("/api/v1/flush").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_backed_up_under_a_thousand_events_a_second_is_the_house_up_to_a_moment() {
    let _alone = alone().await;
    let (peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let hearthline = hearthline.with_settings(SETTINGS);
    let mut run = hearthline.start();
    run.connected().await;
    storm(&peer, 1000, Duration::from_secs(16));
    has_fired(&peer, 4000, Duration::from_secs(60)).await;
    let first = backed_up(&hearthline).await;
    has_fired(&peer, 9000, Duration::from_secs(60)).await;
    let second = backed_up(&hearthline).await;
    let fired_by_then = peer.counters().fired;
    has_fired(&peer, 14_000, Duration::from_secs(60)).await;
    assert!(figure(&second, "/log/events") > figure(&first, "/log/events"));
    assert!(figure(&second, "/rows") > 0, "the store has files: {second}");
    assert!(
        figure(&second, "/new_files") < figure(&second, "/files"),
        "what has not changed is there: {second}"
    );
    let status = run.status().await;
    assert!(status.count("/backup/age_s") < 60, "{}", status.at("/backup"));

    // The running program rehearses its own; another folder is looked at by the command.
    let name = second["name"].as_str().unwrap().to_owned();
    let rehearsed = equal(&hearthline.command(&["restore", "--rehearse", &name, "--json"]).await);
    let events =
        rehearsed["compared"].as_array().unwrap().iter().find(|one| one["what"] == "events of the log");
    assert_eq!(events.unwrap()["found"], second["log"]["events"]);
    let list = hearthline.command(&["backup", "list", "--json"]).await.json();
    assert_eq!(list["backups"][0]["rehearsed"]["equal"], true, "{list}");
    let counters = peer.counters();
    assert_eq!((counters.cut_off, counters.connections_ever), (0, 1), "recording went on");

    // A third takes the first away, and what only that had.
    backed_up(&hearthline).await;
    let list = hearthline.command(&["backup", "list", "--json"]).await.json();
    assert_eq!(list["backups"].as_array().unwrap().len(), 2);
    assert_eq!(hearthline.command(&["backup", "verify", &name]).await.code, 0);

    // Not where something is, nor where a program runs.
    let full = hearthline.command(&["restore", &name]).await;
    assert!(full.code == 1 && full.stderr.contains("another hearthline runs on"), "{}", full.stderr);
    assert_eq!(run.stop().await.code(), Some(0));
    let full = hearthline.command(&["restore", &name]).await;
    assert!(full.code == 1 && full.stderr.contains("is not empty"), "{}", full.stderr);

    // Elsewhere, where Home Assistant cannot be reached: what the folder has is all there is.
    let again = hearthline.path("again");
    let to = again.display().to_string();
    let restored = hearthline.command(&["restore", &name, "--to", &to]).await;
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert!(restored.stdout.contains("not in it: HOME_ASSISTANT_TOKEN"), "{}", restored.stdout);
    let nowhere = [("HEARTHLINE_DATA_DIR", to.as_str()), ("HOME_ASSISTANT_URL", "http://127.0.0.1:9")];
    let mut run = hearthline.start_on(&again, &nowhere);
    all_in_files(&mut run).await;
    assert_eq!(run.stop().await.code(), Some(0));
    let stored_again = stored(&hearthline, &again).await;
    let ledger: Vec<_> =
        peer.ledger().into_iter().map(|fired| (fired.entity_id.to_string(), fired.time_fired)).collect();
    let (had, lacks) = ledger.split_at(stored_again.len());
    assert!(had.iter().all(|key| stored_again.contains_key(key)), "every event up to the cut");
    assert!(!lacks.iter().any(|key| stored_again.contains_key(key)), "and none behind it");
    assert_eq!(stored_again.len() as u64, figure(&second, "/log/events"), "as the backup says");
    assert!(stored_again.len() as u64 <= fired_by_then);

    // And with Home Assistant: what happened since is fetched from its history.
    let mut run = hearthline.start_on(&again, &[("HEARTHLINE_DATA_DIR", to.as_str())]);
    run.connected().await;
    run.within(Duration::from_secs(150), "the gap is closed", |status| status.count("/gaps/open") == 0).await;
    all_in_files(&mut run).await;
    assert_eq!(run.stop().await.code(), Some(0));
    let stored_again = stored(&hearthline, &again).await;
    assert!(ledger.iter().all(|key| stored_again.contains_key(key)), "nothing is lost");
    println!("{} events up to the cut, {} after history", had.len(), stored_again.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_backup_is_none_and_a_killed_restore_is_gone_on_with() {
    let _alone = alone().await;
    let (peer, hearthline) = recorded(House::empty(2, SystemClock::new().now())).await;
    let hearthline = hearthline.with_settings(SETTINGS);
    let mut run = hearthline.start();
    run.connected().await;
    storm(&peer, 1000, Duration::from_secs(5));
    has_fired(&peer, 4500, Duration::from_secs(60)).await;
    run.stop().await;
    // Without a program, at whatever moment it is killed.
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..5 {
        let mut backup = hearthline.spawn(&["backup"]);
        tokio::time::sleep(Duration::from_millis(random.u64(1..120))).await;
        backup.kill().await;
    }
    let backup = backed_up(&hearthline).await;
    let name = backup["name"].as_str().unwrap();
    assert_eq!(hearthline.command(&["backup", "verify", name]).await.code, 0);
    equal(&hearthline.command(&["restore", "--rehearse", "--json"]).await);

    let to = hearthline.path("again").display().to_string();
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(hearthline.path("again/restoring"), name).unwrap();
    let refused = hearthline.command_with(&[("HEARTHLINE_DATA_DIR", &to)], &["run"]).await;
    assert!(refused.code == 1 && refused.stderr.contains("did not come to its end"), "{}", refused.stderr);
    let restored = hearthline.command(&["restore", "--to", &to]).await;
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    let looked = hearthline.command_with(&[("HEARTHLINE_DATA_DIR", &to)], &["log", "verify"]).await;
    assert_eq!(looked.code, 0, "{}", looked.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_events_are_backed_up_under_load_and_rehearsed() {
    let _alone = alone().await;
    let events: u64 = if is_whole() { 1_000_000 } else { 20_000 };
    let (peer, hearthline) = recorded(House::empty(3, SystemClock::new().now())).await;
    let hearthline = hearthline.with_settings(SETTINGS);
    let mut run = hearthline.start();
    run.connected().await;
    let began = Instant::now();
    storm(&peer, 1000, Duration::from_secs(events / 1000 * 2));
    let most = Duration::from_secs(events / 500 + 60);
    run.within(most, "half of it is logged", |status| status.count("/events/logged") >= events / 2).await;
    let first = backed_up(&hearthline).await;
    run.within(most, "all of it is logged", |status| status.count("/events/logged") >= events).await;
    let (filled, second) = (began.elapsed(), backed_up(&hearthline).await);
    let rehearsed = equal(&hearthline.command(&["restore", "--rehearse", "--json"]).await);
    // Whether a connection is kept at this rate is another test's matter, and the machine's.
    assert_eq!(run.status().await.count("/gaps/lost"), 0);
    assert!(figure(&second, "/log/events_total") >= events, "{second}");
    for (which, backup) in [("first", &first), ("second", &second)] {
        println!(
            "{which}: {} events, {} files, {:.1} MiB, of these new {} files, {:.1} MiB, in {} ms",
            figure(backup, "/log/events_total"),
            figure(backup, "/files"),
            figure(backup, "/bytes") as f64 / 1_048_576.0,
            figure(backup, "/new_files"),
            figure(backup, "/new_bytes") as f64 / 1_048_576.0,
            figure(backup, "/took_ms"),
        );
    }
    println!(
        "logged within {:.0} s; put there in {} ms, opened and compared in {} ms: {}",
        filled.as_secs_f64(),
        figure(&rehearsed, "/restore_ms"),
        figure(&rehearsed, "/open_ms"),
        rehearsed["says"],
    );
    for one in rehearsed["compared"].as_array().unwrap() {
        println!("  {}: {} in the backup, {} found", one["what"], one["backup"], one["found"]);
    }
    assert_eq!(run.stop().await.code(), Some(0));
}
