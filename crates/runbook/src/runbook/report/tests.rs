use serde_json::json;

use super::super::Found;
use super::*;
use crate::Status;
use crate::repair::testing::House;
use crate::repair::{Done, Plan, Step};
use crate::status::{Gap, Overall, Part, Sink};

fn at(second: u32) -> String {
    format!("2026-11-26T00:{:02}:{:02}.000000Z", second / 60, second % 60)
}

fn done(says: &str, data: Value) -> Option<Done> {
    Some(Done { says: says.into(), data })
}

fn criterion(id: &str, met: Option<bool>, value: Option<f64>, (target, unit): (f64, &str)) -> Criterion {
    let label = id.replace('_', " ");
    Criterion { id: id.into(), label, met, value, target, unit: unit.into(), window_s: 900, note: None }
}

fn criteria(of: [(Option<bool>, Option<f64>); 5]) -> Vec<Criterion> {
    let all = [
        ("connection", (1.0, "")),
        ("events_per_minute", (10.0, "1/min")),
        ("error_rate", (1.0, "%")),
        ("uptime", (99.0, "%")),
        ("persistence", (100.0, "%")),
    ];
    all.into_iter().zip(of).map(|((id, target), (met, value))| criterion(id, met, value, target)).collect()
}

fn receipt() -> Receipt {
    let held = criteria([
        (Some(true), Some(1.0)),
        (Some(true), Some(45.0)),
        (None, Some(6.5)),
        (Some(true), Some(100.0)),
        (Some(true), Some(100.0)),
    ]);
    let lines = [
        ("document", "write down how everything is", done("unhealthy: Nothing is recorded.", json!({}))),
        (
            "settings",
            "copy the settings",
            done(
                "settings.toml",
                json!({
                    "copy": ["/data/settings.toml", 12], "lines": ["data folder: /data (default)"],
                }),
            ),
        ),
        ("schema", "repair schema (influxdb)", done("no field has another type", json!({ "skipped": true }))),
        (
            "restart",
            "stop all parts and start them anew",
            done(
                "all parts stopped and started within 1.3 s",
                json!({ "receipt": "2026-11-26T00-00-09Z-restart", "seconds": 1.3 }),
            ),
        ),
        (
            "criteria",
            "hold each criterion",
            done("4 of 5 criteria are met", json!({ "criteria": held, "late": ["error_rate"] })),
        ),
    ];
    let step = |(kind, what, _): &(&str, &str, Option<Done>)| Step {
        kind: (*kind).into(),
        what: (*what).into(),
        ..Step::default()
    };
    let was = |(n, (_, _, done)): (usize, &(&str, &str, Option<Done>))| StepReceipt {
        started: Some(at(3 * u32::try_from(n).unwrap())),
        done: done.clone(),
        took_ms: 1234,
        ..StepReceipt::default()
    };
    Receipt {
        id: "2026-11-26T00-00-00Z-runbook".into(),
        plan: Plan {
            repair: "runbook".into(),
            finding: "called for: gaps".into(),
            steps: lines.iter().map(step).collect(),
            ..Plan::default()
        },
        state: State::Done,
        started: at(0),
        ended: Some(at(185)),
        steps: lines.iter().enumerate().map(was).collect(),
        verified: done("healthy: Recording.", json!({ "overall": "healthy" })),
        ..Receipt::default()
    }
}

fn sink(delivered: u64, lost: u64) -> Sink {
    serde_json::from_value(json!({
        "name": "influxdb", "kind": "influxdb", "state": "healthy", "delivered": delivered, "filtered": 0, "collapsed": 0,
        "quarantined": 0, "pending": 2, "lag_s": 0.0, "write_errors": 0, "last_error": null, "lost": lost,
    }))
    .unwrap()
}

fn status(received: u64, down_s: f64) -> Status {
    let mut status = House::new().status.lock().clone();
    (status.events.received, status.events.logged) = (received, received);
    status.parts = vec![Part { down_s: Some(down_s), ..Part::new("home_assistant", "healthy") }];
    status.sinks = vec![sink(received - 2, 0)];
    status
}

fn saved(second: u32, status: Status) -> Saved {
    Saved { at: at(second), status, findings: Vec::new(), unlooked: None }
}

fn before() -> Saved {
    let mut status = status(1000, 18_000.0);
    (status.overall, status.verdict) = (Overall::Unhealthy, "Nothing is recorded.".into());
    status.criteria = criteria([
        (Some(false), Some(0.0)),
        (None, None),
        (Some(false), Some(6.5)),
        (Some(false), Some(79.166_666)),
        (Some(true), Some(100.0)),
    ]);
    let found = Found {
        id: "gaps-left".into(),
        about: None,
        severity: "warning".into(),
        says: "1 gap | not filled".into(),
        remedy: Some("`hearthline repair gaps`".into()),
    };
    Saved { findings: vec![found], ..saved(0, status) }
}

