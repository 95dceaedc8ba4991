use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, ManualClock, MemFs};
use hearthline_pipeline::health::PartState;
use serde_json::json;

use super::*;
use crate::alerts::{Alerts, Beside, Limits, Pace};
use crate::logs::{Level, Logs, Mask, Next, Writer};
use crate::notes::Notes;
use crate::repair::receipt::StepReceipt;
use crate::repair::testing::House;
use crate::repair::{Done, Plan, Receipts, State, Step};
use crate::runbook::{Found, saved};
use crate::status::{Overall, Part, Restart, Sink};

/// 2026-11-26, 22:00.
const TEN: Timestamp = Timestamp(1_795_730_400_000_000);
const DATA: &str = "/data";

fn at(second: u64) -> Timestamp {
    TEN.plus(Duration::from_secs(second))
}

fn criterion(value: Option<f64>, met: Option<bool>) -> crate::status::Criterion {
    serde_json::from_value(json!({
        "id": "uptime", "label": "Every part is up", "met": met, "value": value, "target": 99.0, "unit": "%", "window_s": 900,
    }))
    .unwrap()
}

fn sink(lost: u64, conflicts: u64) -> Sink {
    serde_json::from_value(json!({
        "name": "influxdb", "kind": "influxdb", "state": "healthy", "delivered": 900, "filtered": 0, "collapsed": 0,
        "quarantined": 0, "pending": 0, "lag_s": 0.0, "write_errors": 0, "last_error": null, "lost": lost,
        "conflicts": conflicts,
    }))
    .unwrap()
}

fn status(sink: Sink, uptime: f64) -> Status {
    let mut status = House::new().status.lock().clone();
    status.uptime_since = Some(at(0).minus(Duration::from_secs(600)).to_string());
    status.criteria = vec![criterion(Some(uptime), Some(uptime >= 99.0))];
    let restart = Restart { at: at(90).to_string(), why: "it hung".into() };
    let wanted = Restart { at: at(91).to_string(), why: Restart::WANTED.into() };
    let parts = [("influxdb", restart), ("store", wanted)];
    let part = |(name, last)| Part { last_restart: Some(last), ..Part::new(name, "healthy") };
    status.parts = parts.map(part).into();
    status.sinks = vec![sink];
    status
}

fn gap(id: u64, state: &str, (from, to): (u64, Option<u64>), kind: &str) -> Gap {
    serde_json::from_value(json!({
        "id": id, "state": state, "from": at(from).to_string(), "to": to.map(|to| at(to).to_string()),
        "cause": format!("{kind} | by us"), "entities": [], "recovered": if state == "filled" { 4 } else { 0 }, "kind": kind,
        "not_kept": if state == "partly" { vec!["light.hall"] } else { Vec::new() },
    }))
    .unwrap()
}

fn receipt(id: &str, began: u64) -> Receipt {
    let done = |says: &str| Some(Done { says: says.into(), data: json!({}) });
    Receipt {
        id: id.into(),
        plan: Plan {
            repair: "schema".into(),
            finding: "1 field has another type | there".into(),
            steps: vec![Step { kind: "copy".into(), what: "copy 12 rows".into(), ..Step::default() }],
            ..Plan::default()
        },
        state: State::Done,
        started: at(began).to_string(),
        ended: Some(at(began + 5).to_string()),
        steps: vec![StepReceipt {
            started: Some(at(began).to_string()),
            done: done("12 rows copied, 12 counted"),
            took_ms: 5000,
            ..StepReceipt::default()
        }],
        verified: done("no field has another type"),
        before: vec![criterion(Some(80.0), Some(false))],
        ..Receipt::default()
    }
}

/// A data folder in which an evening was kept.
struct World {
    fs: Arc<dyn Fs>,
    clock: ManualClock,
    logs: Logs,
    incidents: Incidents,
}

impl World {
    fn new() -> Self {
        let (fs, clock): (Arc<dyn Fs>, _) = (Arc::new(MemFs::default()), ManualClock::at(at(0)));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        for folder in ["repairs", "runbooks"] {
            fs.create_dir_all(&Path::new(DATA).join(folder)).unwrap();
        }
        let logs = Logs::new(Arc::clone(&shared), Mask::default());
        Self { incidents: Incidents::new(Arc::clone(&fs), shared, Path::new(DATA)), logs, fs, clock }
    }

