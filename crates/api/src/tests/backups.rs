//! A house of which one backup is there, and no other can be taken: the disk is full.

use hearthline_core::{Fs, MemFs};
use hearthline_runbook::backup::{
    BackupError, Backups, Bad, Job, LeftOut, LogCounts, Manifest, Saved, StoreCounts,
};
use hearthline_runbook::verify::By;
use tokio::runtime::Handle;

use super::*;

const NAME: &str = "2026-11-23T11-00-00Z";

fn manifest() -> Manifest {
    let word = |word: &str| word.to_owned();
    Manifest {
        format: 1,
        version: word("0.1.0"),
        name: NAME.into(),
        at: word("2026-11-23T11:00:00.000000Z"),
        by: By::Person,
        took_ms: 5,
        bytes: 7,
        new_files: 1,
        new_bytes: 7,
        log: LogCounts { first: 1, last: 9, events: 8, events_total: 8, segments: 1, damaged: 0 },
        store: StoreCounts::default(),
        settings: Vec::new(),
        left_out: vec![LeftOut { what: word("secrets"), why: word("never"), todo: word("nothing") }],
        damaged: vec![Bad { path: word("store/x"), why: word("gone") }],
        files: vec![Saved { path: word("alerts.json"), bytes: 7, sha256: "0".repeat(64), stamp: None }],
        checksum: String::new(),
    }
}

pub(super) fn house() -> Backups {
    let (fs, clock) = (Arc::new(MemFs::default()), Arc::new(ManualClock::at(NOON)));
    let disk: &dyn Fs = &*fs;
    let dir = PathBuf::from("/backups").join(NAME);
    disk.create_dir_all(&dir).unwrap();
    let bytes = serde_json::to_vec(&manifest().sealed().unwrap()).unwrap();
    disk.write_atomic(&dir.join("manifest.json"), &bytes).unwrap();
    let full =
        |_: &std::path::Path, _, _: &dyn Fn(u64, u64)| Err(BackupError::Refused("the disk is full".into()));
    let job = Job { dir: "/backups".into(), every: Some(HOUR), keep: Some(14) };
    Backups::new(Arc::new(full), (fs, clock), job, "home", Handle::current())
}

/// How the one is asked for a rehearsal, once nothing is under way.
pub(super) async fn rehearsed(house: &House) -> String {
    over(house).await;
    format!("/api/v1/backups/{NAME}/rehearse")
}

async fn over(house: &House) -> Value {
    loop {
        let known = house.document("/api/v1/backups").await;
        if known["running"].is_null() {
            return known;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn backups_are_listed_and_one_is_begun_with_the_token_alone() {
    let house = House::new();
    let known = house.document("/api/v1/backups").await;
    assert_eq!((&known["backups"][0]["name"], &known["every_s"]), (&json!(NAME), &json!(3600)));
    assert_eq!(known["backups"][0]["log"]["last"], json!(9));
    assert_eq!(house.answer(Method::POST, "/api/v1/backups").await.status, StatusCode::UNAUTHORIZED);

    let begun = house.change("/api/v1/backups").await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let known = over(&house).await;
    assert_eq!(
        (&known["ended"]["id"], &known["ended"]["failed"]),
        (&begun.json()["id"], &json!("the disk is full"))
    );

    let relative = repairs::post(&house, "/api/v1/backups", r#"{"to": "nas"}"#).await;
    assert_eq!(relative.status, StatusCode::BAD_REQUEST);
    assert!(relative.text().contains("write the whole path"), "{}", relative.text());
}

#[tokio::test]
async fn what_is_not_there_is_not_rehearsed_and_what_is_damaged_is_said() {
    let house = House::new();
    let unknown = house.change("/api/v1/backups/2026-01-01T00-00-00Z/rehearse").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text().contains("there is no backup 2026-01-01T00-00-00Z"), "{}", unknown.text());
    let begun = house.change(&rehearsed(&house).await).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let ended = &over(&house).await["ended"];
    assert!(
        ended["failed"].as_str().unwrap().contains("alerts.json in the backup cannot be put back"),
        "{ended}"
    );
}
