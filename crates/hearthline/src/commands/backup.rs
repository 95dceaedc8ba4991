//! `hearthline backup`: takes a backup, lists those that there are, compares one with what was written.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::Method;
use hearthline_api::{BackupBegun, BackupRequest};
use hearthline_core::figures::size;
use hearthline_core::{Fs, RealFs};
use hearthline_runbook::backup::{self, Backups, Ended, Job, Listed, Summary, Verified};
use hearthline_runbook::verify::By;
use tokio::runtime::Handle;

use super::Context;
use crate::app::SITE;
use crate::backup::{job, source_alone};
use crate::exit::Exit;
use crate::house::Program;
use crate::progress::Progress;
use crate::running::Claim;
use crate::settings::Settings;
use crate::startup::span;
use crate::table::{table, text};

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// What to do; without a word, take one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// The folder of backups, in place of that of the settings
    #[arg(long, value_name = "DIR", global = true)]
    to: Option<PathBuf>,
}

/// What else.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Those that there are, the newest first
    List,
    /// Compare every file of one with its checksum
    Verify {
        /// Which; without it, the newest
        name: Option<String>,
    },
}

/// Asks the running program, or works on the data folder. What is there already is read without either.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let Args { what, to } = args;
    let to = to.map(std::path::absolute).transpose()?;
    match what {
        None => {
            let summary = match Program::of(&context.settings)? {
                Some(program) => order(&program, to).await?,
                None => alone(&context.settings, to).await?,
            };
            context.answer(&summary, &taken(&summary))?;
            Ok(if summary.damaged.is_empty() { Exit::Ok } else { Exit::Degraded })
        }
        Some(What::List) => {
            let listed = list(&context.settings, to).await?;
            context.answer(&listed, &page(&listed))
        }
        Some(What::Verify { name }) => {
            let dir = to.unwrap_or_else(|| job(&context.settings).dir);
            let verified = blocking(move |progress| {
                let name = named(name, &dir)?;
                Ok(backup::verify(&RealFs, &dir, &name, &|files, of| {
                    progress(&format!("{files} files, {} compared", size(of)));
                })?)
            })
            .await?;
            context.answer(&verified, &compared(&verified))?;
            Ok(if verified.bad.is_empty() { Exit::Ok } else { Exit::Failed })
        }
    }
}

/// The name of a backup: the one that is given, else the newest.
pub(super) fn named(name: Option<String>, dir: &Path) -> anyhow::Result<String> {
    let newest = || -> anyhow::Result<String> {
        let newest = backup::newest(&RealFs as &dyn Fs, dir)?;
        let none = || format!("there is no backup in {}; `hearthline backup` takes one", dir.display());
        Ok(newest.with_context(none)?.name)
    };
    name.map_or_else(newest, Ok)
}

/// Does it where it may wait for the disk, and says on the way how far it is.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&dyn Fn(&str)) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(move || {
        let line = parking_lot::Mutex::new(Line::default());
        work(&|words| line.lock().say(words))
    })
    .await?
}

/// Says something on a terminal now and then: there may be thousands of files.
#[derive(Default)]
struct Line {
    progress: Option<Progress>,
    said: Option<tokio::time::Instant>,
    words: String,
}

impl Line {
    fn say(&mut self, words: &str) {
        let now = tokio::time::Instant::now();
        let began = *self.said.get_or_insert(now);
        if now - began >= Duration::from_secs(1) && self.words != words {
            self.progress.get_or_insert_with(Progress::default).say(words);
            (self.said, self.words) = (Some(now), words.to_owned());
        }
    }
}

async fn order(program: &Program, to: Option<PathBuf>) -> anyhow::Result<Summary> {
    let BackupBegun { id } = program.post("/api/v1/backups", &BackupRequest { to }).await?;
    let ended = follow(&id, async || program.ask(Method::GET, "/api/v1/backups").await).await?;
    ended.backup.context("the program took a backup and does not say which")
}