    fn happen(&self) {
        let (fs, clock): (_, Arc<dyn Clock>) = (Arc::clone(&self.fs), Arc::new(self.clock.clone()));
        let mut writer = Writer::open(&self.logs, fs.clone(), Path::new(DATA));
        self.logs.say(Level::Warn, "home_assistant", "connection reset; trying again", Vec::new());
        self.logs.say(Level::Info, "home_assistant", "is not told", Vec::new());
        let pace = Pace { grace: Duration::ZERO, raise: Duration::ZERO, clear: Duration::from_secs(30) };
        let alerts = Alerts::open(fs.clone(), clock.clone(), Path::new(DATA), Limits::default(), pace);
        let mut status = status(sink(0, 0), 80.0);
        status.sinks[0].state = "parked".into();
        alerts.look(&status, Beside::default());
        let mut uptime = Uptime::new(at(0).minus(Duration::from_secs(600)));
        uptime.add("influxdb", PartState::Healthy, Duration::from_secs(600), at(0));
        self.clock.advance(Duration::from_secs(120));
        uptime.add("influxdb", PartState::Parked, Duration::from_secs(120), at(120));
        uptime.write(&*fs, &Path::new(DATA).join("uptime")).unwrap();
        let fields = vec![("sink".to_owned(), "influxdb".to_owned())];
        self.logs.say(Level::Error, "influxdb", "rows were refused | and set aside", fields);
        Notes::new(fs.clone(), clock, Path::new(DATA)).add("turned the router off and on").unwrap();
        alerts.look(&crate::repair::testing::House::new().status.lock().clone(), Beside::default());
        self.clock.advance(Duration::from_secs(60));
        alerts.look(&crate::repair::testing::House::new().status.lock().clone(), Beside::default());
        alerts.keep();
        while writer.step() == Next::More {}
    }

    fn write(&self, folder: &str, receipt: &Receipt) {
        let dir = Path::new(DATA).join(folder);
        self.fs.create_dir_all(&dir.join(&receipt.id)).unwrap();
        Receipts::new(Arc::clone(&self.fs), &dir).write(receipt).unwrap();
    }

    fn live(&self, gaps: Vec<Gap>, status: Status) -> Live {
        Live {
            status: Some(status),
            gaps: Ok(gaps),
            alerts: None,
            logs: Some(self.logs.clone()),
            aside: Ok(vec![("no JSON".into(), 2)]),
        }
    }

    fn read(&self, live: Live) -> Known {
        self.incidents.read(Period { since: at(0), until: at(3600) }, live)
    }

    fn report(&self, live: Live) -> String {
        report(&self.read(live))
    }
}

#[test]
fn an_evening_is_told_from_what_was_found_to_what_keeps_it_from_coming_back() {
    let world = World::new();
    world.happen();
    world.write("repairs", &receipt("2026-11-26T22-01-00Z-schema", 60));
    let run = Receipt {
        plan: Plan { repair: "runbook".into(), ..receipt("", 30).plan },
        ..receipt("2026-11-26T22-00-30Z-runbook", 30)
    };
    world.write("runbooks", &run);
    let found = Found {
        id: "schema-conflicts".into(),
        about: Some("influxdb".into()),
        severity: "warning".into(),
        says: "1 field has another type".into(),
        remedy: None,
    };
    let before = Saved {
        at: at(30).to_string(),
        status: status(sink(0, 0), 80.0),
        findings: vec![found],
        unlooked: None,
    };
    let dir = Path::new(DATA).join("runbooks/2026-11-26T22-00-30Z-runbook");
    world.fs.write_atomic(&dir.join(saved::BEFORE), &serde_json::to_vec(&before).unwrap()).unwrap();
    let gaps = vec![
        gap(3, "filled", (100, Some(130)), "disconnected"),
        gap(2, "filled", (10, Some(110)), "not_running"),
        gap(1, "lost", (0, Some(1)), "requested"),
    ];
    let mut now = status(sink(0, 1), 99.5);
    (now.overall, now.simulated) = (Overall::Healthy, true);
    insta::assert_snapshot!(world.report(world.live(gaps, now)));
}

#[test]
fn nothing_is_made_up_where_nothing_is_known() {
    let world = World::new();
    let text = world.report(Live::nothing("the program does not run"));
    insta::assert_snapshot!(text);
}

/// The first sentence, and the section on what was lost.
fn lost(world: &World, gaps: Vec<Gap>, status: Status) -> (String, String) {
    let text = world.report(world.live(gaps, status));
    let sentence = text.split("**").nth(1).unwrap().to_owned();
    let (_, behind) = text.split_once("## What was lost\n\n").unwrap();
    (sentence, behind.split_once("\n## ").unwrap().0.trim().to_owned())
}

