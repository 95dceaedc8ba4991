//! A program that is not there, and a repair that is killed wherever it can be.

use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hearthline_core::fs::{AppendFile, DirEntry, ReadFile};
use hearthline_core::{Fs, ManualClock, MemFs, SystemClock, Timestamp};
use hearthline_pipeline::sinks::influxdb::ServerConfig;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{Layout, NativeLayout};
use hearthline_sim::{Access, InfluxDb, InfluxVersion};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Doing, Engine, Job, Kind, Options, Program, Receipt, Refused, Repair, RepairError, State};
use crate::Status;

/// 2026-11-26T00:41:07Z
pub(crate) const NIGHT: Timestamp = Timestamp(1_795_653_667_000_000);

/// What the database of a server is called.
pub(crate) const DATABASE: &str = "house";

/// A server with a database, and who it is for a sink.
pub(crate) async fn influxdb(version: InfluxVersion, access: Access) -> (InfluxDb, ServerConfig) {
    let server = InfluxDb::new(version, access, Arc::new(SystemClock::new()));
    server.create(DATABASE, None);
    let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{address}").parse().unwrap();
    (server, ServerConfig { org: Some("home".into()), ..ServerConfig::new(url, DATABASE) })
}

/// Points of states and events, with all attributes and without the weather.
pub(crate) fn layout() -> Layout {
    NativeLayout { weather: false, ..NativeLayout::new("events", Attributes::All) }.into()
}

/// A status document, and what was asked of it.
pub(crate) struct House {
    pub(crate) status: Mutex<Status>,
    /// What happens when the connection is to be made again.
    pub(crate) on_reconnect: Mutex<Box<dyn FnMut() + Send>>,
    pub(crate) restarted: Mutex<Vec<Option<String>>>,
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        let status = json!({
            "version": "0", "overall": "healthy", "verdict": "Recording.", "uptime_s": 1,
            "home_assistant": {
                "state": "connected", "since": "2026-11-26T00:00:00.000000Z", "version": "2026.11.0", "attempts": 1,
                "last_event_age_s": 1.5,
            },
            "events": {
                "received": 0, "filtered": 0, "duplicate": 0, "logged": 0, "unlogged": 0, "quarantined": 0,
                "per_minute": null,
            },
            "log": { "first_seq": 1, "last_seq": 1, "bytes": 1 },
            "sinks": [], "parts": [], "weather": {},
            "gaps": { "open": 0, "filled": 0, "partly": 0, "lost": 0 },
            "criteria": [],
        });
        Arc::new(Self {
            status: Mutex::new(serde_json::from_value(status).unwrap()),
            on_reconnect: Mutex::new(Box::new(|| {})),
            restarted: Mutex::default(),
        })
    }
}

impl Program for House {
    fn status(&self) -> Status {
        self.status.lock().clone()
    }

    fn reconnect(&self) {
        (self.on_reconnect.lock())();
    }

    fn restart<'a>(&'a self, part: Option<&'a str>) -> Doing<'a, String> {
        self.restarted.lock().push(part.map(Into::into));
        Box::pin(async move {
            match part {
                Some("nothing") => Err(RepairError::Person("no part is called nothing".into())),
                _ => Ok("it was given what waited".into()),
            }
        })
    }
}

/// Builds the repair that is tested.
pub(super) type Made = Arc<dyn Fn(&Options) -> Box<dyn Repair> + Send + Sync>;

/// An engine over a disk that knows one repair.
pub(super) fn engine(disk: &MemFs, name: &'static str, made: Made) -> Arc<Engine> {
    engine_on(Arc::new(disk.clone()), name, made)
}

fn engine_on(fs: Arc<dyn Fs>, name: &'static str, made: Made) -> Arc<Engine> {
    let make = move |kind: &'static Kind, options: &Options| {
        if kind.name == name { Ok(made(options)) } else { Err(Refused::NeedsProgram("not here".into())) }
    };
    let clock = Arc::new(ManualClock::at(NIGHT));
    let engine = Engine::new(fs, clock, Path::new("/data"), Arc::new(Vec::new), Arc::new(make));
    Arc::new(engine.with_sinks(vec!["influxdb".into()]))
}

