//! Plans, receipts and progress for a person.

use std::path::PathBuf;
use std::time::Duration;

use hearthline_runbook::repair::receipt::StepReceipt;
use hearthline_runbook::repair::{CATALOGUE, Damaged, Finding, Plan, Progress, Receipt, Seen, State};
use hearthline_runbook::status::Criterion;

use crate::startup::span;
use crate::table::{table, text};

/// What is wrong, and what can be mended.
pub(super) fn findings(findings: &[Finding]) -> String {
    let (known, unknown): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.plan.is_some());
    let mut page = match known.len() {
        0 if unknown.is_empty() => "nothing is found that a repair would mend\n".to_owned(),
        0 => String::new(),
        _ => {
            let mut rows = table(&["Repair", "What is wrong", "Steps", "Can be taken back"]);
            for finding in known {
                let Some(plan) = &finding.plan else { continue };
                let back = plan.steps.iter().filter(|step| step.undo).count();
                let steps = plan.steps.len();
                rows.add_row([asked(finding), plan.finding.clone(), steps.to_string(), of(back, steps)]);
            }
            format!("{}\n`hearthline repair NAME` shows the steps, with --apply it does them\n", text(&rows))
        }
    };
    for finding in unknown {
        let why = finding.unknown.as_deref().unwrap_or_default();
        page.push_str(&format!("{}: not known: {why}\n", asked(finding)));
    }
    let mut rows = table(&["Repair", "Mends", "Done by"]);
    for kind in CATALOGUE {
        let by = if kind.needs_program { "the running program" } else { "the program, or without it" };
        rows.add_row([kind.name, kind.mends, by]);
    }
    format!("{page}\n{}", text(&rows))
}

/// As it is asked for on the command line.
fn asked(finding: &Finding) -> String {
    match finding.options.get("sink").and_then(serde_json::Value::as_str) {
        Some(sink) => format!("{} --sink {sink}", finding.repair),
        None => finding.repair.clone(),
    }
}

fn of(some: usize, all: usize) -> String {
    match some {
        0 => "no".into(),
        n if n == all => "yes".into(),
        n => format!("{n} of {all}"),
    }
}

/// What would be done.
pub(super) fn plan(plan: &Plan) -> String {
    let mut page = format!("{}\n", plan.finding);
    if !plan.steps.is_empty() {
        let mut rows = table(&["Step", "What", "Touches", "Rows", "Bytes", "About", "Can be taken back"]);
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        for (at, step) in plan.steps.iter().enumerate() {
            let about = step.seconds.map(|seconds| span(Duration::from_secs(seconds)));
            let back = if step.undo { "yes" } else { "no" };
            rows.add_row([
                (at + 1).to_string(),
                step.what.clone(),
                step.touches.clone(),
                number(step.rows),
                number(step.bytes),
                about.unwrap_or_default(),
                back.into(),
            ]);
        }
        page.push_str(&format!("\n{}", text(&rows)));
    }
    page.extend(plan.notes.iter().map(|note| format!("\n{note}\n")));
    if !plan.steps.is_empty() {
        page.push_str("\nnothing was changed; with --apply it is done");
        let typed = plan.confirm.as_ref().map(|confirm| format!(", after {confirm:?} is typed"));
        page.push_str(&format!("{}\n", typed.unwrap_or_default()));
    }
    page
}

/// What was done so far.
pub(super) fn list(receipts: &[Receipt], damaged: &[Damaged], running: Option<&str>) -> String {
    if receipts.is_empty() && damaged.is_empty() {
        return "nothing was repaired so far\n".into();
    }
    let mut rows = table(&["Id", "State", "Steps", "What was wrong", "Result"]);
    for receipt in receipts {
        let done = receipt.steps.iter().filter(|step| step.done.is_some()).count();
        rows.add_row([
            receipt.id.clone(),
            state(receipt, running == Some(&receipt.id)).into(),
            format!("{done} of {}", receipt.steps.len()),
            receipt.plan.finding.clone(),
            result(receipt),
        ]);
    }
    let mut page = if receipts.is_empty() { String::new() } else { text(&rows) };
    page.extend(damaged.iter().map(|damaged| format!("{}: {}\n", damaged.id, damaged.why)));
    page
}

fn state(receipt: &Receipt, running: bool) -> &'static str {
    match receipt.state {
        State::Applying if running => "under way",
        State::Undoing if running => "being taken back",
        State::Applying | State::Undoing => "interrupted",
        State::Done => "done",
        State::Failed => "failed",
        State::Undone => "taken back",
    }
}

fn result(receipt: &Receipt) -> String {
    let error = receipt.steps.iter().find_map(|step| step.error.clone());
    let error = error.or_else(|| receipt.error.clone());
    let verified = receipt.verified.as_ref().map(|done| done.says.clone());
    match receipt.state {
        State::Done => verified.unwrap_or_default(),
        State::Undone => String::new(),
        State::Applying | State::Undoing | State::Failed => error.unwrap_or_default(),
    }
}

