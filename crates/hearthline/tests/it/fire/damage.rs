//! Files of the log that are torn, changed or gone while nothing runs.

use std::io::Write as _;
use std::path::PathBuf;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::House;
use serde_json::Value;

use super::log;
use crate::hearthline::Hearthline;
use crate::simulated::{hears_once, recorded};

fn segments(hearthline: &Hearthline) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(hearthline.data().join("log")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    paths.sort();
    paths
}

#[tokio::test]
async fn a_log_that_is_torn_changed_and_lacks_a_file_is_named_part_by_part_and_goes_on() {
    let (peer, hearthline) = recorded(House::empty(14, SystemClock::new().now())).await;
    for word in ["one", "two", "three"] {
        let mut run = hearthline.start();
        hears_once(&mut run, &peer, word).await;
        if word == "three" {
            run.kill().await;
        } else {
            assert_eq!(run.stop().await.code(), Some(0));
        }
    }
    let whole = hearthline.command(&["log", "verify"]).await;
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(whole.stdout.ends_with("everything is as it was written\n"), "{}", whole.stdout);

    let paths = segments(&hearthline);
    let [first, gone, .., last] = &paths[..] else { panic!("{paths:?}") };
    let mut bytes = std::fs::read(first).unwrap();
    bytes[100] ^= 1;
    std::fs::write(first, bytes).unwrap();
    std::fs::remove_file(gone).unwrap();
    let mut torn = std::fs::OpenOptions::new().append(true).open(last).unwrap();
    torn.write_all(b"\xB7HLB, and then the power went").unwrap();

    let verified = hearthline.command(&["log", "verify", "--json"]).await;
    assert_eq!(verified.code, 1);
    let report: Value = serde_json::from_str(&verified.stdout).unwrap();
    let name = |path: &PathBuf| Value::from(path.file_name().unwrap().to_str().unwrap());
    let damage = report["damage"].as_array().unwrap();
    assert_eq!(damage.iter().map(|one| one["file"].clone()).collect::<Vec<_>>(), [name(first), name(gone)]);
    assert_eq!(damage[0]["first_lost"], 1, "{damage:?}");
    assert!(damage.iter().all(|one| one["from"].is_string() && one["to"].is_string()), "{damage:?}");

    let mut run = hearthline.start();
    hears_once(&mut run, &peer, "four").await;
    let (state, reason) = log(&run.status().await);
    assert_eq!(state, "degraded");
    for told in ["these bytes are not what was written", "and 1 more such places", "hearthline log verify"] {
        assert!(reason.contains(told), "{told}: {reason}");
    }
    for told in
        ["that end was cut, the rest is read", "a part of the log cannot be read, what follows it can"]
    {
        assert!(run.said().contains(told), "{told}: {}", run.said());
    }
    for word in ["one", "two", "three", "four"] {
        let history = run.get("/api/v1/entities/sensor.word/history").await;
        assert!(history.contains(&format!("\"{word}\"")), "the store has {word}: {history}");
    }
    let beside = hearthline.command(&["log", "verify", "--json"]).await;
    assert_eq!(beside.code, 1);
    let report: Value = serde_json::from_str(&beside.stdout).unwrap();
    assert_eq!(report["damage"].as_array().unwrap().len(), 2, "beside the running program: {report}");
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn files_that_are_gone_before_the_store_had_them_are_named_with_their_numbers() {
    let (peer, hearthline) = recorded(House::empty(15, SystemClock::new().now())).await;
    for word in ["one", "two"] {
        let mut run = hearthline.start();
        hears_once(&mut run, &peer, word).await;
        run.kill().await;
    }
    let paths = segments(&hearthline);
    assert!(paths.len() >= 2, "{paths:?}");
    std::fs::remove_file(&paths[0]).unwrap();
    let mut run = hearthline.start();
    hears_once(&mut run, &peer, "three").await;
    let (state, reason) = log(&run.status().await);
    assert_eq!(state, "degraded");
    assert!(reason.contains("the file is missing; record") && reason.contains("cannot be read"), "{reason}");
}
