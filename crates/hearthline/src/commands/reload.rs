//! `hearthline reload`: the running program reads its settings again.

use hearthline_api::{Reloaded, SettingChange};

use super::Context;
use super::settings::{line, mistakes};
use crate::exit::Exit;
use crate::house::Program;

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Says what holds now, and what waits for the next start; with a mistake nothing was changed.
pub(crate) async fn run(_args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let reloaded: Reloaded = program.order("/api/v1/reload", &[]).await?;
    context.answer(&reloaded, &render(&reloaded))?;
    Ok(match &reloaded {
        Reloaded { mistakes, .. } if !mistakes.is_empty() => Exit::Usage,
        Reloaded { troubles, .. } if !troubles.is_empty() => Exit::Degraded,
        _ => Exit::Ok,
    })
}

fn render(reloaded: &Reloaded) -> String {
    let Reloaded { says, mistakes: wrong, taken, waiting, filter_behind, .. } = reloaded;
    let lines = |title: &str, changes: &[SettingChange]| {
        let lines: String = changes.iter().map(|change| format!("  {}\n", line(change))).collect();
        if changes.is_empty() { String::new() } else { format!("{title}:\n{lines}") }
    };
    let behind = filter_behind.map(|seq| format!("The filter holds for every record behind {seq}.\n"));
    [
        format!("{says}\n"),
        mistakes(wrong),
        lines("Taken up", taken),
        behind.unwrap_or_default(),
        lines("With the next start", waiting),
    ]
    .concat()
}
