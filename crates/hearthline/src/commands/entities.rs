//! `hearthline entities`: every entity with its latest state; what is known of one; what changed about them; who says most; what is
//! left out.

mod changes;
mod one;
mod others;

use hearthline_api::{Entities, Entity, EntityChanges, LeftOutEntities, Talkers};
use hearthline_core::{Clock as _, SystemClock};

use super::Context;
use crate::exit::Exit;
use crate::house::{House, Program};
use crate::instant::{Instant, instant};
use crate::table::{table, text};

/// Which entities.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these entities, by any name that they ever had; of one alone all that is known is said
    entity_ids: Vec<String>,
    /// Say for each whether the settings keep it, and which rule decided
    #[arg(long, conflicts_with = "changes")]
    why: bool,
    /// Only those in this area: its name or id, in any case
    #[arg(long, conflicts_with = "changes")]
    area: Option<String>,
    /// Only those of this device: its name or id
    #[arg(long, conflicts_with = "changes")]
    device: Option<String>,
    /// Only those with this label: its name or id
    #[arg(long, conflicts_with = "changes")]
    label: Option<String>,
    /// Only those of this integration, as in hue
    #[arg(long, conflicts_with = "changes")]
    integration: Option<String>,
    /// Only those of this device class, as in battery
    #[arg(long, conflicts_with = "changes")]
    device_class: Option<String>,
    /// Only those that say nothing though they usually do: known while the program runs
    #[arg(long, conflicts_with = "changes")]
    silent: bool,
    /// Those that say most, with how many states each had in the last hour
    #[arg(long, conflicts_with_all = ["changes", "left_out", "entity_ids"])]
    talkers: bool,
    /// Those that the settings leave out, with the rule that decided: known while the program runs
    #[arg(long, conflicts_with_all = ["changes", "entity_ids"])]
    left_out: bool,
    /// What became different about entities (renamed, removed, unit, area, ...) instead of their states
    #[arg(long)]
    changes: bool,
    /// Changes from this instant on: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 24h
    #[arg(long, value_parser = instant, default_value = "30d", requires = "changes")]
    from: Instant,
    /// Only changes of these kinds, separated by commas; without it all but new and other
    #[arg(long, value_name = "KINDS", requires = "changes")]
    what: Option<String>,
    /// At most so many changes, the newest first
    #[arg(long, default_value_t = 100, requires = "changes")]
    limit: usize,
}

/// Prints them, sorted by id; changes the newest first.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    if args.changes {
        let changes = changes(&args, &House::find(&context.settings)?).await?;
        return context.answer(&changes, &changes::render(&changes));
    }
    if args.left_out {
        let house = House::Running(Program::required(&context.settings)?);
        let left_out: LeftOutEntities = house.get("/api/v1/entities/left_out", &[]).await?;
        return context.answer(&left_out, &others::left_out(&left_out));
    }
    if args.talkers {
        let talkers: Talkers = House::find(&context.settings)?.get("/api/v1/entities/talkers", &[]).await?;
        return context.answer(&talkers, &others::talkers(&talkers));
    }
    let house = if args.silent {
        House::Running(Program::required(&context.settings)?)
    } else {
        House::find(&context.settings)?
    };
    let query = args.query();
    let Entities { entities } = house.get("/api/v1/entities", &query).await?;
    let page = match entities.as_slice() {
        [] if query.is_empty() => "no entity is recorded yet\n".into(),
        [] => "no entity is as asked for\n".into(),
        [entity] if args.entity_ids.len() == 1 && !args.why => one::render(entity),
        entities => render(entities, args.why),
    };
    context.answer(&Entities { entities }, &page)
}

impl Args {
    fn query(&self) -> Vec<(&'static str, String)> {
        let ids = (!self.entity_ids.is_empty()).then(|| self.entity_ids.join(","));
        let silent = self.silent.then(|| "true".to_owned());
        let asked = [
            ("ids", ids),
            ("area", self.area.clone()),
            ("device", self.device.clone()),
            ("label", self.label.clone()),
            ("integration", self.integration.clone()),
            ("device_class", self.device_class.clone()),
            ("silent", silent),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Of all, or of each that is named, the newest first.
async fn changes(args: &Args, house: &House) -> anyhow::Result<EntityChanges> {
    let mut query = vec![
        ("from", args.from.resolve(SystemClock::new().now()).to_string()),
        ("limit", args.limit.to_string()),
    ];
    query.extend(args.what.clone().map(|what| ("what", what)));
    let Some((first, others)) = args.entity_ids.split_first() else {
        return house.get("/api/v1/entities/changes", &query).await;
    };
    query.push(("entity", first.clone()));
    let mut found: EntityChanges = house.get("/api/v1/entities/changes", &query).await?;
    for other in others {
        query.pop();
        query.push(("entity", other.clone()));
        let more: EntityChanges = house.get("/api/v1/entities/changes", &query).await?;
        found.changes.extend(more.changes);
        found.more |= more.more;
    }
    found.changes.sort_by(|a, b| b.at.cmp(&a.at));
    found.more |= found.changes.len() > args.limit;
    found.changes.truncate(args.limit);
    Ok(found)
}

fn render(entities: &[Entity], why: bool) -> String {
    let silent = entities.iter().any(|entity| entity.silent.is_some());
    let mut head = vec!["Entity", "State", "Unit", "Area", "Last updated (UTC)"];
    head.extend(silent.then_some("Silent since (UTC)"));
    head.extend(why.then_some("Kept"));
    let mut rows = table(&head);
    for entity in entities {
        let latest = entity.latest.as_ref();
        let unit = latest.and_then(|latest| latest.unit.clone()).unwrap_or_default();
        let ts = latest.map(|latest| latest.ts.clone()).unwrap_or_default();
        let area = entity.area.clone().unwrap_or_default();
        let mut row = vec![entity.entity_id.clone(), state(entity), unit, area, ts];
        row.extend(silent.then(|| one::silence(entity).unwrap_or_default()));
        row.extend(why.then(|| decision(entity)));
        rows.add_row(row);
    }
    text(&rows)
}

fn state(entity: &Entity) -> String {
    match &entity.latest {
        Some(latest) => latest.state.clone().unwrap_or_else(|| "(removed)".into()),
        None => "(never recorded)".into(),
    }
}

fn decision(entity: &Entity) -> String {
    match (entity.kept, &entity.rule) {
        (true, None) => "yes: no include is set and no exclude names it".into(),
        (true, Some(rule)) => format!("yes: include {rule:?}"),
        (false, Some(rule)) => format!("no: exclude {rule:?}"),
        (false, None) => "no: no include names it".into(),
    }
}

#[cfg(test)]
mod tests;