/// Carries a repair out, killed after each of these times, with everything it works on new each time, and gone on with; what
/// became of it is looked at each time. `build` makes the world and the repairs that work on it. Returns how often it was killed
/// in its midst.
pub(super) async fn killed_at_any_time<W>(
    name: &'static str,
    options: Value,
    (each, most): (Duration, Duration),
    build: impl Fn() -> (W, MemFs, Made),
    look: impl Fn(&W, &Receipt),
) -> u32 {
    let mut kills = 0;
    let mut at = Duration::ZERO;
    while at <= most {
        let run = async |job: Job| timeout(at, job.run()).await.is_err();
        kills += u32::from(interrupted(name, &options, build(), run, &look).await);
        at += each;
    }
    kills
}

/// The same, killed after each request that the server has of it.
pub(super) async fn killed_at_every_request<W>(
    name: &'static str,
    options: Value,
    server: &InfluxDb,
    build: impl Fn() -> (W, MemFs, Made),
    look: impl Fn(&W, &Receipt),
) -> u32 {
    let mut kills = 0;
    for after in 1.. {
        let run = async |job: Job| killed(server, after, job.run()).await.is_none();
        if !interrupted(name, &options, build(), run, &look).await {
            break;
        }
        kills += 1;
    }
    kills
}

/// Carries a repair out once, by a `run` that says whether it killed it, and goes on with it. Whether it was killed.
async fn interrupted<W>(
    name: &'static str,
    options: &Value,
    (world, disk, made): (W, MemFs, Made),
    run: impl AsyncFnOnce(Job) -> bool,
    look: &impl Fn(&W, &Receipt),
) -> bool {
    let confirm = engine(&disk, name, Arc::clone(&made)).plan(name, options).await.unwrap().confirm;
    let first = engine(&disk, name, Arc::clone(&made));
    let job = first.begin(name, options, confirm.as_deref()).await.unwrap();
    let id = job.id().to_owned();
    let is_killed = run(job).await;
    let second = engine(&disk, name, made);
    for id in second.unfinished().unwrap() {
        second.resume(&id).unwrap().run().await.unwrap();
    }
    let receipt = second.show(&id).unwrap().receipt;
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    look(&world, &receipt);
    is_killed
}

/// Does something until the server has had so many requests more, then drops it. What came of it, if it was over before.
pub(super) async fn killed<T>(server: &InfluxDb, requests: u64, doing: impl Future<Output = T>) -> Option<T> {
    let last = server.counters().requests + requests;
    Deadly { doing: pin!(doing), server, last }.await
}

/// Polls something until the server has had that request.
struct Deadly<'s, F> {
    doing: F,
    server: &'s InfluxDb,
    last: u64,
}

impl<F: Future + Unpin> Future for Deadly<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.server.counters().requests >= self.last {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.doing).poll(context).map(Some)
    }
}

/// A world in which something is wrong.
pub(super) struct Case {
    pub(super) disk: MemFs,
    pub(super) made: Made,
    /// What is there, without what depends on when and how often something was tried. Holds the world.
    pub(super) there: Box<dyn Fn() -> String>,
}

impl Case {
    fn engine(&self, name: &'static str) -> Arc<Engine> {
        engine(&self.disk, name, Arc::clone(&self.made))
    }

    /// Under a process that dies at a receipt, which `left` says.
    fn dying(&self, name: &'static str, left: u64) -> Arc<Engine> {
        engine_on(Arc::new(Dying::new(&self.disk, left)), name, Arc::clone(&self.made))
    }

    async fn begin(&self, engine: &Arc<Engine>, name: &'static str, options: &Value) -> Result<Job, Refused> {
        let confirm = self.engine(name).plan(name, options).await.unwrap().confirm;
        engine.begin(name, options, confirm.as_deref()).await
    }

    async fn mended(&self, name: &'static str, options: &Value) -> Receipt {
        let job = self.begin(&self.engine(name), name, options).await.unwrap();
        let receipt = job.run().await.unwrap();
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        receipt
    }
}

/// What became of a repair that was killed before and after each of its receipts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Killed {
    /// What was done, each word a step.
    pub(super) steps: Vec<String>,
    /// So many times on the way there.
    pub(super) there: u64,
    /// So many times on the way back; none where there is no way back.
    pub(super) back: Option<u64>,
}

