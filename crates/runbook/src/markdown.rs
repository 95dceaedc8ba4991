//! Markdown, piece by piece. What comes from outside cannot break out of its cell.

/// A document that is being written.
#[derive(Clone, Debug, Default)]
pub struct Markdown(String);

impl Markdown {
    /// A heading; 1 is the title.
    pub fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {}", "#".repeat(level), cell(text)));
    }

    /// A paragraph, with whatever marks it has.
    pub fn paragraph(&mut self, text: &str) {
        self.block(text);
    }

    /// Items, one below the other; none are nothing.
    pub fn items(&mut self, items: impl IntoIterator<Item = String>) {
        let lines: Vec<_> = items.into_iter().map(|item| format!("- {}", cell(&item))).collect();
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// A table; without rows there is none.
    pub fn table<const N: usize>(&mut self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let rows: Vec<_> =
            rows.into_iter().map(|cells| row(cells.iter().map(|of| cell(of)).collect())).collect();
        if !rows.is_empty() {
            let head = row(head.iter().map(|of| cell(of)).collect());
            self.block(&format!("{head}\n|{}\n{}", " --- |".repeat(N), rows.join("\n")));
        }
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    fn block(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }
}

/// What comes from outside, for a paragraph.
#[must_use]
pub fn plain(text: &str) -> String {
    cell(text)
}

/// On one line, with no sign that Markdown would take for its own.
fn cell(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_in_its_cell() {
        let mut page = Markdown::default();
        page.heading(1, "A | B");
        page.table(["Name", "Says"], [["a|b".to_owned(), "<b>\nnew \\| line".to_owned()]]);
        page.table(["Nothing"], []);
        page.items(["one\n# two".to_owned()]);
        page.items([]);
        assert_eq!(
            page.finish(),
            "# A \\| B\n\n| Name | Says |\n| --- | --- |\n| a\\|b | &lt;b> new \\\\\\| line |\n\n- one # two\n"
        );
    }
}
