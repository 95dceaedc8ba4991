//! What keeps it from coming back: only what is so.

use hearthline_core::figures::many;

use super::Known;
use crate::markdown::Markdown;
use crate::repair::{Receipt, State};
use crate::status::Restart;

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "What keeps it from coming back");
    let (mended, kept) = (mended(known), kept(known));
    if mended.is_empty() && kept.is_empty() {
        page.paragraph("Nothing that is known of: what happened can happen again.");
    }
    if !mended.is_empty() {
        page.paragraph("Mended, and looked at afterwards:");
        page.items(mended);
    }
    if !kept.is_empty() {
        page.paragraph("What holds from now on:");
        page.items(kept);
    }
}

/// What was wrong and is gone, as the repair saw when it looked.
fn mended(known: &Known) -> Vec<String> {
    let done = known.repairs.iter().filter(|receipt| receipt.state == State::Done);
    let told = |receipt: &Receipt| {
        Some(format!("{} ({}): {}", receipt.plan.repair, receipt.id, receipt.verified.as_ref()?.says))
    };
    done.filter_map(told).collect()
}

/// What the program does by itself, for what happened in this time.
fn kept(known: &Known) -> Vec<String> {
    let Some(status) = &known.status else { return Vec::new() };
    let mapped = status
        .sinks
        .iter()
        .filter_map(|sink| Some((&sink.name, sink.conflicts.filter(|fields| *fields > 0)?)));
    let mut kept: Vec<String> = mapped
        .map(|(sink, fields)| {
            format!("{sink}: {} of another type there; such a value goes to a field of its own and is not refused", many(fields, "field"))
        })
        .collect();
    let filled = known.gaps().iter().filter(|gap| gap.state == "filled" && gap.recovered > 0).count();
    if filled > 0 {
        kept.push("A gap is filled from Home Assistant's history by itself, as it was in this time".into());
    }
    let by_itself = |last: &Restart| known.period.has(&last.at) && last.why != Restart::WANTED;
    let restarted = status.parts.iter().filter(|part| part.last_restart.as_ref().is_some_and(by_itself));
    kept.extend(restarted.map(|part| {
        format!("{}: a part that ends or hangs is started anew by itself, as it was in this time", part.name)
    }));
    let mut raised: Vec<_> = known
        .alerts
        .history
        .iter()
        .filter(|past| known.period.touches(&past.from, Some(&past.to)))
        .map(|past| past.rule)
        .collect();
    raised.sort_by_key(|rule| rule.as_str());
    raised.dedup();
    let told = raised.into_iter().filter(|rule| known.alerts.rules.contains(rule));
    kept.extend(
        told.map(|rule| format!("If it comes again it is told: the alert `{}` is on", rule.as_str())),
    );
    kept
}
