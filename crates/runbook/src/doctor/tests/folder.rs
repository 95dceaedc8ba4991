//! What can be wrong with the data folder and its disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hearthline_core::fs::{Fault, MemFs};
use hearthline_core::{Batch, Clock, EventRow, Fs, ManualClock, Origin, Row, Seq, SystemClock, Timestamp};
use hearthline_log::aside::{self, Aside};
use hearthline_log::{Append, LogConfig, LogWriter, SyncPolicy, verify};
use hearthline_store::{Store, StoreConfig};

use super::super::{Depth, Subject};
use super::rig::{Case, case, look, subject_on};
use crate::repair::testing::NIGHT;

const LOG: &str = "/data/log";
const STORE: &str = "/data/store";

pub(super) async fn cases() -> Vec<Case> {
    let mut cases = disk().await;
    cases.extend(log().await);
    cases.extend(store().await);
    cases
}

async fn disk() -> Vec<Case> {
    let absent = {
        let folder = tempfile::tempdir().unwrap();
        let mut subject = subject_on(&MemFs::default());
        subject.fs = Arc::new(hearthline_core::RealFs);
        subject.data_dir = folder.path().join("not-there");
        subject
    };
    let read_only = MemFs::default();
    let mut slow = subject_on(&MemFs::default());
    slow.clock = Arc::new(Slow(AtomicU64::new(0)));
    let refuses = subject_on(&read_only);
    read_only.fail(Fault::ReadOnly);
    let full = MemFs::with_capacity(1 << 20);
    let kept = Subject { min_free: 8 << 20, ..subject_on(&full) };
    vec![
        case("a new data folder", "disk-ok", subject_on(&MemFs::default())).await,
        case("no data folder", "disk-absent", absent).await,
        case("a disk that takes 300 ms", "disk-slow", slow).await,
        case("a disk that the system made read-only", "disk-refuses", refuses).await,
        case("less room than is kept free", "space-none", kept).await,
    ]
}

async fn log() -> Vec<Case> {
    let (whole, flipped, noted) = (MemFs::default(), MemFs::default(), MemFs::default());
    for disk in [&whole, &flipped, &noted] {
        written(disk);
    }
    for disk in [&flipped, &noted] {
        flip(disk, Path::new(LOG), ".seg");
    }
    let damage = verify(&noted, Path::new(LOG)).unwrap().damage;
    let file = damage[0].file.clone();
    let asides: Vec<_> = damage.iter().map(Aside::from).collect();
    aside::replace(&noted, Path::new(LOG), &file, &asides).unwrap();
    vec![
        case("a whole log", "log-ok", subject_on(&whole)).await,
        case("a flipped byte in the log", "log-damaged", subject_on(&flipped)).await,
        case("the same, set aside", "log-aside", subject_on(&noted)).await,
    ]
}

async fn store() -> Vec<Case> {
    let disks: [MemFs; 5] = std::array::from_fn(|_| MemFs::default());
    let [whole, missing, flipped, headless, filling] = &disks;
    for disk in &disks {
        stored(disk);
    }
    let fs: &dyn Fs = missing;
    fs.remove(&file_of(missing, ".parquet")).unwrap();
    let file = file_of(flipped, ".parquet");
    let end = usize::try_from((flipped as &dyn Fs).open(&file).unwrap().len().unwrap()).unwrap();
    flipped.scribble(&file, end - 20, &[0xff; 20]);
    let manifest = (headless as &dyn Fs).read_dir(STORE.as_ref()).unwrap();
    for entry in manifest.iter().filter(|entry| entry.name.starts_with("manifest")) {
        headless.remove(&Path::new(STORE).join(&entry.name)).unwrap();
    }
    let tomorrow = NIGHT.plus(Duration::from_secs(86_400));
    let mut short = subject_on(filling);
    short.clock = Arc::new(ManualClock::at(tomorrow));
    let used = u64::MAX - filling.free_space(STORE.as_ref()).unwrap();
    filling.set_capacity(used + 40_000);
    vec![
        case("a whole store", "store-ok", subject_on(whole)).await,
        case("a file of the store is gone", "store-file-missing", subject_on(missing)).await,
        case("the end of a file is overwritten", "store-file-damaged", subject_on(flipped)).await,
        case("the manifest is gone", "store-unreadable", subject_on(headless)).await,
        case("a disk that is full in some days", "space-short", short).await,
    ]
}

/// A monotonic clock that is 300 ms later at each look.
struct Slow(AtomicU64);

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        SystemClock::new().now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(300, Ordering::SeqCst))
    }
}

