//! `hearthline gaps [retry]`: periods in which events were or may have been missed, and what became of them.

use axum::http::Method;
use clap::Subcommand;
use hearthline_api::Retried;
use hearthline_runbook::status::Gaps;

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// Lists them, or tries them again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask Home Assistant's history once more for what was filled in part or not at all
    Retry {
        /// Only this one
        gap: Option<u64>,
    },
}

/// Lists the newest ones, newest first.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    if let Some(What::Retry { gap }) = args.what {
        let query = gap.map(|gap| format!("?gap={gap}")).unwrap_or_default();
        let path = format!("/api/v1/gaps/retry{query}");
        let retried: Retried = program.ask(Method::POST, &path).await?;
        if context.json {
            context.write_json(&retried)?;
        } else {
            let words = match retried.retried {
                0 => "no gap is filled in part or not at all".into(),
                count => format!("{count} tried again; `hearthline gaps` shows what becomes of them"),
            };
            writeln!(context.out, "{words}")?;
        }
        return Ok(Exit::Ok);
    }
    let gaps: Gaps = program.ask(Method::GET, "/api/v1/gaps").await?;
    if context.json {
        context.write_json(&gaps)?;
    } else {
        context.write_page(&render(&gaps))?;
    }
    Ok(Exit::Ok)
}

fn render(gaps: &Gaps) -> String {
    let total = gaps.open + gaps.filled + gaps.partly + gaps.lost;
    if total == 0 {
        return "no gap so far\n".into();
    }
    let mut rows = table(&["Gap", "State", "From", "To", "Entities", "Recovered", "Cause"]);
    for gap in &gaps.recent {
        let entities = match gap.entities.as_slice() {
            [] => "all".into(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        };
        let to = gap.to.clone().unwrap_or_else(|| "still open".into());
        let (id, recovered) = (gap.id.to_string(), gap.recovered.to_string());
        rows.add_row([id, gap.state.clone(), gap.from.clone(), to, entities, recovered, gap.cause.clone()]);
    }
    let counts = format!(
        "{} open, {} filled, {} partly filled, {} lost; the newest {}:\n\n",
        gaps.open,
        gaps.filled,
        gaps.partly,
        gaps.lost,
        gaps.recent.len()
    );
    let mut page = counts + &text(&rows);
    for gap in &gaps.recent {
        let kept = (!gap.not_kept.is_empty()).then(|| format!(": {}", gap.not_kept.join(", ")));
        if let Some(note) = &gap.note {
            page.push_str(&format!("gap {}: {note}{}\n", gap.id, kept.unwrap_or_default()));
        }
        if gap.without_attributes > 0 {
            let count = gap.without_attributes;
            page.push_str(&format!("gap {}: {count} states without their attributes\n", gap.id));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::status::Gap;

    use super::*;

    #[test]
    fn gaps_are_listed_with_what_is_known_of_them() {
        assert_eq!(render(&Gaps::default()), "no gap so far\n");
        let gap = |id, to: Option<&str>, entities: &[&str]| Gap {
            id,
            state: if to.is_some() { "lost" } else { "open" }.into(),
            from: "2026-11-23T12:00:00.000000Z".into(),
            to: to.map(Into::into),
            cause: "connection reset".into(),
            entities: entities.iter().map(ToString::to_string).collect(),
            kind: "disconnected".into(),
            ..Gap::default()
        };
        let recent = vec![
            gap(2, None, &[]),
            Gap {
                not_kept: vec!["light.b".into(), "light.c".into()],
                without_attributes: 3,
                note: Some("the recorder keeps nothing of 2 entities that changed".into()),
                ..gap(1, Some("2026-11-23T12:00:05.000000Z"), &["light.a", "light.b", "light.c"])
            },
        ];
        insta::assert_snapshot!(render(&Gaps { open: 1, lost: 1, recent, ..Gaps::default() }));
    }
}
