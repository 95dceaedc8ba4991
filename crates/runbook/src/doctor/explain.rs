//! What each finding means. The page that says it, `docs/operations/doctor.md`, is compiled in, so that it is at hand where the
//! program is: without its sources and without a network.

const PAGE: &str = include_str!("../../../../docs/operations/doctor.md");

/// What the finding of that id means and what to do about it, a few paragraphs of Markdown; none where there is no such finding.
#[must_use]
pub fn explained(id: &str) -> Option<&'static str> {
    let section =
        PAGE.split("\n### ").skip(1).find_map(|section| section.strip_prefix(id)?.strip_prefix('\n'))?;
    Some(section.split("\n## ").next().unwrap_or(section).trim())
}

/// Where that stands.
#[must_use]
pub fn place(id: &str) -> String {
    format!("docs/operations/doctor.md#{id}")
}