fn gap(id: u64, state: &str, note: Option<&str>) -> Gap {
    serde_json::from_value(json!({
        "id": id, "state": state, "from": at(9), "to": at(11), "cause": "connection closed by us", "entities": [],
        "recovered": 4, "kind": "disconnected", "note": note,
    }))
    .unwrap()
}

fn after(gaps: &[Gap]) -> Saved {
    let mut status = status(1150, 18_001.5);
    status.gaps.recent = gaps.to_vec();
    status.gaps.filled = gaps.len() as u64;
    saved(185, status)
}

fn text(receipt: &Receipt, before: Option<&Saved>, after: &Saved) -> String {
    render(&Run { receipt, before, after })
}

#[test]
fn a_run_that_ended_well_is_told_from_before_to_after() {
    insta::assert_snapshot!(text(&receipt(), Some(&before()), &after(&[gap(7, "filled", None)])));
}

#[test]
fn a_run_that_stands_at_its_first_line_has_a_report_too() {
    let mut receipt = receipt();
    receipt.state = State::Failed;
    (receipt.verified, receipt.resumed) = (None, vec![at(100)]);
    receipt.steps.iter_mut().for_each(|step| *step = StepReceipt::default());
    receipt.steps[0].started = Some(at(0));
    receipt.steps[0].error = Some("no space left".into());
    insta::assert_snapshot!(text(&receipt, None, &after(&[])));
}

/// The paragraph on what was lost.
fn lost(before: &Saved, after: &Saved) -> String {
    let text = text(&receipt(), Some(before), after);
    let (_, behind) = text.split_once("## Data lost\n\n").unwrap();
    behind.split_once("\n## ").unwrap().0.trim().to_owned()
}

#[test]
fn what_is_lost_is_named_and_what_is_not_known_yet_is_not_called_nothing() {
    let before = before();
    assert_eq!(lost(&before, &after(&[])), "Nothing: no gap was found meanwhile.");
    assert!(lost(&before, &after(&[gap(7, "open", None)])).starts_with("Not known yet: 1 gap being filled."));
    let named = lost(&before, &after(&[gap(7, "lost", Some("history is off")), gap(8, "partly", None)]));
    assert!(named.starts_with("Gaps: 1 lost, 1 filled in part, 0 being filled."), "{named}");
    assert!(named.contains("| lost | 4 states | history is off |"), "{named}");
    let mut known = before.clone();
    known.status.gaps.recent = vec![gap(7, "lost", None)];
    let same = lost(&known, &after(&[gap(7, "lost", None)]));
    assert!(same.starts_with("Nothing:"), "it was lost before: {same}");
    let mut short = after(&[]);
    short.status.sinks = vec![sink(998, 5)];
    assert!(lost(&before, &short).ends_with("- influxdb: 5 events left the log before it had them"));
}

#[test]
fn how_a_run_went_follows_from_its_receipt() {
    let known = |late: &[&str], overall: &str, state| {
        let mut receipt = receipt();
        receipt.steps[4].done.as_mut().unwrap().data["late"] = json!(late);
        receipt.verified = done("", json!({ "overall": overall }));
        receipt.state = state;
        Outcome::of(&receipt)
    };
    for (late, overall, state, outcome) in [
        (&[][..], "healthy", State::Done, Outcome::Met),
        (&["error_rate"], "healthy", State::Done, Outcome::Degraded),
        (&[], "degraded", State::Done, Outcome::Degraded),
        (&[], "healthy", State::Failed, Outcome::Failed),
        (&[], "healthy", State::Applying, Outcome::Unfinished),
        (&[], "healthy", State::Undoing, Outcome::Unfinished),
        (&[], "healthy", State::Undone, Outcome::Undone),
    ] {
        assert_eq!(known(late, overall, state), outcome, "{late:?} {overall} {state:?}");
    }
    assert_eq!(Outcome::of(&Receipt { state: State::Done, ..Receipt::default() }), Outcome::Degraded);
}

#[test]
fn a_length_is_told_as_a_person_says_it() {
    for (length, said) in [(1.26, "1.3 s"), (119.9, "119.9 s"), (185.0, "3 min 5 s"), (7261.0, "2 h 1 min")] {
        let told = seconds(length);
        assert_eq!(told, said);
    }
}
