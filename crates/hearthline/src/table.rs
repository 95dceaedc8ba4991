//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

/// A table without lines, as wide as it needs.
pub(crate) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !head.is_empty() {
        table.set_header(head.iter().copied());
    }
    table
}

/// The text of a table without space at the ends of its lines.
pub(crate) fn text(table: &Table) -> String {
    table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n").collect()
}

/// The beginning of a text on one line, with a sign where there is more.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    let mut shown: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(characters).collect();
    if text.chars().nth(characters).is_some() {
        shown.push('…');
    }
    shown
}
