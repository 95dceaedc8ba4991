use serde_json::json;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(second: u64) -> Timestamp {
    Timestamp::parse(&format!("2026-11-23T12:00:{second:02}Z")).unwrap()
}

/// Everything as it should be, the weather off, `uptime` seconds after the start.
fn document(uptime: u64) -> Status {
    let criterion = |id: &str, met: Option<bool>, value: Option<f64>| json!({ "id": id, "label": id, "met": met, "value": value, "target": 1.0, "unit": "", "window_s": 0 });
    serde_json::from_value(json!({
        "version": "0.1.0", "overall": "healthy", "verdict": "Recording.", "uptime_s": uptime,
        "home_assistant": {
            "state": "connected", "since": "2026-11-23T11:00:00.000000Z", "version": null, "attempts": 1,
            "last_event_age_s": 1.0,
        },
        "events": {
            "received": 10 * uptime, "filtered": 0, "duplicate": 0, "logged": 10 * uptime, "unlogged": 0,
            "quarantined": 0, "per_minute": 600,
        },
        "log": { "first_seq": 1, "last_seq": 9, "bytes": 1 },
        "sinks": [],
        "parts": [{ "name": "store", "state": "healthy", "since": "", "reason": null, "uptime": 1.0 }],
        "weather": {},
        "gaps": { "open": 0, "filled": 4, "partly": 0, "lost": 1 },
        "criteria": [
            criterion("connection", Some(true), Some(1.0)),
            criterion("error_rate", Some(true), Some(0.0)),
            criterion("weather_rows", None, None),
        ],
    }))
    .unwrap()
}

/// The report after ten looks, one each second, at what `change` makes of a document.
fn watched(change: impl Fn(u64, Status) -> Option<Status>) -> Report {
    let mut watch = Watch::new(10 * SECOND, at(0), document(100));
    for second in 1..=10 {
        watch.look(at(second), SECOND, change(second, document(100 + second)));
    }
    watch.report()
}

fn of<'r>(report: &'r Report, id: &str) -> &'r Watched {
    report.criteria.iter().find(|one| one.id == id).unwrap()
}

#[test]
fn it_passes_when_everything_that_is_known_held_all_the_time() {
    let report = watched(|_, status| Some(status));
    assert!(report.passed, "{:?}", report.reasons);
    assert_eq!((report.watched_s, report.looks, report.events), (10.0, 10, 100));
    assert_eq!((report.gaps, report.gaps_lost, report.connection_losses), (0, 0, 0));
    assert_eq!((of(&report, "connection").outcome, of(&report, "connection").held_s), (Outcome::Held, 10.0));
    let weather = of(&report, "weather_rows");
    assert_eq!((weather.outcome, weather.not_known_s), (Outcome::NotKnown, 10.0));
}

#[test]
fn a_criterion_that_fails_for_one_look_is_named_with_its_worst_figure_and_its_time() {
    let report = watched(|second, mut status| {
        let rate = if second == 4 { 7.5 } else { 0.25 };
        status.criteria[1].value = Some(rate);
        status.criteria[1].met = Some(rate < 1.0);
        Some(status)
    });
    assert!(!report.passed);
    let rate = of(&report, "error_rate");
    assert_eq!((rate.outcome, rate.held_s, rate.not_held_s), (Outcome::NotHeld, 9.0, 1.0));
    assert_eq!(rate.worst, Some(Worst { value: 7.5, at: at(4).to_string() }));
    assert_eq!(rate.value, Some(0.25));
    assert_eq!(
        report.reasons,
        ["\"error_rate\" was not met for 1 of 10 s, first at 2026-11-23T12:00:04.000000Z"]
    );
}

#[test]
fn of_a_figure_that_has_to_be_high_the_lowest_is_the_worst() {
    let report = watched(|second, mut status| {
        status.criteria[0].value = Some(if second == 7 { 0.0 } else { 1.0 });
        Some(status)
    });
    assert_eq!(of(&report, "connection").worst, Some(Worst { value: 0.0, at: at(7).to_string() }));
}

#[test]
fn a_program_that_does_not_answer_holds_nothing() {
    let report = watched(|second, status| (second < 8).then_some(status));
    assert!(!report.passed);
    assert_eq!(report.unanswered_s, 3.0);
    assert_eq!(report.reasons[0], "the program did not answer for 3 s");
    for one in &report.criteria {
        assert_eq!((one.outcome, one.not_held_s), (Outcome::NotHeld, 3.0), "{}", one.id);
    }
}

#[test]
fn a_connection_that_came_back_between_two_looks_was_lost_all_the_same() {
    let report = watched(|second, mut status| {
        status.home_assistant.attempts = if second >= 5 { 2 } else { 1 };
        Some(status)
    });
    assert_eq!(report.connection_losses, 1);
    let connection = of(&report, "connection");
    assert_eq!((connection.outcome, connection.not_held_s), (Outcome::NotHeld, 1.0));
    assert_eq!(connection.first_not_held, Some(at(5).to_string()));
}

#[test]
fn a_connection_that_stays_away_is_lost_once() {
    let report = watched(|second, mut status| {
        if (3..6).contains(&second) {
            status.home_assistant.state = "waiting".into();
            status.criteria[0].met = Some(false);
        }
        status.home_assistant.attempts = second.clamp(3, 6) - 2;
        Some(status)
    });
    assert_eq!((report.connection_losses, of(&report, "connection").not_held_s), (1, 3.0));
}

#[test]
fn gaps_and_restarts_meanwhile_are_counted_over_a_new_start_of_the_program() {
    let report = watched(|second, mut status| {
        status.gaps.open = u64::from(second >= 2);
        status.gaps.lost = if second >= 9 { 2 } else { 1 };
        status.gaps.open -= u64::from(second >= 9);
        // The store is started anew twice, then the whole program, then the store once more.
        status.uptime_s = if second < 6 { 100 + second } else { second - 6 };
        status.parts[0].restarts = match second {
            1 => 0,
            2..6 => 2,
            6..8 => 0,
            _ => 1,
        };
        Some(status)
    });
    assert_eq!((report.gaps, report.gaps_lost, report.program_restarts), (1, 1, 1));
    assert_eq!(report.part_restarts, [PartRestarts { part: "store".into(), count: 3, why: None }]);
    assert_eq!(report.connection_losses, 1, "with the program, its connection is lost");
}

#[test]
fn what_ends_early_or_knows_nothing_is_not_passed() {
    let mut watch = Watch::new(60 * SECOND, at(0), document(100));
    watch.look(at(1), SECOND, Some(document(101)));
    assert_eq!(watch.report().reasons, ["it ended after 1 of 60 s"]);

    let report = watched(|_, mut status| {
        for criterion in &mut status.criteria {
            criterion.met = None;
        }
        Some(status)
    });
    assert_eq!(report.reasons, ["no criterion was known"]);
}
