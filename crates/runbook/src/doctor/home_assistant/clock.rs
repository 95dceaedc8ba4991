//! How far the clocks of Home Assistant's machine and of ours are apart. Its clock comes with HTTP, to the second.

use std::time::Duration;

use hearthline_core::Timestamp;

use super::Visit;
use crate::doctor::catalogue::{HA_CLOCK_OK, HA_CLOCK_SKEWED, HA_CLOCK_UNKNOWN};
use crate::doctor::{Finding, Severity};

/// More is told, in seconds.
const SKEWED: f64 = 2.0;
/// More tears rows and gaps apart, in seconds.
const FAR: f64 = 300.0;

impl Visit<'_> {
    /// It said `date`, in an answer that had come at `at` by our clock and took that long.
    pub(super) fn clock(&mut self, date: Option<Timestamp>, at: Timestamp, took: Duration) {
        let Some(date) = date else {
            return self.found(Finding::of(HA_CLOCK_UNKNOWN, "it does not say what time it has"));
        };
        #[expect(clippy::cast_precision_loss, reason = "a difference in seconds")]
        let between = (at.0 - date.0) as f64 / 1e6;
        // The second that it named had begun up to one second before, and the answer was under way for a part of `took`.
        let (skew, unsure) = (between - 0.5 - took.as_secs_f64() / 2.0, 0.5 + took.as_secs_f64() / 2.0);
        let off = (skew.abs() - unsure).max(0.0);
        let finding = if off <= SKEWED {
            Finding::of(HA_CLOCK_OK, "both clocks say the same")
        } else {
            let how = if skew > 0.0 { "behind" } else { "before" };
            let says = format!("the clock of Home Assistant's machine is {:.0} s {how} ours", skew.abs());
            let finding = Finding::of(HA_CLOCK_SKEWED, says)
                .todo("set both clocks by the network: `timedatectl set-ntp true` on each machine");
            if off > FAR { finding.severity(Severity::Fault) } else { finding }
        };
        self.found(finding.figure("ours less theirs", (skew * 10.0).round() / 10.0, "s").figure(
            "give or take",
            (unsure * 10.0).round() / 10.0,
            "s",
        ));
    }
}