/// Five batches in a log.
fn written(disk: &MemFs) {
    let config = LogConfig { sync: SyncPolicy::Always, ..LogConfig::new(LOG) };
    let clock = Arc::new(ManualClock::at(NIGHT));
    let (mut writer, _) = LogWriter::open(Arc::new(disk.clone()), clock, config, Seq(1)).unwrap();
    for n in 0..5_u8 {
        let mut append = Append::default();
        append.push(&[n; 100], true);
        writer.log().append(append).unwrap();
        writer.step().unwrap();
    }
}

/// Two days of events in files.
fn stored(disk: &MemFs) {
    let config = StoreConfig::new(STORE);
    let clock = Arc::new(ManualClock::at(NIGHT));
    let store = Store::open(Arc::new(disk.clone()), clock, config).unwrap();
    for day in 0..2 {
        let ts = NIGHT.minus(Duration::from_secs(day * 86_400));
        let row = |n: u64| {
            Row::Event(EventRow {
                seq: Seq(day * 200 + n),
                ts: ts.plus(Duration::from_secs(n)),
                site: "home".into(),
                event_type: "call_service".into(),
                data: format!(r#"{{"n":{n}}}"#).into(),
                origin: Origin::Live,
                context_id: None,
            })
        };
        let rows: Vec<_> = (1..=200).map(row).collect();
        store.write(&Batch { first: Seq(day * 200 + 1), last: Seq(day * 200 + 200), rows }).unwrap();
    }
    store.flush().unwrap();
}

/// A file of the store.
fn file_of(disk: &MemFs, suffix: &str) -> std::path::PathBuf {
    let fs: &dyn Fs = disk;
    let mut dirs = vec![Path::new(STORE).join("events")];
    while let Some(dir) = dirs.pop() {
        for entry in fs.read_dir(&dir).unwrap() {
            let path = dir.join(&entry.name);
            if entry.is_dir {
                dirs.push(path);
            } else if entry.name.ends_with(suffix) {
                return path;
            }
        }
    }
    panic!("the store has no file");
}

fn flip(disk: &MemFs, dir: &Path, suffix: &str) {
    let files = (disk as &dyn Fs).read_dir(dir).unwrap();
    let file = files.into_iter().find(|entry| entry.name.ends_with(suffix)).unwrap();
    disk.scribble(&dir.join(&file.name), usize::try_from(file.len / 2).unwrap(), &[0xff; 1]);
}

#[tokio::test]
async fn a_byte_in_the_middle_of_a_file_is_found_by_a_full_look_alone() {
    let disk = MemFs::default();
    stored(&disk);
    let file = file_of(&disk, ".parquet");
    disk.scribble(&file, 40, &[0xff; 4]);
    let has = async |depth| {
        let report = look(subject_on(&disk), depth).await;
        report.findings.iter().any(|finding| finding.id == "store-file-damaged")
    };
    assert!(!has(Depth::Try).await, "its footer is whole");
    assert!(has(Depth::Full).await);
}

#[tokio::test]
async fn a_look_changes_nothing_on_the_disk() {
    let disk = MemFs::default();
    written(&disk);
    stored(&disk);
    let files = || {
        let fs: &dyn Fs = &disk;
        let mut all = Vec::new();
        let mut dirs = vec![Path::new("/data").to_path_buf()];
        while let Some(dir) = dirs.pop() {
            for entry in fs.read_dir(&dir).unwrap() {
                let path = dir.join(&entry.name);
                if entry.is_dir {
                    dirs.push(path);
                } else {
                    all.push((path.clone(), fs.read(&path).unwrap()));
                }
            }
        }
        all
    };
    let before = files();
    for depth in [Depth::Look, Depth::Try, Depth::Full] {
        look(subject_on(&disk), depth).await;
    }
    assert_eq!(files(), before);
}

#[tokio::test]
async fn growth_is_that_of_days_that_are_over_and_null_where_there_is_none() {
    let disk = MemFs::default();
    stored(&disk);
    let figure = async |subject: Subject, name: &str| {
        let report = look(subject, Depth::Look).await;
        let space = report.findings.iter().find(|finding| finding.check == "space").unwrap().clone();
        space.evidence.into_iter().find(|figure| figure.name == name).unwrap().value
    };
    let at = |clock: ManualClock| Subject { clock: Arc::new(clock), ..subject_on(&disk) };
    let tomorrow = NIGHT.plus(Duration::from_secs(86_400));
    assert_eq!(figure(at(ManualClock::at(tomorrow)), "days measured").await, 2);
    assert!(figure(at(ManualClock::at(tomorrow)), "store grows a day").await.as_u64().unwrap() > 1000);
    let before = NIGHT.minus(Duration::from_secs(2 * 86_400));
    assert!(figure(at(ManualClock::at(before)), "days until full").await.is_null(), "no day is over");
    let bounded = Subject { retention: Some(Duration::from_secs(86_400)), ..at(ManualClock::at(tomorrow)) };
    assert!(figure(bounded, "store grows a day").await.is_null(), "it lets go of days");
}
