//! `hearthline maintenance [--for TIME | end]`: a person works on the house, and what goes wrong meanwhile is told to nobody.

use std::time::Duration;

use axum::http::Method;
use clap::Subcommand;
use hearthline_api::MaintenanceRequest;
use hearthline_runbook::maintenance::View;

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::instant::length;
use crate::startup::span;

const ROUTE: &str = "/api/v1/maintenance";

/// Begins or ends it; without a word, how it is.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// Begin, for so long from now, as in 30m or 2h; 24 hours at most
    #[arg(long = "for", value_name = "TIME", value_parser = length)]
    length: Option<Duration>,
    /// What for: people are told
    #[arg(long, value_name = "TEXT", requires = "length")]
    why: Option<String>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// End it before its time
    End,
}

/// Asks the running program.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let view: View = match (args.length, args.what) {
        (Some(length), _) => {
            let request = MaintenanceRequest { length: format!("{}ms", length.as_millis()), why: args.why };
            program.post(ROUTE, &request).await?
        }
        (None, Some(What::End)) => program.ask(Method::POST, &format!("{ROUTE}/end")).await?,
        (None, None) => program.ask(Method::GET, ROUTE).await?,
    };
    context.answer(&view, &render(&view))
}

fn render(View { now, last, meanwhile }: &View) -> String {
    let because = |why: &Option<String>| why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let head = match (now, last) {
        (Some(now), _) => format!(
            "maintenance until {}{}, {} more: what goes wrong is recorded and told to nobody\n",
            now.until,
            because(&now.why),
            span(Duration::from_secs(now.left_s))
        ),
        (None, Some(last)) => {
            let how = if last.ordered { "was ended" } else { "ended by itself" };
            format!(
                "no maintenance; the last one{} began {} and {how} {}\n",
                because(&last.why),
                last.since,
                last.at
            )
        }
        (None, None) => return "no maintenance; `hearthline maintenance --for 30m` begins one\n".into(),
    };
    let said = meanwhile.iter().flat_map(|meanwhile| meanwhile.sentences());
    head + &said.map(|sentence| format!("  {sentence}\n")).collect::<String>()
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::maintenance::{Meanwhile, Over};
    use hearthline_runbook::status::Maintenance;

    use super::*;

    #[test]
    fn it_says_until_when_what_for_and_what_happened() {
        let now = Maintenance {
            since: "2026-11-23T12:00:00.000000Z".into(),
            until: "2026-11-23T12:30:00.000000Z".into(),
            left_s: 1200,
            why: Some("new disk".into()),
        };
        let last = Over {
            since: "2026-11-22T12:00:00.000000Z".into(),
            at: "2026-11-22T12:10:00.000000Z".into(),
            ordered: true,
            why: None,
        };
        let meanwhile = Meanwhile { passed: vec!["No events".into()], ..Meanwhile::default() };
        let views = [
            View { now: Some(now), last: None, meanwhile: Some(Meanwhile::default()) },
            View { now: None, last: Some(last.clone()), meanwhile: Some(meanwhile) },
            View { now: None, last: Some(Over { ordered: false, ..last }), meanwhile: None },
            View::default(),
        ];
        insta::assert_snapshot!(views.iter().map(render).collect::<Vec<_>>().join("---\n"));
    }
}
