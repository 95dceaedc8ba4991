//! What was lost meanwhile, and for how long something stood.

use hearthline_core::figures::many;

use super::{Mark, Run, seconds};
use crate::markdown::Markdown;
use crate::repair::receipt::StepReceipt;
use crate::status::{Gap, Part};

/// Data that is lost: gaps that were found meanwhile, with what became of them, and what a sink will never have.
pub(super) fn data(page: &mut Markdown, run: &Run<'_>) {
    page.heading(2, "Data lost");
    let Some(before) = run.before.map(|saved| &saved.status) else {
        page.paragraph("Not known: how everything was before was not written down.");
        return;
    };
    let after = &run.after.status;
    let known = |gap: &&Gap| before.gaps.recent.iter().any(|earlier| earlier.id == gap.id);
    let gaps: Vec<_> = after.gaps.recent.iter().filter(|gap| !known(gap)).collect();
    let states = |wanted: &[&str]| gaps.iter().filter(|gap| wanted.contains(&&*gap.state)).count();
    let more = |sink: &&crate::status::Sink| {
        let earlier = before.sinks.iter().find(|earlier| earlier.name == sink.name);
        (sink.name.clone(), sink.lost.saturating_sub(earlier.map_or(0, |earlier| earlier.lost)))
    };
    let sinks: Vec<_> = after.sinks.iter().map(|sink| more(&sink)).filter(|(_, lost)| *lost > 0).collect();
    let (open, partly, lost) = (states(&["open"]), states(&["partly"]), states(&["lost"]));
    let said = match (open, partly + lost, sinks.is_empty()) {
        (0, 0, true) if gaps.is_empty() => "Nothing: no gap was found meanwhile.".to_owned(),
        (0, 0, true) => format!("Nothing: {} found meanwhile, and filled.", many(gaps.len() as u64, "gap")),
        (_, 0, true) => format!("Not known yet: {} being filled.", many(open as u64, "gap")),
        _ => format!("Gaps: {lost} lost, {partly} filled in part, {open} being filled."),
    };
    page.paragraph(&said);
    page.table(
        ["Gap", "From", "To", "Cause", "State", "Recovered", "Not had"],
        gaps.iter().map(|gap| row(gap)),
    );
    page.items(
        sinks
            .into_iter()
            .map(|(name, lost)| format!("{name}: {lost} events left the log before it had them")),
    );
}

fn row(gap: &Gap) -> [String; 7] {
    let missing: Vec<_> = gap.not_kept.iter().chain(&gap.note).map(String::as_str).collect();
    [
        gap.id.to_string(),
        gap.from.clone(),
        gap.to.clone().unwrap_or_else(|| "open".into()),
        gap.cause.clone(),
        gap.state.clone(),
        many(gap.recovered, "state"),
        missing.join(", "),
    ]
}

/// For how long something stood.
pub(super) fn downtime(page: &mut Markdown, run: &Run<'_>) {
    page.heading(2, "Downtime");
    let receipt = run.receipt;
    let restarts = receipt.plan.steps.iter().zip(&receipt.steps).filter(|(step, _)| step.kind == "restart");
    let took = |was: &StepReceipt| was.done.as_ref().and_then(|done| done.data.get("seconds")?.as_f64());
    match restarts.filter(|(_, was)| Mark::of(was) == Mark::Done).find_map(|(_, was)| took(was)) {
        Some(took) => {
            page.paragraph(&format!("All parts were stopped and started anew within {}.", seconds(took)))
        }
        None => page.paragraph("The parts were not started anew."),
    }
    if !receipt.resumed.is_empty() {
        page.paragraph(
            "The run was interrupted: until the program ran again, every part was down. What a killed program had not \
             written down of its last minute counts as down.",
        );
    }
    let part = |part: &Part| {
        let down = part.down_since(&run.before?.status)?;
        Some([part.name.clone(), format!("{down:.1}"), part.state.clone()])
    };
    page.table(
        ["Part", "Seconds down in this run, looked at each second", "Now"],
        run.after.status.parts.iter().filter_map(part),
    );
}
