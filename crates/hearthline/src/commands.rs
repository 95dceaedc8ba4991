//! The commands, one file each, all of one shape: `Args`, then `run`, which answers with an exit code.

pub(crate) mod alerts;
pub(crate) mod backfill;
pub(crate) mod check;
pub(crate) mod conflicts;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod entities;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod flush;
pub(crate) mod gaps;
pub(crate) mod healthcheck;
pub(crate) mod history;
pub(crate) mod log;
pub(crate) mod maintenance;
pub(crate) mod monitor;
pub(crate) mod notify;
pub(crate) mod quarantine;
pub(crate) mod record;
pub(crate) mod repair;
pub(crate) mod replay;
pub(crate) mod retention;
pub(crate) mod run;
pub(crate) mod runbook;
pub(crate) mod sim;
pub(crate) mod sinks;
pub(crate) mod status;
pub(crate) mod tail;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod weather;

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;
use std::time::Duration;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::house::Unreachable;
use crate::settings::{self, Environment, Mistakes, Purpose, Settings};

/// How long the end of a command waits for what waits for a disk that may never come back.
const LEFT_BEHIND: Duration = Duration::from_secs(10);

/// What every command is given.
pub(crate) struct Context<'c> {
    /// The settings, checked.
    pub(crate) settings: Settings,
    /// Answer for programs.
    pub(crate) json: bool,
    /// Where the answer goes.
    pub(crate) out: &'c mut (dyn Write + Send),
}

impl Context<'_> {
    /// Answers: with the document for programs, else with the page for people.
    pub(crate) fn answer(&mut self, document: &impl serde::Serialize, page: &str) -> anyhow::Result<Exit> {
        if self.json {
            self.write_json(document)?;
        } else {
            self.out.write_all(page.as_bytes())?;
        }
        Ok(Exit::Ok)
    }

    /// Writes a document for programs.
    pub(crate) fn write_json(&mut self, document: &impl serde::Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, document)?;
        Ok(writeln!(self.out)?)
    }
}

/// Whether a person types that word after what is said. Where nobody can, nobody does.
fn typed(said: &str, wanted: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "{said}To go on, type {wanted}: ")?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    Ok(typed.trim() == wanted)
}

/// Runs one command to its end. Errors are said here, on standard error, and nowhere else.
pub(crate) fn run(cli: Cli, environment: &Environment, out: &mut (dyn Write + Send)) -> Exit {
    let purpose = match &cli.command {
        Command::Run(_) | Command::Check(_) | Command::Record(_) | Command::Doctor(_) => Purpose::Record,
        _ => Purpose::Read,
    };
    let read_file = |path: &Path| std::fs::read_to_string(path);
    let loaded = environment
        .with_options(&read_file)
        .and_then(|environment| settings::load(cli.config.as_deref(), &environment, &read_file, purpose));
    let settings = match loaded {
        Ok(settings) => settings,
        Err(mistakes) => {
            if let Command::Doctor(args) = &cli.command
                && let Err(error) = doctor::export_mistakes(args, &mistakes)
            {
                say(&error);
            }
            return say_mistakes(&mistakes, cli.json, out);
        }
    };
    let context = Context { settings, json: cli.json, out };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let done = runtime.block_on(dispatch(cli.command, context));
            runtime.shutdown_timeout(LEFT_BEHIND);
            done
        });
    done.unwrap_or_else(|error| say(&error))
}

async fn dispatch(command: Command, context: Context<'_>) -> anyhow::Result<Exit> {
    match command {
        Command::Run(args) => run::run(args, context).await,
        Command::Demo(args) => demo::run(args, context).await,
        Command::Check(args) => check::run(args, context).await,
        Command::Status(args) => status::run(args, context).await,
        Command::Healthcheck(args) => healthcheck::run(args, context).await,
        Command::Monitor(args) => monitor::run(args, context).await,
        Command::History(args) => history::run(args, context).await,
        Command::Entities(args) => entities::run(args, context).await,
        Command::Events(args) => events::run(args, context).await,
        Command::Tail(args) => tail::run(args, context).await,
        Command::Export(args) => export::run(args, context).await,
        Command::Flush(args) => flush::run(args, context).await,
        Command::Gaps(args) => gaps::run(args, context).await,
        Command::Sinks(args) => sinks::run(args, context).await,
        Command::Conflicts(args) => conflicts::run(args, context).await,
        Command::Backfill(args) => backfill::run(args, context).await,
        Command::Log(args) => log::run(&args, context),
        Command::Quarantine(args) => quarantine::run(args, context).await,
        Command::Sim(args) => sim::run(args, context).await,
        Command::Alerts(args) => alerts::run(args, context).await,
        Command::Maintenance(args) => maintenance::run(args, context).await,
        Command::Notify(args) => notify::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Record(args) => record::run(args, context).await,
        Command::Replay(args) => replay::run(args, context).await,
        Command::Repair(args) => repair::run(args, context).await,
        Command::Runbook(args) => runbook::run(args, context).await,
        Command::Retention(args) => retention::run(args, context).await,
        Command::Weather(args) => weather::run(args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Token(args) => token::run(&args, context),
    }
}

fn say_mistakes(mistakes: &Mistakes, json: bool, out: &mut dyn Write) -> Exit {
    if json {
        let each = |m: &settings::mistake::Mistake| {
            serde_json::json!({
                "place": m.place.to_string(), "key": m.key, "reason": m.problem.reason, "do": m.problem.todo,
            })
        };
        let _ = writeln!(
            out,
            "{}",
            serde_json::json!({ "mistakes": mistakes.0.iter().map(each).collect::<Vec<_>>() })
        );
    } else {
        let _ = write!(io::stderr(), "{mistakes}");
    }
    Exit::Usage
}

fn say(error: &anyhow::Error) -> Exit {
    let is_closed = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed) {
        return Exit::Ok; // the reader, as in `| head`, has seen enough
    }
    let _ = writeln!(io::stderr(), "hearthline: {error:#}");
    if error.downcast_ref::<Unreachable>().is_some() { Exit::Unreachable } else { Exit::Failed }
}
