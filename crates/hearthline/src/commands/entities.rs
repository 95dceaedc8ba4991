//! `hearthline entities`: every entity with its latest state.

use hearthline_api::{Entities, Entity};

use super::Context;
use crate::exit::Exit;
use crate::house::House;
use crate::table::{table, text};

/// Which entities.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these entities; one that was never recorded is answered with --why alone
    entity_ids: Vec<String>,
    /// Say for each whether the settings keep it, and which rule decided
    #[arg(long)]
    why: bool,
}

/// Prints them, sorted by id.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let query: Vec<_> = match args.entity_ids.as_slice() {
        [] => Vec::new(),
        ids => vec![("ids", ids.join(","))],
    };
    let entities: Entities = House::find(&context.settings)?.get("/api/v1/entities", &query).await?;
    if context.json {
        context.write_json(&entities)?;
    } else {
        context.out.write_all(render(&entities.entities, args.why).as_bytes())?;
    }
    Ok(Exit::Ok)
}

fn render(entities: &[Entity], why: bool) -> String {
    if entities.is_empty() {
        return "no entity is recorded yet\n".into();
    }
    let mut head = vec!["Entity", "State", "Unit", "Last updated (UTC)"];
    head.extend(why.then_some("Kept"));
    let mut rows = table(&head);
    for entity in entities {
        let latest = entity.latest.as_ref();
        let state = match latest {
            Some(latest) => latest.state.clone().unwrap_or_else(|| "(removed)".into()),
            None => "(never recorded)".into(),
        };
        let unit = latest.and_then(|latest| latest.unit.clone()).unwrap_or_default();
        let ts = latest.map(|latest| latest.ts.clone()).unwrap_or_default();
        let mut row = vec![entity.entity_id.clone(), state, unit, ts];
        row.extend(why.then(|| decision(entity)));
        rows.add_row(row);
    }
    text(&rows)
}

fn decision(entity: &Entity) -> String {
    match (entity.kept, &entity.rule) {
        (true, None) => "yes: no include is set and no exclude names it".into(),
        (true, Some(rule)) => format!("yes: include {rule:?}"),
        (false, Some(rule)) => format!("no: exclude {rule:?}"),
        (false, None) => "no: no include names it".into(),
    }
}
