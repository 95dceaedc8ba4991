//! `hearthline flush`: asks the running program to put everything into files now.

use axum::http::Method;
use hearthline_api::Flushed;

use super::Context;
use crate::exit::Exit;
use crate::house::Program;

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Returns when it is done.
pub(crate) async fn run(_args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let flushed: Flushed = program.ask(Method::POST, "/api/v1/flush").await?;
    if context.json {
        context.write_json(&flushed)?;
    } else {
        writeln!(context.out, "everything up to record {} is in files", flushed.committed_seq)?;
    }
    Ok(Exit::Ok)
}