#[test]
fn what_is_lost_is_named_and_what_is_not_known_is_not_called_nothing() {
    let world = World::new();
    world.happen();
    let said = |gaps| lost(&world, gaps, status(sink(0, 0), 100.0));
    assert_eq!(said(Vec::new()).0, "Nothing was lost: there is no gap.");
    let (sentence, named) = said(vec![gap(4, "lost", (5, Some(6)), "disconnected")]);
    assert_eq!(sentence, "Something was lost: 1 gap of which nothing could be had.");
    assert!(named.starts_with("- Gap 4: what happened in it could not be had"), "{named}");
    let (sentence, named) = said(vec![gap(4, "partly", (5, Some(6)), "disconnected")]);
    assert_eq!(sentence, "Something may be lost: 1 gap filled in part.");
    assert!(
        named.contains("states of light.hall that Home Assistant's history does not keep may be lost"),
        "{named}"
    );
    let (sentence, _) = said(vec![gap(4, "open", (5, None), "disconnected")]);
    assert_eq!(sentence, "Whether something was lost is not known yet: 1 gap open.");
    let (sentence, named) = lost(&world, Vec::new(), status(sink(5, 0), 100.0));
    assert_eq!(sentence, "Nothing was lost: there is no gap.");
    assert!(named.contains("influxdb: 5 events left the log before it had them; the archive has them; whether in this time is not known"), "{named}");
    assert!(named.contains("2 set aside with all bytes, not lost: no JSON"), "{named}");
    let other = said(vec![gap(4, "lost", (7200, Some(7300)), "disconnected")]).0;
    assert_eq!(other, "Nothing was lost: there is no gap.", "that one was later");
}

#[test]
fn each_instant_stands_still_once_and_what_goes_on_is_not_over() {
    let world = World::new();
    world.happen();
    let text = |gaps| world.report(world.live(gaps, status(sink(0, 0), 100.0)));
    let twice = text(vec![
        gap(3, "filled", (20, Some(50)), "disconnected"),
        gap(2, "filled", (10, Some(40)), "stopped"),
        gap(1, "filled", (0, Some(3600)), "compared"),
    ]);
    assert!(twice.contains("Nothing was recorded for 40.0 s (2 gaps)."), "{twice}");
    let open = text(vec![gap(1, "open", (100, None), "disconnected")]);
    assert!(open.contains("Nothing was recorded for 80.0 s (1 gap, and it goes on)."), "{open}");
    assert!(
        open.contains(
            "| Total time | 3 min 0 s since the first sign at 2026-11-26T22:00:00Z, and not over |"
        ),
        "{open}"
    );
    assert!(text(Vec::new()).contains("Recording did not stand still."));
}

#[test]
fn where_all_that_is_counted_is_of_the_time_each_part_is_told_to_the_second() {
    let world = World::new();
    world.happen();
    let mut status = status(sink(0, 0), 100.0);
    status.uptime_since = Some(at(5).to_string());
    status.parts = vec![Part { down_s: Some(12.5), ..Part::new("influxdb", "healthy") }];
    let text = world.report(world.live(Vec::new(), status));
    let expected = "| influxdb | 12.5 s |\n\nOf each part, looked at each second since 2026-11-26T22:00:05Z.";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_is_damaged_is_told_and_left_as_it_is() {
    let world = World::new();
    for file in ["alerts.json", "notes.json", "uptime"] {
        world.fs.write_atomic(&Path::new(DATA).join(file), b"{").unwrap();
    }
    let text = world.report(world.live(Vec::new(), status(sink(0, 0), 100.0)));
    for file in ["alerts.json", "notes.json", "uptime"] {
        assert!(text.contains(&format!("- Cannot be read: {file}")), "{file}: {text}");
        assert_eq!(world.fs.read(&Path::new(DATA).join(file)).unwrap(), b"{", "{file}");
    }
}

#[test]
fn people_are_told_in_short_what_was_lost_what_stood_and_what_is_not_met() {
    let world = World::new();
    world.happen();
    let mut status = status(sink(0, 0), 80.0);
    (status.overall, status.simulated) = (Overall::Degraded, true);
    status.criteria.push(criterion(None, None));
    let gaps = vec![gap(4, "lost", (5, Some(15)), "disconnected")];
    let told = message(&world.read(world.live(gaps, status)));
    let nothing = message(&world.read(Live::nothing("the program does not run")));
    insta::assert_snapshot!([told, nothing].map(|of| format!("{}\n\n{}\n", of.title, of.text)).join("---\n"));
}
