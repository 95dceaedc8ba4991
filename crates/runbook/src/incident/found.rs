//! What was found.

use super::{Known, short};
use crate::markdown::Markdown;
use crate::verify::Outcome;

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "What was found");
    let alerts: Vec<_> = alerts(known).collect();
    if alerts.is_empty() {
        page.paragraph("No alert.");
    }
    page.table(["From", "To", "Alert", "Severity", "Says", "Seen"], alerts);
    let findings = known.runs.iter().filter_map(|run| run.before.as_ref()).flat_map(|saved| {
        saved.findings.iter().map(|found| {
            let about = found.about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
            let id = format!("{}{about}", found.id);
            [short(&saved.at), found.severity.clone(), id, found.says.clone()]
        })
    });
    page.table(["Doctor at", "Severity", "Finding", "Says"], findings);
    let missed = known.verified.iter().filter(|result| result.outcome != Outcome::Passed);
    page.table(["Verified at", "Says"], missed.map(|result| [short(&result.at), result.says.clone()]));
}

/// By time.
fn alerts(known: &Known) -> impl Iterator<Item = [String; 6]> {
    let seen = |at: &Option<String>| at.as_deref().map_or_else(|| "-".into(), short);
    let past = known.alerts.history.iter().filter(|past| known.period.touches(&past.from, Some(&past.to)));
    let past = past.map(|past| {
        let severity = past.severity.as_str().to_owned();
        [
            short(&past.from),
            short(&past.to),
            past.id.clone(),
            severity,
            past.says.clone(),
            seen(&past.acknowledged),
        ]
    });
    let active = known.alerts.active.iter().filter(|alert| known.period.touches(&alert.since, None));
    let active = active.map(|alert| {
        let (severity, says) = (alert.words.severity.as_str().to_owned(), alert.words.says.clone());
        [short(&alert.since), "not over".into(), alert.id.clone(), severity, says, seen(&alert.acknowledged)]
    });
    let mut all: Vec<_> = past.chain(active).collect();
    all.sort();
    all.into_iter()
}
