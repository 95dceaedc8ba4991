//! The report of a run: a pure function of its receipt and of how everything was before and after.

pub(crate) mod counters;
mod losses;

use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_core::figures::figure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Kept;
use super::saved::Saved;
use crate::markdown::Markdown;
use crate::repair::receipt::StepReceipt;
use crate::repair::{Receipt, State};
use crate::status::Criterion;

/// The criteria that are targets of performance.
const PERFORMANCE: [&str; 4] = ["events_per_minute", "error_rate", "uptime", "persistence"];

/// A run, as the report tells it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was done.
    pub receipt: &'a Receipt,
    /// How everything was before; none where that was not written down.
    pub before: Option<&'a Saved>,
    /// How everything is now.
    pub after: &'a Saved,
}

/// How a run ended, for whoever goes by one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is not over.
    Unfinished,
    /// Every line was done, every criterion that is known is met, and the whole is healthy.
    Met,
    /// Every line was done; something is late or absent, or is not known yet, and nothing is lost.
    Degraded,
    /// A line failed.
    Failed,
    /// It was taken back.
    Undone,
}

impl Outcome {
    /// Of a run, by its receipt.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Self {
        match receipt.state {
            State::Applying | State::Undoing => Self::Unfinished,
            State::Failed => Self::Failed,
            State::Undone => Self::Undone,
            State::Done => {
                let overall = receipt.verified.as_ref().and_then(|done| done.data.get("overall"));
                let healthy = overall.and_then(Value::as_str) == Some("healthy");
                let steps = receipt.steps.iter().filter_map(|step| step.done.as_ref());
                let mut late = steps.filter_map(|done| done.data.get("late")?.as_array());
                if healthy && late.all(Vec::is_empty) { Self::Met } else { Self::Degraded }
            }
        }
    }
}

/// The criteria as the last line held them against their targets, else as they were at the end.
#[must_use]
pub fn criteria(receipt: &Receipt) -> Vec<Criterion> {
    let steps = receipt.steps.iter().rev().filter_map(|step| step.done.as_ref());
    let held = steps.filter_map(|done| done.data.get("criteria")).next();
    held.and_then(|held| serde_json::from_value(held.clone()).ok()).unwrap_or_else(|| receipt.after.clone())
}

/// The whole report.
#[must_use]
pub fn render(run: &Run<'_>) -> String {
    let mut page = Markdown::default();
    head(&mut page, run);
    before(&mut page, run);
    page.heading(2, "Lines");
    page.table(["Line", "What", "Began", "Took", "Result", "Receipt"], lines(run.receipt));
    page.heading(2, "After");
    page.paragraph(&format!("{}: {}", run.after.status.overall.as_str(), run.after.status.verdict));
    let held = criteria(run.receipt);
    page.table(["Criterion", "Figure", "Target", "Met", "Note"], held.iter().map(criterion));
    page.heading(2, "Performance targets");
    let target = |id: &&str| held.iter().find(|one| one.id == **id).map(criterion);
    page.table(["Target", "Figure", "Wanted", "Met", "Note"], PERFORMANCE.iter().filter_map(target));
    counters::section(&mut page, run);
    losses::data(&mut page, run);
    losses::downtime(&mut page, run);
    settings(&mut page, run.receipt);
    page.finish()
}

fn head(page: &mut Markdown, run: &Run<'_>) {
    let receipt = run.receipt;
    page.heading(1, &format!("Runbook {}", receipt.id));
    page.paragraph(&format!("**{}**", verdict(receipt)));
    let ended = receipt.ended.clone().unwrap_or_else(|| "not over".into());
    let mut rows = vec![
        ["Began".to_owned(), receipt.started.clone()],
        ["Ended".to_owned(), ended],
        ["Total time".to_owned(), total(receipt).map_or_else(|| "not known".into(), seconds)],
        ["Plan".to_owned(), receipt.plan.finding.clone()],
        ["Program".to_owned(), format!("hearthline {}", run.after.status.version)],
    ];
    if !receipt.resumed.is_empty() {
        rows.push(["Gone on with".to_owned(), receipt.resumed.join(", ")]);
    }
    if run.after.status.simulated {
        rows.push(["House".to_owned(), "a simulated one".to_owned()]);
    }
    page.table(["", ""], rows);
}

/// In one sentence.
#[must_use]
pub fn verdict(receipt: &Receipt) -> String {
    let held = criteria(receipt);
    let count = |met| held.iter().filter(|one| one.met == met).count();
    let figures =
        format!("{} of {} criteria are met, {} not known", count(Some(true)), held.len(), count(None));
    match Outcome::of(receipt) {
        Outcome::Unfinished => "It is not over.".into(),
        Outcome::Undone => "It was taken back.".into(),
        Outcome::Met if count(None) == 0 => format!("All {} criteria are met.", held.len()),
        Outcome::Met => format!("Every criterion that is known is met: {figures}."),
        Outcome::Degraded => {
            format!("Every line was done, and something is late or not known yet: {figures}.")
        }
        Outcome::Failed => {
            let failed = receipt.steps.iter().position(|step| step.error.is_some());
            let at = failed.map_or_else(|| "at its end".to_owned(), |at| format!("at line {}", at + 1));
            format!("It stands {at}: {}.", receipt.why().unwrap_or("it is not known why"))
        }
    }
}

