//! `hearthline conflicts [reset]`: fields that an InfluxDB has as another type, and where our values go.

use clap::Subcommand;
use hearthline_api::{Conflict, Conflicts, ConflictsReset, LeftOut};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// What to do; without a word the list is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Forget what is known of the server's fields and read them again, after somebody changed them there
    Reset {
        /// Of this sink alone
        #[arg(long)]
        sink: Option<String>,
    },
}

/// Asks the running program, whose sinks know it.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    match args.what {
        None => {
            let conflicts: Conflicts = program.query("/api/v1/conflicts", &[]).await?;
            context.answer(&conflicts, &render(&conflicts))
        }
        Some(What::Reset { sink }) => {
            let query: Vec<_> = sink.into_iter().map(|sink| ("sink", sink)).collect();
            let reset: ConflictsReset = program.order("/api/v1/conflicts/reset", &query).await?;
            let page = match reset.sinks.as_slice() {
                [] => "there is no sink of type influxdb\n".to_owned(),
                sinks => {
                    format!("{}: reads the server's fields again before the next write\n", sinks.join(", "))
                }
            };
            context.answer(&reset, &page)
        }
    }
}

fn render(all: &Conflicts) -> String {
    let mut blocks = vec![conflicts(&all.conflicts)];
    blocks.extend(left_out(&all.left_out));
    let unread = all.unread.iter();
    blocks.extend(unread.map(|unread| {
        format!("{}: its server does not say which fields it has ({})\n", unread.sink, unread.reason)
    }));
    blocks.join("\n")
}

/// A table of them, or that there are none.
pub(super) fn conflicts(conflicts: &[Conflict]) -> String {
    if conflicts.is_empty() {
        return "no value so far has met a field of another type\n".to_owned();
    }
    let head = ["Sink", "Measurement", "Field", "Server has", "Ours", "Goes to", "Since", "Rows"];
    let mut rows = table(&head);
    for conflict in conflicts {
        rows.add_row([
            &conflict.sink,
            &conflict.measurement,
            &conflict.field,
            &conflict.server.join(", "),
            &conflict.ours,
            &conflict.goes_to,
            &conflict.since,
            &conflict.rows.to_string(),
        ]);
    }
    text(&rows)
}

/// A table of them, if there are any.
pub(super) fn left_out(left_out: &[LeftOut]) -> Option<String> {
    let mut rows = table(&["Sink", "Left out", "Because", "Rows"]);
    for left_out in left_out {
        rows.add_row([&left_out.sink, &left_out.field, &left_out.reason, &left_out.rows.to_string()]);
    }
    (!left_out.is_empty()).then(|| text(&rows))
}

#[cfg(test)]
mod tests {
    use hearthline_api::Unread;

    use super::*;

    #[test]
    fn a_conflict_says_who_has_what_and_where_the_value_goes() {
        let conflicts = Conflicts {
            conflicts: vec![Conflict {
                sink: "influxdb".into(),
                measurement: "home_assistant_events".into(),
                field: "attr_dynamics".into(),
                server: vec!["text".into(), "bool".into()],
                ours: "float".into(),
                goes_to: "attr_dynamics_num".into(),
                since: "2026-11-23T12:00:00Z".into(),
                rows: 42,
            }],
            left_out: vec![LeftOut {
                sink: "influxdb".into(),
                field: "entity_picture".into(),
                reason: "the text is longer than 65,535 bytes".into(),
                rows: 3,
            }],
            unread: vec![Unread { sink: "cloud".into(), reason: "HTTP 403".into() }],
        };
        insta::assert_snapshot!(render(&conflicts));
        assert_eq!(render(&Conflicts::default()), "no value so far has met a field of another type\n");
    }
}
