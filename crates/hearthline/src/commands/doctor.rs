//! `hearthline doctor`: what is wrong, everything that is looked at with its figures, and what to do.
//!
//! It looks by itself, whether the program runs or not: the log and the store are read and not changed, Home Assistant is asked
//! over a connection of its own, and what is written into a sink goes into a measurement of its own and is removed again.

mod explain;
mod export;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use hearthline_runbook::doctor::{Depth, Outcome, examine};

pub(super) use explain::explain;

use super::Context;
use crate::doctor::{running, subject};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::settings::Mistakes;

/// How far to look.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Read everything that is stored to its last byte, and ask the provider of weather once
    #[arg(long)]
    full: bool,
    /// Also write a report to hand on: findings, settings, status and receipts, without a secret
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Say what a finding means and what to do about it, and look at nothing
    #[arg(long, value_name = "ID", conflicts_with_all = ["full", "export"])]
    pub(super) explain: Option<String>,
}

/// Looks at everything, and says the worst first.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let settings = &context.settings;
    let subject = Arc::new(subject(settings, running(settings).await?)?);
    let depth = if args.full { Depth::Full } else { Depth::Try };
    let (mut done, mut progress) = (0, Progress::default());
    let report = examine(Arc::clone(&subject), depth, |name, took, of| {
        done += 1;
        progress.say(&format!("{done} of {of}: {name}, {:.1} s", took.as_secs_f64()));
    })
    .await;
    drop(progress);
    if let Some(path) = &args.export {
        export::write(path, settings, &subject, &report)?;
    }
    context.answer(&report, &words::page(&report, args.export.as_deref()))?;
    Ok(match report.outcome() {
        Outcome::Ok => Exit::Ok,
        Outcome::Failed => Exit::Failed,
        Outcome::Degraded => Exit::Degraded,
        Outcome::Unreachable => Exit::Unreachable,
    })
}

/// Writes the report that is asked for where the settings are so wrong that nothing else can be looked at.
pub(crate) fn export_mistakes(args: &Args, mistakes: &Mistakes) -> anyhow::Result<()> {
    args.export.as_deref().map_or(Ok(()), |path| export::write_mistakes(path, mistakes))
}
