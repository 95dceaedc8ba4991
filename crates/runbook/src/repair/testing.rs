//! A program that is not there, and a repair that is killed wherever it can be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Fs, ManualClock, MemFs, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Doing, Engine, Kind, Options, Program, Receipt, Refused, Repair, RepairError, State};
use crate::Status;

/// 2026-11-26T00:41:07Z
pub(crate) const NIGHT: Timestamp = Timestamp(1_795_653_667_000_000);

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
    let fs: Arc<dyn Fs> = Arc::new(disk.clone());
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
        let (world, disk, made) = build();
        let confirm = engine(&disk, name, Arc::clone(&made)).plan(name, &options).await.unwrap().confirm;
        let first = engine(&disk, name, Arc::clone(&made));
        let job = first.begin(name, &options, confirm.as_deref()).await.unwrap();
        let id = job.id().to_owned();
        kills += u32::from(timeout(at, job.run()).await.is_err());
        let second = engine(&disk, name, made);
        for id in second.unfinished().unwrap() {
            second.resume(&id).unwrap().run().await.unwrap();
        }
        let receipt = second.show(&id).unwrap().receipt;
        assert_eq!(receipt.state, State::Done, "killed after {at:?}: {receipt:?}");
        look(&world, &receipt);
        at += each;
    }
    kills
}
