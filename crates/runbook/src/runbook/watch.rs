//! Lines that look: until every part is healthy, and then for a while at every criterion.

use std::collections::BTreeSet;
use std::time::Duration;

use hearthline_core::figures::many;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::saved::HEALTHY;
use super::{Runbook, since};
use crate::Status;
use crate::monitor::Watch;
use crate::repair::restart::{states, told};
use crate::repair::{Done, RepairError, Scribe};
use crate::status::{Overall, Part};
use crate::verify::{By, Outcome, Verified};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long the parts may take until they do what they are for.
const WITHIN: Duration = Duration::from_secs(180);
/// How long something that is late or absent, and loses nothing, is waited for.
const LATE: Duration = Duration::from_secs(30);
/// History is asked for so long (ADR 7), and then is given up.
const FILLED: Duration = Duration::from_secs(150);

impl Runbook {
    /// Waits until every part is healthy or off, and history has given what it has of the gaps. What is late or absent for longer
    /// loses nothing, and is told.
    pub(super) async fn healthy(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        let began = Instant::now();
        loop {
            let Status { parts, overall, gaps, .. } = self.means.program.status();
            let waited = began.elapsed();
            let is_up = overall != Overall::Unhealthy && parts.iter().all(is_up);
            let is_late = overall == Overall::Degraded || parts.iter().any(|part| part.state == "degraded");
            let patience = if gaps.open > 0 { FILLED } else { LATE };
            if is_up && (!is_late && gaps.open == 0 || waited > patience) {
                let (told, open) = (told(&parts), many(gaps.open, "gap"));
                return Ok(Done {
                    says: format!("{told} after {:.1} s; {open} open", waited.as_secs_f64()),
                    data: states(&parts),
                });
            }
            if waited > WITHIN {
                return Err(RepairError::Person(format!(
                    "not after {} s: {}",
                    WITHIN.as_secs(),
                    told(&parts)
                )));
            }
            if gaps.open > 0 {
                scribe.progress(0, Some(gaps.open), "gaps");
            }
            sleep(LOOK).await;
        }
    }

    /// Follows a canary to every place. Where it is late, or something else had to be followed, nothing is lost, which is told.
    pub(super) async fn canary(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        self.healthy(scribe).await?;
        let verified = match self.means.verify.run(1, By::Person).await {
            Ok(verified) => verified,
            Err(refused) => return Err(RepairError::Later(refused.to_string())),
        };
        let Verified { id, outcome, says, .. } = verified;
        let late = match outcome {
            Outcome::Passed => Vec::new(),
            Outcome::Degraded => vec!["canary"],
            Outcome::Failed | Outcome::Unreachable | Outcome::Skipped => {
                return Err(RepairError::Person(says));
            }
        };
        Ok(Done { says, data: json!({ "verification": id, "late": late }) })
    }

    /// Looks at every criterion each second. A watch with a hole in it shows nothing, so one that was killed begins anew.
    pub(super) async fn watch(&self, seconds: u64, scribe: &Scribe) -> Result<Done, RepairError> {
        self.healthy(scribe).await?;
        let (asked, then) =
            (Duration::from_secs(seconds), Self::look(&*self.means.program, &*self.means.clock));
        then.write(&*self.means.fs, &scribe.dir, HEALTHY)?;
        let then = then.status;
        let mut late = BTreeSet::new();
        let mut watch = Watch::new(asked, self.means.clock.now(), then.clone());
        let began = Instant::now();
        let mut last = began;
        while last - began < asked {
            sleep_until((last + LOOK).min(began + asked)).await;
            let mut status = self.means.program.status();
            status.criteria = since::since(&then, &status);
            late.extend(since::late(&mut status));
            let now = Instant::now();
            watch.look(self.means.clock.now(), now - last, Some(status));
            last = now;
            scribe.progress((now - began).as_secs().min(seconds), Some(seconds), "s");
        }
        let report = watch.report();
        if !report.passed {
            return Err(RepairError::Person(report.reasons.join("; ")));
        }
        let (looks, events, gaps) = (report.looks, many(report.events, "event"), many(report.gaps, "gap"));
        let late: Vec<_> = late.into_iter().collect();
        let held = match late.as_slice() {
            [] => format!("every criterion held at {looks} looks"),
            late => format!("{looks} looks: late, with nothing lost: {}; all others held", late.join(", ")),
        };
        Ok(Done {
            says: format!("{held}; {events}, {gaps}"),
            data: json!({ "monitor": report, "late": late }),
        })
    }

    /// Waits until history has given what it has of the gaps.
    pub(super) async fn no_gap_is_open(&self, scribe: &Scribe) {
        let began = Instant::now();
        loop {
            let gaps = self.means.program.status().gaps;
            if gaps.open == 0 || began.elapsed() > FILLED {
                return;
            }
            scribe.progress(0, Some(gaps.open), "gaps");
            sleep(LOOK).await;
        }
    }
}

/// It does what it is for, be it late.
fn is_up(part: &Part) -> bool {
    matches!(&*part.state, "healthy" | "off" | "degraded")
}
