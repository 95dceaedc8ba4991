//! All that is known of one entity.

use hearthline_api::{Entity, NameSpan};

use super::{decision, state};
use crate::table::{table, text};

pub(super) fn render(entity: &Entity) -> String {
    let latest = entity.latest.as_ref();
    let unit =
        latest.and_then(|latest| latest.unit.as_ref()).map_or_else(String::new, |unit| format!(" {unit}"));
    let beside = |text: &Option<String>, beside: Option<String>| match (text, beside) {
        (Some(text), Some(beside)) => Some(format!("{text} ({beside})")),
        (text, _) => text.clone(),
    };
    let made = [&entity.manufacturer, &entity.model].into_iter().flatten().cloned().collect::<Vec<_>>();
    let labels = (!entity.labels.is_empty()).then(|| entity.labels.join(", "));
    let lines = [
        ("Entity", Some(entity.entity_id.clone())),
        ("Name", entity.name.clone()),
        ("State", Some(state(entity) + &unit)),
        ("Last updated (UTC)", latest.map(|latest| latest.ts.clone())),
        ("Device class", latest.and_then(|latest| latest.device_class.clone())),
        ("Area", beside(&entity.area, entity.floor.clone())),
        ("Device", beside(&entity.device, (!made.is_empty()).then(|| made.join(" ")))),
        ("Integration", entity.integration.clone()),
        ("Labels", labels),
        ("Silent since (UTC)", silence(entity)),
        ("Kept", Some(decision(entity))),
        ("Key", (entity.key != entity.entity_id).then(|| entity.key.clone())),
    ];
    let mut rows = table(&[]);
    for (what, said) in lines {
        if let Some(said) = said {
            rows.add_row([what.to_owned(), said]);
        }
    }
    if entity.names.len() > 1 {
        for (at, name) in entity.names.iter().enumerate() {
            rows.add_row([if at == 0 { "Names" } else { "" }.to_owned(), span(name)]);
        }
    }
    text(&rows)
}

/// Since when it is silent, and what is usual.
pub(super) fn silence(entity: &Entity) -> Option<String> {
    let silent = entity.silent.as_ref()?;
    Some(format!("{}, usually each {} s", silent.since, silent.usual_s))
}

fn span(name: &NameSpan) -> String {
    let NameSpan { entity_id, from, to } = name;
    match (from, to) {
        (None, None) => entity_id.clone(),
        (None, Some(to)) => format!("{entity_id} until {to}"),
        (Some(from), None) => format!("{entity_id} since {from}"),
        (Some(from), Some(to)) => format!("{entity_id} from {from} to {to}"),
    }
}
