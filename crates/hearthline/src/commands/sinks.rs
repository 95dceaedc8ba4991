//! `hearthline sinks [NAME]`: the places that the log is delivered to; of one, also what is known of its server.

use std::fmt::Write as _;

use hearthline_api::{SinkReport, SinkServer, SinkShare};
use hearthline_runbook::status;

use super::Context;
use super::conflicts;
use crate::exit::Exit;
use crate::house::{Program, segment};
use crate::table::{cut, table, text};

/// Refused rows and contributors that are shown.
const SHOWN: usize = 5;
/// Characters of a refused line that are shown.
const LINE: usize = 160;

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// As in the settings; `store` is the embedded store
    name: Option<String>,
}

/// Asks the running program, whose sinks know it.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let Some(name) = args.name else {
        let sinks = program.status().await?.sinks;
        return context.answer(&sinks, &all(&sinks));
    };
    let path = format!("/api/v1/sinks/{}", segment(&name));
    let report: SinkReport = program.query(&path, &[]).await?;
    context.answer(&report, &one(&report))
}

fn all(sinks: &[status::Sink]) -> String {
    let mut rows = table(&["Sink", "State", "Behind", "Delivered", "Set aside", "Conflicts", "Server"]);
    for sink in sinks {
        rows.add_row([
            sink.name.clone(),
            sink.state.clone(),
            behind(sink),
            sink.delivered.to_string(),
            sink.quarantined.to_string(),
            sink.conflicts.map_or("-".into(), |count| count.to_string()),
            server(sink).unwrap_or_else(|| sink.kind.clone()),
        ]);
    }
    let mut page = text(&rows);
    for sink in sinks {
        if let Some(reason) = &sink.reason {
            _ = write!(page, "\n{}: {reason}\n", sink.name);
        }
    }
    page
}

fn behind(sink: &status::Sink) -> String {
    match sink.lag_events.unwrap_or(sink.pending) {
        0 => "no".into(),
        events => format!("{events} events, {:.0} s", sink.lag_s),
    }
}

fn server(sink: &status::Sink) -> Option<String> {
    let url = sink.url.as_ref()?;
    let database = sink.database.as_deref().unwrap_or_default();
    let version = sink.version.as_deref().map_or(String::new(), |version| format!(" (InfluxDB {version})"));
    Some(format!("{database} at {url}{version}"))
}

fn one(report: &SinkReport) -> String {
    let SinkReport { sink, server: known } = report;
    let mut rows = table(&[]);
    rows.add_row(["Sink".to_owned(), sink.name.clone()]);
    rows.add_row(["State".to_owned(), sink.state.clone()]);
    rows.add_row(["Behind".to_owned(), behind(sink)]);
    let account = format!(
        "delivered {} + filtered {} + collapsed {} + set aside {} + pending {}",
        sink.delivered, sink.filtered, sink.collapsed, sink.quarantined, sink.pending
    );
    rows.add_row(["Events".to_owned(), account]);
    for (name, value) in [
        ("Server", server(sink)),
        ("Because", sink.reason.clone()),
        ("Last error", sink.last_error.clone()),
        ("Failed writes", (sink.write_errors > 0).then(|| sink.write_errors.to_string())),
    ] {
        if let Some(value) = value {
            rows.add_row([name.to_owned(), value]);
        }
    }
    let mut blocks = vec![text(&rows)];
    blocks.extend(known.iter().flat_map(of_server));
    blocks.join("\n")
}

fn of_server(known: &SinkServer) -> Vec<String> {
    let mut blocks = Vec::new();
    let measurement = known.measurement.as_ref();
    let to = measurement.map_or("several measurements".into(), |name| format!("the measurement {name}"));
    blocks.push(format!("writes in the layout {} to {to}\n", known.layout));
    if let Some(why) = &known.fields_unknown {
        blocks.push(format!("the server does not say which fields it has ({why})\n"));
    }
    if known.missed > 0 {
        blocks.push(format!(
            "{} events left the log before it had them; they are read from the store\n",
            known.missed
        ));
    }
    blocks.push(conflicts::conflicts(&known.conflicts));
    blocks.extend(conflicts::left_out(&known.left_out));
    if !known.refused.is_empty() {
        let mut rows = table(&["Set aside", "Entity", "Because", "Line"]);
        for row in known.refused.iter().take(SHOWN) {
            let entity = row.entity.as_deref().unwrap_or("-");
            rows.add_row([&row.at, entity, &cut(&row.words, LINE), &cut(&row.line, LINE)]);
        }
        blocks.push(text(&rows));
    }
    let cost = &known.cardinality;
    let mut rows = table(&[]);
    rows.add_row(["Series".to_owned(), format!("{}, of {} entities", cost.series, cost.entities)]);
    for (name, shares) in
        [("Fields", &cost.fields), ("Most series", &cost.most_series), ("Most fields", &cost.most_fields)]
    {
        if !shares.is_empty() {
            rows.add_row([name.to_owned(), listed(shares)]);
        }
    }
    blocks.push(text(&rows));
    let concerns = cost.concerns.iter();
    blocks.extend(concerns.map(|near| {
        format!("near a limit: {} of at most {} {}: {}\n", near.count, near.limit, near.what, near.says)
    }));
    blocks
}

fn listed(shares: &[SinkShare]) -> String {
    let shares: Vec<_> =
        shares.iter().take(SHOWN).map(|share| format!("{} {}", share.of, share.count)).collect();
    shares.join(", ")
}

#[cfg(test)]
mod tests;
