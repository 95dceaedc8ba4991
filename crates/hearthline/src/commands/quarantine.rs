//! `hearthline quarantine list|show|retry|drop`: what came in and could not be understood, and what becomes of it.

use clap::Subcommand;
use hearthline_api::{Quarantine, Quarantined, QuarantinedWhole, SettledList};

use super::Context;
use crate::exit::Exit;
use crate::house::{House, Program};
use crate::table::{cut, table, text};

/// Characters of a record that are shown.
const SHOWN: usize = 60;

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The records with their reasons, the newest first; with --json up to 2,000 bytes of each
    List {
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Also those that were retried or dropped
        #[arg(long)]
        all: bool,
    },
    /// One record with all its bytes
    Show {
        /// Its number, as in the list
        #[arg(value_name = "RECORD")]
        seq: u64,
    },
    /// Read records again, as this release does; what is understood is recorded
    Retry {
        /// Their numbers, as in the list
        #[arg(value_name = "RECORD", required_unless_present = "all", conflicts_with = "all")]
        seqs: Vec<u64>,
        /// All that wait
        #[arg(long)]
        all: bool,
    },
    /// Give records up: they leave the list, their bytes stay in the files
    Drop {
        /// Their numbers, as in the list
        #[arg(value_name = "RECORD", required = true)]
        seqs: Vec<u64>,
        /// Without this nothing is done
        #[arg(long)]
        yes: bool,
    },
}

/// Looks at them in the running program or in the data folder; settles them in the running program, which owns the log.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let settings = &context.settings;
    match args.what {
        What::List { limit, all } => {
            let query = [("limit", limit.to_string()), ("all", all.to_string())];
            let quarantine: Quarantine = House::find(settings)?.get("/api/v1/quarantine", &query).await?;
            context.answer(&quarantine, &render(&quarantine, all))
        }
        What::Show { seq } => {
            let path = format!("/api/v1/quarantine/{seq}");
            let record: QuarantinedWhole = House::find(settings)?.get(&path, &[]).await?;
            context.answer(&record, &whole(&record))
        }
        What::Retry { seqs, all } => {
            let query = if all { [("all", "true".to_owned())] } else { [("seqs", list(&seqs))] };
            let program = Program::required(settings)?;
            let settled: SettledList = program.order("/api/v1/quarantine/retry", &query).await?;
            context.answer(&settled, &settlements(&settled))
        }
        What::Drop { seqs, yes: false } => {
            anyhow::bail!(
                "nothing was dropped: look at them with `hearthline quarantine show`, then say --yes to drop {}",
                list(&seqs)
            )
        }
        What::Drop { seqs, yes: true } => {
            let program = Program::required(settings)?;
            let query = [("seqs", list(&seqs))];
            let settled: SettledList = program.order("/api/v1/quarantine/drop", &query).await?;
            context.answer(&settled, &settlements(&settled))
        }
    }
}

fn list(seqs: &[u64]) -> String {
    seqs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn render(quarantine: &Quarantine, all: bool) -> String {
    let Quarantine { quarantined, more, waiting, settled } = quarantine;
    if quarantined.is_empty() {
        return match settled {
            0 => "everything that came in was understood\n".into(),
            _ => format!("nothing waits; {settled} records are settled: --all lists them\n"),
        };
    }
    let mut rows = table(&["Time (UTC)", "Record", "Bytes", "State", "Reason", "Begins with"]);
    for one in quarantined {
        let (seq, bytes) = (one.seq.to_string(), one.bytes.to_string());
        rows.add_row([one.ts.clone(), seq, bytes, state(one), one.reason.clone(), cut(&one.raw, SHOWN)]);
    }
    let mut page = text(&rows);
    if *more {
        page.push_str("there are older ones: raise --limit\n");
    }
    let hint = if all || *settled == 0 { "" } else { " (--all lists these too)" };
    page.push_str(&format!("waiting: {waiting}, settled: {settled}{hint}\n"));
    page
}

fn state(one: &Quarantined) -> String {
    match &one.settled {
        Some(settled) => settled.how.clone(),
        None if one.understood => "retry it".into(),
        None => "waits".into(),
    }
}

fn whole(record: &QuarantinedWhole) -> String {
    let mut rows = table(&[]);
    rows.add_row(["record".into(), record.seq.to_string()]);
    rows.add_row(["came in".into(), record.ts.clone()]);
    rows.add_row(["reason".into(), record.reason.clone()]);
    let understood =
        if record.settled.is_none() { "understood by this release: retry it" } else { "understood" };
    let now = record.now.clone().unwrap_or_else(|| understood.into());
    rows.add_row(["read again".into(), now]);
    let settled = record.settled.as_ref();
    let state = settled.map_or("waits".into(), |settled| format!("{} at {}", settled.how, settled.at));
    rows.add_row(["state".into(), state]);
    let (kind, raw) = match (&record.text, &record.base64) {
        (Some(text), _) => ("text", text.chars().map(harmless).collect()),
        (None, base64) => ("in base64", base64.clone().unwrap_or_default()),
    };
    rows.add_row(["bytes".into(), format!("{}, {kind}:", record.bytes)]);
    format!("{}\n{raw}\n", text(&rows))
}

/// What came from elsewhere must not steer the terminal.
fn harmless(c: char) -> char {
    if c.is_control() && !matches!(c, '\n' | '\t') { char::REPLACEMENT_CHARACTER } else { c }
}

fn settlements(settled: &SettledList) -> String {
    let SettledList { recorded, duplicate, filtered, kept, dropped, settled } = settled;
    if settled.is_empty() {
        return "nothing waits\n".into();
    }
    let counts = [
        (recorded, "recorded"),
        (duplicate, "held already"),
        (filtered, "left out by the settings"),
        (kept, "still not understood"),
        (dropped, "dropped"),
    ];
    let counts: Vec<_> =
        counts.iter().filter(|(n, _)| **n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let mut page = counts.join(", ") + "\n";
    for one in settled {
        if let Some(reason) = &one.reason {
            page.push_str(&format!("record {}: {reason}\n", one.seq));
        }
    }
    page
}

#[cfg(test)]
mod tests;
