use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, ManualClock, MemFs, Seq, Timestamp};
use hearthline_log::{Log, LogConfig, LogWriter, SyncPolicy};
use hearthline_pipeline::deliver::Delivery;
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::{Hello, Ingest};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::{Order, Orders};
use hearthline_pipeline::replay::before;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sources::home_assistant::wire;
use hearthline_store::{StatesQuery, Store, StoreConfig};
use parking_lot::Mutex;
use serde_json::Value;

use super::*;
use crate::repair::testing::{Case, Made, NIGHT, engine, killed_at_any_time};
use crate::repair::{Receipt, State};

const LOG: &str = "/data/log";
const STORE: &str = "/data/store";

/// A house of which log and store have twelve states, in files of three.
struct House {
    disk: MemFs,
    store: Arc<Store>,
    log: Log,
    orders: Orders,
    /// What was asked of history: from, to.
    asked: Arc<Mutex<Vec<(Timestamp, Timestamp)>>>,
    _writer: Arc<Mutex<LogWriter>>,
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(NIGHT))
}

fn open_log(disk: &MemFs, dir: &str) -> LogWriter {
    let config = LogConfig { sync: SyncPolicy::Always, ..LogConfig::new(dir) };
    LogWriter::open(Arc::new(disk.clone()), clock(), config, Seq(1)).unwrap().0
}

fn open_store(disk: &MemFs) -> Arc<Store> {
    let config = StoreConfig::new(STORE);
    Arc::new(Store::open(Arc::new(disk.clone()), clock(), config).unwrap())
}

fn event(n: u64) -> String {
    let at = format!("2026-11-25T12:00:{n:02}.000000+00:00");
    format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.a{n}","old_state":null,"new_state":{{"entity_id":"sensor.a{n}","state":"{n}","attributes":{{}},"last_changed":"{at}","last_updated":"{at}"}}}},"origin":"LOCAL","time_fired":"{at}","context":{{"id":"x","parent_id":null,"user_id":null}}}}"#
    )
}

impl House {
    /// `logged` of its log; without, the log has let go of everything.
    async fn new(logged: bool) -> Self {
        let disk = MemFs::default();
        let writer = Arc::new(Mutex::new(open_log(&disk, LOG)));
        let log = writer.lock().log();
        let filter = Arc::new(Filter::new(&[], &[]).unwrap());
        let mut ingest = Ingest::open(log.clone(), clock(), filter).unwrap();
        ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
        let store = open_store(&disk);
        let sink = StoreSink::new(Arc::clone(&store), Live::default());
        let mut delivery = Delivery::open(log.clone(), clock(), sink, "home").unwrap();
        for n in 1..=12 {
            ingest.accept(&wire::parse_event(&event(n)).unwrap(), NIGHT).unwrap();
            ingest.end_frame().unwrap();
            writer.lock().step().unwrap();
            if n % 3 == 0 {
                delivery.drain().await.unwrap();
            }
        }
        let (orders, mut incoming) = Orders::channel();
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Some(order) = incoming.recv().await {
                let Order::Damaged(from, to, what, reply) = order else { panic!("{order:?}") };
                assert!(what.contains("cannot be read"), "{what}");
                let news = !noted.lock().contains(&(from, to));
                if news {
                    noted.lock().push((from, to));
                }
                let _ = reply.send(Ok(news));
            }
        });
        let (writer, log) = if logged {
            (writer, log)
        } else {
            let empty = open_log(&disk, "/data/empty");
            let log = empty.log();
            (Arc::new(Mutex::new(empty)), log)
        };
        Self { disk, store, log, orders, asked, _writer: writer }
    }

    /// Spoils the second file of the store, and says which it is.
    fn spoil(&self) -> PathBuf {
        let path = self.store.files()[1].path.clone();
        let len = (&self.disk as &dyn Fs).read(&path).unwrap().len();
        self.disk.scribble(&path, len - 8, &[0xff; 8]);
        path
    }

    fn files(&self) -> Made {
        let fs: Arc<dyn Fs> = Arc::new(self.disk.clone());
        let (store, log, orders) = (Arc::clone(&self.store), self.log.clone(), self.orders.clone());
        Arc::new(move |options| {
            let with = (log.clone(), orders.clone());
            Box::new(StoreFiles::new(
                Arc::clone(&fs),
                STORE.into(),
                Arc::clone(&store),
                with,
                "home",
                options,
            ))
        })
    }

    fn states(&self) -> Vec<String> {
        states(&self.store)
    }
}

