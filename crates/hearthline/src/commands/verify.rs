//! `hearthline verify`: whether an event gets through. The running program sets a state in Home Assistant, follows it to the log,
//! the store and every sink, and reads it back from each.

mod words;

use std::time::Duration;

use axum::http::Method;
use hearthline_api::{VerifyBegun, VerifyRequest};
use hearthline_runbook::verify::{Outcome, Verifications, Verified};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::progress::Progress;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// How often.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rounds, each of a change, a flip of a type and a removal
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    events: u32,
    /// Show the last result, and follow nothing
    #[arg(long, conflicts_with = "events")]
    last: bool,
}

/// Returns when it is done.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let result = if args.last { last(&program).await? } else { follow(&program, args.events).await? };
    context.answer(&result, &words::page(&result))?;
    Ok(match result.outcome {
        Outcome::Passed => Exit::Ok,
        Outcome::Degraded => Exit::Degraded,
        Outcome::Failed | Outcome::Skipped => Exit::Failed,
        Outcome::Unreachable => Exit::Unreachable,
    })
}

async fn last(program: &Program) -> anyhow::Result<Verified> {
    let known: Verifications = program.ask(Method::GET, "/api/v1/verify").await?;
    let nothing = || anyhow::anyhow!("nothing was verified yet; `hearthline verify` does it");
    known.results.into_iter().next().ok_or_else(nothing)
}

async fn follow(program: &Program, rounds: u32) -> anyhow::Result<Verified> {
    let VerifyBegun { id } = program.post("/api/v1/verify", &VerifyRequest { rounds }).await?;
    let (mut said, mut progress) = (0, Progress::default());
    loop {
        let known: Verifications = program.ask(Method::GET, "/api/v1/verify").await?;
        if let Some(result) = known.results.into_iter().find(|result| result.id == id) {
            return Ok(result);
        }
        let Some(running) = known.running.filter(|running| running.id == id) else {
            anyhow::bail!("the program did not come to a result: see what it says");
        };
        if running.round != said && rounds > 1 {
            said = running.round;
            progress.say(&format!("round {said} of {rounds}"));
        }
        tokio::time::sleep(LOOK).await;
    }
}
