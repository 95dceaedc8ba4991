//! What was done about it: each step with its receipt.

use super::{Known, short};
use crate::markdown::Markdown;
use crate::repair::{Receipt, State};
use crate::runbook::report::{Mark, result, seconds};

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "What was done");
    let restarts = restarts(known);
    let receipts: Vec<&Receipt> = known.runs.iter().map(|run| &run.receipt).chain(&known.repairs).collect();
    if receipts.is_empty() && restarts.is_empty() {
        page.paragraph("Nothing that has a receipt: no repair and no run of the runbook.");
    }
    for receipt in receipts {
        page.heading(3, &title(receipt));
        page.paragraph(&format!(
            "Receipt `{}`. {}",
            receipt.id,
            crate::markdown::plain(&receipt.plan.finding)
        ));
        page.table(["Step", "What", "Began", "Took", "Result"], steps(receipt));
        let verified = receipt.verified.iter().map(|done| format!("Looked at afterwards: {}", done.says));
        let resumed = receipt.resumed.iter().map(|at| format!("Gone on with at {}", short(at)));
        page.items(verified.chain(resumed));
    }
    page.table(["Part", "Started anew at", "Why"], restarts);
}

fn title(receipt: &Receipt) -> String {
    let of = receipt.line.as_ref().map(|line| format!(", line {line}")).unwrap_or_default();
    let state = match receipt.state {
        State::Applying => "not over",
        State::Done => "done",
        State::Failed => "failed",
        State::Undoing => "being taken back",
        State::Undone => "taken back",
    };
    format!("{} at {}{of}: {state}", receipt.plan.repair, short(&receipt.started))
}

fn steps(receipt: &Receipt) -> impl Iterator<Item = [String; 5]> + '_ {
    receipt.plan.steps.iter().zip(&receipt.steps).enumerate().map(|(at, (step, was))| {
        #[expect(clippy::cast_precision_loss, reason = "a length of time for people")]
        let took = was.started.as_ref().map(|_| seconds(was.took_ms as f64 / 1000.0)).unwrap_or_default();
        let began = was.started.as_deref().map(short).unwrap_or_default();
        [format!("{} {}", at + 1, Mark::of(was).sign()), step.what.clone(), began, took, result(was)]
    })
}

/// Parts that the program started anew by itself, as far as it runs still.
fn restarts(known: &Known) -> Vec<[String; 3]> {
    let parts = known.status.iter().flat_map(|status| &status.parts);
    let last = parts.filter_map(|part| Some((part, part.last_restart.as_ref()?)));
    let last = last.filter(|(_, restart)| known.period.has(&restart.at));
    last.map(|(part, restart)| [part.name.clone(), short(&restart.at), restart.why.clone()]).collect()
}
