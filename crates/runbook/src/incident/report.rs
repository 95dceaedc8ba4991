//! The whole report.

use super::{Known, again, done, downtime, figures, found, lost, said, unknown};
use crate::markdown::Markdown;
use crate::repair::receipts::stamp;

/// What the file is called that a report is saved in.
#[must_use]
pub fn name_of(known: &Known) -> String {
    format!("{}-incident.md", stamp(known.period.since))
}

/// Markdown for a person who was not there.
#[must_use]
pub fn report(known: &Known) -> String {
    let mut page = Markdown::default();
    head(&mut page, known);
    found::section(&mut page, known);
    done::section(&mut page, known);
    figures::section(&mut page, known);
    lost::gaps(&mut page, known);
    lost::section(&mut page, known);
    downtime::section(&mut page, known);
    said::notes(&mut page, known);
    again::section(&mut page, known);
    said::lines(&mut page, known);
    unknown::section(&mut page, known);
    page.finish()
}

fn head(page: &mut Markdown, known: &Known) {
    let at = |at: hearthline_core::Timestamp| super::short(&at.to_string());
    page.heading(1, &format!("Incident of {}", known.period.since.day_in_words()));
    page.paragraph(&format!("**{}** {}", lost::sentence(known), downtime::sentence(known)));
    let mut rows = vec![
        ["From".to_owned(), at(known.period.since)],
        ["To".to_owned(), at(known.period.until)],
        ["Total time".to_owned(), downtime::total(known)],
        ["Now".to_owned(), now(known)],
        ["Written".to_owned(), at(known.now)],
        ["Program".to_owned(), format!("hearthline {}", env!("CARGO_PKG_VERSION"))],
    ];
    if known.is_simulated() {
        rows.push(["House".to_owned(), "a simulated one".to_owned()]);
    }
    page.table(["", ""], rows);
    page.paragraph("Times are UTC.");
}

/// How everything is at this moment.
pub(super) fn now(known: &Known) -> String {
    match &known.status {
        Some(status) => format!("{}: {}", status.overall.as_str(), status.verdict),
        None => "the program does not run".into(),
    }
}
