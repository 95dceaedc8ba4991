//! What was counted before and after.

use super::Run;
use crate::Status;
use crate::markdown::Markdown;

pub(super) fn section(page: &mut Markdown, run: &Run<'_>) {
    page.heading(2, "Counters");
    page.paragraph("Since the data folder was made. What is counted beside the events is marked *now*.");
    let before = run.before.map(|saved| counters(&saved.status)).unwrap_or_default();
    let row = |(name, after): (String, u64)| {
        let earlier = before.iter().find(|(of, _)| *of == name).map(|(_, count)| *count);
        let difference = earlier.map_or_else(String::new, |earlier| difference(earlier, after));
        let earlier = earlier.map_or_else(|| "not known".into(), |count| count.to_string());
        [name, earlier, after.to_string(), difference]
    };
    page.table(
        ["Counter", "Before", "After", "Difference"],
        counters(&run.after.status).into_iter().map(row),
    );
}

pub(crate) fn difference(before: u64, after: u64) -> String {
    match after.checked_sub(before) {
        Some(more) => format!("+{more}"),
        None => format!("-{}", before - after),
    }
}

pub(crate) fn counters(status: &Status) -> Vec<(String, u64)> {
    let events = &status.events;
    let mut all: Vec<(String, u64)> = [
        ("received", events.received),
        ("filtered", events.filtered),
        ("duplicate", events.duplicate),
        ("logged", events.logged),
        ("unlogged", events.unlogged),
        ("quarantined", events.quarantined),
        ("gaps open, now", status.gaps.open),
        ("gaps filled", status.gaps.filled),
        ("gaps filled in part", status.gaps.partly),
        ("gaps lost", status.gaps.lost),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into();
    for sink in &status.sinks {
        let of = [
            ("delivered", sink.delivered),
            ("pending, now", sink.pending),
            ("set aside", sink.quarantined),
            ("lost", sink.lost),
        ];
        all.extend(of.map(|(name, count)| (format!("{}: {name}", sink.name), count)));
    }
    all
}
