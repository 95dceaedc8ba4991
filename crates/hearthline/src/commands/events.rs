//! `hearthline events`: what happened, states and other events together.

use hearthline_api::{Event, Events};

use super::Context;
use crate::exit::Exit;
use crate::house::House;
use crate::instant::{Instant, instant, period_query};
use crate::table::{cut, table, text};

/// Characters of an event's data that are shown.
const SHOWN: usize = 80;

/// Which of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this entity, domain (light) or glob (sensor.*_battery); may be given more than once
    #[arg(long = "entity", value_name = "ENTITY_ID|GLOB")]
    entities: Vec<String>,
    /// Only events of this type, as in state_changed
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// From this instant: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 24h
    #[arg(long, value_parser = instant, default_value = "1h")]
    from: Instant,
    /// Up to, but not including, this instant
    #[arg(long, value_parser = instant, default_value = "now")]
    to: Instant,
    /// Only what has this text in its id, state, attributes, type or data
    #[arg(long)]
    text: Option<String>,
    /// At most so many, the newest
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// Prints them, newest first.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let mut query = period_query(args.from, args.to, args.limit.into());
    query.extend((!args.entities.is_empty()).then(|| ("entity", args.entities.join(","))));
    query.extend(args.event_type.map(|event_type| ("type", event_type)));
    query.extend(args.text.map(|text| ("text", text)));
    let events: Events = House::find(&context.settings)?.get("/api/v1/events", &query).await?;
    if context.json {
        context.write_json(&events)?;
    } else {
        context.write_page(&render(&events))?;
    }
    Ok(Exit::Ok)
}

fn render(events: &Events) -> String {
    if events.events.is_empty() {
        return format!("nothing of that kind from {} to {}\n", events.from, events.to);
    }
    let mut rows = table(&["Time (UTC)", "Entity or event", "State or data", "Origin"]);
    for event in &events.events {
        let (what, how) = words(event);
        rows.add_row([event.ts.clone(), what, how, event.origin.clone()]);
    }
    let mut page = text(&rows);
    if events.more {
        page.push_str("there are older ones: raise --limit or move --to\n");
    }
    page
}

/// What an event is about, and what it says.
pub(super) fn words(event: &Event) -> (String, String) {
    match (&event.entity_id, &event.data) {
        (_, Some(data)) => (event.event_type.clone(), cut(data.get(), SHOWN)),
        (Some(entity_id), None) => {
            (entity_id.clone(), with_unit(event.state.as_deref(), event.unit.as_deref()))
        }
        (None, None) => (event.event_type.clone(), String::new()),
    }
}

/// A state as a person writes it.
pub(super) fn with_unit(state: Option<&str>, unit: Option<&str>) -> String {
    match (state, unit) {
        (None, _) => "(removed)".into(),
        (Some(state), Some(unit)) => format!("{state} {unit}"),
        (Some(state), None) => state.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_other_events_are_one_list() {
        let events = serde_json::from_value(serde_json::json!({
            "from": "2026-11-23T11:00:00.000000Z", "to": "2026-11-23T12:00:00.000000Z", "more": true,
            "events": [
                {
                    "ts": "2026-11-23T11:59:00.000000Z", "event_type": "call_service", "entity_id": null, "state": null,
                    "unit": null, "value": null, "origin": "live", "restored": false,
                    "data": { "domain": "light", "service": "turn_on", "why": "x".repeat(100) },
                },
                {
                    "ts": "2026-11-23T11:58:00.000000Z", "event_type": "state_changed", "entity_id": "sensor.hall",
                    "state": "21.5", "unit": "°C", "value": 21.5, "origin": "live", "restored": false, "data": null,
                },
                {
                    "ts": "2026-11-23T11:57:00.000000Z", "event_type": "state_changed", "entity_id": "light.hall",
                    "state": null, "unit": null, "value": null, "origin": "history", "restored": false, "data": null,
                },
            ],
        }));
        insta::assert_snapshot!(render(&events.unwrap()));
    }
}
