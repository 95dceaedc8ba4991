//! What was missed, and what of it is lost.

use hearthline_core::figures::{grouped, many};

use super::{Known, short};
use crate::markdown::Markdown;
use crate::status::{Gap, Sink};

/// Entities that are named.
const NAMED: usize = 20;

pub(super) fn gaps(page: &mut Markdown, known: &Known) {
    page.heading(2, "Gaps");
    let gaps = known.gaps();
    match &known.gaps {
        Err(why) => page.paragraph(&format!("Not known: {}.", crate::markdown::plain(why))),
        Ok(_) if gaps.is_empty() => page.paragraph("None."),
        Ok(_) => {}
    }
    let row = |gap: &&Gap| {
        let to = gap.to.as_deref().map_or_else(|| "open".into(), short);
        [
            gap.id.to_string(),
            short(&gap.from),
            to,
            gap.cause.clone(),
            gap.state.clone(),
            many(gap.recovered, "state"),
        ]
    };
    page.table(["Gap", "From", "To", "Cause", "State", "Fetched afterwards"], gaps.iter().map(row));
}

/// In one sentence.
pub(super) fn sentence(known: &Known) -> String {
    let gaps = known.gaps();
    let of = |state: &str| gaps.iter().filter(|gap| gap.state == state).count() as u64;
    let (lost, partly, open) = (of("lost"), of("partly"), of("open"));
    let short = short_of(known).count() as u64;
    let fetched = gaps.iter().map(|gap| gap.recovered).sum::<u64>();
    match &known.gaps {
        _ if lost > 0 => format!("Something was lost: {} of which nothing could be had.", many(lost, "gap")),
        _ if partly > 0 => format!("Something may be lost: {} filled in part.", many(partly, "gap")),
        _ if short > 0 => {
            format!("Nothing is lost from the archive; {} did not get everything.", many(short, "sink"))
        }
        Err(_) => "Whether something was lost is not known.".into(),
        Ok(_) if open > 0 => {
            format!("Whether something was lost is not known yet: {} open.", many(open, "gap"))
        }
        Ok(_) if known.status.is_none() => {
            "Whether something was lost is not known yet: the program does not run.".into()
        }
        Ok(_) if gaps.is_empty() => "Nothing was lost: there is no gap.".into(),
        Ok(_) => {
            let found = many(gaps.len() as u64, "gap");
            format!(
                "Nothing was lost: {found}, filled with {} from Home Assistant's history.",
                many(fetched, "state")
            )
        }
    }
}

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "What was lost");
    let missing = missing(known);
    if missing.is_empty() {
        page.paragraph(&sentence(known));
    }
    page.items(missing);
    let open = known.gaps().into_iter().filter(|gap| gap.state == "open");
    page.items(open.map(|gap| format!("Gap {}: not known yet, it is being filled", gap.id)));
    page.items(perhaps(known));
    page.items(aside(known));
}

/// What is lost, or may be.
fn missing(known: &Known) -> Vec<String> {
    let gaps = known.gaps();
    let of_gaps = gaps.iter().filter_map(|gap| match gap.state.as_str() {
        "lost" => {
            let why = gap.note.as_deref().unwrap_or("Home Assistant's history does not have it");
            Some(format!("Gap {}: what happened in it could not be had: {why}", gap.id))
        }
        "partly" => Some(format!("Gap {}: {}", gap.id, partly(gap))),
        _ => None,
    });
    of_gaps.chain(short_of(known)).collect()
}

/// What a sink will not have.
fn short_of(known: &Known) -> impl Iterator<Item = String> {
    sinks(known).filter_map(|(sink, was)| {
        let lost = sink.lost.saturating_sub(was?);
        (lost > 0).then(|| left(sink, lost))
    })
}

/// What may be lost: it is counted, and not since when.
fn perhaps(known: &Known) -> Vec<String> {
    let unknown = sinks(known).filter(|(sink, was)| was.is_none() && sink.lost > 0);
    unknown.map(|(sink, _)| format!("{}; whether in this time is not known", left(sink, sink.lost))).collect()
}

fn left(sink: &Sink, lost: u64) -> String {
    format!("{}: {} left the log before it had them; the archive has them", sink.name, many(lost, "event"))
}

/// Each sink, and what it had lost before, where that was written down.
fn sinks(known: &Known) -> impl Iterator<Item = (&Sink, Option<u64>)> {
    let before = known.before().map(|saved| &saved.status.sinks);
    let was = move |name: &str| before?.iter().find(|sink| sink.name == name).map(|sink| sink.lost);
    known.status.iter().flat_map(|status| &status.sinks).map(move |sink| (sink, was(&sink.name)))
}

fn partly(gap: &Gap) -> String {
    let mut named: Vec<&str> = gap.not_kept.iter().take(NAMED).map(String::as_str).collect();
    let more = gap.not_kept.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} others") } else { String::new() };
    if named.is_empty() {
        named.push("some entities");
    }
    let note = gap.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    format!(
        "states of {}{more} that Home Assistant's history does not keep may be lost{note}",
        named.join(", ")
    )
}

/// What is kept, and not as rows.
fn aside(known: &Known) -> Vec<String> {
    match &known.aside {
        Err(why) => vec![format!("What was set aside is not known: {why}")],
        Ok(aside) => {
            let each = aside
                .iter()
                .map(|(reason, of)| format!("{} set aside with all bytes, not lost: {reason}", grouped(*of)));
            each.collect()
        }
    }
}
