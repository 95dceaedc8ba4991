//! Lines that look: until every part is healthy, and then for a while at every criterion.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::saved::HEALTHY;
use super::{Runbook, since};
use crate::Status;
use crate::doctor::finding::count;
use crate::monitor::Watch;
use crate::repair::restart::told;
use crate::repair::{Done, RepairError, Scribe};
use crate::status::{Overall, Part};

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
            let Status { parts, overall, gaps, .. } = self.program.status();
            let (is_late, waited) = (is_late(&parts) || overall == Overall::Degraded, began.elapsed());
            let patience = if gaps.open > 0 { FILLED } else { LATE };
            if is_up(&parts)
                && overall != Overall::Unhealthy
                && (!(is_late || gaps.open > 0) || waited > patience)
            {
                let states: serde_json::Map<_, _> =
                    parts.iter().map(|part| (part.name.clone(), Value::from(&*part.state))).collect();
                let says = format!(
                    "{} after {:.1} s; {} open",
                    told(&parts),
                    waited.as_secs_f64(),
                    count(gaps.open, "gap")
                );
                return Ok(Done { says, data: states.into() });
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

    /// Looks at every criterion each second. A watch with a hole in it shows nothing, so one that was killed begins anew.
    pub(super) async fn watch(&self, seconds: u64, scribe: &Scribe) -> Result<Done, RepairError> {
        self.healthy(scribe).await?;
        let (asked, then) = (Duration::from_secs(seconds), Self::look(&*self.program, &*self.clock));
        then.write(&*self.fs, &scribe.dir, HEALTHY)?;
        let then = then.status;
        let mut late = BTreeSet::new();
        let mut watch = Watch::new(asked, self.clock.now(), then.clone());
        let (began, mut last) = (Instant::now(), Instant::now());
        while began.elapsed() < asked {
            sleep(LOOK.min(asked.saturating_sub(began.elapsed()))).await;
            let mut status = self.program.status();
            status.criteria = since::since(&then, &status);
            late.extend(since::late(&mut status));
            watch.look(self.clock.now(), last.elapsed(), Some(status));
            last = Instant::now();
            scribe.progress(began.elapsed().as_secs().min(seconds), Some(seconds), "s");
        }
        let report = watch.report();
        if !report.passed {
            return Err(RepairError::Person(report.reasons.join("; ")));
        }
        let (looks, events, gaps) = (report.looks, count(report.events, "event"), count(report.gaps, "gap"));
        Ok(Done {
            says: match late.is_empty() {
                true => format!("every criterion held at {looks} looks; {events}, {gaps}"),
                false => {
                    let late: Vec<_> = late.iter().cloned().collect();
                    format!(
                        "{looks} looks: late, with nothing lost: {}; all others held; {events}, {gaps}",
                        late.join(", ")
                    )
                }
            },
            data: json!({ "monitor": report, "late": late }),
        })
    }

    /// Waits until history has given what it has of the gaps.
    pub(super) async fn no_gap_is_open(&self, scribe: &Scribe) {
        let began = Instant::now();
        loop {
            let gaps = self.program.status().gaps;
            if gaps.open == 0 || began.elapsed() > FILLED {
                return;
            }
            scribe.progress(0, Some(gaps.open), "gaps");
            sleep(LOOK).await;
        }
    }
}

/// Every part does what it is for, be it late.
fn is_up(parts: &[Part]) -> bool {
    parts.iter().all(|part| matches!(&*part.state, "healthy" | "off" | "degraded"))
}

fn is_late(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.state == "degraded")
}
