//! `hearthline report --since …`: the report of an incident, as Markdown, or in short to the places where people are told.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use hearthline_api::{NotifyTested, ReportSendRequest};
use hearthline_core::{Clock, Fs, RealFs, Seq, SystemClock};
use hearthline_pipeline::ingest::Fold;
use hearthline_runbook::incident::{self, Incidents, Live, Period};
use hearthline_runbook::status::Gap;
use hearthline_store::Store;
use serde::Serialize;

use super::{Context, notify};
use crate::app::{open_log, store_config};
use crate::exit::Exit;
use crate::house::{House, Program};
use crate::instant::{Instant, instant};
use crate::running::Claim;
use crate::settings::Settings;

/// Of which time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// From this instant on: 2026-11-23T11:57:01Z, 2026-11-23, 22:00 (the last one), or so long ago as in 2h
    #[arg(long, value_parser = instant)]
    since: Instant,
    /// Up to, but not including, this instant
    #[arg(long, value_parser = instant, default_value = "now")]
    until: Instant,
    /// Into this file, in place of what was there; without one it is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tell it in short at every place under [[notify]], or at one, and say whether it was taken; needs the running program
    #[arg(long, value_name = "PLACE", num_args = 0..=1, default_missing_value = "", conflicts_with = "out")]
    send: Option<String>,
}

/// The answer for programs.
#[derive(Serialize)]
struct Document {
    since: String,
    until: String,
    /// Markdown; null where it is in a file.
    text: Option<String>,
    /// The file; null where there is none.
    file: Option<PathBuf>,
}

/// Asks the running program, or reads the data folder where none runs.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let now = SystemClock::new().now();
    let period = Period { since: args.since.resolve(now), until: args.until.resolve(now) };
    anyhow::ensure!(period.since < period.until, "{} is not before {}", period.since, period.until);
    if let Some(place) = args.send {
        return send(period, Some(place).filter(|place| !place.is_empty()), context).await;
    }
    let text = match Program::of(&context.settings)? {
        Some(program) => ask(program, period).await?,
        None => alone(&context.settings, period)?,
    };
    let (since, until) = (period.since.to_string(), period.until.to_string());
    let Some(path) = args.out else {
        return context.answer(&Document { since, until, text: Some(text.clone()), file: None }, &text);
    };
    let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    (&RealFs as &dyn Fs)
        .write_atomic(&whole, text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let page = format!("the report is in {}\n", path.display());
    context.answer(&Document { since, until, text: None, file: Some(path) }, &page)
}

/// The exit code says whether every place has taken it.
async fn send(period: Period, place: Option<String>, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let (since, until) = (Some(period.since.to_string()), Some(period.until.to_string()));
    let sent: NotifyTested =
        program.post("/api/v1/report/send", &ReportSendRequest { since, until, place }).await?;
    let is_taken = sent.tried.iter().all(|tried| tried.why.is_none());
    let mut page = notify::tried(&sent);
    if !is_taken {
        page += "see that address and token under [[notify]] are right, and send it again; `--out FILE` writes it into a file\n";
    }
    context.answer(&sent, &page)?;
    Ok(if is_taken { Exit::Ok } else { Exit::Failed })
}

async fn ask(program: Program, period: Period) -> anyhow::Result<String> {
    let query = [("since", period.since.to_string()), ("until", period.until.to_string())];
    let chunks = House::Running(program).stream("/api/v1/report", &query).await?;
    let whole: Vec<u8> = chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await?;
    Ok(String::from_utf8(whole)?)
}

fn alone(settings: &Settings, period: Period) -> anyhow::Result<String> {
    let data_dir = &settings.data_dir;
    anyhow::ensure!(data_dir.is_dir(), "there is no data folder {}", data_dir.display());
    let (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(RealFs), Arc::new(SystemClock::new()));
    let nobody = Live::nothing("the program does not run");
    let (gaps, aside) =
        match Store::open_read_only(Arc::clone(&fs), Arc::clone(&clock), store_config(settings)) {
            Ok(store) => {
                let gaps =
                    gaps(settings, &fs, &clock, store.committed()).map_err(|error| format!("{error:#}"));
                (gaps, hearthline_api::set_aside(&store, period))
            }
            Err(error) => (Err(error.to_string()), Err(error.to_string())),
        };
    let known = Incidents::new(fs, clock, data_dir).read(period, Live { gaps, aside, ..nobody });
    Ok(incident::report(&known))
}

/// Every gap that the log tells of, the newest first. Opens the log as a start does.
fn gaps(
    settings: &Settings,
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
    stored: Seq,
) -> anyhow::Result<Vec<Gap>> {
    anyhow::ensure!(settings.data_dir.join("log").is_dir(), "there is no log");
    let _claim = Claim::take(&settings.data_dir)?;
    let log = open_log(settings, fs, clock, stored)?;
    let fold = Fold::replay(&log.log(), Seq(u64::MAX))?;
    Ok(fold.gaps.all().iter().rev().map(Into::into).collect())
}
