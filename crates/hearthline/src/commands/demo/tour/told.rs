//! What an act has to say: figures, each with what was expected, and one line of them.

use std::fmt::Display;
use std::time::Duration;

use serde::Serialize;

use crate::table::{cut, table, text};

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Figure {
    what: &'static str,
    expected: String,
    seen: String,
    /// Whether what was seen is what was expected.
    pub(super) holds: bool,
}

/// An act that is over.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Act {
    act: &'static str,
    /// Whether it was played to its end and every figure holds.
    pub(super) holds: bool,
    seconds: u64,
    /// One line for a person.
    says: String,
    figures: Vec<Figure>,
    /// Why it was not played to its end.
    failed: Option<String>,
}

/// What an act's judge makes of what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// One line for a person.
    pub(super) says: String,
    /// All of it.
    pub(super) figures: Vec<Figure>,
}

impl Figure {
    /// Has to be this.
    pub(super) fn equal<T: Copy + PartialEq + Display>(what: &'static str, expected: T, seen: T) -> Self {
        Self { what, holds: expected == seen, expected: expected.to_string(), seen: seen.to_string() }
    }

    /// Has to be this or more.
    pub(super) fn at_least<T: Copy + PartialOrd + Display>(what: &'static str, expected: T, seen: T) -> Self {
        let holds = seen >= expected;
        Self { what, holds, expected: format!("at least {expected}"), seen: seen.to_string() }
    }

    /// Seconds that have to be this or fewer.
    pub(super) fn within(what: &'static str, expected: Duration, seen: Duration) -> Self {
        let (most, took) = (format!("at most {} s", expected.as_secs()), seconds(seen));
        Self { what, holds: seen <= expected, expected: most, seen: took }
    }
}

impl Act {
    /// One that was played to its end, or why not.
    pub(super) fn new(act: &'static str, took: Duration, judged: anyhow::Result<Judged>) -> Self {
        let (says, figures, failed) = match judged {
            Ok(Judged { says, figures }) => (says, figures, None),
            Err(error) => ("it was not played to its end".into(), Vec::new(), Some(format!("{error:#}"))),
        };
        let holds = failed.is_none() && figures.iter().all(|figure| figure.holds);
        Self { act, holds, seconds: took.as_secs(), says, figures, failed }
    }

    /// What it is called.
    pub(super) const fn name(&self) -> &'static str {
        self.act
    }

    /// The line of it, and of what does not hold.
    pub(super) fn line(&self) -> String {
        let word = if self.holds { "holds" } else { "FAILED" };
        let mut lines = format!("{:<11} {word:<7} {:>3} s  {}\n", self.act, self.seconds, self.says);
        for figure in self.figures.iter().filter(|figure| !figure.holds) {
            lines.push_str(&format!(
                "            {}: expected {}, seen {}\n",
                figure.what, figure.expected, figure.seen
            ));
        }
        if let Some(why) = &self.failed {
            lines.push_str(&format!("            {why}\n"));
        }
        lines
    }
}

/// Every figure of every act.
pub(super) fn figures(acts: &[Act]) -> String {
    let mut rows = table(&["Act", "Figure", "Expected", "Seen", ""]);
    for act in acts {
        for Figure { what, expected, seen, holds } in &act.figures {
            rows.add_row([act.act, what, expected, seen, if *holds { "holds" } else { "FAILED" }]);
        }
        if let Some(why) = &act.failed {
            rows.add_row([act.act, "played to its end", "yes", &cut(why, 60), "FAILED"]);
        }
    }
    text(&rows)
}

/// A length of time for a person.
pub(super) fn seconds(length: Duration) -> String {
    format!("{:.1} s", length.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_figure_that_does_not_hold_fails_the_act_and_says_what_was_expected_and_seen() {
        let figures = |missing: u64| {
            vec![
                Figure::equal("events missing", 0, missing),
                Figure::at_least("attempts", 2, 5),
                Figure::within("noticed after", Duration::from_secs(25), Duration::from_millis(15_300)),
            ]
        };
        let judged = |missing| Ok(Judged { says: "some were fired".into(), figures: figures(missing) });
        let good = Act::new("kill -9", Duration::from_secs(9), judged(0));
        let bad = Act::new("kill -9", Duration::from_secs(9), judged(3));
        let broken = Act::new("connection", Duration::from_secs(60), Err(anyhow::anyhow!("not connected")));
        assert_eq!((good.holds, bad.holds, broken.holds), (true, false, false));
        let late = Figure::within("noticed after", Duration::from_secs(25), Duration::from_millis(25_001));
        let few = Figure::at_least("attempts", 2, 1);
        assert_eq!((late.holds, few.holds), (false, false));
        let lines: String = [&good, &bad, &broken].map(Act::line).concat();
        insta::assert_snapshot!(lines + "\n" + &super::figures(&[good, bad, broken]));
    }
}
