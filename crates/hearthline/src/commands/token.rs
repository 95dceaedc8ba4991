//! `hearthline token show`: what another machine has to show to the API.

use clap::Subcommand;

use super::Context;
use crate::api_token;
use crate::exit::Exit;

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the API's token: send it from another machine as `Authorization: Bearer TOKEN`
    Show,
}

/// Prints it, alone on a line.
pub(crate) fn run(args: &Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let What::Show = args.what;
    let dir = &context.settings.data_dir;
    let Some(token) = api_token::load(dir)? else {
        anyhow::bail!(
            "there is no token in {} that you may read; the first `hearthline run` makes it, for its own user",
            dir.display()
        );
    };
    if context.json {
        context.write_json(&serde_json::json!({ "token": token.expose() }))?;
    } else {
        writeln!(context.out, "{}", token.expose())?;
    }
    Ok(Exit::Ok)
}
