//! `hearthline healthcheck`: what a container engine asks, in place of a program that fetches an address.
//!
//! 0 while the program answers and loses nothing, also while it waits for Home Assistant; else 1, for engines know no other
//! number.

use std::time::Duration;

use hearthline_runbook::status::{Overall, Status};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// An engine asks again by itself; a program that is slower than this is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says in one line how it is, which engines keep.
pub(crate) async fn run(_args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    let (is_well, says) = match asked(&context).await {
        Ok(status) => (status.overall != Overall::Unhealthy, status.verdict),
        Err(error) => (false, format!("{error:#}")),
    };
    writeln!(context.out, "{says}")?;
    Ok(if is_well { Exit::Ok } else { Exit::Failed })
}

async fn asked(context: &Context<'_>) -> anyhow::Result<Status> {
    let program = Program::required(&context.settings)?;
    let slow = |_| anyhow::anyhow!("the program does not answer within {} s", PATIENCE.as_secs());
    tokio::time::timeout(PATIENCE, program.status()).await.map_err(slow)?
}
