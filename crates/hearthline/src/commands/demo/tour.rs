//! `hearthline demo --tour`: what this program is for, shown in about two minutes without a browser.
//!
//! The recorder is a process of its own on a simulated house and InfluxDB. Each act breaks something, and compares what is
//! recorded with the simulator's ledger, figure by figure. An act is a file: what was *seen* is one struct, which a pure
//! `judge` turns into figures, so that a test can show that each act can fail.

mod account;
mod connection;
mod files;
mod kill;
mod recorder;
mod runbook;
mod server;
mod stage;
mod told;
mod types;

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use hearthline_core::{Fs as _, RealFs};
use serde::Serialize;
use tokio::time::Instant;

use self::stage::Stage;
use self::told::{Act, Judged, figures};
use super::Args;
use crate::commands::Context;
use crate::exit::Exit;
use crate::settings::Setting;
use crate::stop::told_to_stop;

/// The answer for programs.
#[derive(Serialize)]
struct Tour<'t> {
    /// Whether every act does.
    holds: bool,
    seconds: u64,
    /// Where the recording is.
    data_dir: &'t Path,
    acts: &'t [Act],
}

/// Plays every act. The recording stays, for whoever wants to look at it.
pub(super) async fn run(args: &Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    crate::logging::start(&context.settings);
    let dir = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => tempfile::Builder::new().prefix("hearthline-tour-").tempdir()?.keep(),
    };
    RealFs.create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let dir = std::path::absolute(&dir)?;
    anyhow::ensure!(
        !dir.join("log").exists() && !dir.join("store").exists(),
        "{} has a recording already; the tour wants a folder without one (--data-dir)",
        dir.display()
    );
    context.settings.data_dir = Setting::default(dir.clone());
    let began = Instant::now();
    let mut acts = Vec::new();
    tokio::select! {
        played = play(args, &mut context, &mut acts) => played?,
        stopped = told_to_stop(None) => {
            stopped?;
            anyhow::bail!("the tour was stopped before its end; what it recorded is in {}", dir.display());
        }
    }
    let holds = acts.iter().all(|act| act.holds);
    let seconds = began.elapsed().as_secs();
    if context.json {
        context.write_json(&Tour { holds, seconds, data_dir: &dir, acts: &acts })?;
    } else {
        end(context.out, &acts, seconds, &dir)?;
    }
    Ok(if holds { Exit::Ok } else { Exit::Failed })
}

async fn play(args: &Args, context: &mut Context<'_>, acts: &mut Vec<Act>) -> anyhow::Result<()> {
    let mut stage = Stage::set(&context.settings, args).await.context("the stage cannot be set")?;
    if !context.json {
        let page = stage.recorder.program()?.address();
        writeln!(
            context.out,
            "A simulated house is being recorded; its page is http://{page}/ meanwhile.\n"
        )?;
        context.out.flush()?;
    }
    let mut bill = Bill { context, acts, since: Instant::now() };
    bill.over(types::NAME, types::play(&mut stage).await, &stage)?;
    bill.over(connection::NAME, connection::play(&mut stage).await, &stage)?;
    bill.over(server::NAME, server::play(&mut stage).await, &stage)?;
    bill.over(kill::NAME, kill::play(&mut stage).await, &stage)?;
    bill.over(runbook::NAME, runbook::play(&mut stage).await, &stage)?;
    // What needs a recorder that runs comes before this one.
    bill.over(files::NAME, files::play(&mut stage).await, &stage)
}

/// The acts so far, each told when it is over.
struct Bill<'b, 'c> {
    context: &'b mut Context<'c>,
    acts: &'b mut Vec<Act>,
    /// The end of the act before.
    since: Instant,
}

impl Bill<'_, '_> {
    /// Tells an act, and mends what it may have left behind.
    fn over(
        &mut self,
        name: &'static str,
        judged: anyhow::Result<Judged>,
        stage: &Stage,
    ) -> anyhow::Result<()> {
        let act = Act::new(name, self.since.elapsed(), judged);
        stage.heal();
        self.since = Instant::now();
        if !self.context.json {
            write!(self.context.out, "{}", act.line())?;
            self.context.out.flush()?;
        }
        self.acts.push(act);
        Ok(())
    }
}

/// The table, the verdict, and where everything is.
fn end(out: &mut (dyn Write + Send), acts: &[Act], seconds: u64, dir: &Path) -> io::Result<()> {
    let failed: Vec<&str> = acts.iter().filter(|act| !act.holds).map(Act::name).collect();
    writeln!(out, "\n{}", figures(acts))?;
    match failed.as_slice() {
        [] => writeln!(out, "All {} acts hold, in {seconds} s.", acts.len())?,
        failed => writeln!(out, "FAILED: {}; in {seconds} s.", failed.join(", "))?,
    }
    writeln!(
        out,
        "What was recorded stays in {}; the recorder's words are in recorder.log there.",
        dir.display()
    )?;
    writeln!(out, "Ask it:  HEARTHLINE_DATA_DIR={} hearthline history light.hue_lamp", dir.display())
}
