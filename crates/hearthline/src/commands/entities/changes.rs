//! What became different about entities, as a table.

use hearthline_api::{EntityChange, EntityChanges};
use hearthline_core::ChangeKind;

use crate::table::{table, text};

pub(super) fn render(changes: &EntityChanges) -> String {
    if changes.changes.is_empty() {
        return "nothing changed\n".into();
    }
    let mut rows = table(&["Time (UTC)", "Entity", "What", "Before", "After"]);
    for EntityChange { at, entity_id, what, from, to, .. } in &changes.changes {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        rows.add_row([at.clone(), entity_id.clone(), word(*what).into(), side(from), side(to)]);
    }
    let mut page = text(&rows);
    if changes.more {
        page.push_str("there is more: raise --limit or narrow --from\n");
    }
    page
}

fn word(what: ChangeKind) -> &'static str {
    match what {
        ChangeKind::New => "new",
        ChangeKind::Renamed => "renamed",
        ChangeKind::Removed => "removed",
        ChangeKind::Unit => "unit",
        ChangeKind::DeviceClass => "device class",
        ChangeKind::Area => "area",
        ChangeKind::Device => "device",
        ChangeKind::Name => "name",
        ChangeKind::Labels => "labels",
        ChangeKind::Other => "other",
    }
}
