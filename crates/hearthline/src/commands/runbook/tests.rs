use hearthline_runbook::repair::receipt::StepReceipt;
use hearthline_runbook::repair::{Done, Progress, Receipt, Seen, State, Step};
use serde_json::json;

use super::*;

fn step(kind: &str, what: &str, seconds: Option<u64>, undo: bool) -> Step {
    Step { kind: kind.into(), what: what.into(), touches: "a thing".into(), seconds, undo, ..Step::default() }
}

fn done(says: &str, data: serde_json::Value) -> StepReceipt {
    StepReceipt {
        started: Some("2026-11-26T01:12:03.000000Z".into()),
        done: Some(Done { says: says.into(), data }),
        took_ms: 2100,
        ..StepReceipt::default()
    }
}

fn plan_of() -> Plan {
    Plan {
        repair: "runbook".into(),
        finding: "called for: schema (influxdb)".into(),
        steps: vec![
            step("document", "write down how everything is", Some(5), false),
            step("schema", "repair schema (influxdb)", Some(90), true),
            step("gaps", "repair gaps", None, false),
            step("monitor", "look at every criterion", Some(120), false),
        ],
        confirm: None,
        notes: vec!["a line that fails ends it".into()],
    }
}

fn seen(last: StepReceipt, state: State) -> Seen {
    let running = state == State::Applying;
    Seen {
        receipt: Receipt {
            id: "2026-11-26T01-12-03Z-runbook".into(),
            plan: plan_of(),
            state,
            steps: vec![
                done("healthy", json!({})),
                done("12 rows copied", json!({ "receipt": "2026-11-26T01-12-06Z-schema" })),
                done("no gap", json!({ "skipped": true })),
                last,
            ],
            ended: (!running).then(|| "2026-11-26T01:15:03.000000Z".into()),
            ..Receipt::default()
        },
        running,
        step: running.then_some(3),
        progress: running.then(|| Progress { done: 34, of: Some(120), unit: "s".into() }),
    }
}

#[test]
fn the_lines_say_what_they_touch_how_long_they_take_and_whether_there_is_a_way_back() {
    insta::assert_snapshot!(words::plan(&plan_of(), None));
    let note = "nothing is running: start it with `hearthline run`";
    assert!(words::plan(&plan_of(), Some(note)).ends_with(&format!("{note}\n")));
}

#[test]
fn a_run_is_told_line_by_line_with_its_evidence_and_where_the_report_is() {
    let failed =
        StepReceipt { done: None, error: Some("the connection broke".into()), ..done("", json!({})) };
    let seen = seen(failed, State::Failed);
    let run = RunbookRun {
        outcome: Outcome::of(&seen.receipt),
        verdict: "It stands at line 4: the connection broke.".into(),
        report: Some("2026-11-26T01-12-03Z-runbook.md".into()),
        seen,
    };
    let lines: String = (0..4).map(|at| words::line(&run.seen, at)).collect();
    insta::assert_snapshot!(lines + &words::end(&run, "/data".as_ref()));
}

#[test]
fn each_line_is_told_once_and_one_that_is_tried_again_is_not_over() {
    let mut told = words::Told::new(false);
    let mut tell = |seen: &Seen| {
        let mut out = Vec::new();
        told.tell(&mut out, seen).unwrap();
        String::from_utf8(out).unwrap().lines().filter(|line| !line.starts_with(' ')).count()
    };
    let begun = StepReceipt { done: None, ..done("", json!({})) };
    assert_eq!(tell(&seen(begun.clone(), State::Applying)), 3);
    let again = StepReceipt { error: Some("no answer".into()), ..begun };
    assert_eq!(tell(&seen(again, State::Applying)), 0);
    let last = seen(done("it held", json!({})), State::Done);
    assert_eq!((tell(&last), tell(&last)), (1, 0));
}

#[test]
fn how_a_run_went_is_the_exit_code() {
    for (outcome, code) in [
        (Outcome::Met, Exit::Ok),
        (Outcome::Undone, Exit::Ok),
        (Outcome::Degraded, Exit::Degraded),
        (Outcome::Failed, Exit::Failed),
        (Outcome::Unfinished, Exit::Failed),
    ] {
        assert_eq!(exit(outcome), code, "{outcome:?}");
    }
}
