//! `hearthline record`: writes down what Home Assistant says on a connection of its own, with secrets removed, so that it
//! can be said again by `hearthline replay`. The format is that of [`hearthline_sim::recording`].

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::{Clock as _, SystemClock};
use hearthline_pipeline::mask::anonymise;
use hearthline_pipeline::sources::home_assistant::command::Command;
use hearthline_pipeline::sources::home_assistant::session::Incoming;
use hearthline_pipeline::sources::home_assistant::wire::{self, Message};
use hearthline_pipeline::sources::home_assistant::{Io, Retry, Session, SessionError};
use hearthline_sim::recording::{self, Direction, Frame, Said};
use serde_json::json;
use tokio::time::Instant;

use super::Context;
use crate::exit::Exit;
use crate::house::Unreachable;
use crate::instant::length;
use crate::peer;
use crate::stop::told_to_stop;

/// Between two questions whether Home Assistant has started.
const STARTED: Duration = Duration::from_secs(2);
/// All types of events.
const ALL: &str = "*";

/// Where to, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// End by itself after so long, as in 5m
    #[arg(long = "for", value_parser = length, value_name = "DURATION")]
    lasting: Option<Duration>,
}

/// Records until told to stop, or until the connection ends.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    crate::logging::start(&context.settings);
    let link = peer::link(&context.settings)?;
    let stream = (link.dial)().await.map_err(unreachable)?;
    let session = Session::open(stream, &link.session, &(link.token)()).await.map_err(unreachable)?;
    let file = create(&args.out)?;
    let mut scribe = Scribe::new(session, file)?;
    tracing::info!("recording {} to {}", link.session.address, args.out.display());
    let ended = tokio::select! {
        stopped = told_to_stop(args.lasting) => stopped.map(|()| None)?,
        ended = scribe.write_down(&link.events) => Some(ended?),
    };
    scribe.file.flush().with_context(|| format!("cannot write {}", args.out.display()))?;
    let Scribe { began, frames, events, .. } = scribe;
    let (seconds, ended) = (began.elapsed().as_secs_f64(), ended.map(|error| error.to_string()));
    if context.json {
        context.write_json(&json!({
            "file": args.out, "seconds": seconds, "frames": frames, "events": events, "ended": ended,
        }))?;
    } else {
        let ended = ended.map_or_else(String::new, |words| format!("; {words}"));
        writeln!(
            context.out,
            "{frames} frames with {events} events within {seconds:.1} s are in {}{ended}",
            args.out.display()
        )?;
        writeln!(
            context.out,
            "Tokens, codes and coordinates are removed, names and states are not: look through it before you hand it on"
        )?;
    }
    Ok(Exit::Ok)
}

fn unreachable(error: SessionError) -> anyhow::Error {
    match error.retry() {
        Retry::Backoff => Unreachable(error.to_string()).into(),
        Retry::Park | Retry::ParkFor(_) => error.into(),
    }
}

/// Readable by nobody else: it says when somebody is at home.
fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    Ok(BufWriter::new(file.with_context(|| format!("cannot make {}", path.display()))?))
}

/// One connection and the file that it is written to.
struct Scribe {
    session: Session<Box<dyn Io>>,
    file: BufWriter<File>,
    began: Instant,
    frames: u64,
    events: u64,
    /// When it is asked again whether Home Assistant has started.
    ask_again: Option<Instant>,
}

impl Scribe {
    fn new(session: Session<Box<dyn Io>>, mut file: BufWriter<File>) -> anyhow::Result<Self> {
        let note = concat!("hearthline record ", env!("CARGO_PKG_VERSION"));
        writeln!(file, "{}", recording::header(session.ha_version(), SystemClock::new().now(), note))?;
        Ok(Self { session, file, began: Instant::now(), frames: 0, events: 0, ask_again: None })
    }

    /// Asks what a connection that records asks, and writes down everything. Answers with why the connection ended.
    async fn write_down(&mut self, events: &[String]) -> anyhow::Result<SessionError> {
        let error = match self.listen(events).await {
            Ok(never) => match never {},
            Err(Stop::Session(error)) => error,
            Err(Stop::Disk(error)) => return Err(error),
        };
        let code = match &error {
            SessionError::Closed { code } => *code,
            _ => None,
        };
        self.note(Direction::In, Said::End(code), 0)?;
        Ok(error)
    }

    async fn listen(&mut self, events: &[String]) -> Result<std::convert::Infallible, Stop> {
        self.ask(Command::CoalesceMessages).await?;
        if events.iter().any(|kind| kind == ALL) {
            self.ask(Command::SubscribeEvents(None)).await?;
        } else {
            for kind in events {
                self.ask(Command::SubscribeEvents(Some(kind.clone()))).await?;
            }
        }
        self.ask(Command::GetConfig).await?;
        loop {
            match self.session.next().await? {
                Incoming::Text(text) => {
                    self.note(Direction::In, Said::Text(anonymise(&text)), text.len())?;
                    self.follow(&text).await?;
                }
                Incoming::Binary(bytes) => {
                    self.note(Direction::In, Said::Binary(bytes.to_vec()), bytes.len())?;
                }
                Incoming::Tick => {
                    self.file.flush().map_err(disk)?;
                    if self.ask_again.take_if(|at| *at <= Instant::now()).is_some() {
                        self.ask(Command::GetConfig).await?;
                    }
                }
            }
        }
    }

    /// What follows from the messages of a frame.
    async fn follow(&mut self, frame: &str) -> Result<(), Stop> {
        for message in wire::messages(frame) {
            match message {
                Message::Event(_) => self.events += 1,
                Message::Pong { id } => drop(self.session.answered(id)),
                Message::Result { id, outcome } => match (self.session.answered(id), outcome) {
                    (Some(Command::GetConfig), Ok(answer)) => {
                        if wire::parse_config(answer).is_ok_and(|config| config.is_running()) {
                            self.ask(Command::GetStates).await?;
                        } else {
                            self.ask_again = Some(Instant::now() + STARTED);
                        }
                    }
                    (Some(Command::SubscribeEvents(None)), Err(_)) => {
                        self.ask(Command::SubscribeEvents(Some("state_changed".into()))).await?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    async fn ask(&mut self, command: Command) -> Result<(), Stop> {
        let id = self.session.ask(command.clone()).await?;
        let text = command.to_json(id);
        let len = text.len();
        self.note(Direction::Out, Said::Text(text), len).map_err(Stop::Disk)
    }

    fn note(&mut self, direction: Direction, said: Said, len: usize) -> anyhow::Result<()> {
        self.frames += 1;
        let frame = Frame { t: self.began.elapsed().as_secs_f64(), direction, said };
        writeln!(self.file, "{}", frame.to_line(len)).context("the recording cannot be written")
    }
}

/// Why it ended.
enum Stop {
    Session(SessionError),
    Disk(anyhow::Error),
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Disk(error)
    }
}

fn disk(error: std::io::Error) -> Stop {
    Stop::Disk(anyhow::Error::from(error).context("the recording cannot be written"))
}
