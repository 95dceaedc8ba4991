use serde_json::json;

use super::*;

fn found(repair: &str, options: Value, seconds: Option<u64>, undo: bool) -> Finding {
    let step = Step { touches: format!("what {repair} touches"), seconds, undo, ..Step::default() };
    let plan = Plan {
        repair: repair.into(),
        finding: format!("{repair} is not well"),
        steps: vec![step.clone(), step],
        ..Plan::default()
    };
    Finding { repair: repair.into(), options, plan: Some(plan), unknown: None }
}

fn page(findings: &[Finding], sinks: &[&str]) -> String {
    page_of(findings, sinks, false)
}

fn page_of(findings: &[Finding], sinks: &[&str], maintenance: bool) -> String {
    let sinks: Vec<_> = sinks.iter().map(ToString::to_string).collect();
    let plan = plan(&Looked { findings, sinks: &sinks, monitor: MONITOR, maintenance });
    let line = |step: &Step| {
        let seconds = step.seconds.map_or("?".into(), |seconds| seconds.to_string());
        let back = if step.undo { "back" } else { "-" };
        format!("{:<10} {seconds:>4} s  {back:<5} {} [{}]\n", step.kind, step.what, step.touches)
    };
    format!("{}\n{}", plan.finding, plan.steps.iter().map(line).collect::<String>())
}

#[test]
fn without_a_finding_nothing_is_mended() {
    insta::assert_snapshot!(page(&[], &[]));
}

#[test]
fn each_finding_has_its_line_in_the_order_in_which_one_needs_the_other() {
    let unknown = Finding {
        repair: "schema".into(),
        options: json!({ "sink": "far" }),
        plan: None,
        unknown: Some("far does not answer".into()),
    };
    let findings = [
        found("gaps", json!({}), None, false),
        found("schema", json!({ "sink": "near" }), Some(20), true),
        found("sink", json!({ "sink": "near" }), Some(3), false),
        found("connection", json!({}), Some(2), false),
        found("store", json!({}), Some(5), true),
        unknown,
    ];
    insta::assert_snapshot!(page(&findings, &["near", "far", "well"]));
}

#[test]
fn maintenance_begins_before_all_and_ends_after_all() {
    let (quiet, usual) = (page_of(&[], &[], true), page(&[], &[]));
    let [_, first, between @ .., last] = &*quiet.lines().collect::<Vec<_>>() else { panic!("{quiet}") };
    let usual: Vec<_> = usual.lines().skip(1).collect();
    assert_eq!(between, usual);
    assert!(first.contains("begin maintenance for 22 min"), "{first}");
    assert!(last.contains("end maintenance"), "{last}");
}

#[test]
fn every_repair_that_is_looked_for_has_its_place_among_the_lines() {
    let mut known: Vec<_> = FIRST.into_iter().chain(THEN).chain(["schema", "restart"]).collect();
    known.sort_unstable();
    let mut all: Vec<_> = crate::repair::CATALOGUE.iter().map(|kind| kind.name).collect();
    all.sort_unstable();
    assert_eq!(known, all);
}
