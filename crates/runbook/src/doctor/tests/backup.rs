//! What is wrong with the backups that the program takes by itself.

use std::path::Path;
use std::time::Duration;

use hearthline_core::{Fs, ManualClock, MemFs};

use super::super::{Running, Subject};
use super::rig::{Case, LOCAL, case, subject_on};
use crate::backup::{Bad, Job, LogCounts, Manifest, StoreCounts};
use crate::repair::testing::{House, NIGHT};
use crate::status::Backup;
use crate::verify::By;

const DAY: Duration = Duration::from_secs(86_400);
const NAME: &str = "2026-11-26T00-41-07Z";

fn manifest(damaged: Vec<Bad>) -> String {
    let manifest = Manifest {
        format: 1,
        version: "0".into(),
        name: NAME.into(),
        at: NIGHT.to_string(),
        by: By::Schedule,
        took_ms: 1,
        bytes: 0,
        new_files: 0,
        new_bytes: 0,
        log: LogCounts::default(),
        store: StoreCounts::default(),
        settings: Vec::new(),
        left_out: Vec::new(),
        damaged,
        files: Vec::new(),
        checksum: String::new(),
    };
    serde_json::to_string(&manifest.sealed().unwrap()).unwrap()
}

/// So long after the one that is there, if one is.
fn subject(manifest: Option<&str>, later: Duration) -> Subject {
    let disk = MemFs::default();
    if let Some(text) = manifest {
        let dir = Path::new("/nas").join(NAME);
        disk.create_dir_all(&dir).unwrap();
        (&disk as &dyn Fs).write_atomic(&dir.join("manifest.json"), text.as_bytes()).unwrap();
    }
    Subject {
        clock: std::sync::Arc::new(ManualClock::at(NIGHT.plus(later))),
        backup: Job { dir: "/nas".into(), every: Some(DAY), keep: Some(14) },
        ..subject_on(&disk)
    }
}

pub(super) async fn cases() -> Vec<Case> {
    let whole = manifest(Vec::new());
    let damaged = manifest(vec![Bad { path: "store/states/x".into(), why: "it is not there".into() }]);
    let mut status = House::new().status.lock().clone();
    status.backup =
        Some(Backup { every_s: 86_400, age_s: None, waited_s: 9, failed: Some("no room".into()) });
    let running = Running::Yes { pid: 1, address: LOCAL, status: Box::new(status) };
    vec![
        case("no schedule", "backup-off", subject_on(&MemFs::default())).await,
        case("a backup of yesterday", "backup-ok", subject(Some(&whole), DAY)).await,
        case("no backup yet", "backup-none", subject(None, DAY)).await,
        case("the last backup is of last week", "backup-old", subject(Some(&whole), DAY * 7)).await,
        case("a backup that lacks a file", "backup-damaged", subject(Some(&damaged), DAY)).await,
        case("a backup that was cut", "backup-unreadable", subject(whole.get(..50), DAY)).await,
        case("a disk without room", "backup-failed", Subject { running, ..subject(Some(&whole), DAY) }).await,
    ]
}
