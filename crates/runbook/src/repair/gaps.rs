//! `repair gaps`: asks Home Assistant's history once more for what was filled in part or not at all.
//!
//! A gap that was asked for twice and is as before is no finding any more: history does not have it. A person may still ask,
//! with `hearthline gaps retry`.

use std::sync::Arc;
use std::time::Duration;

use hearthline_pipeline::orders::{Order, Orders};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::program::Program;
use super::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};
use crate::status::Gap;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_secs(1);
/// How often a gap is tried by itself and by this repair.
const TRIES: u32 = 2;

/// The repair.
pub struct Gaps {
    program: Arc<dyn Program>,
    orders: Orders,
}

impl Gaps {
    /// Of the running program.
    #[must_use]
    pub const fn new(program: Arc<dyn Program>, orders: Orders) -> Self {
        Self { program, orders }
    }

    /// Those of these numbers that are remembered.
    fn of(&self, wanted: &[u64]) -> Vec<Gap> {
        let all = self.program.status().gaps.recent;
        all.into_iter().filter(|gap| wanted.contains(&gap.id)).collect()
    }

    fn is_connected(&self) -> Result<(), RepairError> {
        let peer = self.program.status().home_assistant;
        match &*peer.state {
            "connected" => Ok(()),
            state => Err(RepairError::Later(format!(
                "history cannot be asked while the connection is {state}: {}",
                peer.reason.unwrap_or_else(|| "no answer yet".into())
            ))),
        }
    }
}

fn is_not_whole(gap: &Gap) -> bool {
    matches!(&*gap.state, "partly" | "lost")
}

fn wanted(data: &Value) -> Vec<u64> {
    data.get("gaps").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect()
}

impl Repair for Gaps {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let gaps = self.program.status().gaps;
            let (again, given_up): (Vec<_>, Vec<_>) =
                gaps.recent.iter().filter(|gap| is_not_whole(gap)).partition(|gap| gap.tries < TRIES);
            let ids: Vec<_> = again.iter().map(|gap| gap.id).collect();
            let finding = match ids.len() {
                0 => "no gap is filled in part or not at all that was not asked for twice".to_owned(),
                n => {
                    let lost = again.iter().filter(|gap| gap.state == "lost").count();
                    format!("{n} gaps are not filled: {} in part, {lost} not at all", n - lost)
                }
            };
            let step = Step {
                kind: "retry".into(),
                what: format!("ask Home Assistant's history once more for {} gaps", ids.len()),
                touches: "the log, to which the states that come are added".into(),
                rows: None,
                bytes: None,
                seconds: None,
                undo: false,
                data: json!({ "gaps": ids }),
            };
            let note = |n: usize| {
                format!(
                    "{n} gaps were asked for twice and are as they were: Home Assistant's history does not have them; \
                     `hearthline gaps retry` asks all the same"
                )
            };
            Ok(Plan {
                repair: "gaps".into(),
                finding,
                steps: if ids.is_empty() { Vec::new() } else { vec![step] },
                confirm: None,
                notes: Some(given_up.len()).filter(|n| *n > 0).map(note).into_iter().collect(),
            })
        })
    }

    /// A gap that is open was opened again by an attempt that was killed: it is filled already.
    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            self.is_connected()?;
            let ids = wanted(&step.data);
            for gap in self.of(&ids).into_iter().filter(|gap| is_not_whole(gap) && gap.tries < TRIES) {
                let asked = self.orders.give(|reply| Order::RetryGaps(Some(gap.id), reply)).await;
                asked.map_err(RepairError::Later)?;
            }
            loop {
                // Looked at before it can be in: an order is carried out between two frames.
                let gaps = self.of(&ids);
                let open = gaps.iter().filter(|gap| gap.state == "open").count() as u64;
                let all = ids.len() as u64;
                scribe.progress(all.saturating_sub(open), Some(all), "gaps");
                if open == 0 {
                    return Ok(told(&gaps));
                }
                self.is_connected()?;
                sleep(LOOK).await;
            }
        })
    }

    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let ids: Vec<_> = plan.steps.iter().flat_map(|step| wanted(&step.data)).collect();
            let gaps = self.of(&ids);
            match gaps.iter().filter(|gap| gap.state == "open").count() {
                0 => Ok(told(&gaps)),
                n => Err(RepairError::Later(format!("{n} gaps are still being filled"))),
            }
        })
    }
}

fn told(gaps: &[Gap]) -> Done {
    let count = |state: &str| gaps.iter().filter(|gap| gap.state == state).count();
    let (filled, partly, lost) = (count("filled"), count("partly"), count("lost"));
    let recovered: u64 = gaps.iter().map(|gap| gap.recovered).sum();
    Done {
        says: format!(
            "{filled} filled, {partly} in part, {lost} not at all; {recovered} states of them are recorded"
        ),
        data: json!({ "filled": filled, "partly": partly, "lost": lost, "recovered": recovered }),
    }
}

#[cfg(test)]
pub(super) mod tests;
