//! `hearthline export`: states as CSV, NDJSON or Parquet, or the exact list of Parquet files.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use futures_util::StreamExt as _;
use hearthline_core::{Clock as _, SystemClock};

use super::Context;
use crate::exit::Exit;
use crate::house::House;
use crate::instant::{Instant, instant};

/// What, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How it is written
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Only this entity, by any name that it ever had; may be given more than once
    #[arg(long = "entity", value_name = "ENTITY_ID")]
    entities: Vec<String>,
    /// From this instant: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 24h
    #[arg(long, value_parser = instant)]
    from: Option<Instant>,
    /// Up to, but not including, this instant
    #[arg(long, value_parser = instant)]
    to: Option<Instant>,
    /// Into this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the exact list of Parquet files instead: rows that are still in memory are in none of them
    #[arg(long, conflicts_with_all = ["format", "entities", "from", "to", "output"])]
    files: bool,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
    Parquet,
}

/// Streams the rows, those in memory too.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let house = House::find(&context.settings)?;
    if args.files {
        return files(&house, &mut context).await;
    }
    let now = SystemClock::new().now();
    let mut query = vec![("format", args.format.as_str().to_owned())];
    query.extend(args.from.map(|from| ("from", from.resolve(now).to_string())));
    query.extend(args.to.map(|to| ("to", to.resolve(now).to_string())));
    if !args.entities.is_empty() {
        query.push(("entities", args.entities.join(",")));
    }
    let mut chunks = house.stream("/api/v1/export", &query).await?;
    let mut file = args.output.as_deref().map(open).transpose()?;
    let out: &mut dyn Write = file.as_mut().map_or(context.out as &mut dyn Write, |file| file);
    let refused = || match &args.output {
        Some(path) => format!("cannot write {}", path.display()),
        None => "cannot write to standard output".into(),
    };
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.context("the export broke off; what was written is not complete")?;
        out.write_all(&chunk).with_context(refused)?;
    }
    out.flush().with_context(refused)?;
    Ok(Exit::Ok)
}

async fn files(house: &House, context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let list: Vec<String> = house.get("/api/v1/export", &[("files", "true".to_owned())]).await?;
    if context.json {
        context.write_json(&list)?;
    } else {
        for path in list {
            writeln!(context.out, "{path}")?;
        }
    }
    Ok(Exit::Ok)
}

fn open(path: &std::path::Path) -> anyhow::Result<io::BufWriter<std::fs::File>> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).open(path);
    Ok(io::BufWriter::new(file.with_context(|| format!("cannot write {}", path.display()))?))
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}
