//! Where a repair is carried out: in the running program, or here, over the data folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::Method;
use hearthline_api::{Findings, RepairBegun, RepairRequest};
use hearthline_core::{Clock as _, SystemClock};
use hearthline_runbook::repair::{Engine, Job, Plan, Refused, Seen};
use serde_json::Value;

use super::words::Watch;
use crate::house::{Program, segment};
use crate::repairs::engine_alone;
use crate::running::Claim;
use crate::settings::Settings;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// Where.
pub(super) enum Place {
    /// In the running program.
    Running(Program),
    /// Here: nothing runs.
    Folder {
        /// Over the folder.
        engine: Arc<Engine>,
        /// The folder.
        data_dir: PathBuf,
    },
}

impl Place {
    /// The running program, or the folder.
    pub(super) fn find(settings: &Settings) -> anyhow::Result<Self> {
        Ok(match Program::of(settings)? {
            Some(program) => Self::Running(program),
            None => Self::Folder {
                engine: Arc::new(engine_alone(settings)),
                data_dir: settings.data_dir.value.clone(),
            },
        })
    }

    /// What is wrong.
    pub(super) async fn findings(&self) -> anyhow::Result<Findings> {
        match self {
            Self::Running(program) => program.ask(Method::GET, "/api/v1/repairs/findings").await,
            Self::Folder { engine, .. } => Ok(Findings { findings: engine.findings().await }),
        }
    }

    /// What would be done.
    pub(super) async fn plan(&self, name: &str, options: &Value) -> anyhow::Result<Plan> {
        match self {
            Self::Running(program) => {
                let asked = RepairRequest { repair: name.into(), options: options.clone(), confirm: None };
                program.post("/api/v1/repairs/plan", &asked).await
            }
            Self::Folder { engine, .. } => Ok(engine.plan(name, options).await?),
        }
    }

    /// One of those that were done.
    pub(super) async fn show(&self, id: &str) -> anyhow::Result<Seen> {
        match self {
            Self::Running(program) => program.ask(Method::GET, &path(id, "")).await,
            Self::Folder { engine, .. } => Ok(engine.show(id)?),
        }
    }

    /// Does it, and says how far it is.
    pub(super) async fn begin(&self, asked: RepairRequest) -> anyhow::Result<Seen> {
        match self {
            Self::Running(program) => watch(program, program.post("/api/v1/repairs", &asked).await?).await,
            Self::Folder { engine, data_dir } => {
                let _claim = Claim::for_command(data_dir)?;
                let RepairRequest { repair, options, confirm } = asked;
                carry_out(engine.begin(&repair, &options, confirm.as_deref()).await?).await
            }
        }
    }

    /// Takes one back.
    pub(super) async fn undo(&self, id: &str) -> anyhow::Result<Seen> {
        self.go(id, "/undo", Engine::undo).await
    }

    /// Goes on with one.
    pub(super) async fn resume(&self, id: &str) -> anyhow::Result<Seen> {
        self.go(id, "/resume", Engine::resume).await
    }

    async fn go(
        &self,
        id: &str,
        where_to: &str,
        how: impl FnOnce(&Arc<Engine>, &str) -> Result<Job, Refused>,
    ) -> anyhow::Result<Seen> {
        match self {
            Self::Running(program) => {
                watch(program, program.ask(Method::POST, &path(id, where_to)).await?).await
            }
            Self::Folder { engine, data_dir } => {
                let _claim = Claim::for_command(data_dir)?;
                carry_out(how(engine, id)?).await
            }
        }
    }

    /// Where the receipt lies, with what was backed up.
    pub(super) fn dir_of(&self, id: &str) -> Option<PathBuf> {
        match self {
            Self::Running(_) => None,
            Self::Folder { data_dir, .. } => Some(data_dir.join("repairs").join(id)),
        }
    }
}

fn path(id: &str, where_to: &str) -> String {
    format!("/api/v1/repairs/{}{where_to}", segment(id))
}

/// Looks until the program has done it.
async fn watch(program: &Program, RepairBegun { id }: RepairBegun) -> anyhow::Result<Seen> {
    let mut watch = Watch::default();
    let clock = SystemClock::new();
    loop {
        let seen: Seen = program.ask(Method::GET, &path(&id, "")).await?;
        if !seen.running {
            return Ok(seen);
        }
        watch.say(&seen, clock.monotonic());
        tokio::time::sleep(LOOK).await;
    }
}

/// Does it here.
async fn carry_out(job: Job) -> anyhow::Result<Seen> {
    let (mut watch, seen, clock) = (Watch::default(), job.watcher(), SystemClock::new());
    let mut running = std::pin::pin!(job.run());
    loop {
        tokio::select! {
            done = &mut running => {
                drop(watch);
                done.context("the repair stands still: its receipt cannot be written")?;
                return Ok(seen());
            }
            () = tokio::time::sleep(LOOK) => watch.say(&seen(), clock.monotonic()),
        }
    }
}