/// From its beginning to its end, with the time in which it was killed.
fn total(receipt: &Receipt) -> Option<f64> {
    let at = |text: &str| Timestamp::parse(text).ok();
    Some(at(receipt.ended.as_deref()?)?.since(at(&receipt.started)?).as_secs_f64())
}

fn before(page: &mut Markdown, run: &Run<'_>) {
    page.heading(2, "Before");
    let Some(Saved { status, findings, unlooked, .. }) = run.before else {
        page.paragraph("It was not written down: the first line was not done.");
        return;
    };
    page.paragraph(&format!("{}: {}", status.overall.as_str(), status.verdict));
    page.table(["Criterion", "Figure", "Target", "Met", "Note"], status.criteria.iter().map(criterion));
    page.heading(3, "What the doctor found");
    match unlooked {
        Some(why) => page.paragraph(&format!("The doctor could not look: {why}")),
        None if findings.is_empty() => page.paragraph("Nothing that is not as it should be."),
        None => {}
    }
    let row = |found: &super::Found| {
        let about = found.about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
        let remedy = found.remedy.clone().unwrap_or_default();
        [found.severity.clone(), format!("{}{about}", found.id), found.says.clone(), remedy]
    };
    page.table(["Severity", "Finding", "Says", "To do"], findings.iter().map(row));
}

fn lines(receipt: &Receipt) -> impl Iterator<Item = [String; 6]> + '_ {
    receipt.plan.steps.iter().zip(&receipt.steps).enumerate().map(|(at, (step, was))| {
        let data = was.done.as_ref().map(|done| &done.data);
        let nested = data.and_then(|data| data.get("receipt")?.as_str()).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a length of time for people")]
        let took = was.started.as_ref().map(|_| seconds(was.took_ms as f64 / 1000.0)).unwrap_or_default();
        [
            format!("{} {}", at + 1, Mark::of(was).sign()),
            step.what.clone(),
            was.started.clone().unwrap_or_default(),
            took,
            result(was),
            nested.into(),
        ]
    })
}

/// How a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Done.
    Done,
    /// There was nothing to do.
    Skipped,
    /// It could not be done.
    Failed,
    /// It was taken back.
    Undone,
    /// Begun, and not over.
    Begun,
    /// Not begun.
    Waiting,
}

impl Mark {
    /// Of a line, by its receipt.
    #[must_use]
    pub fn of(was: &StepReceipt) -> Self {
        match was {
            StepReceipt { undone: Some(_), .. } => Self::Undone,
            StepReceipt { error: Some(_), .. } => Self::Failed,
            StepReceipt { done: Some(done), .. } => match done.data.get("skipped") {
                Some(_) => Self::Skipped,
                None => Self::Done,
            },
            StepReceipt { started: Some(_), .. } => Self::Begun,
            _ => Self::Waiting,
        }
    }

    /// One character, which says the same as the word beside it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Skipped => "–",
            Self::Failed => "✗",
            Self::Undone => "↶",
            Self::Begun => "…",
            Self::Waiting => " ",
        }
    }
}

/// The evidence of a line, in words.
#[must_use]
pub fn result(was: &StepReceipt) -> String {
    match (Mark::of(was), &was.error, &was.done) {
        (Mark::Undone, _, _) => "taken back".into(),
        (_, Some(error), _) => format!("failed: {error}"),
        (Mark::Skipped, _, Some(done)) => format!("nothing was done: {}", done.says),
        (_, None, Some(done)) => done.says.clone(),
        (_, None, None) => String::new(),
    }
}

pub(crate) fn criterion(one: &Criterion) -> [String; 5] {
    let met = match one.met {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    };
    [
        one.label.clone(),
        one.value.map_or_else(|| "not known".into(), |value| figure(value, &one.unit)),
        figure(one.target, &one.unit),
        met.into(),
        one.note.clone().unwrap_or_default(),
    ]
}

/// A criterion with its figure, for a sentence.
pub(super) fn told(one: &Criterion) -> String {
    let value = one.value.map_or_else(|| "no figure".into(), |value| figure(value, &one.unit));
    let note = one.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
    format!("{} ({value}, target {}{note})", one.label, figure(one.target, &one.unit))
}

fn settings(page: &mut Markdown, receipt: &Receipt) {
    let kept = receipt.steps.iter().filter_map(|step| step.done.as_ref());
    let kept = kept.filter_map(|done| serde_json::from_value::<Kept>(done.data.clone()).ok());
    if let Some(kept) = kept.into_iter().find(|kept| !kept.lines.is_empty()) {
        page.heading(2, "Settings");
        page.items(kept.lines);
    }
}

/// A length of time.
pub(crate) fn seconds(length: f64) -> String {
    let whole = Duration::from_secs_f64(length.max(0.0)).as_secs();
    match whole {
        0..120 => format!("{length:.1} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests;
