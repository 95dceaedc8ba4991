//! What is not known, and why.

use hearthline_pipeline::gaps::REMEMBERED;

use super::{Known, short};
use crate::alerts::HISTORY;
use crate::markdown::Markdown;

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "What is not known");
    let unknown = unknown(known);
    if unknown.is_empty() {
        page.paragraph("Nothing that is kept is missing for this time.");
    }
    page.items(unknown);
}

fn unknown(known: &Known) -> Vec<String> {
    let since = known.period.since.to_string();
    let mut unknown: Vec<String> =
        known.unread.iter().map(|what| format!("Cannot be read: {what}")).collect();
    if let Some(began) = known.status.as_ref().and_then(|status| status.uptime_since.as_ref())
        && *began > since
    {
        unknown.push(format!("Not known before {}: nothing was recorded here before", short(began)));
    }
    if known.status.is_none() {
        let until = known.uptime.as_ref().map(|uptime| short(&uptime.seen().to_string()));
        let until = until.map(|until| format!(", at the latest since about {until}")).unwrap_or_default();
        unknown.push(format!(
            "The program does not run{until}: what happens meanwhile becomes a gap at its next start"
        ));
    }
    if let Ok(gaps) = &known.gaps
        && gaps.len() >= REMEMBERED
        && let Some(oldest) = gaps.last().filter(|oldest| oldest.from > since)
    {
        unknown
            .push(format!("Gaps before {} are counted, and not remembered one by one", short(&oldest.from)));
    }
    if known.alerts.history.len() >= HISTORY
        && let Some(oldest) = known.alerts.history.last().filter(|oldest| oldest.from > since)
    {
        unknown.push(format!("Alerts before {} are not kept", short(&oldest.from)));
    }
    unknown.extend(known.alerts.note.clone());
    match &known.said_since {
        Some(began) if *began > since => {
            unknown.push(format!("What the program said before {} is not kept", short(began)));
        }
        Some(_) => {}
        None => unknown.push("What the program said is not kept in this data folder".into()),
    }
    if known.lines.dropped > 0 {
        unknown.push(format!("{} lines of the program's own log are in no file", known.lines.dropped));
    }
    unknown
}
