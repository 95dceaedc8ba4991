//! `hearthline restore`: puts a backup into a folder; or rehearses that in a folder of its own, and says whether all is equal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use hearthline_api::BackupBegun;
use hearthline_core::{RealFs, SystemClock};
use hearthline_runbook::backup::{self, Manifest, Rehearsed, Scratch};

use super::Context;
use super::backup::{blocking, bytes, follow, named};
use crate::app::SITE;
use crate::backup::job;
use crate::exit::Exit;
use crate::house::{Program, segment};
use crate::running::Claim;
use crate::table::{table, text};

/// Which, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A name as in `hearthline backup list`, or the path of a backup; without it, the newest
    #[arg(value_name = "BACKUP")]
    backup: Option<String>,
    /// The folder to put it into, in place of the data folder of the settings; for a rehearsal, where `rehearsal` is made and removed again
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Put it into a folder of its own, open it, compare counts and checksums, and remove it again
    #[arg(long)]
    rehearse: bool,
}

/// Works on the folders; a rehearsal of one of the program's own backups is the program's.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let Args { backup, to, rehearse } = args;
    let settings = &context.settings;
    let own = job(settings).dir;
    let (dir, name) = match backup.as_deref().map(Path::new) {
        Some(path) if path.components().count() > 1 => {
            let path = std::path::absolute(path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            (path.parent().unwrap_or(&path).to_path_buf(), name)
        }
        _ => (own.clone(), backup),
    };
    if rehearse {
        let rehearsed = match Program::of(settings)?.filter(|_| to.is_none() && dir == own) {
            Some(program) => order(&program, name, dir).await?,
            None => alone(name, dir, to).await?,
        };
        context.answer(&rehearsed, &compared(&rehearsed))?;
        return Ok(if rehearsed.equal { Exit::Ok } else { Exit::Failed });
    }
    let to = to.unwrap_or_else(|| settings.data_dir.value.clone());
    let folder = to.clone();
    let manifest = blocking(move |progress| {
        let name = named(name, &dir)?;
        let _claim = Claim::take_to_restore(&folder)?;
        let progress = |files, of| progress(&format!("{files} files, {} put back", bytes(of)));
        Ok(backup::restore(&RealFs, &dir, &name, &folder, &progress)?)
    })
    .await?;
    let page = restored(&manifest, &to);
    context.answer(&manifest.summary(None), &page)
}

async fn order(program: &Program, name: Option<String>, dir: PathBuf) -> anyhow::Result<Rehearsed> {
    let name = blocking(move |_| named(name, &dir)).await?;
    let path = format!("/api/v1/backups/{}/rehearse", segment(&name));
    let BackupBegun { id } = program.ask(Method::POST, &path).await?;
    let ended = follow(&id, async || program.ask(Method::GET, "/api/v1/backups").await).await?;
    ended
        .rehearsed
        .ok_or_else(|| anyhow::anyhow!("the program rehearsed it and does not say what came of it"))
}

async fn alone(name: Option<String>, dir: PathBuf, to: Option<PathBuf>) -> anyhow::Result<Rehearsed> {
    blocking(move |progress| {
        let name = named(name, &dir)?;
        let _claim = to.as_deref().map(Claim::take_to_restore).transpose()?;
        let scratch =
            Scratch { fs: Arc::new(RealFs), clock: Arc::new(SystemClock::new()), dir: None, site: SITE };
        // Beneath the folder that is named, so that nothing of anybody is emptied.
        let scratch = Scratch { dir: to.as_ref().map(|to| to.join("rehearsal")), ..scratch };
        let progress = |files, of| progress(&format!("{files} files, {} put there", bytes(of)));
        Ok(backup::rehearse(&scratch, &dir, &name, &progress)?)
    })
    .await
}

fn restored(manifest: &Manifest, to: &Path) -> String {
    let mut page = format!(
        "backup {} of {} is in {}: {} files, {}, each with the checksum that was written\n",
        manifest.name,
        manifest.at,
        to.display(),
        manifest.files.len(),
        bytes(manifest.bytes),
    );
    for left in &manifest.left_out {
        page.push_str(&format!("not in it: {} ({}); to be done: {}\n", left.what, left.why, left.todo));
    }
    for bad in &manifest.damaged {
        page.push_str(&format!("DAMAGED when it was taken: {}: {}\n", bad.path, bad.why));
    }
    page.push_str("what happened since then is fetched from Home Assistant's history after the start, as far as that goes back\n");
    page
}

fn compared(rehearsed: &Rehearsed) -> String {
    let mut rows = table(&["Compared", "In the backup", "Found", ""]);
    for one in &rehearsed.compared {
        let word = if one.is_equal() { "equal" } else { "DIFFERS" };
        rows.add_row([one.what.clone(), one.backup.to_string(), one.found.to_string(), word.into()]);
    }
    let seconds = |ms| Duration::from_millis(ms).as_secs_f64();
    format!(
        "backup {}: {}\n\n{}\n{} files, {}: put there in {:.1} s, opened and compared in {:.1} s\n",
        rehearsed.name,
        rehearsed.says,
        text(&rows),
        rehearsed.files,
        bytes(rehearsed.bytes),
        seconds(rehearsed.restore_ms),
        seconds(rehearsed.open_ms),
    )
}
