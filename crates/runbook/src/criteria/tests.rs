use hearthline_pipeline::metrics::Sample;

use super::*;
use crate::status::{Gaps, Part};

fn facts(connection: Connection) -> Facts {
    let part = Part {
        name: "log".into(),
        state: "healthy".into(),
        since: String::new(),
        reason: None,
        uptime: Some(0.5),
    };
    Facts {
        uptime: MINUTE,
        connection,
        connection_for: MINUTE,
        connection_reason: None,
        ping_answered: true,
        unaccounted: 0,
        log_refuses: None,
        sinks: Vec::new(),
        parts: vec![part],
        gaps: Gaps::default(),
    }
}

fn samples(received: u64, persisted: u64, failed: u64) -> Samples {
    let mut samples = Samples::default();
    samples.push(Sample::default());
    samples.push(Sample { at: MINUTE, received, live: received, persisted, failed, ..Sample::default() });
    samples
}

fn met(facts: &Facts, samples: &Samples, id: &str) -> Option<bool> {
    let all = evaluate(facts, samples, Overall::Healthy);
    all.iter().find(|criterion| criterion.id == id).unwrap().met
}

#[test]
fn an_empty_window_is_not_known_and_never_zero() {
    let all = evaluate(&facts(Connection::Connected), &Samples::default(), Overall::Healthy);
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