/// What one did.
pub(super) fn receipt(seen: &Seen, dir: &Option<PathBuf>) -> String {
    let Seen { receipt, running, .. } = seen;
    let mut page = format!("{}: {}\n{}\n\n", receipt.id, state(receipt, *running), receipt.plan.finding);
    let mut rows = table(&["Step", "What", "Result", "Took", "Taken back"]);
    for (at, (step, was)) in receipt.plan.steps.iter().zip(&receipt.steps).enumerate() {
        let took = if was.started.is_some() { took(was.took_ms) } else { String::new() };
        let undone = was.undone.as_ref().map(|done| done.says.clone()).unwrap_or_default();
        rows.add_row([(at + 1).to_string(), step.what.clone(), step_result(was), took, undone]);
    }
    page.push_str(&text(&rows));
    if let Some(verified) = &receipt.verified {
        page.push_str(&format!("\nverified: {}\n", verified.says));
    }
    if let Some(error) = &receipt.error {
        page.push_str(&format!("\nnot mended: {error}\n"));
    }
    page.push_str(&criteria(receipt));
    if let Some(dir) = dir {
        page.push_str(&format!("\nreceipt and backups: {}\n", dir.display()));
    }
    let id = &receipt.id;
    match receipt.state {
        State::Failed => page.push_str(&format!("\nto go on: hearthline repair --resume {id}\n")),
        State::Applying | State::Undoing if !running => {
            page.push_str(&format!("\nto go on: hearthline repair --resume {id}\n"));
        }
        _ => {}
    }
    if !running && receipt.can_be_undone() {
        page.push_str(&format!("to take it back: hearthline repair --undo {id}\n"));
    }
    page
}

fn step_result(was: &StepReceipt) -> String {
    match (&was.done, &was.error, &was.started) {
        (_, Some(error), _) => format!("failed: {error}"),
        (Some(done), None, _) => done.says.clone(),
        (None, None, Some(_)) => "begun".into(),
        (None, None, None) => String::new(),
    }
}

fn took(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

/// The criteria before and after, and what did not hold meanwhile.
fn criteria(receipt: &Receipt) -> String {
    if receipt.before.is_empty() {
        return String::new();
    }
    let mut rows = table(&["Criterion", "Before", "Meanwhile", "After"]);
    for before in &receipt.before {
        let after = receipt.after.iter().find(|after| after.id == before.id);
        let seconds = receipt.during.iter().filter(|second| second.unmet.contains(&before.id)).count();
        let meanwhile = match seconds {
            0 => String::new(),
            n => format!("not met in {n} of {} s", receipt.during.len()),
        };
        rows.add_row([
            before.label.clone(),
            met(before).into(),
            meanwhile,
            after.map(met).unwrap_or_default().into(),
        ]);
    }
    format!("\n{}", text(&rows))
}

const fn met(criterion: &Criterion) -> &'static str {
    match criterion.met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "not known",
    }
}

/// Says how far it is, on standard error.
#[derive(Default)]
pub(super) struct Watch {
    /// The step that is watched, since when, and how far it was then.
    began: Option<(Option<usize>, Duration, u64)>,
    shown: crate::progress::Progress,
}

impl Watch {
    pub(super) fn say(&mut self, seen: &Seen, now: Duration) {
        let line = self.line(seen, now);
        self.shown.say(&line);
    }

    pub(super) fn line(&mut self, seen: &Seen, now: Duration) -> String {
        let steps = &seen.receipt.plan.steps;
        let Some((at, step)) = seen.step.and_then(|at| Some((at, steps.get(at)?))) else {
            return "looking whether it is mended".into();
        };
        let back = if seen.receipt.undoing { "taking back " } else { "" };
        let mut line = format!("{back}step {} of {}: {}", at + 1, steps.len(), step.what);
        if let Some(why) = seen.receipt.steps.get(at).and_then(|was| was.error.as_deref()) {
            line.push_str(&format!(": {why}; trying again"));
        } else if let Some(progress) = &seen.progress {
            line.push_str(&self.progress(seen.step, progress, now));
        }
        line
    }

    fn progress(&mut self, step: Option<usize>, progress: &Progress, now: Duration) -> String {
        let Progress { done, of, unit } = progress;
        let (_, began, first) = match self.began {
            Some(began) if began.0 == step => began,
            _ => *self.began.insert((step, now, *done)),
        };
        let Some(of) = of.filter(|of| of > done) else { return format!(": {done} {unit}") };
        let gone = done.saturating_sub(first);
        let rest = now.saturating_sub(began).as_secs().checked_mul(of - done).unwrap_or(0);
        let left =
            rest.checked_div(gone).map(|rest| format!(", about {} left", span(Duration::from_secs(rest))));
        format!(": {done} of {of} {unit}{}", left.unwrap_or_default())
    }
}
