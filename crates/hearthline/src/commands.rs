//! The commands, one file each, all of one shape: `Args`, then `run`, which answers with an exit code.

pub(crate) mod alerts;
pub(crate) mod backfill;
pub(crate) mod backup;
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
pub(crate) mod logs;
pub(crate) mod maintenance;
pub(crate) mod monitor;
pub(crate) mod note;
pub(crate) mod notify;
pub(crate) mod quarantine;
pub(crate) mod record;
pub(crate) mod reload;
pub(crate) mod repair;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod run;
pub(crate) mod runbook;
pub(crate) mod settings;
pub(crate) mod sim;
pub(crate) mod sinks;
pub(crate) mod status;
pub(crate) mod tail;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod weather;

use std::borrow::Cow;
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;
use std::time::Duration;

use crate::app::reload::mistakes as documents;
use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::house::Unreachable;
use crate::running::{self, disk_todo};
use crate::settings::{Environment, Mistakes, Purpose, Settings, Source, source};

/// How long the end of a command waits for what waits for a disk that may never come back.
const LEFT_BEHIND: Duration = Duration::from_secs(10);

/// What every command is given.
pub(crate) struct Context<'c> {
    /// The settings, checked; but for `run` and `healthcheck`, which see to what is wrong themselves.
    pub(crate) settings: Settings,
    /// Where they come from.
    pub(crate) source: Source,
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
            self.write_page(page)?;
        }
        Ok(Exit::Ok)
    }

    /// Writes a page for people, without orders to their terminal.
    pub(crate) fn write_page(&mut self, page: &str) -> anyhow::Result<()> {
        Ok(self.out.write_all(signs(page).as_bytes())?)
    }

    /// Writes a document for programs.
    pub(crate) fn write_json(&mut self, document: &impl serde::Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, document)?;
        Ok(writeln!(self.out)?)
    }
}

/// A text without orders to a terminal: what a house or a person says may hold some.
fn signs(page: &str) -> Cow<'_, str> {
    let is_order = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if page.contains(is_order) { page.replace(is_order, "\u{fffd}").into() } else { page.into() }
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
    // Needs no settings, which may be what is wrong.
    if let Command::Doctor(doctor::Args { explain: Some(id), .. }) = &cli.command {
        return doctor::explain(id, cli.json, out).unwrap_or_else(|error| say(&error));
    }
    let purpose = match &cli.command {
        // It is about other settings than those that hold here.
        Command::Check(args) if args.is_of_another() => Purpose::Read,
        Command::Run(_) | Command::Check(_) | Command::Record(_) | Command::Doctor(_) => Purpose::Record,
        _ => Purpose::Read,
    };
    // What is simulated has nothing to do with what is recorded in a data folder.
    let in_folder = !matches!(cli.command, Command::Demo(_) | Command::Sim(_) | Command::Replay(_));
    let source = Source::new(cli.config, environment.clone(), purpose, in_folder);
    let settings = match source.load_partly() {
        (settings, mistakes) if mistakes.0.is_empty() => settings,
        (settings, mistakes) => match &cli.command {
            // One waits until they are good, the other asks the program that does.
            Command::Run(args) if !args.strict => settings,
            Command::Healthcheck(_) => settings,
            Command::Doctor(args) => {
                if let Err(error) = doctor::export_mistakes(args, &mistakes) {
                    say(&error);
                }
                return say_mistakes(&mistakes, cli.json, out);
            }
            // The program that is asked goes by what held before.
            command if asks_program(command) && has_program(&settings, &mistakes) => {
                // A reload is answered with them.
                if !matches!(command, Command::Reload(_)) {
                    let _ = writeln!(io::stderr(), "{mistakes}");
                }
                settings
            }
            _ => return say_mistakes(&mistakes, cli.json, out),
        },
    };
    let context = Context { settings, source, json: cli.json, out };
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

