use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::operations::{self, rows};
use crate::status::{Gaps, Part, Sink};

fn well() -> Facts {
    let part = |name: &str| Part { uptime: Some(1.0), ..Part::new(name, "healthy") };
    let sink = Sink {
        name: "store".into(),
        kind: "parquet".into(),
        state: "healthy".into(),
        delivered: 5,
        filtered: 0,
        collapsed: 0,
        quarantined: 0,
        pending: 7,
        lag_s: 0.0,
        write_errors: 0,
        reason: None,
        version: None,
        url: None,
        database: None,
        conflicts: None,
        lag_events: None,
        slow_s: None,
        lost: 0,
        loss: None,
        refill: None,
        last_error: None,
    };
    Facts {
        uptime: Duration::from_secs(100),
        known_for: Duration::from_secs(100),
        connection: Connection::Connected,
        connection_for: Duration::from_secs(90),
        connection_reason: None,
        ping_answered: true,
        unaccounted: 0,
        log_refuses: None,
        sinks: vec![sink],
        parts: vec![part("log"), part("store"), part("home_assistant")],
        gaps: Gaps::default(),
        disk_full: None,
        canary: None,
        changed: None,
    }
}

#[test]
fn a_server_that_takes_its_time_is_not_said_to_take_nothing() {
    let mut facts = well();
    let sink = &mut facts.sinks[0];
    (sink.state, sink.slow_s) = ("degraded".into(), Some(6.0));
    sink.reason = Some("its server takes 6 s for what it is given".into());
    let slow =
        "Recording, store is slow: its server takes 6 s for what it is given; 7 events are safe on disk.";
    assert_eq!(judge(&facts), (Overall::Degraded, slow.into()));
}

/// What it is called, what is the case, and what follows.
type Situation<'a> = (&'a str, &'a dyn Fn(&mut Facts), Overall, &'a str);

#[test]
fn each_situation_has_its_sentence() {
    let healthy = |_: &mut Facts| {};
    let cases: [Situation<'_>; 10] = [
        ("all well", &healthy, Overall::Healthy, "Recording."),
        (
            "token refused",
            &|f| {
                (f.connection, f.connection_reason) =
                    (Connection::Parked, Some("the token was refused".into()))
            },
            Overall::Unhealthy,
            "Not recording: the token was refused.",
        ),
        (
            "away for long",
            &|f| {
                f.connection = Connection::Disconnected;
                f.connection_for = Duration::from_secs(660);
                f.connection_reason = Some("connection refused".into());
            },
            Overall::Unhealthy,
            "Not recording for 11 min: connection refused.",
        ),
        (
            "disk full",
            &|f| f.log_refuses = Some("no space left".into()),
            Overall::Unhealthy,
            "Not recording: the log takes no events: no space left.",
        ),
        (
            "restart of Home Assistant",
            &|f| f.connection = Connection::Waiting,
            Overall::Degraded,
            "Waiting for Home Assistant.",
        ),
        (
            "sink fails",
            &|f| {
                f.sinks[0].state = "degraded".into();
                f.sinks[0].last_error = Some("read-only file system".into());
            },
            Overall::Degraded,
            "Recording, store takes nothing: 7 events are safe on disk (read-only file system).",
        ),
        (
            "sink behind",
            &|f| f.sinks[0].lag_s = 42.0,
            Overall::Degraded,
            "Recording, store is 42 s behind: 7 events are safe on disk.",
        ),
        (
            "open gap",
            &|f| f.gaps.open = 1,
            Overall::Degraded,
            "Recording, fetching what was missed from Home Assistant's history.",
        ),
        (
            "several open gaps",
            &|f| f.gaps.open = 3,
            Overall::Degraded,
            "Recording, fetching what was missed in 3 gaps from Home Assistant's history.",
        ),
        (
            "a count that does not add up is never green",
            &|f| f.unaccounted = -3,
            Overall::Unhealthy,
            "Recording, but -3 events are in no counter: please report this.",
        ),
    ];
    hold(&cases);
}

