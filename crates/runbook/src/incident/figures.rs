//! Figures before and after.

use hearthline_core::figures::figure;

use super::{Known, short};
use crate::markdown::Markdown;
use crate::runbook::report::counters::{counters, difference};
use crate::runbook::report::criterion;
use crate::status::Criterion;

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "Criteria");
    criteria(page, known);
    page.heading(2, "Figures before and after");
    let Some(before) = known.before() else {
        page.paragraph(
            "Not known: how everything was before was not written down. A run of the runbook does that before it changes \
             something.",
        );
        return;
    };
    let Some(status) = &known.status else {
        page.paragraph("Not known: the program does not run, so nothing is counted now.");
        return;
    };
    page.paragraph(&format!("Counted since the data folder was made; before is {}.", short(&before.at)));
    let earlier = counters(&before.status);
    let row = |(name, after): (String, u64)| {
        let was = earlier.iter().find(|(of, _)| *of == name).map(|(_, count)| *count);
        let more = was.map(|was| difference(was, after)).unwrap_or_default();
        [name, was.map_or_else(|| "not known".into(), |was| was.to_string()), after.to_string(), more]
    };
    page.table(["Counter", "Before", "Now", "Difference"], counters(status).into_iter().map(row));
}

/// Each criterion as the first receipt of the period kept it, and as it is now.
fn criteria(page: &mut Markdown, known: &Known) {
    let kept = known.repairs.iter().chain(known.runs.iter().map(|run| &run.receipt));
    let kept = kept.filter(|receipt| !receipt.before.is_empty());
    let first = kept.min_by(|a, b| a.started.cmp(&b.started));
    let saved = known.before().map(|saved| (&saved.at, &saved.status.criteria));
    let before = first.map(|receipt| (&receipt.started, &receipt.before));
    let before = before.into_iter().chain(saved).min_by(|a, b| a.0.cmp(b.0));
    let unknown = "how they were then was not written down";
    match (before, &known.status) {
        (None, None) => page.paragraph("Not known: no receipt has them, and the program does not run."),
        (None, Some(status)) => {
            page.paragraph(&format!("As they are now; {unknown}."));
            page.table(
                ["Criterion", "Figure", "Target", "Met", "Note"],
                status.criteria.iter().map(criterion),
            );
        }
        (Some((at, before)), None) => {
            page.paragraph(&format!(
                "As a receipt kept them at {}; the program does not run now.",
                short(at)
            ));
            page.table(["Criterion", "Figure", "Target", "Met", "Note"], before.iter().map(criterion));
        }
        (Some((at, before)), Some(status)) => {
            page.paragraph(&format!("Before is as a receipt kept them at {}.", short(at)));
            let row = |now: &Criterion| {
                let was = before.iter().find(|was| was.id == now.id);
                [
                    now.label.clone(),
                    was.map_or_else(|| "not known".into(), told),
                    told(now),
                    figure(now.target, &now.unit),
                ]
            };
            page.table(["Criterion", "Before", "Now", "Target"], status.criteria.iter().map(row));
        }
    }
}

/// How many criteria are met at this moment, and each that is not.
pub(super) fn in_short(known: &Known) -> Vec<String> {
    let Some(status) = &known.status else {
        return vec!["Criteria now: not known, the program does not run".into()];
    };
    let count = |met| status.criteria.iter().filter(|one| one.met == met).count();
    let (all, met, unknown) = (status.criteria.len(), count(Some(true)), count(None));
    let unknown = if unknown == 0 { String::new() } else { format!(", {unknown} not known") };
    let missed = status.criteria.iter().filter(|one| one.met == Some(false));
    let missed =
        missed.map(|one| format!("{}: {}, target {}", one.label, told(one), figure(one.target, &one.unit)));
    std::iter::once(format!("Criteria now: {met} of {all} met{unknown}")).chain(missed).collect()
}

fn told(one: &Criterion) -> String {
    let value = one.value.map_or_else(|| "no figure".into(), |value| figure(value, &one.unit));
    let met = match one.met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "not known",
    };
    format!("{value}, {met}")
}