/// Carries a repair out, and takes it back where that can be: each time with a world that is new, killed before or after
/// another receipt, and gone on with. What is there in the end has to be what is there without a kill.
pub(super) async fn killed_at_each_step(
    name: &'static str,
    options: Value,
    build: impl AsyncFn() -> Case,
) -> Killed {
    let case = build().await;
    let before = (case.there)();
    let receipt = case.mended(name, &options).await;
    let mended = (case.there)();
    assert_ne!(mended, before, "{name} mends something");
    let steps = receipt.plan.steps.iter().map(|step| step.kind.clone()).collect();
    let undo = case.engine(name).undo(&receipt.id);
    let returns = match undo {
        Ok(job) => {
            assert_eq!(job.run().await.unwrap().state, State::Undone);
            assert_eq!((case.there)(), before, "{name} taken back");
            true
        }
        Err(refused) => {
            assert!(refused.to_string().contains("no step that can be taken back"), "{name}: {refused}");
            false
        }
    };
    let there = killed_there(name, &options, &build, &mended).await;
    let back =
        if returns { Some(killed_back(name, &options, &build, (&before, &mended)).await) } else { None };
    Killed { steps, there, back }
}

async fn killed_there(
    name: &'static str,
    options: &Value,
    build: &impl AsyncFn() -> Case,
    mended: &str,
) -> u64 {
    for left in 1.. {
        let case = build().await;
        let job = case.begin(&case.dying(name, left), name, options).await;
        let killed = match job {
            Ok(job) => job.run().await.is_err(),
            Err(_) => true,
        };
        gone_on_with(&case, name).await;
        match case.engine(name).list().unwrap().receipts.pop() {
            None => assert!(left <= 2, "{name}: nothing had begun, killed at {left}"),
            Some(receipt) => {
                assert_eq!(receipt.state, State::Done, "{name} killed at {left}: {receipt:#?}");
                assert_eq!((case.there)(), mended, "{name} killed at {left}");
            }
        }
        if !killed {
            return left - 1;
        }
    }
    unreachable!("it is not killed for ever")
}

async fn killed_back(
    name: &'static str,
    options: &Value,
    build: &impl AsyncFn() -> Case,
    (before, mended): (&str, &str),
) -> u64 {
    for left in 1.. {
        let case = build().await;
        let id = case.mended(name, options).await.id;
        let killed = match case.dying(name, left).undo(&id) {
            Ok(job) => job.run().await.is_err(),
            Err(_) => true,
        };
        gone_on_with(&case, name).await;
        let receipt = case.engine(name).show(&id).unwrap().receipt;
        if receipt.state == State::Done {
            assert!(left <= 2, "{name}: the way back had not begun, killed at {left}");
            assert_eq!((case.there)(), mended, "{name} killed at {left}");
        } else {
            assert_eq!(receipt.state, State::Undone, "{name} killed on its way back at {left}: {receipt:#?}");
            assert_eq!((case.there)(), before, "{name} killed on its way back at {left}");
        }
        if !killed {
            return left - 1;
        }
    }
    unreachable!("it is not killed for ever")
}

/// As a program does at its start.
async fn gone_on_with(case: &Case, name: &'static str) {
    let engine = case.engine(name);
    for id in engine.unfinished().unwrap() {
        engine.resume(&id).unwrap().run().await.unwrap();
    }
}

/// A disk under a process that dies before or after it puts a receipt in place.
pub(crate) struct Dying {
    disk: MemFs,
    /// Twice the receipts that are still put in place, and one more if the last one is, before nothing is written any more.
    left: AtomicU64,
}

impl Dying {
    /// `left` is twice the receipts that are still put in place, and one more if the last one is.
    pub(crate) fn new(disk: &MemFs, left: u64) -> Self {
        Self { disk: disk.clone(), left: AtomicU64::new(left) }
    }

    fn dead(&self) -> io::Result<()> {
        if self.left.load(Ordering::Relaxed) == 0 { Err(io::Error::other("killed")) } else { Ok(()) }
    }
}

impl Fs for Dying {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.dead()?;
        self.disk.create_dir_all(dir)
    }
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.disk.read_dir(dir)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        self.dead()?;
        self.disk.create(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.disk.open(path)
    }
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        self.dead()?;
        self.disk.truncate(path, len)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.dead()?;
        let before = self.left.fetch_sub(1, Ordering::Relaxed) == 1;
        if before {
            return self.dead();
        }
        self.disk.rename(from, to)?;
        self.left.fetch_sub(1, Ordering::Relaxed);
        self.dead()
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.dead()?;
        self.disk.remove(path)
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.dead()?;
        self.disk.remove_dir(dir)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.dead()?;
        self.disk.sync_dir(dir)
    }
    fn free_space(&self, path: &Path) -> io::Result<u64> {
        self.disk.free_space(path)
    }
}
