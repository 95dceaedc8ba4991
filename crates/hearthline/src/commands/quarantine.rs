//! `hearthline quarantine list`: what came in and could not be understood.

use clap::Subcommand;
use hearthline_api::Quarantine;

use super::Context;
use crate::exit::Exit;
use crate::house::House;
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
    },
}

/// Lists them.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let What::List { limit } = args.what;
    let query = [("limit", limit.to_string())];
    let quarantine: Quarantine = House::find(&context.settings)?.get("/api/v1/quarantine", &query).await?;
    if context.json {
        context.write_json(&quarantine)?;
    } else {
        context.out.write_all(render(&quarantine).as_bytes())?;
    }
    Ok(Exit::Ok)
}

fn render(quarantine: &Quarantine) -> String {
    if quarantine.quarantined.is_empty() {
        return "everything that came in was understood\n".into();
    }
    let mut rows = table(&["Time (UTC)", "Record", "Bytes", "Reason", "Begins with"]);
    for one in &quarantine.quarantined {
        let (seq, bytes) = (one.seq.to_string(), one.bytes.to_string());
        rows.add_row([one.ts.clone(), seq, bytes, one.reason.clone(), cut(&one.raw, SHOWN)]);
    }
    let mut page = text(&rows);
    if quarantine.more {
        page.push_str("there are older ones: raise --limit\n");
    }
    page
}

#[cfg(test)]
mod tests {
    use hearthline_api::Quarantined;

    use super::*;

    #[test]
    fn each_record_is_listed_with_its_reason() {
        assert_eq!(
            render(&Quarantine { quarantined: Vec::new(), more: false }),
            "everything that came in was understood\n"
        );
        let one = Quarantined {
            seq: 7,
            ts: "2026-11-23T11:59:00.000000Z".into(),
            reason: "not a time: \"yesterday\"".into(),
            bytes: 4000,
            raw: "{\n\"time_fired\":\"yesterday\"".repeat(4),
        };
        insta::assert_snapshot!(render(&Quarantine { quarantined: vec![one], more: true }));
    }
}
