use std::path::Path;

use hearthline_core::{ManualClock, MemFs};
use serde_json::json;

use super::*;

/// 2026-11-23, noon.
pub(super) const NOON: Timestamp = Timestamp(1_795_435_200_000_000);

pub(super) fn second(second: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(second))
}

/// Everything as it should be.
pub(crate) fn status() -> Status {
    serde_json::from_value(json!({
        "version": "0.1.0", "overall": "healthy", "verdict": "Recording.", "uptime_s": 1000,
        "home_assistant": {
            "state": "connected", "since": "2026-11-23T10:00:00.000000Z", "version": null, "attempts": 1,
            "last_event_age_s": 1.0,
        },
        "events": {
            "received": 10, "filtered": 0, "duplicate": 0, "logged": 10, "unlogged": 0, "quarantined": 0,
            "per_minute": 600,
        },
        "log": { "first_seq": 1, "last_seq": 9, "bytes": 1 },
        "sinks": [{
            "name": "influxdb", "kind": "influxdb", "state": "healthy", "delivered": 10, "filtered": 0, "collapsed": 0,
            "quarantined": 0, "pending": 3, "lag_s": 0.0, "write_errors": 0, "last_error": null,
        }],
        "parts": [{ "name": "log", "state": "healthy", "since": "", "reason": null, "uptime": 1.0 }],
        "weather": {},
        "gaps": { "open": 0, "filled": 4, "partly": 0, "lost": 1 },
        "criteria": [],
    }))
    .unwrap()
}

fn parked() -> Status {
    let mut status = status();
    status.sinks[0].state = "parked".into();
    status
}

/// A data folder on which programs run, one after the other.
struct House {
    fs: MemFs,
    clock: ManualClock,
}

impl House {
    fn new() -> Self {
        let fs = MemFs::default();
        (&fs as &dyn Fs).create_dir_all(Path::new("/data")).unwrap();
        Self { fs, clock: ManualClock::at(NOON) }
    }

    fn start(&self) -> Alerts {
        let pace = Pace { grace: Duration::ZERO, raise: Duration::ZERO, clear: Duration::from_secs(10) };
        let (fs, clock) = (Arc::new(self.fs.clone()), Arc::new(self.clock.clone()));
        Alerts::open(fs, clock, Path::new("/data"), Limits::default(), pace)
    }

    fn files(&self) -> Vec<String> {
        let fs: &dyn Fs = &self.fs;
        fs.read_dir(Path::new("/data")).unwrap().into_iter().map(|entry| entry.name).collect()
    }
}

#[test]
fn what_is_wrong_who_has_seen_it_and_what_is_muted_survives_a_power_cut() {
    let house = House::new();
    let alerts = house.start();
    alerts.look(&parked(), Beside::default());
    alerts.acknowledge("sink_behind:influxdb").unwrap();
    alerts.mute("silent", Duration::from_hours(2)).unwrap();
    alerts.keep();
    let before = alerts.list(10);
    house.fs.power_cut();

    let alerts = house.start();
    assert_eq!(alerts.list(10), before);
    assert_eq!(before.active[0].state, State::Acknowledged);
    assert_eq!(before.muted[0].what, "silent");
    alerts.look(&status(), Beside::default()); // over at once: it is not so in this run
    alerts.keep();
    assert_eq!(alerts.counts(), AlertCounts::default());
    let again = house.start().list(10);
    assert_eq!((again.active.len(), again.history.len(), again.muted.len()), (0, 1, 1));
    assert_eq!(again.history[0].acknowledged, before.active[0].acknowledged);
    assert_eq!(again.rules, Rule::ALL);
}

#[test]
fn a_damaged_file_is_set_aside_and_said() {
    for damage in [
        &b"{\"version\": 1, \"raised\": {"[..],
        b"",
        b"\xff\xfe",
        b"{\"version\": 2, \"raised\": {}, \"mutes\": {}, \"history\": []}",
    ] {
        let house = House::new();
        (&house.fs as &dyn Fs).write_atomic(Path::new("/data/alerts.json"), damage).unwrap();
        let alerts = house.start();
        let note = alerts.list(10).note.unwrap();
        assert!(note.contains("it lies in /data/alerts.json.damaged now"), "{note}");
        let kept = (&house.fs as &dyn Fs).read(Path::new("/data/alerts.json.damaged")).unwrap();
        assert_eq!(kept, damage);
        alerts.look(&parked(), Beside::default());
        alerts.keep();
        assert_eq!(house.files(), ["alerts.json", "alerts.json.damaged"]);
        let alerts = house.start();
        assert_eq!((alerts.list(10).note, alerts.counts().active), (None, 1));
    }
}

#[test]
fn what_a_full_disk_does_not_take_is_written_when_it_has_room() {
    let house = House::new();
    let alerts = house.start();
    house.fs.fail(hearthline_core::fs::Fault::ReadOnly);
    alerts.look(&parked(), Beside::default());
    alerts.keep();
    assert_eq!(alerts.counts().active, 1, "it is told all the same");
    house.fs.heal();
    alerts.keep();
    assert_eq!(house.start().counts().active, 1);
}

#[test]
fn a_mute_is_neither_for_no_time_nor_for_ever() {
    let alerts = House::new().start();
    for (length, fits) in [(59, false), (60, true), (90 * 86_400, true), (90 * 86_400 + 1, false)] {
        assert_eq!(alerts.mute("disk", Duration::from_secs(length)).is_ok(), fits, "{length}");
    }
}
