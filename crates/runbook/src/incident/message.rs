//! A report in short, for people who are told of it at a place.

use hearthline_pipeline::webhook::{LONGEST, Message, Urgency};

use super::{Known, Period, downtime, figures, lost, report, short};

/// What the head of the report says, and how its criteria are: no longer than any place takes, with the command that has all of it.
#[must_use]
pub fn message(known: &Known) -> Message {
    let Period { since, until } = known.period;
    let (since, until) = (since.to_string(), until.to_string());
    let mut lines = vec![
        lost::sentence(known),
        downtime::sentence(known),
        format!("Total time: {}", downtime::total(known)),
        format!("Now: {}", report::now(known)),
    ];
    if known.is_simulated() {
        lines.push("House: a simulated one".into());
    }
    lines.extend(figures::in_short(known));
    Message {
        title: format!("Report of an incident, {} to {}", short(&since), short(&until)),
        text: bounded(&lines, &format!("`hearthline report --since {since} --until {until}`")),
        urgency: Urgency::Info,
    }
}

/// As many lines as there is room for, and where all of it is.
fn bounded(lines: &[String], command: &str) -> String {
    let (all, cut) = (format!("The whole report: {command}"), format!("… the whole report: {command}"));
    let room = LONGEST.saturating_sub(cut.chars().count());
    let (mut text, mut length) = (String::new(), 0);
    for line in lines {
        length += line.chars().count() + 1;
        if length > room {
            return text + &cut;
        }
        text.push_str(line);
        text.push('\n');
    }
    text + &all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_at_a_line_and_says_where_the_rest_is() {
        let line = "ä".repeat(99);
        let of = |lines: usize| bounded(&vec![line.clone(); lines], "`x`");
        assert_eq!(of(2), format!("{line}\n{line}\nThe whole report: `x`"));
        let cut = of(40);
        assert!(cut.chars().count() <= LONGEST, "{}", cut.chars().count());
        assert_eq!(cut, format!("{}… the whole report: `x`", format!("{line}\n").repeat(17)));
        assert_eq!(bounded(&["x".repeat(LONGEST)], "`x`"), "… the whole report: `x`");
    }
}
