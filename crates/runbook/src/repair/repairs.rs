//! The repairs of a running program, for all who ask: carried out beside everything else, never in whoever asks.

use std::io;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::engine::{Engine, Finding, ForLine, Job, Refused, Seen};
use super::receipts::Listed;
use super::{Plan, Receipt, RepairError, State};
use crate::runbook::lines::NAME;

/// The engine, with a place where its work is done. Clones are the same.
#[derive(Clone)]
pub struct Repairs {
    engine: Arc<Engine>,
    place: Handle,
}

impl Repairs {
    /// Work is done on the threads of `place`, which a repair may keep busy for long.
    #[must_use]
    pub fn new(engine: Arc<Engine>, place: Handle) -> Self {
        Self { engine, place }
    }

    /// As [`Engine::plan`].
    ///
    /// # Errors
    /// As [`Engine::plan`].
    pub async fn plan(&self, name: String, options: Value) -> Result<Plan, Refused> {
        let engine = Arc::clone(&self.engine);
        done(self.place.spawn(async move { engine.plan(&name, &options).await })).await
    }

    /// As [`Engine::findings`].
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn findings(&self) -> Result<Vec<Finding>, Refused> {
        let engine = Arc::clone(&self.engine);
        done(self.place.spawn(async move { Ok(engine.findings().await) })).await
    }

    /// Begins one, and answers with its id as soon as its receipt is on disk.
    ///
    /// # Errors
    /// As [`Engine::begin`].
    pub async fn begin(
        &self,
        name: String,
        options: Value,
        confirm: Option<String>,
    ) -> Result<String, Refused> {
        let engine = Arc::clone(&self.engine);
        let job = self.place.spawn(async move { engine.begin(&name, &options, confirm.as_deref()).await });
        Ok(self.carry_out(done(job).await?))
    }

    /// As [`Engine::begin_for`].
    ///
    /// # Errors
    /// As [`Engine::begin_for`].
    pub async fn begin_for(&self, line: ForLine, name: String, options: Value) -> Result<String, Refused> {
        let engine = Arc::clone(&self.engine);
        let job = self.place.spawn(async move { engine.begin_for(line, &name, &options).await });
        Ok(self.carry_out(done(job).await?))
    }

    /// As [`Engine::resume`].
    ///
    /// # Errors
    /// As [`Engine::resume`].
    pub async fn resume(&self, id: String) -> Result<String, Refused> {
        let engine = Arc::clone(&self.engine);
        let job = self.place.spawn(async move { engine.resume(&id) });
        Ok(self.carry_out(done(job).await?))
    }

    /// As [`Engine::undo`].
    ///
    /// # Errors
    /// As [`Engine::undo`].
    pub async fn undo(&self, id: String) -> Result<String, Refused> {
        let engine = Arc::clone(&self.engine);
        let job = self.place.spawn(async move { engine.undo(&id) });
        Ok(self.carry_out(done(job).await?))
    }

    /// As [`Engine::list`], with the id of the one that is being carried out.
    ///
    /// # Errors
    /// As the disk says.
    pub async fn list(&self) -> Result<(Listed, Option<String>), Refused> {
        let engine = Arc::clone(&self.engine);
        let list = move || {
            let listed = engine.list().map_err(|error: io::Error| Refused::Disk(error.to_string()))?;
            Ok((listed, engine.running()))
        };
        done(self.place.spawn_blocking(list)).await
    }

    /// As [`Engine::show`].
    ///
    /// # Errors
    /// As [`Engine::show`].
    pub async fn show(&self, id: String) -> Result<Seen, Refused> {
        let engine = Arc::clone(&self.engine);
        done(self.place.spawn_blocking(move || engine.show(&id))).await
    }

    /// Goes on with everything that was killed, one after the other.
    pub fn go_on(&self) {
        let engine = Arc::clone(&self.engine);
        self.place.spawn(async move {
            let unfinished = engine.unfinished().unwrap_or_else(|error| {
                tracing::error!(%error, "whether a repair has to be gone on with is not known");
                Vec::new()
            });
            for id in unfinished {
                match engine.resume(&id) {
                    Ok(job) => {
                        tracing::warn!(id, "this was not over; it is gone on with");
                        carry_out(job).await;
                    }
                    Err(refused) => tracing::error!(id, %refused, "this cannot be gone on with"),
                }
            }
        });
    }

    fn carry_out(&self, job: Job) -> String {
        let id = job.id().to_owned();
        self.place.spawn(carry_out(job));
        id
    }
}

/// Carries it out, and says what became of it.
async fn carry_out(job: Job) {
    let id = job.id().to_owned();
    match job.run().await {
        Ok(receipt) if receipt.state == State::Failed => {
            let (why, command) = (receipt.why().unwrap_or_default(), command(&receipt));
            tracing::error!(id, why, "it stands at a step: `hearthline {command} --show {id}`");
        }
        Ok(receipt) => {
            let verified = receipt.verified.map(|done| done.says).unwrap_or_default();
            tracing::info!(id, state = ?receipt.state, verified, "it is over");
        }
        Err(error) => tracing::error!(id, %error, "it stands still: its receipt cannot be written"),
    }
}

/// By which a person asks for it.
fn command(receipt: &Receipt) -> &'static str {
    if receipt.plan.repair == NAME { NAME } else { "repair" }
}

async fn done<T>(work: JoinHandle<Result<T, Refused>>) -> Result<T, Refused> {
    work.await.unwrap_or_else(|error| {
        let why = if error.is_panic() { "it ended in a panic" } else { "the program is stopping" };
        Err(RepairError::Later(why.to_owned()).into())
    })
}
