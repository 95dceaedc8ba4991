//! `repair quarantine`: reads records that were set aside again, where this release understands them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{QuarantineRow, Seq, Settlement, Timestamp};
use hearthline_pipeline::orders::{Order, Orders};
use hearthline_pipeline::quarantine::{Outcome, Settle, understand, waiting_behind};
use hearthline_store::{QuarantineQuery, Store, StoreError};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::blocking::blocking;
use super::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};

/// How long the store may take until it knows what was settled.
const WITHIN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(250);

/// The repair.
pub struct Quarantine {
    store: Arc<Store>,
    orders: Orders,
}

/// Records that wait.
#[derive(Default)]
struct Waiting {
    /// Those that this release understands, and their bytes.
    understood: u64,
    bytes: u64,
    not_understood: u64,
}

impl Quarantine {
    /// Of the running program.
    #[must_use]
    pub const fn new(store: Arc<Store>, orders: Orders) -> Self {
        Self { store, orders }
    }

    async fn waiting(&self) -> Result<Waiting, RepairError> {
        let store = Arc::clone(&self.store);
        let look = move || {
            let mut waiting = Waiting::default();
            store.quarantined(&QuarantineQuery::WAITING, |row, _| {
                if understand(&row.raw).is_ok() {
                    waiting.understood += 1;
                    waiting.bytes += row.raw.len() as u64;
                } else {
                    waiting.not_understood += 1;
                }
                ControlFlow::Continue(())
            })?;
            Ok::<_, StoreError>(waiting)
        };
        blocking(look).await
    }

    /// Some that wait and are understood, the oldest first, behind a place.
    async fn some(&self, behind: (Timestamp, Seq)) -> Result<Vec<QuarantineRow>, RepairError> {
        let store = Arc::clone(&self.store);
        blocking(move || waiting_behind(&store, behind, |row| understand(&row.raw).is_ok())).await
    }
}

impl Repair for Quarantine {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let Waiting { understood, bytes, not_understood } = self.waiting().await?;
            let step = Step {
                kind: "retry".into(),
                what: format!("read {understood} records again and record what they say"),
                touches: "the log; the bytes of the records stay in the files".into(),
                rows: Some(understood),
                bytes: Some(bytes),
                seconds: Some(understood / 5000),
                undo: false,
                data: Value::Null,
            };
            let note = format!(
                "{not_understood} records say nothing to this release either: look at them with `hearthline quarantine list`"
            );
            Ok(Plan {
                repair: "quarantine".into(),
                finding: match understood {
                    0 => "no record is set aside that this release understands".into(),
                    n => format!("{n} records were set aside that this release understands"),
                },
                steps: if understood == 0 { Vec::new() } else { vec![step] },
                confirm: None,
                notes: if not_understood == 0 { Vec::new() } else { vec![note] },
            })
        })
    }

    /// What an attempt that was killed has settled waits no more, or is a duplicate.
    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            let (mut recorded, mut duplicate, mut filtered, mut kept) = (0, 0, 0, 0_u64);
            let mut behind = (Timestamp(i64::MIN), Seq::ZERO);
            loop {
                let rows = self.some(behind).await?;
                let Some(last) = rows.last() else { break };
                behind = (last.ts, last.seq);
                let settle = Settle { how: Settlement::Retried, rows };
                let settled = self.orders.give(|reply| Order::Quarantine(settle, reply)).await;
                for one in settled.map_err(RepairError::Later)? {
                    *match one.outcome {
                        Outcome::Recorded => &mut recorded,
                        Outcome::Duplicate => &mut duplicate,
                        Outcome::Filtered => &mut filtered,
                        Outcome::Kept | Outcome::Dropped => &mut kept,
                    } += 1_u64;
                }
                scribe.progress(recorded + duplicate + filtered + kept, step.rows, "records");
            }
            Ok(Done {
                says: format!(
                    "{recorded} recorded, {duplicate} held already, {filtered} left out by the settings, {kept} kept"
                ),
                data: json!({
                    "recorded": recorded, "duplicate": duplicate, "filtered": filtered, "kept": kept,
                }),
            })
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let began = Instant::now();
            loop {
                let waiting = self.waiting().await?;
                match waiting.understood {
                    0 => {
                        return Ok(Done {
                            says: "no record is set aside that this release understands".into(),
                            data: json!({ "not_understood": waiting.not_understood }),
                        });
                    }
                    n if began.elapsed() >= WITHIN => {
                        return Err(RepairError::Later(format!("{n} records wait still")));
                    }
                    _ => sleep(LOOK).await, // the store has not been given the settlements yet
                }
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