/// Waits until it is over.
pub(super) async fn follow(
    id: &str,
    look: impl AsyncFn() -> anyhow::Result<Listed>,
) -> anyhow::Result<Ended> {
    let mut line = Line::default();
    loop {
        let known = look().await?;
        if let Some(ended) = known.ended.filter(|ended| ended.id == id) {
            return match ended.failed {
                Some(failed) => Err(anyhow::anyhow!(failed)),
                None => Ok(ended),
            };
        }
        let Some(running) = known.running.filter(|running| running.id == id) else {
            anyhow::bail!("the program did not come to a result: see what it says");
        };
        line.say(&format!("{} files, {} so far", running.files, size(running.bytes)));
        tokio::time::sleep(LOOK).await;
    }
}

/// Nothing runs: the same on the data folder.
async fn alone(settings: &Settings, to: Option<PathBuf>) -> anyhow::Result<Summary> {
    let _claim = Claim::of_recorded(&settings.data_dir)?;
    let source = source_alone(settings)?;
    let on = (Arc::clone(&source.fs), Arc::clone(&source.clock));
    let backups = Backups::new(source.taker(), on, job(settings), SITE, Handle::current());
    let id = backups.begin(to, By::Person)?;
    let ended = follow(&id, async || {
        let backups = backups.clone();
        Ok(tokio::task::spawn_blocking(move || backups.look()).await?)
    });
    ended.await?.backup.context("a backup was taken and it is not known which")
}

async fn list(settings: &Settings, to: Option<PathBuf>) -> anyhow::Result<Listed> {
    if let (None, Some(program)) = (&to, Program::of(settings)?) {
        return program.ask(Method::GET, "/api/v1/backups").await;
    }
    let Job { dir, every, keep } = job(settings);
    let dir = to.unwrap_or(dir);
    blocking(move |_| {
        let (found, unreadable) = backup::list(&RealFs, &dir)?;
        Ok(Listed {
            dir: dir.display().to_string(),
            every_s: every.map(|every| every.as_secs()),
            keep: keep.map(|keep| keep as u64),
            backups: found.into_iter().map(|(manifest, rehearsed)| manifest.summary(rehearsed)).collect(),
            unreadable,
            ..Listed::default()
        })
    })
    .await
}

fn taken(backup: &Summary) -> String {
    let mut page = format!(
        "backup {}: {} files, {}; {} of them new, {}; in {:.1} s\n\
         the log from record {} to {} ({} events), {} rows in files, up to {}\n",
        backup.name,
        backup.files,
        size(backup.bytes),
        backup.new_files,
        size(backup.new_bytes),
        Duration::from_millis(backup.took_ms).as_secs_f64(),
        backup.log.first,
        backup.log.last,
        backup.log.events,
        backup.rows,
        backup.at,
    );
    for left in &backup.left_out {
        page.push_str(&format!(
            "not in it: {} ({}); to be done when it is put back: {}\n",
            left.what, left.why, left.todo
        ));
    }
    for bad in &backup.damaged {
        page.push_str(&format!("DAMAGED: {}: {}\n", bad.path, bad.why));
    }
    page
}

