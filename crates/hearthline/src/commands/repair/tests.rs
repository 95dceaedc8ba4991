use std::time::Duration;

use hearthline_runbook::repair::receipt::{Second, StepReceipt};
use hearthline_runbook::repair::{Done as Said, Finding, Progress, Step};
use hearthline_runbook::status::Criterion;
use serde_json::Value;

use super::*;

fn copy() -> Plan {
    let step = |kind: &str, what: &str, undo| Step {
        kind: kind.into(),
        what: what.into(),
        touches: "field attr_dynamics of home_assistant_events".into(),
        rows: Some(12_034),
        bytes: Some(1_200_000),
        seconds: Some(90),
        undo,
        data: Value::Null,
    };
    Plan {
        repair: "schema".into(),
        finding: "1 field has two types".into(),
        steps: vec![step("export", "export what is affected", false), step("copy", "copy it", true)],
        confirm: None,
        notes: vec!["the old field stays where it is".into()],
    }
}

fn receipt(state: State) -> Receipt {
    let said = |says: &str| Some(Said { says: says.into(), data: Value::Null });
    let began = Some("2026-11-26T00:41:08.000000Z".to_owned());
    let criterion = |met| Criterion {
        id: "sink_lag".into(),
        label: "No sink is behind".into(),
        met,
        value: Some(0.0),
        target: 60.0,
        unit: "s".into(),
        window_s: 60,
        note: None,
    };
    let exported = StepReceipt {
        started: began.clone(),
        done: said("12034 rows exported"),
        took_ms: 812,
        ..Default::default()
    };
    let copied = match state {
        State::Failed => StepReceipt {
            started: began,
            error: Some("the server does not answer".into()),
            took_ms: 300_400,
            ..Default::default()
        },
        State::Undone => StepReceipt {
            started: began,
            done: said("12034 rows copied, 12034 counted"),
            undone: said("12034 rows taken out again"),
            took_ms: 61_250,
            ..Default::default()
        },
        _ => StepReceipt {
            started: began,
            done: said("12034 rows copied, 12034 counted"),
            took_ms: 61_250,
            ..Default::default()
        },
    };
    Receipt {
        id: "2026-11-26T00-41-07Z-schema".into(),
        plan: copy(),
        state,
        started: "2026-11-26T00:41:07.000000Z".into(),
        steps: vec![exported, copied],
        verified: if state == State::Done { said("1 field, 12034 values, none left out") } else { None },
        before: vec![criterion(Some(true))],
        during: (1..=3).map(|at_s| Second { at_s, unmet: vec!["sink_lag".into()] }).collect(),
        after: vec![criterion(None)],
        ..Receipt::default()
    }
}

fn seen(receipt: Receipt) -> Seen {
    Seen { receipt, running: false, step: None, progress: None }
}

#[test]
fn plans_and_findings_are_told_in_words() {
    let nothing =
        Plan { steps: Vec::new(), notes: Vec::new(), finding: "every field has one type".into(), ..copy() };
    let clear = Plan { confirm: Some("home_assistant_events".into()), ..copy() };
    let found = |repair: &str, plan, unknown: Option<&str>| Finding {
        repair: repair.into(),
        options: serde_json::json!({ "sink": "influxdb" }),
        plan,
        unknown: unknown.map(Into::into),
    };
    let findings =
        [found("schema", Some(copy()), None), found("gaps", None, Some("the program does not run"))];
    let pages = [
        words::plan(&copy()),
        words::plan(&clear),
        words::plan(&nothing),
        words::findings(&findings),
        words::findings(&[]),
    ];
    insta::assert_snapshot!(pages.join("----\n"));
}

#[test]
fn receipts_are_told_in_words() {
    let dir = Some("/var/lib/hearthline/repairs/2026-11-26T00-41-07Z-schema".into());
    let all = [State::Done, State::Failed, State::Undone, State::Applying].map(receipt);
    let damaged =
        [Damaged { id: "2026-11-25T00-00-00Z-log".into(), why: "receipt.json cannot be read: EOF".into() }];
    let running = Seen { running: true, ..seen(receipt(State::Applying)) };
    let pages = [
        words::list(&all, &damaged, None),
        words::list(&[], &[], None),
        words::receipt(&seen(receipt(State::Done)), &dir),
        words::receipt(&seen(receipt(State::Failed)), &None),
        words::receipt(&seen(receipt(State::Undone)), &None),
        words::receipt(&running, &None),
    ];
    insta::assert_snapshot!(pages.join("----\n"));
}

#[test]
fn progress_is_said_with_an_estimate() {
    let mut watch = words::Watch::default();
    let mut line = |step, done, at| {
        let progress = Some(Progress { done, of: Some(12_034), unit: "rows".into() });
        let seen = Seen { running: true, step, progress, ..seen(receipt(State::Applying)) };
        watch.line(&seen, Duration::from_secs(at))
    };
    assert_eq!(line(Some(1), 0, 10), "step 2 of 2: copy it: 0 of 12034 rows");
    assert_eq!(line(Some(1), 3000, 40), "step 2 of 2: copy it: 3000 of 12034 rows, about 90 s left");
    assert_eq!(line(Some(1), 12_034, 130), "step 2 of 2: copy it: 12034 rows");
    assert_eq!(line(None, 0, 131), "looking whether it is mended");
    let failing = Seen { running: true, step: Some(1), ..seen(receipt(State::Failed)) };
    assert_eq!(
        watch.line(&failing, Duration::from_secs(140)),
        "step 2 of 2: copy it: the server does not answer; trying again"
    );
}

#[test]
fn without_a_terminal_what_takes_data_away_wants_yes() {
    let clear = Plan { confirm: Some("home_assistant_events".into()), ..copy() };
    assert_eq!(confirmed(&copy(), false), Ok(None));
    assert_eq!(confirmed(&clear, true), Ok(Some("home_assistant_events".into())));
}
