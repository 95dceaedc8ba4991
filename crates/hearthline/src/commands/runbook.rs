//! `hearthline runbook`: everything that is to be done when something is wrong, in order, each line with its evidence.
//!
//! The running program does it, so that whoever asked may go away; the command asks, waits and tells.

mod words;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use axum::http::Method;
use hearthline_api::{RepairBegun, Runbook, RunbookRequest, RunbookRun};
use hearthline_runbook::repair::{Options, Plan};
use hearthline_runbook::runbook::Outcome;
use hearthline_runbook::runbook::lines::{self, Looked};

use super::{Context, typed};
use crate::exit::Exit;
use crate::house::{Program, segment};
use crate::instant::length;
use crate::repairs::{engine_alone, sinks};
use crate::settings::Settings;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(500);
const ROUTE: &str = "/api/v1/runbook";

/// What to do; without a word, which lines it would have.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Say which lines it would have, and change nothing; so it is without --apply
    #[arg(long, conflicts_with_all = ["apply", "show", "undo", "resume"])]
    plan: bool,
    /// Do it, or go on with the run that is under way
    #[arg(long, conflicts_with_all = ["show", "undo", "resume"])]
    apply: bool,
    /// Watch the criteria for so long at the end; 2m without it
    #[arg(long, value_parser = length, value_name = "DURATION", conflicts_with_all = ["show", "undo", "resume"])]
    monitor: Option<Duration>,
    /// Begin maintenance before the first line and end it after the last: people are told both, and of nothing between
    #[arg(long, conflicts_with_all = ["show", "undo", "resume"])]
    maintenance: bool,
    /// Stands for the word that has to be typed before it begins
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Show a run by its id; without one the last
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    show: Option<String>,
    /// Take back what the lines of a run have mended
    #[arg(long, value_name = "ID", conflicts_with = "show")]
    undo: Option<String>,
    /// Go on with a run that stands at a line
    #[arg(long, value_name = "ID", conflicts_with_all = ["show", "undo"])]
    resume: Option<String>,
}

/// Asks the running program, without which there is only the plan.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let monitor_s = args.monitor.map(|monitor| monitor.as_secs());
    let asked = RunbookRequest { monitor_s, maintenance: args.maintenance };
    if !args.apply && args.show.is_none() && args.undo.is_none() && args.resume.is_none() {
        return plan(asked, &mut context).await;
    }
    let program = Program::required(&context.settings)?;
    if let Some(id) = args.show {
        let run = show(&program, id).await?;
        return shown(&mut context, run.as_ref());
    }
    let begun: RepairBegun = match (args.undo, args.resume) {
        (Some(id), _) => program.ask(Method::POST, &path(&id, "/undo")).await?,
        (_, Some(id)) => program.ask(Method::POST, &path(&id, "/resume")).await?,
        _ => match begin(&program, asked, args.yes).await? {
            Some(begun) => begun,
            None => return Ok(Exit::Usage),
        },
    };
    watch(&program, &begun.id, &mut context).await
}

async fn plan(asked: RunbookRequest, context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let (plan, note) = match Program::of(&context.settings)? {
        Some(program) => (planned(&program, asked).await?.1, None),
        None => {
            let dir = context.settings.data_dir.display();
            let note = format!(
                "nothing is running on {dir}: start it with `hearthline run`, without which no line can be done"
            );
            (alone(&context.settings, asked).await?, Some(note))
        }
    };
    context.answer(&plan, &words::plan(&plan, note.as_deref()))
}

/// As it looks from the data folder.
async fn alone(settings: &Settings, asked: RunbookRequest) -> anyhow::Result<Plan> {
    let RunbookRequest { monitor_s, maintenance } = asked;
    let monitor = lines::monitor_of(&Options { monitor_s, ..Options::default() })?;
    let findings = engine_alone(settings).findings().await;
    Ok(lines::plan(&Looked { findings: &findings, sinks: &sinks(settings), monitor, maintenance }))
}

async fn planned(program: &Program, asked: RunbookRequest) -> anyhow::Result<(Option<RunbookRun>, Plan)> {
    let mut query: Vec<_> =
        asked.monitor_s.iter().map(|seconds| ("monitor_s", seconds.to_string())).collect();
    query.extend(asked.maintenance.then(|| ("maintenance", "true".to_owned())));
    let Runbook { plan, unknown, last } = program.query(ROUTE, &query).await?;
    let unknown = || anyhow::anyhow!("it cannot be planned: {}", unknown.unwrap_or_default());
    Ok((last, plan.ok_or_else(unknown)?))
}

/// Begins, or finds the one that is under way. None where nobody has confirmed it.
async fn begin(program: &Program, asked: RunbookRequest, yes: bool) -> anyhow::Result<Option<RepairBegun>> {
    let (last, plan) = planned(program, asked).await?;
    if let Some(run) = last.filter(|run| run.outcome == Outcome::Unfinished) {
        writeln!(io::stderr(), "{} is under way; this is how far it is", run.seen.receipt.id)?;
        return Ok(Some(RepairBegun { id: run.seen.receipt.id }));
    }
    if !yes && !typed(&words::plan(&plan, None), "yes")? {
        writeln!(io::stderr(), "hearthline: nothing was done: it was not confirmed; --yes stands for that")?;
        return Ok(None);
    }
    Ok(Some(program.post(ROUTE, &asked).await?))
}

async fn show(program: &Program, id: String) -> anyhow::Result<Option<RunbookRun>> {
    if id.is_empty() {
        let runbook: Runbook = program.ask(Method::GET, ROUTE).await?;
        return Ok(runbook.last);
    }
    program.ask(Method::GET, &path(&id, "")).await.map(Some)
}

fn path(id: &str, where_to: &str) -> String {
    format!("{ROUTE}/{}{where_to}", segment(id))
}

fn shown(context: &mut Context<'_>, run: Option<&RunbookRun>) -> anyhow::Result<Exit> {
    let Some(run) = run else { return context.answer(&run, "the runbook was never applied\n") };
    let lines: String = (0..run.seen.receipt.plan.steps.len()).map(|at| words::line(&run.seen, at)).collect();
    let page = lines + &words::end(run, &context.settings.data_dir);
    context.answer(run, &page)?;
    Ok(exit(run.outcome))
}

/// Tells each line as soon as it is over, until the last one is.
async fn watch(program: &Program, id: &str, context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let mut told = words::Told::new(!context.json && io::stderr().is_terminal());
    loop {
        let run: RunbookRun = program.ask(Method::GET, &path(id, "")).await?;
        if !context.json {
            told.tell(context.out, &run.seen)?;
        }
        if !run.seen.running && run.outcome != Outcome::Unfinished {
            context.answer(&run, &words::end(&run, &context.settings.data_dir))?;
            return Ok(exit(run.outcome));
        }
        tokio::time::sleep(LOOK).await;
    }
}

const fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Met | Outcome::Undone => Exit::Ok,
        Outcome::Degraded => Exit::Degraded,
        Outcome::Failed | Outcome::Unfinished => Exit::Failed,
    }
}

#[cfg(test)]
mod tests;