/// Whether it has all that it needs from a program that runs.
const fn asks_program(command: &Command) -> bool {
    matches!(
        command,
        Command::Status(_)
            | Command::Reload(_)
            | Command::Settings(_)
            | Command::Monitor(_)
            | Command::History(_)
            | Command::Entities(_)
            | Command::Events(_)
            | Command::Tail(_)
            | Command::Export(_)
            | Command::Flush(_)
            | Command::Gaps(_)
            | Command::Sinks(_)
            | Command::Conflicts(_)
            | Command::Alerts(_)
            | Command::Maintenance(_)
            | Command::Notify(_)
            | Command::Repair(_)
            | Command::Runbook(_)
            | Command::Verify(_)
            | Command::Backfill(_)
            | Command::Logs(_)
            | Command::Note(_)
            | Command::Report(_)
            | Command::Quarantine(_)
            | Command::Weather(_)
            | Command::Token(_)
    )
}

/// Whether a program runs on the data folder of these settings, as far as it is known which that is.
fn has_program(settings: &Settings, mistakes: &Mistakes) -> bool {
    let is_in_folder = settings.config.as_deref().and_then(Path::parent) == Some(settings.data_dir.as_path());
    (is_in_folder || source::knows_data_dir(settings, mistakes))
        && matches!(running::find(&settings.data_dir), Ok(Some(_)))
}

async fn dispatch(command: Command, context: Context<'_>) -> anyhow::Result<Exit> {
    match command {
        Command::Run(args) => run::run(args, context).await,
        Command::Demo(args) => demo::run(args, context).await,
        Command::Check(args) => check::run(args, context).await,
        Command::Settings(args) => settings::run(args, context).await,
        Command::Reload(args) => reload::run(args, context).await,
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
        Command::Logs(args) => logs::run(args, context).await,
        Command::Note(args) => note::run(args, context).await,
        Command::Report(args) => report::run(args, context).await,
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
        Command::Backup(args) => backup::run(args, context).await,
        Command::Restore(args) => restore::run(args, context).await,
        Command::Weather(args) => weather::run(args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Token(args) => token::run(&args, context),
    }
}

fn say_mistakes(mistakes: &Mistakes, json: bool, out: &mut dyn Write) -> Exit {
    if json {
        let all = documents(mistakes);
        let _ = writeln!(out, "{}", serde_json::json!({ "mistakes": all }));
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
    let _ = writeln!(io::stderr(), "hearthline: {}", words(error));
    if error.downcast_ref::<Unreachable>().is_some() { Exit::Unreachable } else { Exit::Failed }
}

/// An error with its causes, each once: most say what their own cause says. A disk that takes nothing needs a hand.
fn words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    let of_disk = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).find_map(disk_todo);
    match of_disk.filter(|todo| !words.contains(todo)) {
        Some(todo) => format!("{words}; {todo}"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn what_a_house_says_gives_a_terminal_no_orders() {
        assert_eq!(signs("22.1 °C\tnow\n"), "22.1 °C\tnow\n");
        assert_eq!(
            signs("\u{1b}[31mred\u{1b}[0m\r\u{9b}2J\n"),
            "\u{fffd}[31mred\u{fffd}[0m\u{fffd}\u{fffd}2J\n"
        );
    }

    #[test]
    fn each_cause_is_told_once_and_a_full_disk_says_what_to_do() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write {path}: {source}")]
        struct Refused {
            path: &'static str,
            source: io::Error,
        }
        let refused = |kind: io::ErrorKind, path| Err::<(), _>(Refused { path, source: kind.into() });
        let full = refused(io::ErrorKind::StorageFull, "manifest").context("cannot open the store");
        let expected =
            "cannot open the store: cannot write manifest: no storage space; make room on its disk";
        assert_eq!(words(&full.unwrap_err()), expected);
        let other = refused(io::ErrorKind::NotFound, "e.csv").context("the export broke off");
        let expected = "the export broke off: cannot write e.csv: entity not found";
        assert_eq!(words(&other.unwrap_err()), expected);
    }
}
