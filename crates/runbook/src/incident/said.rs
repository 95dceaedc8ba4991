//! What a person said, and what the program did.

use super::read::LINES;
use super::{Known, short};
use crate::logs::{Level, Line};
use crate::markdown::Markdown;

/// Of a line's fields, so many characters.
const FIELDS: usize = 200;

pub(super) fn notes(page: &mut Markdown, known: &Known) {
    page.heading(2, "Notes");
    if known.notes.is_empty() {
        page.paragraph("None. `hearthline note \"…\"` writes one down.");
    }
    page.table(["At", "Note"], known.notes.iter().map(|note| [short(&note.at), note.text.clone()]));
}

pub(super) fn lines(page: &mut Markdown, known: &Known) {
    page.heading(2, "What the program said");
    let lines = &known.lines.lines;
    let count = |level| lines.iter().filter(|line| line.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warn));
    let newest = if lines.len() < LINES { String::new() } else { format!(" The newest {LINES} are here.") };
    page.paragraph(&format!(
        "{errors} × error: something was lost or needed a hand. {warnings} × warn: something was late or absent, and nothing \
         was lost.{newest}"
    ));
    page.table(["At", "Level", "Part", "Says"], lines.iter().map(row));
}

fn row(line: &Line) -> [String; 4] {
    let fields: Vec<_> = line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let fields: String = fields.join(" ").chars().take(FIELDS).collect();
    let says = format!("{} {fields}", line.message).trim_end().to_owned();
    [short(&line.at), line.level.as_str().into(), line.part.clone(), says]
}
