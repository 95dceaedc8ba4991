use hearthline_pipeline::metrics::Sample;

use super::*;
use crate::status::{Gaps, Part};
use crate::verify::Outcome;

fn facts(connection: Connection) -> Facts {
    let part = Part { uptime_24h: Some(0.5), uptime_7d: Some(0.995), ..Part::new("log", "healthy") };
    Facts {
        uptime: MINUTE,
        known_for: 60 * MINUTE,
        connection,
        connection_for: MINUTE,
        connection_reason: None,
        ping_answered: true,
        unaccounted: 0,
        log_refuses: None,
        sinks: Vec::new(),
        parts: vec![part],
        gaps: Gaps::default(),
        disk_full: None,
        canary: None,
        changed: None,
    }
}

fn samples(received: u64, persisted: u64, failed: u64) -> Samples {
    let mut samples = Samples::default();
    samples.push(Sample::default());
    samples.push(Sample { at: MINUTE, received, live: received, persisted, failed, ..Sample::default() });
    samples
}

fn met(facts: &Facts, samples: &Samples, id: &str) -> Option<bool> {
    let all = evaluate(facts, samples, Overall::Healthy, &Targets::default());
    all.iter().find(|criterion| criterion.id == id).unwrap().met
}

#[test]
fn an_empty_window_is_not_known_and_never_zero() {
    let all =
        evaluate(&facts(Connection::Connected), &Samples::default(), Overall::Healthy, &Targets::default());
    for id in ["events_per_minute", "error_rate", "persistence"] {
        let criterion = all.iter().find(|criterion| criterion.id == id).unwrap();
        assert_eq!((criterion.met, criterion.value), (None, None), "{id}");
        assert!(criterion.note.is_some());
    }
}

#[test]
fn few_events_with_answered_pings_are_a_quiet_house() {
    let few = samples(3, 3, 0);
    assert_eq!(met(&facts(Connection::Connected), &few, "events_per_minute"), None);
    assert_eq!(met(&facts(Connection::Waiting), &few, "events_per_minute"), Some(false));
    assert_eq!(met(&facts(Connection::Connected), &samples(30, 30, 0), "events_per_minute"), Some(true));
}

#[test]
fn rows_with_weather_are_a_share_of_the_live_ones_where_weather_is_wanted() {
    let mut house = facts(Connection::Connected);
    let samples = |states, with_weather| {
        let mut samples = samples(10, 10, 0);
        samples.push(Sample {
            at: 2 * MINUTE,
            states,
            with_weather,
            ..Sample { received: 10, live: 10, persisted: 10, ..Sample::default() }
        });
        samples
    };
    assert_eq!(met(&house, &samples(100, 100), "weather_rows"), None, "there is no such part");
    house.parts.push(Part { name: "weather".into(), state: "healthy".into(), ..house.parts[0].clone() });
    assert_eq!(met(&house, &samples(100, 95), "weather_rows"), Some(true));
    assert_eq!(met(&house, &samples(100, 94), "weather_rows"), Some(false));
    assert_eq!(met(&house, &samples(0, 0), "weather_rows"), None, "nothing was stored");
    house.parts[1].state = "off".into();
    assert_eq!(met(&house, &samples(100, 0), "weather_rows"), None, "it is not wanted");
}

#[test]
fn one_event_that_was_not_persisted_fails_persistence() {
    let well = facts(Connection::Connected);
    assert_eq!(met(&well, &samples(100_000, 100_000, 0), "persistence"), Some(true));
    assert_eq!(met(&well, &samples(100_000, 99_999, 0), "persistence"), Some(false));
    assert_eq!(met(&well, &samples(1000, 1000, 9), "error_rate"), Some(true));
    assert_eq!(met(&well, &samples(1000, 1000, 10), "error_rate"), Some(false));
    assert_eq!(met(&well, &samples(1000, 1000, 0), "uptime"), Some(false), "half of the time is not 99 %");
}

