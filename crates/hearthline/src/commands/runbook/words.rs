//! The lines for a person.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use hearthline_api::RunbookRun;
use hearthline_runbook::repair::{Plan, Seen, State};
use hearthline_runbook::runbook::report::{Mark, result};

use crate::startup::span;
use crate::table::cut;

/// Characters of a line on a terminal.
const WIDTH: usize = 100;

/// What would be done. `note` is what keeps it from being done.
pub(super) fn plan(plan: &Plan, note: Option<&str>) -> String {
    let mut page = format!("{}\n\n", plan.finding);
    for (at, step) in plan.steps.iter().enumerate() {
        let about = step.seconds.map_or("not known".into(), |seconds| span(Duration::from_secs(seconds)));
        let back = if step.undo { "can be taken back" } else { "nothing to take back" };
        page.push_str(&format!("{:>2}  {}\n", at + 1, step.what));
        page.push_str(&format!("    touches: {}; about: {about}; {back}\n", step.touches));
    }
    let seconds: u64 = plan.steps.iter().filter_map(|step| step.seconds).sum();
    page.push_str(&format!(
        "\nabout {} in all, beside what is not known\n",
        span(Duration::from_secs(seconds))
    ));
    page.extend(plan.notes.iter().map(|note| format!("{note}\n")));
    page.push_str(&format!("{}\n", note.unwrap_or("nothing was changed; with --apply it is done")));
    page
}

/// A line, with its time and evidence.
pub(super) fn line(seen: &Seen, at: usize) -> String {
    let receipt = &seen.receipt;
    let Some((step, was)) = receipt.plan.steps.get(at).zip(receipt.steps.get(at)) else {
        return String::new();
    };
    let (mark, began) =
        (Mark::of(was), was.started.as_deref().and_then(|at| at.get(11..19)).unwrap_or("        "));
    let took = match mark {
        Mark::Waiting | Mark::Begun => String::new(),
        _ => format!("{}.{} s", was.took_ms / 1000, was.took_ms % 1000 / 100),
    };
    let mut line = format!("{} {:>2}  {began}  {took:>8}  {}\n", mark.sign(), at + 1, step.what);
    let evidence = result(was);
    if !evidence.is_empty() {
        line.push_str(&format!("                          {evidence}\n"));
    }
    let nested = was.done.as_ref().and_then(|done| done.data.get("receipt")?.as_str());
    if let Some(id) = nested {
        line.push_str(&format!("                          receipt: {id}\n"));
    }
    line
}

/// How it went, and where the report is.
pub(super) fn end(run: &RunbookRun, data_dir: &Path) -> String {
    let receipt = &run.seen.receipt;
    let mut page = format!("\n{}\n", run.verdict);
    if let Some(report) = &run.report {
        page.push_str(&format!("report: {}\n", data_dir.join("reports").join(report).display()));
    }
    if receipt.state == State::Failed {
        page.push_str(&format!("to go on: hearthline runbook --resume {}\n", receipt.id));
    }
    if !run.seen.running && receipt.can_be_undone() {
        page.push_str(&format!("to take back what it mended: hearthline runbook --undo {}\n", receipt.id));
    }
    page
}

/// Tells what is over, once; and how far the line is that is being done.
pub(super) struct Told {
    /// How each line was told.
    told: Vec<Mark>,
    terminal: bool,
}

impl Told {
    pub(super) const fn new(terminal: bool) -> Self {
        Self { told: Vec::new(), terminal }
    }

    /// Writes the lines that are over and were not told so, then how far the one is that is not.
    pub(super) fn tell(&mut self, out: &mut dyn Write, seen: &Seen) -> io::Result<()> {
        self.told.resize(seen.receipt.steps.len(), Mark::Waiting);
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        for (at, (was, told)) in seen.receipt.steps.iter().zip(&mut self.told).enumerate() {
            let mark = Mark::of(was);
            // A line that is being tried again is not over.
            let over = mark != Mark::Failed || !seen.running || seen.step != Some(at);
            if over && mark != *told && !matches!(mark, Mark::Waiting | Mark::Begun) {
                write!(out, "{clear}{}", line(seen, at))?;
                *told = mark;
            }
        }
        out.flush()?;
        if self.terminal {
            write!(io::stderr(), "{clear}{}", cut(&now(seen), WIDTH))?;
            io::stderr().flush()?;
        }
        Ok(())
    }
}

/// How far it is.
fn now(seen: &Seen) -> String {
    let receipt = &seen.receipt;
    let Some((at, step)) = seen.step.and_then(|at| Some((at, receipt.plan.steps.get(at)?))) else {
        return String::new();
    };
    let progress = seen.progress.as_ref().map(|progress| match progress.of {
        Some(of) => format!(" ({} of {of} {})", progress.done, progress.unit),
        None => format!(" ({} {})", progress.done, progress.unit),
    });
    let why =
        receipt.steps.get(at).and_then(|was| was.error.as_ref()).map(|why| format!(": {why}; trying again"));
    format!(
        "{} {:>2}  {}{}{}",
        Mark::Begun.sign(),
        at + 1,
        step.what,
        progress.unwrap_or_default(),
        why.unwrap_or_default()
    )
}
