//! What the stages came to, and the table that says so.

use std::time::Duration;

/// What one stage came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stage: &'static str,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    pub(crate) took: Duration,
    /// Why something failed or was skipped, a line each.
    pub(crate) why: Vec<String>,
}

/// All stages, in the order in which they ran.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Outcome>);

impl Report {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.0.push(outcome);
    }

    /// Whether everything passed; where skipping is not allowed, also that nothing was skipped.
    pub(crate) fn holds(&self, all_must_run: bool) -> bool {
        let [passed, failed, skipped] = self.sums();
        passed > 0 && failed == 0 && !(all_must_run && skipped > 0)
    }

    /// Whether anything was not run.
    pub(crate) fn skipped(&self) -> bool {
        let [_, _, skipped] = self.sums();
        skipped > 0
    }

    /// Ends with the sums alone on a line, for programs.
    pub(crate) fn print(&self) {
        println!("\n{:<12} {:>7} {:>7} {:>8} {:>8}", "stage", "passed", "failed", "skipped", "time");
        for Outcome { stage, passed, failed, skipped, took, why } in &self.0 {
            println!("{stage:<12} {passed:>7} {failed:>7} {skipped:>8} {:>7.1}s", took.as_secs_f64());
            for line in why {
                println!("             {line}");
            }
        }
        let took: Duration = self.0.iter().map(|outcome| outcome.took).sum();
        let [passed, failed, skipped] = self.sums();
        println!(
            "in all {:.1} min\n\n{passed} passed, {failed} failed, {skipped} skipped",
            took.as_secs_f64() / 60.0
        );
    }

    fn sums(&self) -> [u64; 3] {
        self.0.iter().fold([0; 3], |[passed, failed, skipped], outcome| {
            [passed + outcome.passed, failed + outcome.failed, skipped + outcome.skipped]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Report};

    #[test]
    fn what_was_skipped_counts_only_where_everything_must_run() {
        let mut report = Report::default();
        assert!(!report.holds(false), "nothing ran");
        report.add(Outcome { passed: 3, skipped: 1, ..Outcome::default() });
        assert!(report.holds(false));
        assert!(!report.holds(true));
        report.add(Outcome { failed: 1, ..Outcome::default() });
        assert!(!report.holds(false));
    }
}