#[test]
fn uptime_is_over_the_window_of_the_settings_or_since_the_first_start_and_says_which() {
    let mut facts = facts(Connection::Connected);
    let of = |facts: &Facts, targets: &Targets| {
        let all = evaluate(facts, &samples(10, 10, 0), Overall::Healthy, targets);
        let uptime = all.into_iter().find(|criterion| criterion.id == "uptime").unwrap();
        (uptime.met, uptime.window_s, uptime.note.unwrap())
    };
    let note = "the lowest is log, since the first start, which is less than 24h ago";
    assert_eq!(of(&facts, &Targets::default()), (Some(false), 3600, note.into()));
    facts.known_for = Duration::from_secs(40 * 86_400);
    let week = Targets { uptime_window: UptimeWindow::Week, ..Targets::default() };
    assert_eq!(of(&facts, &week), (Some(true), 7 * 86_400, "the lowest is log, over 7d".into()));
    assert_eq!(of(&facts, &Targets { uptime: 99.9, ..week }).0, Some(false));
    let month = Targets { uptime_window: UptimeWindow::Month, ..Targets::default() };
    assert_eq!(of(&facts, &month).2, "no part has been up yet");
}

#[test]
fn one_event_that_was_refused_for_its_type_is_one_too_many() {
    let well = facts(Connection::Connected);
    let mut refused = samples(100, 100, 0);
    assert_eq!(met(&well, &refused, "type_refusals"), Some(true));
    refused.push(Sample {
        at: 2 * MINUTE,
        received: 200,
        live: 200,
        persisted: 200,
        refused: 1,
        ..Sample::default()
    });
    assert_eq!(met(&well, &refused, "type_refusals"), Some(false));
    assert_eq!(met(&well, &Samples::default(), "type_refusals"), None);
}

#[test]
fn what_has_to_be_reached_is_what_the_settings_say() {
    let well = facts(Connection::Connected);
    let targets =
        Targets { events_per_minute: 100.0, error_rate: 5.0, window: 2 * MINUTE, ..Targets::default() };
    let all = evaluate(&well, &samples(50, 50, 2), Overall::Healthy, &targets);
    let of = |id: &str| all.iter().find(|criterion| criterion.id == id).unwrap();
    assert_eq!((of("events_per_minute").met, of("events_per_minute").target), (None, 100.0));
    assert_eq!((of("error_rate").met, of("error_rate").window_s), (Some(true), 120));
    assert_eq!(of("error_rate").label, "Error rate under 5 %");
}

#[test]
fn the_canary_is_a_criterion_where_it_is_followed() {
    let hours = |hours: u64| Some(Duration::from_secs(3600 * hours));
    let failed = || {
        let (at, says) = ("2026-11-23T12:00:00Z".into(), "not heard".into());
        Some(Missed { at, says, todo: None, outcome: Outcome::Failed })
    };
    let one = |every, age, failed| {
        let facts = Facts { canary: Some(Canary { every, age, failed }), ..facts(Connection::Connected) };
        let all = evaluate(&facts, &Samples::default(), Overall::Healthy, &Targets::default());
        all.into_iter().find(|criterion| criterion.id == "canary").unwrap()
    };
    for (every, age, failed, met, value, note) in [
        (hours(6), None, None, None, None, Some("none was verified yet")),
        (hours(6), hours(5), None, Some(true), Some(18_000.0), None),
        (hours(6), hours(25), None, Some(false), Some(90_000.0), None),
        (hours(6), hours(1), failed(), Some(false), Some(3600.0), Some("did not get through: not heard")),
        (None, None, failed(), Some(false), None, Some("did not get through: not heard")),
        (None, hours(1), None, Some(true), Some(3600.0), Some("nothing verifies by itself")),
        (None, hours(25), None, None, Some(90_000.0), Some("nothing verifies by itself")),
    ] {
        let criterion = one(every, age, failed);
        assert_eq!((criterion.met, criterion.value, criterion.target), (met, value, 86_400.0), "{note:?}");
        let told = criterion.note.unwrap_or_default();
        assert!(told.contains(note.unwrap_or_default()) && told.is_empty() == note.is_none(), "{told}");
    }
    let unwanted =
        evaluate(&facts(Connection::Connected), &Samples::default(), Overall::Healthy, &Targets::default());
    assert!(unwanted.iter().all(|criterion| criterion.id != "canary"));
}
