//! `hearthline repair`: what is wrong, what would mend it, doing it, and taking it back.

mod carry;
mod options;
mod words;

use std::io::{self, Write as _};

use anyhow::Context as _;
use axum::http::Method;
use hearthline_api::RepairRequest;
use hearthline_runbook::repair::{Damaged, Kind, Listed, Plan, Receipt, Refused, Seen, State};
use serde::{Deserialize, Serialize};

use self::carry::Place;
use super::{Context, typed};
use crate::exit::Exit;
use crate::house::Unreachable;

/// What to do; without a word, what is wrong and what can be mended.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which repair: without it, what is wrong and which repairs there are
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Say what would be done, and change nothing; so it is without --apply
    #[arg(long, requires = "name", conflicts_with = "apply")]
    plan: bool,
    /// Do it
    #[arg(long, requires = "name")]
    apply: bool,
    #[command(flatten)]
    options: options::Given,
    /// Stands for the words that have to be typed where data is taken away
    #[arg(long, requires = "apply")]
    yes: bool,
    /// List what was done so far
    #[arg(long, conflicts_with_all = ["name", "show", "undo", "resume"])]
    list: bool,
    /// Show what one did, by its id
    #[arg(long, value_name = "ID", conflicts_with_all = ["name", "undo", "resume"])]
    show: Option<String>,
    /// Take one back
    #[arg(long, value_name = "ID", conflicts_with_all = ["name", "resume"])]
    undo: Option<String>,
    /// Go on with one that stands at a step
    #[arg(long, value_name = "ID", conflicts_with = "name")]
    resume: Option<String>,
}

/// What was done so far.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    running: Option<String>,
    receipts: Vec<Receipt>,
    damaged: Vec<Damaged>,
}

/// Asks the running program, or works on the data folder.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let done = answer(args, &mut context).await;
    match done.as_ref().err().and_then(|error| error.downcast_ref::<Refused>()) {
        Some(Refused::NeedsProgram(words)) => Err(Unreachable(words.clone()).into()),
        Some(refused @ (Refused::Options(_) | Refused::Unconfirmed(_) | Refused::Unknown(_))) => {
            writeln!(io::stderr(), "hearthline: {refused}")?;
            Ok(Exit::Usage)
        }
        _ => done,
    }
}

async fn answer(args: Args, context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let place = Place::find(&context.settings)?;
    if args.list {
        let done = list(&place).await?;
        return context.answer(&done, &words::list(&done.receipts, &done.damaged, done.running.as_deref()));
    }
    if let Some(id) = args.show {
        let seen = place.show(&id).await?;
        return context.answer(&seen, &words::receipt(&seen, &place.dir_of(&id)));
    }
    if let Some(id) = args.undo {
        return ended(context, &place.undo(&id).await?, &place);
    }
    if let Some(id) = args.resume {
        return ended(context, &place.resume(&id).await?, &place);
    }
    let Some(name) = args.name else {
        let findings = place.findings().await?;
        return context.answer(&findings, &words::findings(&findings.findings));
    };
    let kind = Kind::named(&name).ok_or_else(|| {
        Refused::Options(format!(
            "there is no repair {name:?}; `hearthline repair` lists those that there are"
        ))
    })?;
    let options = args.options.of(kind)?;
    let plan = place.plan(&name, &options).await?;
    if !args.apply {
        return context.answer(&plan, &words::plan(&plan));
    }
    if plan.steps.is_empty() {
        return context.answer(&plan, &words::plan(&plan));
    }
    let confirm = confirmed(&plan, args.yes)?;
    let seen = place.begin(RepairRequest { repair: name, options, confirm }).await?;
    ended(context, &seen, &place)
}

async fn list(place: &Place) -> anyhow::Result<Done> {
    match place {
        Place::Running(program) => program.ask(Method::GET, "/api/v1/repairs").await,
        Place::Folder { engine, .. } => {
            let Listed { receipts, damaged } = engine.list().context("the receipts cannot be listed")?;
            Ok(Done { running: None, receipts, damaged })
        }
    }
}

/// What a person types, where data is taken away.
fn confirmed(plan: &Plan, yes: bool) -> Result<Option<String>, Refused> {
    let Some(wanted) = &plan.confirm else { return Ok(None) };
    if yes {
        return Ok(Some(wanted.clone()));
    }
    match typed(&format!("{}This takes data away. ", words::plan(plan)), wanted) {
        Ok(true) => Ok(Some(wanted.clone())),
        Ok(false) | Err(_) => Err(Refused::Unconfirmed(wanted.clone())),
    }
}

/// The last word: its receipt.
fn ended(context: &mut Context<'_>, seen: &Seen, place: &Place) -> anyhow::Result<Exit> {
    context.answer(seen, &words::receipt(seen, &place.dir_of(&seen.receipt.id)))?;
    Ok(match seen.receipt.state {
        State::Done | State::Undone => Exit::Ok,
        State::Applying | State::Undoing | State::Failed => Exit::Failed,
    })
}

#[cfg(test)]
mod tests;
