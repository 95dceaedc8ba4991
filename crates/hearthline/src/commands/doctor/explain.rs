//! `hearthline doctor --explain ID`: what a finding means, from the page that is compiled in.

use std::io::Write;

use hearthline_runbook::doctor::CATALOGUE;
use hearthline_runbook::doctor::explain::{explained, place};

use crate::exit::Exit;
use crate::settings::nearest;

/// Says it.
pub(in crate::commands) fn explain(
    id: &str,
    json: bool,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<Exit> {
    let known = CATALOGUE.iter().find(|kind| kind.id == id);
    let Some((kind, explained)) = known.zip(explained(id)) else {
        let near = nearest(id, CATALOGUE.iter().map(|kind| kind.id));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        writeln!(std::io::stderr(), "hearthline: no finding is called {id}{near}")?;
        return Ok(Exit::Usage);
    };
    let severity = kind.severity.as_str();
    if json {
        let (check, see) = (kind.check, place(id));
        let document = serde_json::json!({
            "id": id, "check": check, "severity": severity, "explained": explained, "see": see,
        });
        writeln!(out, "{document:#}")?;
    } else {
        writeln!(out, "{id} ({severity})\n\n{explained}")?;
    }
    Ok(Exit::Ok)
}
