//! What a person sees of a watch.

use hearthline_core::figures::figure;
use hearthline_runbook::monitor::{Outcome, Report};

use crate::table::{table, text};

/// The terminal's second screen, so that what stood there before comes back.
pub(super) const OTHER_SCREEN: &str = "\x1b[?1049h";
/// Back to the first.
pub(super) const FIRST_SCREEN: &str = "\x1b[?1049l";
/// An empty screen, written from its first line.
pub(super) const CLEARED: &str = "\x1b[H\x1b[J";

/// While it goes on.
pub(super) fn render_live(report: &Report) -> String {
    format!("{}   (Ctrl-C ends it)\n\n{}\n{}", progress(report), criteria(report), meanwhile(report))
}

/// At the end: the table, what came between, and the verdict with its reasons.
pub(super) fn render(report: &Report) -> String {
    let verdict = if report.passed {
        format!("PASSED: every criterion that is known held for {} s\n", report.watched_s)
    } else {
        let reasons = report.reasons.iter().map(|reason| format!("  {reason}\n"));
        format!("NOT PASSED:\n{}", reasons.collect::<String>())
    };
    format!("{}\n{}\n{verdict}", criteria(report), meanwhile(report))
}

/// How far it is.
pub(super) fn progress(report: &Report) -> String {
    format!("{:.0} of {:.0} s", report.watched_s, report.asked_s)
}

/// All in a few words, which change only when something has.
pub(super) fn state(report: &Report) -> String {
    let count = |outcome| report.criteria.iter().filter(|one| one.outcome == outcome).count();
    let mut words = vec![format!(
        "{} held, {} not, {} not known",
        count(Outcome::Held),
        count(Outcome::NotHeld),
        count(Outcome::NotKnown)
    )];
    let not_held = report.criteria.iter().filter(|one| one.outcome == Outcome::NotHeld);
    let names: Vec<&str> = not_held.map(|one| one.id.as_str()).collect();
    if !names.is_empty() {
        words.push(format!("not held: {}", names.join(", ")));
    }
    if report.unanswered_s > 0.0 {
        words.push("the program did not answer".into());
    }
    if report.connection_losses > 0 {
        words.push(format!("connection lost: {}", report.connection_losses));
    }
    words.join("; ")
}

fn criteria(report: &Report) -> String {
    let mut rows =
        table(&["Criterion", "Held", "For", "Not known", "Last", "Worst", "Worst at", "Target", "Note"]);
    for one in &report.criteria {
        let held = match one.outcome {
            Outcome::Held => "yes",
            Outcome::NotHeld => "NO",
            Outcome::NotKnown => "not known",
        };
        let figure = |value: f64| figure(value, &one.unit);
        let worst = one.worst.as_ref();
        rows.add_row([
            one.label.clone(),
            held.into(),
            format!("{} of {} s", one.held_s, report.watched_s),
            format!("{} s", one.not_known_s),
            one.value.map_or("-".into(), figure),
            worst.map_or("-".into(), |worst| figure(worst.value)),
            worst.map_or("-".into(), |worst| worst.at.clone()),
            figure(one.target),
            one.note.clone().unwrap_or_default(),
        ]);
    }
    text(&rows)
}

fn meanwhile(report: &Report) -> String {
    let mut lines = format!(
        "Meanwhile: {} events received; connection lost: {}; gaps: {}, lost: {}; program started anew: {}\n",
        report.events, report.connection_losses, report.gaps, report.gaps_lost, report.program_restarts
    );
    for part in &report.part_restarts {
        let why = part.why.as_ref().map(|why| format!(", the last time because {why}")).unwrap_or_default();
        lines.push_str(&format!("Part {} started anew: {}{why}\n", part.part, part.count));
    }
    if report.unanswered_s > 0.0 {
        lines.push_str(&format!("The program did not answer for {} s\n", report.unanswered_s));
    }
    lines
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::monitor::{PartRestarts, Watched, Worst};

    use super::*;

    fn report() -> Report {
        let one = |id: &str, outcome, held_s, not_held_s, value| Watched {
            id: id.into(),
            label: format!("Label of {id}"),
            outcome,
            held_s,
            not_held_s,
            not_known_s: 0.0,
            target: 1.0,
            unit: "%".into(),
            value,
            worst: value.map(|value| Worst { value, at: "2026-11-23T12:00:04.000000Z".into() }),
            first_not_held: None,
            note: None,
        };
        Report {
            passed: false,
            reasons: vec!["the program did not answer for 3 s".into()],
            from: "2026-11-23T12:00:00.000000Z".into(),
            to: "2026-11-23T12:00:10.000000Z".into(),
            asked_s: 10.0,
            watched_s: 10.0,
            looks: 10,
            unanswered_s: 3.0,
            connection_losses: 1,
            program_restarts: 0,
            part_restarts: vec![PartRestarts { part: "store".into(), count: 2, why: Some("it hung".into()) }],
            gaps: 1,
            gaps_lost: 0,
            events: 70,
            criteria: vec![
                one("rate", Outcome::NotHeld, 7.0, 3.0, Some(0.256)),
                one("uptime", Outcome::Held, 10.0, 0.0, Some(1.0)),
                Watched { not_known_s: 10.0, ..one("weather", Outcome::NotKnown, 0.0, 0.0, None) },
            ],
        }
    }

    #[test]
    fn the_end_says_what_held_for_how_long_and_why_it_is_not_passed() {
        insta::assert_snapshot!(render(&report()));
        let passed = Report { passed: true, reasons: vec![], ..report() };
        assert!(render(&passed).ends_with("PASSED: every criterion that is known held for 10 s\n"));
    }

    #[test]
    fn a_line_says_all_in_a_few_words() {
        assert_eq!(progress(&report()), "10 of 10 s");
        assert_eq!(
            state(&report()),
            "1 held, 1 not, 1 not known; not held: rate; the program did not answer; connection lost: 1"
        );
    }
}