/// Each has its sentence, in a person's words.
fn hold(cases: &[Situation<'_>]) {
    for (name, change, overall, sentence) in cases {
        let mut facts = well();
        change(&mut facts);
        assert_eq!(judge(&facts), (*overall, (*sentence).to_owned()), "{name}");
        for word in ["sink", "cursor", "lag", "quarantine", "parked", "backfill"] {
            assert!(
                !sentence.split(|c: char| !c.is_alphabetic()).any(|said| said == word),
                "{name} says {word}"
            );
        }
    }
}

#[test]
fn what_is_lost_says_since_when_and_the_first_minutes_what_is_there_yet() {
    let cases: [Situation<'_>; 3] = [
        (
            "disk full, and since when events are lost is known",
            &|f| {
                f.log_refuses = Some("no space left".into());
                f.gaps = open("log_refused");
            },
            Overall::Unhealthy,
            "Not recording since 2026-11-23T12:00:00.000000Z: the log takes no events: no space left.",
        ),
        (
            "the first minutes",
            &|f| f.changed = Some((0, 1445)),
            Overall::Healthy,
            "Recording. 0 of 1,445 entities have changed yet: Home Assistant only sends changes.",
        ),
        ("the first minutes of a busy house", &|f| f.changed = Some((9, 9)), Overall::Healthy, "Recording."),
    ];
    hold(&cases);
}

#[test]
fn a_disk_that_fills_says_when_and_is_as_bad_as_the_loss_is_near() {
    fn left(days: u64) -> Option<DiskFull> {
        let (noon, left) = (Timestamp(1_795_435_200_000_000), Duration::from_hours(24 * days));
        Some(DiskFull { at: noon.plus(left).to_string(), left_s: left.as_secs() })
    }
    let cases: [Situation<'_>; 6] = [
        (
            "nothing is lost for long, and somebody has to act",
            &|f| f.disk_full = left(19),
            Overall::Degraded,
            "Recording, but the disk is full on about 12 December 2026 at the rate of the last days: make room, or keep less.",
        ),
        (
            "two days",
            &|f| f.disk_full = left(2),
            Overall::Degraded,
            "Recording, but the disk is full on about 25 November 2026 at the rate of the last days: make room, or keep less.",
        ),
        (
            "data is about to be lost, which is worse than a gap or a place that is away",
            &|f| {
                (f.disk_full, f.gaps.open) = (left(1), 1);
                f.sinks[0].state = "degraded".into();
            },
            Overall::Unhealthy,
            "Recording, but the disk is full on about 24 November 2026 at the rate of the last days: make room, or keep less.",
        ),
        (
            "no room, while Home Assistant restarts",
            &|f| (f.disk_full, f.connection) = (left(0), Connection::Waiting),
            Overall::Unhealthy,
            "Waiting for Home Assistant, and the disk has no room for another day: make room, or keep less.",
        ),
        (
            "events that wait are told first",
            &|f| (f.disk_full, f.sinks[0].lag_s) = (left(19), 42.0),
            Overall::Degraded,
            "Recording, store is 42 s behind: 7 events are safe on disk.",
        ),
        (
            "the log takes nothing already",
            &|f| (f.disk_full, f.log_refuses) = (left(0), Some("no space left".into())),
            Overall::Unhealthy,
            "Not recording: the log takes no events: no space left.",
        ),
    ];
    hold(&cases);
}

/// One gap that is open.
fn open(kind: &str) -> Gaps {
    let gap = json!({
        "id": 1, "state": "open", "from": "2026-11-23T12:00:00.000000Z", "to": null, "cause": kind, "entities": [],
        "recovered": 0, "kind": kind,
    });
    Gaps { open: 1, recent: vec![serde_json::from_value(gap).unwrap()], ..Gaps::default() }
}

#[test]
fn a_sink_that_is_refilled_says_how_far_unless_its_server_is_away() {
    let refill = Refill {
        why: "missed".into(),
        done: 3,
        of: 52,
        from: None,
        to: None,
        since: "2026-11-23T12:00:00.000000Z".into(),
        left_s: None,
        waiting: 0,
        running: true,
    };
    let mut facts = well();
    facts.sinks[0].state = "degraded".into();
    facts.sinks[0].refill = Some(refill.clone());
    let sentence = "Recording, store is given from the store what it lacks: 3 of 52 events.";
    assert_eq!(judge(&facts), (Overall::Degraded, sentence.to_owned()));
    facts.sinks[0].refill = Some(Refill { running: false, ..refill });
    facts.sinks[0].reason = Some("connection refused".into());
    let sentence = "Recording, store takes nothing: 7 events are safe on disk (connection refused).";
    assert_eq!(judge(&facts), (Overall::Degraded, sentence.to_owned()));
}

#[test]
fn a_sink_that_waits_for_a_person_says_what_to_do() {
    let mut facts = well();
    facts.sinks[0].state = "parked".into();
    facts.sinks[0].reason = Some("HTTP 401: set the token".into());
    let sentence = "Recording, store waits for you: HTTP 401: set the token; its 7 events are safe on disk.";
    assert_eq!(judge(&facts), (Overall::Degraded, sentence.to_owned()));
}

#[test]
fn the_only_influxdb_is_called_so_and_of_several_each_has_its_own_name() {
    let mut facts = well();
    let influxdb = |name: &str, state: &str| Sink {
        name: name.into(),
        kind: "influxdb".into(),
        state: state.into(),
        reason: Some("HTTP 503".into()),
        ..facts.sinks[0].clone()
    };
    let (attic, cloud) = (influxdb("attic", "degraded"), influxdb("cloud", "healthy"));
    facts.sinks.push(attic);
    assert_eq!(judge(&facts).1, "Recording, InfluxDB takes nothing: 7 events are safe on disk (HTTP 503).");
    // What it has taken already does not wait, whenever it writes down how far it is.
    facts.sinks[1].lag_events = Some(1);
    assert_eq!(judge(&facts).1, "Recording, InfluxDB takes nothing: 1 event is safe on disk (HTTP 503).");
    facts.sinks[1].lag_events = Some(16_959);
    assert_eq!(
        judge(&facts).1,
        "Recording, InfluxDB takes nothing: 16,959 events are safe on disk (HTTP 503)."
    );
    facts.sinks[1].lag_events = None;
    facts.sinks.push(cloud);
    assert_eq!(judge(&facts).1, "Recording, attic takes nothing: 7 events are safe on disk (HTTP 503).");
}

#[test]
fn a_part_whose_thread_is_gone_has_its_sentence() {
    let cases: [Situation<'_>; 2] = [
        (
            "the reader hangs",
            &|f| {
                f.connection = Connection::Waiting;
                f.parts[2].state = "unhealthy".into();
                f.parts[2].reason = Some("it hung: no sign of life for 8 s; it is being started anew".into());
            },
            Overall::Unhealthy,
            "Not recording: it hung: no sign of life for 8 s; it is being started anew.",
        ),
        (
            "a part is left alone",
            &|f| {
                f.parts.push(Part::new("weather", "parked"));
                f.parts[3].reason = Some("it panicked, too often".into());
            },
            Overall::Degraded,
            "Recording, weather waits for you: it panicked, too often.",
        ),
    ];
    hold(&cases);
}

#[test]
fn each_sentence_is_in_the_index_of_what_to_do_and_the_index_has_no_other() {
    let source = include_str!("../verdict.rs");
    let literals = source.split('"').skip(1).step_by(2);
    // Fragments of sentences and words begin with a small letter.
    let sentences = literals
        .filter(|said| said.ends_with('.') && said.starts_with(|c: char| c == '{' || c.is_uppercase()));
    let shown = |said: &str| {
        let mut parts = said.split('{');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |shown, part| shown + "…" + part.split_once('}').unwrap().1)
    };
    let said: BTreeSet<String> = sentences.map(shown).collect();
    let listed: BTreeSet<String> = rows("## What the first sentence says")
        .iter()
        .map(|row| operations::said(&row[0]).to_owned())
        .collect();
    assert_eq!(listed, said);
}