fn page(listed: &Listed) -> String {
    let kept = listed.keep.map(|keep| format!(", the newest {keep} are kept")).unwrap_or_default();
    let every = match listed.every_s {
        Some(every) => format!("one is taken every {}{kept}", span(Duration::from_secs(every))),
        None => format!("taken when asked for{kept}"),
    };
    let mut page = format!("{}: {every}\n", listed.dir);
    if listed.backups.is_empty() {
        page.push_str("there is none yet; `hearthline backup` takes one\n");
    } else {
        let mut rows =
            table(&["Name", "Files", "Size", "New in it", "Log up to", "Rows in files", "Took", "Rehearsed"]);
        for backup in &listed.backups {
            let rehearsed = match &backup.rehearsed {
                None => String::new(),
                Some(rehearsed) if rehearsed.equal => format!("equal, {}", second(&rehearsed.at)),
                Some(rehearsed) => format!("DIFFERS, {}", second(&rehearsed.at)),
            };
            let damaged = match backup.damaged.len() {
                0 => String::new(),
                damaged => format!(" ({damaged} DAMAGED)"),
            };
            rows.add_row([
                backup.name.clone(),
                format!("{}{damaged}", backup.files),
                size(backup.bytes),
                size(backup.new_bytes),
                backup.log.last.to_string(),
                backup.rows.to_string(),
                format!("{:.1} s", Duration::from_millis(backup.took_ms).as_secs_f64()),
                rehearsed,
            ]);
        }
        page.push_str(&format!("\n{}", text(&rows)));
    }
    for bad in &listed.unreadable {
        page.push_str(&format!("cannot be read: {}: {}\n", bad.name, bad.why));
    }
    page.extend(listed.trouble.iter().map(|trouble| format!("it is not known what there is: {trouble}\n")));
    page.extend(listed.next.iter().map(|next| format!("the next at {}\n", second(next))));
    page
}

/// An instant is told to the second.
fn second(at: &str) -> String {
    at.get(..19).map_or_else(|| at.to_owned(), |second| format!("{second}Z"))
}

fn compared(verified: &Verified) -> String {
    let mut page = format!(
        "backup {}: {} files, {}, are what was written\n",
        verified.name,
        verified.files,
        size(verified.bytes)
    );
    for bad in &verified.bad {
        page.push_str(&format!("NOT what was written: {}: {}\n", bad.path, bad.why));
    }
    if !verified.bad.is_empty() {
        page.push_str(
            "what has other bytes is set aside (`.damaged` in `files`); the next `hearthline backup` copies it anew, as far as the data folder has it\n",
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::backup::{Bad, LeftOut, LogCounts, Rehearsed, Unreadable};

    use super::*;

    fn summary(name: &str) -> Summary {
        Summary {
            name: name.into(),
            at: "2026-11-26T00:41:07.015112Z".into(),
            by: By::Schedule,
            took_ms: 2345,
            files: 812,
            bytes: 123_456_789,
            new_files: 3,
            new_bytes: 1_234_567,
            log: LogCounts { first: 1001, last: 412_034, events: 400_100, ..LogCounts::default() },
            committed: 411_000,
            rows: 409_999,
            left_out: vec![LeftOut {
                what: "home_assistant.token".into(),
                why: "secrets are never in a backup".into(),
                todo: "write it again".into(),
            }],
            damaged: Vec::new(),
            rehearsed: None,
        }
    }

    #[test]
    fn a_backup_and_a_list_of_them_are_told_in_words() {
        let rehearsed = Rehearsed {
            name: "b".into(),
            at: "2026-11-26T01:00:00.000000Z".into(),
            equal: true,
            says: String::new(),
            compared: Vec::new(),
            files: 1,
            bytes: 1,
            restore_ms: 1,
            open_ms: 1,
        };
        let bad = Bad { path: "store/states/date=2026-11-20/0000000017.parquet".into(), why: "gone".into() };
        let damaged = Summary { damaged: vec![bad], ..summary("2026-11-26T00-41-07Z") };
        let older = Summary { rehearsed: Some(rehearsed), ..summary("2026-11-25T00-41-05Z") };
        let listed = Listed {
            dir: "/mnt/nas/house".into(),
            every_s: Some(86_400),
            keep: Some(14),
            next: Some("2026-11-27T00:41:07.015112Z".into()),
            backups: vec![damaged.clone(), older],
            unreadable: vec![Unreadable { name: "2026-11-24T00-41-05Z".into(), why: "it ends early".into() }],
            ..Listed::default()
        };
        let none = Listed { dir: "/data/backups".into(), ..Listed::default() };
        insta::assert_snapshot!([taken(&damaged), page(&listed), page(&none)].join("----\n"));
    }
}
