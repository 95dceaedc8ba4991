//! A log and a store on a disk in memory, which are backed up while more is recorded, and by a process that dies at each change.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hearthline_core::{Clock, Fs, ManualClock, MemFs, Seq, Timestamp};
use hearthline_log::{Append, Log, LogConfig, LogWriter};
use hearthline_pipeline::deliver::{Delivery, Step};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_store::{Store, StoreConfig};
use tokio::runtime::Runtime;

use super::*;
use crate::repair::testing::NIGHT;
use crate::verify::By;

const DATA: &str = "/data";
const BACKUPS: &str = "/nas";
const DAY: Duration = Duration::from_secs(86_400);

/// A data folder that is recorded into.
struct House {
    fs: MemFs,
    clock: ManualClock,
    log: Log,
    store: Arc<Store>,
    writer: RefCell<LogWriter>,
    delivery: RefCell<Delivery<StoreSink>>,
    runtime: Runtime,
    events: Cell<u64>,
}

impl House {
    fn new() -> Self {
        let (fs, clock) = (MemFs::default(), ManualClock::at(NIGHT));
        Self::on(fs, clock, DATA)
    }

    fn on(fs: MemFs, clock: ManualClock, dir: &str) -> Self {
        let (disk, time): (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(fs.clone()), Arc::new(clock.clone()));
        let config = StoreConfig {
            flush_rows: 100_000,
            flush_interval: Duration::MAX,
            retention: Some(DAY * 3),
            context_ids: true,
            ..StoreConfig::new(PathBuf::from(dir).join("store"))
        };
        let store = Arc::new(Store::open(disk.clone(), time.clone(), config).unwrap());
        let config = LogConfig {
            reserve_bytes: 4096,
            ring_bytes: 1 << 16,
            ..LogConfig::new(PathBuf::from(dir).join("log"))
        };
        let (writer, _) = LogWriter::open(disk, time.clone(), config, store.committed().next()).unwrap();
        let log = writer.log();
        let sink = StoreSink::new(Arc::clone(&store), Live::default());
        let delivery = RefCell::new(Delivery::open(log.clone(), time, sink, "home").unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (writer, events) = (RefCell::new(writer), Cell::new(0));
        Self { fs, clock, log, store, writer, delivery, runtime, events }
    }

    /// Events that nobody understands, each of which is a row of its own.
    fn hear(&self, events: u64) {
        for _ in 0..events {
            let number = self.events.get();
            self.events.set(number + 1);
            let mut append = Append::new();
            append.push(format!("no JSON {number}").as_bytes(), true);
            self.log.append(append).unwrap();
        }
        self.writer.borrow_mut().step().unwrap();
    }

    /// Ends a segment: what comes next is in another one.
    fn roll(&self) {
        self.events.set(self.events.get() + 1);
        let mut append = Append::new();
        append.push(b"no JSON and no checkpoint", true);
        self.log.roll(append).unwrap();
        self.writer.borrow_mut().step().unwrap();
    }

    /// Rows into memory, and into files if wanted.
    fn deliver(&self, to_files: bool) {
        let mut delivery = self.delivery.borrow_mut();
        while self.runtime.block_on(delivery.step()).unwrap() == Step::Worked {}
        if to_files {
            // The writer is stepped by hand, so nobody else syncs what the delivery waits for.
            self.writer.borrow_mut().step().unwrap();
            self.store.flush().unwrap();
        }
    }

    fn source(&self) -> Source {
        let fs: Arc<dyn Fs> = Arc::new(self.fs.clone());
        let (clock, data_dir) = (Arc::new(self.clock.clone()), PathBuf::from(DATA));
        let settings = || Settings {
            lines: vec!["data folder: /data".into()],
            path: "hearthline.toml".into(),
            file: Some(b"[home_assistant]\ntoken = \"\"\n".to_vec()),
            left_out: vec![LeftOut {
                what: "home_assistant.token".into(),
                why: "a secret".into(),
                todo: "write it".into(),
            }],
            secrets: vec!["very-secret-token".into()],
        };
        let (store, log) = (Arc::clone(&self.store), self.log.clone());
        Source { fs, clock, data_dir, store, log, settings: Arc::new(settings) }
    }

    fn take(&self) -> Manifest {
        self.clock.advance(Duration::from_secs(60));
        take(&self.source(), Path::new(BACKUPS), By::Person, &|_, _| ()).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = Path::new(DATA).join(path);
        self.fs.create_dir_all(path.parent().unwrap()).unwrap();
        self.disk().write_atomic(&path, text.as_bytes()).unwrap();
    }

    fn disk(&self) -> &dyn Fs {
        &self.fs
    }

    fn verified(&self, name: &str) -> Verified {
        verify(&self.fs, Path::new(BACKUPS), name, &|_, _| ()).unwrap()
    }

    fn rehearsed(&self, name: &str) -> Rehearsed {
        let (fs, clock) = (Arc::new(self.fs.clone()), Arc::new(self.clock.clone()));
        let scratch = Scratch { fs, clock, dir: None, site: "home" };
        rehearse(&scratch, Path::new(BACKUPS), name, &|_, _| ()).unwrap()
    }

    /// Puts it elsewhere and records on from there: every event up to the cut is in the store once.
    fn is_whole(&self, manifest: &Manifest, dir: &str) {
        restore(&self.fs, Path::new(BACKUPS), &manifest.name, Path::new(dir), &|_, _| ()).unwrap();
        let again = Self::on(self.fs.clone(), self.clock.clone(), dir);
        again.deliver(true);
        assert_eq!(again.store.committed_counts().events, manifest.log.events_total, "each once");
        assert_eq!(again.store.committed(), Seq(manifest.log.last));
        assert_eq!(again.store.verify(), Vec::<String>::new());
        again.hear(3);
        again.deliver(true);
        assert_eq!(again.store.committed_counts().events, manifest.log.events_total + 3, "it goes on");
    }
}

fn names(fs: &dyn Fs, dir: &str) -> Vec<String> {
    fs.read_dir(Path::new(dir)).unwrap().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn what_is_put_back_is_what_was_there_and_goes_on() {
    let house = House::new();
    house.hear(50);
    house.deliver(true);
    house.roll();
    house.hear(7);
    house.write("sinks/influxdb/cursor", "{}");
    let manifest = house.take();
    assert_eq!((manifest.log.events, manifest.log.events_total, manifest.log.segments), (58, 58, 2));
    assert_eq!((manifest.store.events, manifest.store.committed), (50, 50));
    let tables: Vec<_> = manifest.store.tables.iter().map(|t| (t.table.as_str(), t.rows)).collect();
    assert_eq!(tables, [("quarantine", 50)]);
    let rehearsed = house.rehearsed(&manifest.name);
    assert!(rehearsed.equal, "{rehearsed:#?}");
    assert!(!names(&house.fs, BACKUPS).contains(&"rehearsal".to_owned()), "the folder is removed");
    house.is_whole(&manifest, "/again");
    assert_eq!(house.disk().read(Path::new("/again/sinks/influxdb/cursor")).unwrap(), b"{}");
    let (listed, unreadable) = list(&house.fs, Path::new(BACKUPS)).unwrap();
    assert_eq!((listed[0].1.as_ref(), unreadable), (Some(&rehearsed), Vec::new()));
}

#[test]
fn what_has_not_changed_is_not_copied_again() {
    let house = House::new();
    house.hear(50);
    house.deliver(true);
    house.roll();
    house.hear(5);
    let first = house.take();
    assert_eq!(first.new_files, first.files.len() as u64);
    house.hear(5);
    let second = house.take();
    assert_eq!(second.new_files, 1, "the segment that is written to: {:?}", second.files);
    assert_eq!(house.take().new_files, 0);
    assert_eq!(house.verified(&first.name).bad, Vec::new());
    house.is_whole(&second, "/again");
}

#[test]
fn nothing_is_touched_that_is_not_of_a_backup() {
    let house = House::new();
    house.hear(1);
    for dir in ["/data", "/", "/data/repairs"] {
        let refused = take(&house.source(), Path::new(dir), By::Person, &|_, _| ()).unwrap_err();
        assert!(refused.to_string().contains("the one is within the other"), "{refused}");
    }
    let others = [
        "2026-11-26T00-41-07Z-gaps/receipt.json",
        "2026-11-26T00-41-07Z/mine",
        "files/a.tmp",
        "files/b",
        "c",
    ];
    for other in others {
        let path = Path::new(BACKUPS).join(other);
        house.fs.create_dir_all(path.parent().unwrap()).unwrap();
        house.disk().write_atomic(&path, b"mine").unwrap();
    }
    house.take();
    house.take();
    assert_eq!(prune(&house.fs, Path::new(BACKUPS), 1).unwrap().backups.len(), 1);
    for other in others {
        assert_eq!(house.disk().read(&Path::new(BACKUPS).join(other)).unwrap(), b"mine", "{other}");
    }
}

#[test]
fn no_secret_goes_into_a_backup_and_what_is_left_out_is_said() {
    let house = House::new();
    house.hear(1);
    house.write("secrets/api_token", "very-secret-token");
    house.write("runbooks/a/settings.toml", "token = \"very-secret-token\"");
    house.write("runbooks/a/receipt.json", "{}");
    house.write("sinks/a/refused.ndjson", &format!("{}very-secret-token", "x".repeat((1 << 20) - 5)));
    house.write("reports/a.md", "nothing of the kind");
    house.write("run.json", "{}");
    house.write("hearthline.toml", "# token = an-old-one");
    let manifest = house.take();
    let left: Vec<_> = manifest.left_out.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(
        left,
        ["home_assistant.token", "runbooks/a/settings.toml", "secrets", "sinks/a/refused.ndjson"]
    );
    let kept: Vec<_> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert!(kept.contains(&"runbooks/a/receipt.json") && kept.contains(&"reports/a.md"), "{kept:?}");
    assert!(!kept.iter().any(|path| path.contains("reserve") || path.contains("run.json")), "{kept:?}");
    for name in names(&house.fs, "/nas/files") {
        let bytes = house.disk().read(&Path::new("/nas/files").join(&name)).unwrap();
        assert_eq!(memchr::memmem::find(&bytes, b"very-secret-token"), None, "{name}");
    }
    house.is_whole(&manifest, "/again");
    let settings = house.disk().read(Path::new("/again/hearthline.toml")).unwrap();
    assert_eq!(settings, b"[home_assistant]\ntoken = \"\"\n", "without its secrets");
}

/// Records, writes files, ends segments, lets go of them, merges and drops days while a backup looks at one file after the other.
#[test]
fn whatever_is_recorded_dropped_and_merged_meanwhile_a_backup_is_of_one_moment() {
    for seed in 0..25 {
        let house = House::new();
        let random = RefCell::new(fastrand::Rng::with_seed(seed));
        let live = |steps: usize| {
            for _ in 0..steps {
                let step = random.borrow_mut().u8(..);
                match step % 8 {
                    0..3 => {
                        let events = random.borrow_mut().u64(1..20);
                        house.hear(events);
                    }
                    3 => house.roll(),
                    4 => house.deliver(false),
                    5 => house.deliver(true),
                    6 => {
                        house.log.trim(house.store.committed(), Duration::ZERO).unwrap();
                    }
                    _ => {
                        house.clock.advance(DAY / 4);
                        house.store.maintain().unwrap();
                    }
                }
            }
        };
        live(40);
        for round in 0..3 {
            house.clock.advance(Duration::from_secs(60));
            let progress = |_: u64, _: u64| {
                let steps = random.borrow_mut().usize(..4);
                live(steps);
            };
            let manifest = take(&house.source(), Path::new(BACKUPS), By::Person, &progress);
            let manifest = manifest.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(manifest.damaged, Vec::new(), "seed {seed}");
            assert_eq!(house.verified(&manifest.name).bad, Vec::new(), "seed {seed}");
            let rehearsed = house.rehearsed(&manifest.name);
            assert!(rehearsed.equal, "seed {seed}: {rehearsed:#?}");
            house.is_whole(&manifest, &format!("/again{round}"));
            prune(&house.fs, Path::new(BACKUPS), 2).unwrap();
        }
    }
}

/// With a backup that is there, and more since.
fn with_one() -> (House, Manifest) {
    let house = House::new();
    house.hear(20);
    house.deliver(true);
    let first = house.take();
    house.roll();
    house.hear(20);
    house.deliver(true);
    house.hear(5);
    house.clock.advance(Duration::from_secs(60));
    (house, first)
}

#[test]
fn killed_at_each_change_there_is_a_whole_backup_or_none_and_the_next_one_goes_on() {
    let mut kills = 0;
    for left in 0.. {
        let (house, first) = with_one();
        house.fs.take_only(left);
        let taken = take(&house.source(), Path::new(BACKUPS), By::Person, &|_, _| ());
        house.fs.heal();
        if left % 2 == 0 {
            house.fs.power_cut();
        }
        let (found, unreadable) = list(&house.fs, Path::new(BACKUPS)).unwrap();
        assert_eq!(unreadable, Vec::new(), "killed at {left}");
        for (manifest, _) in &found {
            assert_eq!(house.verified(&manifest.name).bad, Vec::new(), "killed at {left}");
        }
        assert!(found.iter().any(|(manifest, _)| *manifest == first), "killed at {left}: the first is gone");
        if taken.is_err() {
            kills += 1;
        } else {
            assert_eq!(found.len(), 2, "killed at {left}");
        }
        if left % 2 == 1 {
            let again = house.take();
            assert_eq!(house.verified(&again.name).bad, Vec::new());
            prune(&house.fs, Path::new(BACKUPS), 1).unwrap();
            house.is_whole(&again, "/again");
            let used: std::collections::BTreeSet<_> =
                again.files.iter().map(|file| file.sha256.clone()).collect();
            let there: std::collections::BTreeSet<_> = names(&house.fs, "/nas/files").into_iter().collect();
            assert_eq!(there, used, "nothing of no use is left");
        }
        if taken.is_ok() {
            break;
        }
    }
    assert!(kills > 15, "{kills}");
}

#[test]
fn killed_while_old_ones_are_taken_away_the_others_stay_whole() {
    for left in 0.. {
        let (house, _) = with_one();
        let kept = house.take();
        house.fs.take_only(left);
        let done = prune(&house.fs, Path::new(BACKUPS), 1);
        house.fs.heal();
        if left % 2 == 0 {
            house.fs.power_cut();
        }
        let (found, unreadable) = list(&house.fs, Path::new(BACKUPS)).unwrap();
        assert_eq!(unreadable, Vec::new(), "killed at {left}");
        assert!(found.iter().any(|(manifest, _)| *manifest == kept), "killed at {left}");
        // One that is still listed is still whole.
        for (manifest, _) in &found {
            assert_eq!(house.verified(&manifest.name).bad, Vec::new(), "killed at {left}");
        }
        prune(&house.fs, Path::new(BACKUPS), 1).unwrap();
        assert_eq!(list(&house.fs, Path::new(BACKUPS)).unwrap().0.len(), 1);
        assert_eq!(house.verified(&kept.name).bad, Vec::new(), "killed at {left}");
        if let Ok(pruned) = done {
            assert!(left > 3 && pruned.backups.len() == 1 && pruned.files > 0, "{pruned:?}");
            break;
        }
    }
}

#[test]
fn killed_while_it_is_put_back_nothing_starts_there_and_the_same_one_goes_on() {
    let (house, first) = with_one();
    let second = house.take();
    let (to, mut marked) = (Path::new("/again"), 0);
    for left in 0.. {
        house.fs.take_only(left);
        // Whether it says that it is done is looked at on the disk.
        let _ = restore(&house.fs, Path::new(BACKUPS), &second.name, to, &|_, _| ());
        house.fs.heal();
        let mark = house.disk().read_if_exists(&to.join(UNFINISHED)).unwrap();
        if mark.is_none() && names(&house.fs, "/again").contains(&"store".to_owned()) {
            // All but that the mark's end is durable: after a power cut it is put back once more.
            break;
        }
        if names(&house.fs, "/again").iter().any(|name| !name.starts_with(UNFINISHED)) {
            marked += 1;
            assert_eq!(mark.as_deref(), Some(second.name.as_bytes()), "killed at {left}");
            let other = restore(&house.fs, Path::new(BACKUPS), &first.name, to, &|_, _| ()).unwrap_err();
            assert!(other.to_string().contains("go on with that one"), "{other}");
        }
    }
    assert!(marked > 10, "{marked}");
    let again = House::on(house.fs.clone(), house.clock.clone(), "/again");
    again.deliver(true);
    assert_eq!(again.store.committed_counts().events, second.log.events_total);
    let full = restore(&house.fs, Path::new(BACKUPS), &second.name, to, &|_, _| ()).unwrap_err();
    assert!(full.to_string().contains("/again is not empty (hearthline.toml is there)"), "{full}");
}

#[test]
fn what_is_not_what_was_written_is_named_and_is_not_put_back() {
    let (house, first) = with_one();
    house.take();
    let file = first.files.iter().find(|file| file.path.ends_with(".parquet")).unwrap();
    house.fs.scribble(&Path::new("/nas/files").join(&file.sha256), 10, b"!!!");
    let refused = restore(&house.fs, Path::new(BACKUPS), &first.name, Path::new("/again"), &|_, _| ());
    assert!(refused.unwrap_err().to_string().contains("are not what was written"));
    assert_eq!(house.take().new_files, 0, "a file that is never changed is known again without being read");
    let bad = house.verified(&first.name).bad;
    assert_eq!(bad, [Bad { path: file.path.clone(), why: "its bytes are not what was written".into() }]);
    assert!(names(&house.fs, "/nas/files").contains(&format!("{}.damaged", file.sha256)));
    assert_eq!(house.take().new_files, 1, "what is set aside is copied anew");
    assert_eq!(house.verified(&first.name).bad, Vec::new(), "and every backup has it again");

    let manifest = Path::new("/nas").join(&first.name).join("manifest.json");
    let written = house.disk().read(&manifest).unwrap();
    let changed = |text: String, words: &str| {
        house.disk().write_atomic(&manifest, text.as_bytes()).unwrap();
        let why = read(&house.fs, Path::new(BACKUPS), &first.name).unwrap_err().to_string();
        assert!(why.contains(words), "{why}");
    };
    let text = String::from_utf8(written).unwrap();
    changed(text.replacen("\"events\": 20", "\"events\": 21", 1), "its checksum is not that of what it says");
    changed(text.replacen("\"format\": 1", "\"format\": 2", 1), "written by a later version (format 2");
    changed(text[..text.len() / 2].to_owned(), "EOF while parsing");
    let outside = Saved { path: "../other".into(), ..file.clone() };
    let outside = Manifest { files: vec![outside], ..first.clone() }.sealed().unwrap();
    changed(serde_json::to_string(&outside).unwrap(), "\"../other\" is no file of a data folder");

    // Nobody knows what that one has, so nothing is taken away.
    assert_eq!(prune(&house.fs, Path::new(BACKUPS), 1).unwrap(), Pruned::default());
    assert_eq!(list(&house.fs, Path::new(BACKUPS)).unwrap().1.len(), 1);
}

#[test]
fn a_file_that_is_damaged_or_gone_is_named_and_the_rest_is_taken() {
    let house = House::new();
    house.hear(20);
    house.deliver(true);
    house.hear(20);
    house.clock.advance(DAY);
    house.deliver(true);
    let files: Vec<_> = house.store.files().into_iter().map(|file| file.path).collect();
    let [first, second] = files.as_slice() else { panic!("{files:?}") };
    house.fs.scribble(first, 10, b"!!!");
    house.fs.remove(second).unwrap();
    let manifest = house.take();
    let bad: Vec<_> = manifest.damaged.iter().map(|bad| bad.why.as_str()).collect();
    assert!(bad.len() == 2 && bad[0].contains("not what was written"), "{bad:?}");
    assert!(house.rehearsed(&manifest.name).equal, "as damaged as it was");
}

#[tokio::test(start_paused = true)]
async fn one_is_taken_when_it_is_due_old_ones_go_and_a_failure_is_told() {
    let clock = Arc::new(hearthline_sim::TokioClock::starting_at(NIGHT));
    let (house, failing) =
        tokio::task::spawn_blocking(House::new).await.map(|h| (h, Arc::new(AtomicU64::new(0)))).unwrap();
    house.hear(10);
    let source = Source { clock: clock.clone(), ..house.source() };
    let (taker, refuses) = (source.taker(), Arc::clone(&failing));
    let take: Taker = Arc::new(move |dir, by, progress| match refuses.load(Ordering::Relaxed) {
        0 => taker(dir, by, progress),
        _ => Err(BackupError::Refused("no room".into())),
    });
    let job = Job { dir: BACKUPS.into(), every: Some(DAY), keep: Some(2) };
    let backups = Backups::new(
        take,
        (Arc::new(house.fs.clone()), clock.clone()),
        job,
        "home",
        tokio::runtime::Handle::current(),
    );
    let taking = backups.clone();
    tokio::spawn(async move { taking.keep_taking().await });
    let at = |day: u32| NIGHT.plus(DAY * day + Duration::from_secs(3600));
    let look = async |when: Timestamp| {
        tokio::time::sleep(when.since(clock.now())).await;
        (backups.look(), backups.facts(clock.now()).unwrap())
    };
    let (known, facts) = look(at(0)).await;
    assert_eq!((known.backups.len(), facts.failed.as_deref()), (1, None), "{known:#?}");
    assert!(facts.age.unwrap() < Duration::from_secs(3600));
    let (known, _) = look(at(3)).await;
    assert_eq!(known.backups.len(), 2, "two are kept");
    assert!(known.next.is_some() && known.backups[0].by == By::Schedule);
    failing.store(1, Ordering::Relaxed);
    let (known, facts) = look(at(6)).await;
    assert_eq!((facts.failed.as_deref(), known.backups.len()), (Some("no room"), 2));
    assert!(facts.age.unwrap() > DAY * 2, "{facts:?}");
    failing.store(0, Ordering::Relaxed);
    let (_, facts) = look(at(6).plus(Duration::from_secs(3600))).await;
    assert_eq!(facts.failed, None, "tried again and again");

    let name = backups.look().backups[0].name.clone();
    backups.rehearse(name.clone()).unwrap();
    let (known, _) = look(at(6).plus(Duration::from_secs(7200))).await;
    assert!(known.backups[0].rehearsed.as_ref().unwrap().equal && known.running.is_none(), "{known:#?}");
    assert!(matches!(backups.rehearse("../x".into()), Err(Refused::Unknown(_))));
    tokio::task::spawn_blocking(move || drop(house)).await.unwrap();
}

#[tokio::test]
async fn one_thing_is_done_at_a_time() {
    let (let_go, waits) = std::sync::mpsc::channel::<()>();
    let waits = parking_lot::Mutex::new(waits);
    let take: Taker = Arc::new(move |_, _, _| {
        waits.lock().recv().unwrap();
        Err(BackupError::Refused("enough".into()))
    });
    let on: (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(MemFs::default()), Arc::new(ManualClock::at(NIGHT)));
    let job = Job { dir: BACKUPS.into(), every: None, keep: None };
    let backups = Backups::new(take, on, job, "home", tokio::runtime::Handle::current());
    let id = backups.begin(None, By::Person).unwrap();
    assert_eq!(backups.begin(None, By::Person), Err(Refused::Running("backup")));
    assert_eq!(backups.look().running.unwrap().id, id);
    let_go.send(()).unwrap();
    while backups.look().running.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(backups.look().ended.unwrap().failed.as_deref(), Some("enough"));
    assert_eq!(backups.facts(NIGHT), None, "none is promised");
}
