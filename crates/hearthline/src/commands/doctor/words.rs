//! The report for people: what is wrong with its figures first, then a line for each thing that is as it should be.

use std::path::Path;

use hearthline_runbook::doctor::{Figure, Finding, Report, Severity};
use serde_json::Value;

use crate::table::{cut, table, text};

/// Characters of a line that is folded.
const WIDTH: usize = 110;

/// The page.
pub(super) fn page(report: &Report, exported: Option<&Path>) -> String {
    let bad = |finding: &&Finding| finding.severity >= Severity::Warning;
    let mut blocks = vec![format!("{}\n", report.verdict)];
    blocks.extend(report.findings.iter().filter(bad).map(whole));
    let mut rows = table(&[]);
    for finding in report.findings.iter().filter(|finding| !bad(finding)) {
        let took = finding.took_ms.map_or_else(String::new, |took| format!("{took:.1} ms"));
        rows.add_row([finding.severity.as_str(), &name(finding), &took, &cut(&finding.says, WIDTH)]);
    }
    if rows.row_count() > 0 {
        blocks.push(text(&rows));
    }
    let hints: String = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .filter_map(|finding| Some(format!("  {}: {}\n", name(finding), finding.remedy.as_ref()?)))
        .collect();
    if !hints.is_empty() {
        blocks.push(format!("To know:\n{hints}"));
    }
    let skipped: String =
        report.skipped.iter().map(|skipped| format!("  {}: {}\n", skipped.check, skipped.why)).collect();
    if !skipped.is_empty() {
        blocks.push(format!("Not looked at:\n{skipped}"));
    }
    if let Some(path) = exported {
        blocks.push(format!(
            "The report to hand on is in {}; it holds no token, password or key, but addresses and names of entities.\n",
            path.display()
        ));
    }
    blocks.join("\n")
}

/// One finding with everything about it.
fn whole(finding: &Finding) -> String {
    let mut block =
        format!("{} {}\n  {}\n", finding.severity.as_str().to_uppercase(), name(finding), finding.says);
    let figures: Vec<String> = finding.evidence.iter().filter_map(figure).collect();
    if !figures.is_empty() {
        block.push_str(&format!("  figures: {}\n", figures.join("; ")));
    }
    if let Some(remedy) = &finding.remedy {
        block.push_str(&format!("  to do: {remedy}\n"));
    }
    if let Some(repair) = finding.repair {
        block.push_str(&format!("  repair: `hearthline repair {repair}` says what it would do\n"));
    }
    let id = finding.id;
    block.push_str(&format!("  more: `hearthline doctor --explain {id}`, {}\n", finding.see));
    block
}

fn name(finding: &Finding) -> String {
    finding.about.as_ref().map_or_else(|| finding.id.to_owned(), |about| format!("{} ({about})", finding.id))
}

fn figure(figure: &Figure) -> Option<String> {
    let value = match &figure.value {
        Value::Null => "not known".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return None,
        other => other.to_string(),
    };
    let unit = if matches!(figure.unit, "1" | "") { String::new() } else { format!(" {}", figure.unit) };
    Some(format!("{} {value}{unit}", figure.name))
}

#[cfg(test)]
mod tests;