fn states(store: &Store) -> Vec<String> {
    let all =
        StatesQuery { entities: None, renamed: false, from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
    let mut found = Vec::new();
    store
        .states(&all, |row| {
            found.push(format!("{} {}", row.ts, row.state.as_deref().unwrap_or_default()));
            ControlFlow::Continue(())
        })
        .unwrap();
    found.sort();
    found
}

/// One whose second file is bad.
pub(in crate::repair) async fn files() -> Case {
    let house = House::new(true).await;
    house.spoil();
    let (disk, made) = (house.disk.clone(), house.files());
    let there = move || match house.store.verify() {
        bad if bad.is_empty() => house.states().join(", "),
        bad => bad.join(", "),
    };
    Case { disk, made, there: Box::new(there) }
}

/// One whose manifest is bad, while nothing runs.
pub(in crate::repair) async fn manifest() -> Case {
    let (disk, _) = stopped().await;
    let (made, fs): (_, Arc<dyn Fs>) = (manifest_of(&disk), Arc::new(disk.clone()));
    let there = move || format!("{:?}", hearthline_store::damaged_manifest(&fs, Path::new(STORE)).unwrap());
    Case { disk, made, there: Box::new(there) }
}

#[tokio::test]
async fn the_rows_of_a_bad_file_come_from_the_log_and_it_can_be_put_back() {
    let house = House::new(true).await;
    let wanted = house.states();
    assert_eq!(wanted.len(), 12);
    let path = house.spoil();
    let engine = engine(&house.disk, "store", house.files());
    let plan = engine.plan("store", &Value::Null).await.unwrap();
    assert_eq!(plan.finding, "1 files of the store cannot be read; they had 3 rows");
    let receipt = engine.begin("store", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    assert_eq!(house.states(), wanted);
    let said = receipt.steps[0].done.as_ref().unwrap();
    assert!(said.says.ends_with("of its 3 rows 3 came from the log, none is missing"), "{}", said.says);
    assert_eq!(*house.asked.lock(), []);
    let kept = Path::new("/data/repairs").join(&receipt.id).join(said.data["copy"].as_str().unwrap());
    assert!(house.disk.open(&kept).is_ok());
    assert!(house.disk.open(&path).is_err(), "it is gone from the store");
    assert_eq!(engine.plan("store", &Value::Null).await.unwrap().steps, []);

    let undone = engine.undo(&receipt.id).unwrap().run().await.unwrap();
    assert_eq!(undone.state, State::Undone, "{undone:?}");
    assert_eq!(house.store.verify().len(), 1, "as it was");
    let again = engine.begin("store", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!((again.state, house.states()), (State::Done, wanted));
}

#[tokio::test]
async fn what_the_log_does_not_have_is_asked_of_history() {
    let house = House::new(false).await;
    house.spoil();
    let engine = engine(&house.disk, "store", house.files());
    let receipt = engine.begin("store", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    assert_eq!(house.states().len(), 9);
    let said = &receipt.steps[0].done.as_ref().unwrap().says;
    assert!(said.ends_with("of its 3 rows 0 came from the log, 3 are asked of history, as a gap"), "{said}");
    let asked = house.asked.lock().clone();
    let at = |second: u64| Timestamp::parse(&format!("2026-11-25T12:00:{second:02}+00:00")).unwrap();
    assert_eq!(asked, [(at(4), at(6).plus(Duration::from_micros(1)))]);
}

#[tokio::test]
async fn killed_at_any_time_each_row_is_there_once() {
    for millis in 0..8 {
        let house = House::new(true).await;
        let wanted = house.states();
        house.spoil();
        let house = Mutex::new(Some(house));
        let build = || {
            let house = house.lock().take().unwrap();
            let (disk, made) = (house.disk.clone(), house.files());
            (house, disk, made)
        };
        let look = |house: &House, _: &Receipt| {
            assert_eq!(house.states(), wanted, "killed after {millis} ms");
            assert_eq!(house.store.verify(), [""; 0]);
        };
        killed_after(Duration::from_millis(millis), build, look).await;
    }
}

/// As [`killed_at_any_time`], at one time.
async fn killed_after(
    at: Duration,
    build: impl Fn() -> (House, MemFs, Made),
    look: impl Fn(&House, &Receipt),
) {
    let (house, disk, made) = build();
    let first = engine(&disk, "store", Arc::clone(&made));
    let job = first.begin("store", &Value::Null, None).await.unwrap();
    let id = job.id().to_owned();
    drop(tokio::time::timeout(at, job.run()).await);
    let second = engine(&disk, "store", made);
    for id in second.unfinished().unwrap() {
        second.resume(&id).unwrap().run().await.unwrap();
    }
    look(&house, &second.show(&id).unwrap().receipt);
}

fn manifest_of(disk: &MemFs) -> Made {
    let (fs, disk): (Arc<dyn Fs>, _) = (Arc::new(disk.clone()), disk.clone());
    Arc::new(move |_| {
        let disk = disk.clone();
        let oldest: Oldest = Arc::new(move || Ok(before(&open_log(&disk, LOG).log())));
        Box::new(StoreManifest::new(Arc::clone(&fs), STORE.into(), oldest))
    })
}

/// A house that has stopped, whose manifest and one file are damaged; and what it had.
async fn stopped() -> (MemFs, Vec<String>) {
    let house = House::new(true).await;
    let wanted = house.states();
    house.spoil();
    let disk = house.disk.clone();
    drop(house);
    let names = disk.read_dir(Path::new(STORE)).unwrap();
    let manifest = names.into_iter().find(|entry| entry.name.starts_with("manifest.")).unwrap();
    disk.scribble(&Path::new(STORE).join(manifest.name), 12, &[0xff; 4]);
    (disk, wanted)
}

/// Starts again, as the program does, and reads what the log has.
async fn started(disk: &MemFs) -> Arc<Store> {
    let mut writer = open_log(disk, LOG);
    let store = open_store(disk);
    let sink = StoreSink::new(Arc::clone(&store), Live::default());
    let mut delivery = Delivery::open(writer.log(), clock(), sink, "home").unwrap();
    writer.step().unwrap();
    delivery.drain().await.unwrap();
    store
}

#[tokio::test]
async fn a_manifest_is_made_anew_and_after_a_start_everything_is_there_once() {
    let (disk, wanted) = stopped().await;
    let engine = engine(&disk, "store", manifest_of(&disk));
    let plan = engine.plan("store", &Value::Null).await.unwrap();
    assert!(plan.finding.contains("is damaged"), "{}", plan.finding);
    let receipt = engine.begin("store", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    let says: Vec<_> = receipt.steps.iter().map(|step| step.done.as_ref().unwrap().says.clone()).collect();
    assert!(says[0].ends_with("1 of them cannot be read"), "{says:?}");
    assert!(says[1].starts_with("4 files with 9 rows count, 1 cannot be read"), "{says:?}");
    let store = started(&disk).await;
    assert_eq!(states(&store), wanted);
    assert_eq!(store.verify(), [""; 0]);
    let counts = store.committed_counts();
    assert_eq!(counts.events, counts.delivered + counts.collapsed + counts.quarantined);
    assert_eq!(engine.plan("store", &Value::Null).await.unwrap().steps, []);
}

#[tokio::test]
async fn killed_at_any_time_the_manifest_is_made_anew() {
    let (damaged, _) = stopped().await;
    let build = || {
        let disk = copy_of(&damaged);
        let made = manifest_of(&disk);
        (disk.clone(), disk, made)
    };
    let look = |disk: &MemFs, _: &Receipt| {
        let fs: Arc<dyn Fs> = Arc::new(disk.clone());
        assert_eq!(hearthline_store::damaged_manifest(&fs, Path::new(STORE)).unwrap(), None);
    };
    let each = (Duration::from_millis(1), Duration::from_millis(12));
    killed_at_any_time("store", Value::Null, each, build, look).await;
}

/// Another disk with the same files.
fn copy_of(disk: &MemFs) -> MemFs {
    let copy = MemFs::default();
    let mut dirs = vec![PathBuf::from("/data")];
    while let Some(dir) = dirs.pop() {
        copy.create_dir_all(&dir).unwrap();
        for entry in disk.read_dir(&dir).unwrap() {
            let path = dir.join(&entry.name);
            if entry.is_dir {
                dirs.push(path);
            } else {
                let bytes = (disk as &dyn Fs).read(&path).unwrap();
                (&copy as &dyn Fs).write_atomic(&path, &bytes).unwrap();
            }
        }
    }
    copy
}
