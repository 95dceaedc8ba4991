//! `hearthline gaps`: periods in which events were or may have been missed.

use hearthline_runbook::status::Gaps;

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// Nothing to choose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Lists the newest ones, newest first.
pub(crate) async fn run(_args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let status = program.status().await?;
    if context.json {
        context.write_json(&status.gaps)?;
    } else {
        context.out.write_all(render(&status.gaps).as_bytes())?;
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
    counts + &text(&rows)
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
            recovered: 0,
            kind: "disconnected".into(),
            through: None,
            not_kept: Vec::new(),
            without_attributes: 0,
            note: None,
        };
        let recent = vec![
            gap(2, None, &[]),
            gap(1, Some("2026-11-23T12:00:05.000000Z"), &["light.a", "light.b", "light.c"]),
        ];
        insta::assert_snapshot!(render(&Gaps { open: 1, lost: 1, recent, ..Gaps::default() }));
    }
}
