//! Lines that mend: each is a repair of its own, with its own receipt.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Runbook;
use super::lines::name;
use crate::repair::{Done, ForLine, Receipt, Refused, RepairError, Scribe, Seen, State};

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(250);
/// The program goes on with a repair that was killed as soon as it starts. One that stands for longer is gone on with from here.
const STANDS: Duration = Duration::from_secs(10);

/// A line of which nothing was to be done.
pub(super) fn skipped(why: String) -> Done {
    Done { says: why, data: json!({ "skipped": true }) }
}

impl Runbook {
    /// Carries a repair out, or goes on with the one that this line has begun.
    pub(super) async fn mend(
        &self,
        repair: String,
        options: Value,
        if_wrong: bool,
        scribe: &Scribe,
    ) -> Result<Done, RepairError> {
        let line = line_of(scribe, &repair, &options);
        let begun = self.begun(&line).await?;
        let id = match begun {
            Some(Receipt { id, state: State::Failed, .. }) => self.means.repairs.resume(id).await,
            Some(receipt) => Ok(receipt.id),
            None => {
                let line = ForLine { line, only_what_is_wrong: if_wrong };
                self.means.repairs.begin_for(line, repair.clone(), options).await
            }
        };
        match id {
            Ok(id) => Ok(told(&self.ended(&id, scribe).await?)),
            Err(Refused::Nothing(plan)) => Ok(skipped(plan.finding)),
            Err(Refused::Unconfirmed(_)) => Ok(skipped(format!(
                "it would take data away, which is asked for alone: `hearthline repair {repair} --apply`"
            ))),
            Err(Refused::Repair(RepairError::Later(why))) => {
                Ok(skipped(format!("whether it is called for is not known: {why}")))
            }
            Err(Refused::Repair(error)) => Err(error),
            Err(Refused::State(why) | Refused::Disk(why)) => Err(RepairError::Later(why)),
            Err(refused) => Err(RepairError::Person(refused.to_string())),
        }
    }

    /// Takes back what a line has mended.
    pub(super) async fn take_back(
        &self,
        repair: &str,
        options: &Value,
        scribe: &Scribe,
    ) -> Result<Done, RepairError> {
        let begun = self.begun(&line_of(scribe, repair, options)).await?;
        let Some(receipt) = begun.filter(|receipt| receipt.undoing || receipt.can_be_undone()) else {
            return Ok(skipped("nothing was done that can be taken back".into()));
        };
        let id = match receipt.is_unfinished() {
            true => receipt.id,
            false => self.means.repairs.undo(receipt.id).await.map_err(later)?,
        };
        let receipt = self.ended(&id, scribe).await?;
        Ok(Done { says: format!("{id} is taken back"), data: json!({ "receipt": receipt.id }) })
    }

    /// The receipt of the repair that the line has begun and that nobody has taken back.
    async fn begun(&self, line: &str) -> Result<Option<Receipt>, RepairError> {
        let (listed, _) = self.means.repairs.list().await.map_err(later)?;
        let mut of_line = listed.receipts.into_iter().filter(|receipt| receipt.line.as_deref() == Some(line));
        Ok(of_line.find(|receipt| receipt.state != State::Undone))
    }

    /// Waits for its end.
    async fn ended(&self, id: &str, scribe: &Scribe) -> Result<Receipt, RepairError> {
        let mut stood = Instant::now();
        loop {
            let Seen { receipt, running, progress, .. } =
                self.means.repairs.show(id.into()).await.map_err(later)?;
            if let Some(progress) = progress {
                scribe.progress(progress.done, progress.of, &progress.unit);
            }
            match receipt.state {
                State::Done | State::Undone => return Ok(receipt),
                State::Failed if !running => {
                    let why = receipt.why().unwrap_or("it is not known why");
                    return Err(RepairError::Person(format!("{id} stands: {why}")));
                }
                _ if running => stood = Instant::now(),
                _ if stood.elapsed() > STANDS => {
                    self.means.repairs.resume(id.into()).await.map_err(later)?;
                    stood = Instant::now();
                }
                _ => {}
            }
            sleep(LOOK).await;
        }
    }
}

/// By which the receipt of a line is found again.
fn line_of(scribe: &Scribe, repair: &str, options: &Value) -> String {
    let run = scribe.dir.file_name().unwrap_or_default().to_string_lossy();
    format!("{run}/{}", name(repair, options))
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn later(refused: Refused) -> RepairError {
    RepairError::Later(refused.to_string())
}

/// What its steps say, and whether it is mended.
fn told(receipt: &Receipt) -> Done {
    let steps = receipt.steps.iter().filter_map(|step| step.done.as_ref());
    let mut says: Vec<_> = steps.clone().map(|done| done.says.clone()).collect();
    says.extend(receipt.verified.iter().map(|done| done.says.clone()));
    let seconds: f64 = steps.filter_map(|done| done.data.get("seconds")?.as_f64()).sum();
    Done { says: says.join("; "), data: json!({ "receipt": receipt.id, "seconds": seconds }) }
}
