//! `hearthline note "…"`: writes down what a person saw or did.

use std::sync::Arc;

use anyhow::Context as _;
use axum::http::Method;
use hearthline_api::NoteRequest;
use hearthline_core::{RealFs, SystemClock};
use hearthline_runbook::notes::{Note, NoteList, Notes};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;

/// What, or the list of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A sentence or two, 2,000 bytes at most
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    text: Option<String>,
    /// List them, the newest first
    #[arg(long)]
    list: bool,
}

/// Tells the running program, or writes into the data folder where none runs.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::of(&context.settings)?;
    let data_dir = &context.settings.data_dir;
    let kept = || Notes::new(Arc::new(RealFs), Arc::new(SystemClock::new()), data_dir);
    if let Some(text) = args.text {
        let note: Note = match &program {
            Some(program) => program.post("/api/v1/notes", &NoteRequest { text }).await?,
            None => {
                anyhow::ensure!(data_dir.is_dir(), "there is no data folder {}", data_dir.display());
                let text = crate::logging::mask(&context.settings).apply(&text).into_owned();
                kept().add(&text)?
            }
        };
        let page = format!("{}  {}\n", note.at, note.text);
        return context.answer(&note, &page);
    }
    let notes: NoteList = match &program {
        Some(program) => program.ask(Method::GET, "/api/v1/notes").await?,
        None => kept().list().context("the notes cannot be read")?,
    };
    let page: String = notes.notes.iter().map(|note| format!("{}  {}\n", note.at, note.text)).collect();
    let page = if page.is_empty() { "nothing was written down yet\n".into() } else { page };
    context.answer(&notes, &page)
}
