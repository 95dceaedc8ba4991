//! `hearthline monitor`: watches the success criteria of the running program for a while, and says whether they held.

mod page;

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_runbook::Status;
use hearthline_runbook::monitor::{Report, Watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::instant::length;
use crate::settings::Settings;
use crate::stop::told_to_stop;

/// Between two looks. The program makes a new document once a second.
const LOOK: Duration = Duration::from_secs(1);
/// A program that answers later than this does not answer.
const ANSWER: Duration = Duration::from_secs(3);
/// Between two lines where nothing changes and nobody sits at a terminal.
const LINE: Duration = Duration::from_secs(10);

/// How long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Watch for so long, as in 10m; ends earlier on Ctrl-C, which is not passed
    #[arg(long = "for", value_parser = length, default_value = "30m", value_name = "DURATION")]
    lasting: Duration,
}

/// Looks each second. Passed only if every criterion held at every look until the end.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let first = Program::required(&context.settings)?.status().await?;
    let clock = SystemClock::new();
    let mut watch = Watch::new(args.lasting, clock.now(), first);
    let began = Instant::now();
    let (end, mut last) = (began + args.lasting, began);
    let mut view = View::new(context.json);
    view.begin(context.out)?;
    let mut stop = std::pin::pin!(told_to_stop(None));
    while last < end {
        tokio::select! {
            stopped = &mut stop => {
                stopped?;
                break;
            }
            () = sleep_until((last + LOOK).min(end)) => {}
        }
        let status = tokio::select! {
            stopped = &mut stop => {
                stopped?;
                break;
            }
            status = look(&context.settings) => status,
        };
        let now = Instant::now();
        watch.look(clock.now(), now - last, status);
        last = now;
        view.show(context.out, &watch.report(), now)?;
    }
    view.end(context.out)?;
    let report = watch.report();
    if context.json {
        context.write_json(&report)?;
    } else {
        context.write_page(&page::render(&report))?;
    }
    Ok(if report.passed { Exit::Ok } else { Exit::Failed })
}

/// The program is looked for each time: after a restart it may listen elsewhere. Nothing, when it does not answer.
async fn look(settings: &Settings) -> Option<Status> {
    let program = Program::of(settings).ok()??;
    timeout(ANSWER, program.status()).await.ok()?.ok()
}

/// What is shown meanwhile.
enum View {
    /// Nothing: the document comes at the end.
    Silent,
    /// The page on a terminal, drawn anew at each look.
    Screen,
    /// Lines, for a file or a pipe.
    Lines {
        /// When the last one was written.
        written: Option<Instant>,
        /// What it said of the criteria.
        said: String,
    },
}

impl View {
    fn new(json: bool) -> Self {
        match (json, io::stdout().is_terminal()) {
            (true, _) => Self::Silent,
            (false, true) => Self::Screen,
            (false, false) => Self::Lines { written: None, said: String::new() },
        }
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        self.switch(out, page::OTHER_SCREEN)
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        self.switch(out, page::FIRST_SCREEN)
    }

    fn switch(&self, out: &mut dyn Write, to: &str) -> io::Result<()> {
        if matches!(self, Self::Screen) {
            out.write_all(to.as_bytes())?;
            out.flush()?;
        }
        Ok(())
    }

    fn show(&mut self, out: &mut dyn Write, report: &Report, now: Instant) -> io::Result<()> {
        match self {
            Self::Silent => return Ok(()),
            Self::Screen => {
                write!(out, "{}{}", page::CLEARED, page::render_live(report))?;
            }
            Self::Lines { written, said } => {
                let line = page::state(report);
                if *said == line && written.is_some_and(|written| now < written + LINE) {
                    return Ok(());
                }
                writeln!(out, "{}  {}  {line}", report.to, page::progress(report))?;
                (*written, *said) = (Some(now), line);
            }
        }
        out.flush()
    }
}
