//! Act 5. The doctor looks, and the runbook is applied to what the acts before have left behind: the parts are stopped and started
//! anew, and nothing is lost by it.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::Method;
use hearthline_api::{RepairBegun, RunbookRequest, RunbookRun};
use hearthline_runbook::runbook::Outcome;
use hearthline_runbook::runbook::report::{Mark, criteria};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::account::{Account, INFLUXDB, STORE};
use super::stage::{FILLED, Stage};
use super::told::{Figure, Judged, seconds};

/// What it is called.
pub(super) const NAME: &str = "runbook";
/// How long the criteria are watched.
const WATCHED: u64 = 10;
/// What all of it may take.
const WITHIN: Duration = Duration::from_secs(240);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Of the doctor.
    faults: u64,
    lines: usize,
    /// Lines that were not done, and were not skipped either.
    undone: usize,
    criteria: usize,
    met: usize,
    unmet: usize,
    /// `met`, `degraded`, `failed`.
    outcome: Option<Outcome>,
    took: Duration,
    report: String,
    /// Bytes of the report.
    bytes: usize,
    /// Events of the whole tour.
    store: Account,
    influxdb: Account,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    let program = stage.recorder.program()?;
    let doctor: Value = program.ask(Method::GET, "/api/v1/doctor").await?;
    let began = Instant::now();
    let asked = RunbookRequest { monitor_s: Some(WATCHED), maintenance: false };
    let RepairBegun { id } = program.post("/api/v1/runbook", &asked).await?;
    let run = loop {
        let run: RunbookRun = program.ask(Method::GET, &format!("/api/v1/runbook/{id}")).await?;
        if run.outcome != Outcome::Unfinished && !run.seen.running {
            break run;
        }
        anyhow::ensure!(began.elapsed() < WITHIN, "{id} was not over within {} s", WITHIN.as_secs());
        sleep(LOOK_AGAIN).await;
    };
    let took = began.elapsed();
    let report = stage.recorder.settings.data_dir.join("reports").join(run.report.context("no report")?);
    let bytes = std::fs::read(&report).with_context(|| format!("cannot read {}", report.display()))?.len();
    let last = stage.settled(FILLED).await?;
    let gaps = stage.gaps().await?;
    let (store, influxdb) = stage.accounts(last, &gaps).await?;
    let receipt = &run.seen.receipt;
    let done = |mark| matches!(mark, Mark::Done | Mark::Skipped);
    let held = criteria(receipt);
    Ok(judge(&Seen {
        faults: doctor
            .pointer("/counts/fault")
            .and_then(Value::as_u64)
            .context("the doctor counts nothing")?,
        lines: receipt.steps.len(),
        undone: receipt.steps.iter().filter(|was| !done(Mark::of(was))).count(),
        criteria: held.len(),
        met: held.iter().filter(|one| one.met == Some(true)).count(),
        unmet: held.iter().filter(|one| one.met == Some(false)).count(),
        outcome: Some(run.outcome),
        took,
        report: report.display().to_string(),
        bytes,
        store,
        influxdb,
    }))
}

fn judge(seen: &Seen) -> Judged {
    let Seen { faults, lines, undone, criteria, met, unmet, outcome, took, report, bytes, store, influxdb } =
        seen;
    let mut figures = vec![
        Figure::equal("faults that the doctor finds", 0, *faults),
        Figure::at_least("lines of the runbook", 8, *lines),
        Figure::equal("lines that were not done", 0, *undone),
        Figure::at_least("criteria that were held", 8, *criteria),
        Figure::equal("criteria that are not met", 0, *unmet),
        Figure::equal("the runbook says", "met", word(*outcome)),
        Figure::at_least("bytes of the report", 1000, *bytes),
    ];
    figures.extend(store.figures(STORE));
    figures.extend(influxdb.figures(INFLUXDB));
    Judged {
        says: format!(
            "{lines} lines in {}; {met} of {criteria} criteria are met, {unmet} are not; report: {report}",
            seconds(*took),
        ),
        figures,
    }
}

const fn word(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Met) => "met",
        Some(Outcome::Degraded) => "degraded",
        Some(Outcome::Failed) => "failed",
        _ => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        let all = Account { fired: 1200, recorded: 1200, ..Account::default() };
        Seen {
            lines: 8,
            criteria: 9,
            met: 9,
            outcome: Some(Outcome::Met),
            took: Duration::from_secs(20),
            report: "a.md".into(),
            bytes: 5000,
            store: all,
            influxdb: all,
            ..Seen::default()
        }
    }

    #[test]
    fn it_holds_only_when_every_line_is_done_every_criterion_met_and_nothing_is_lost() {
        let holds = |seen: &Seen| judge(seen).figures.iter().all(|figure| figure.holds);
        assert!(holds(&good()));
        let all = good().store;
        for bad in [
            Seen { faults: 1, ..good() },
            Seen { lines: 7, ..good() },
            Seen { undone: 1, ..good() },
            Seen { unmet: 1, ..good() },
            Seen { criteria: 0, ..good() },
            Seen { outcome: Some(Outcome::Degraded), ..good() },
            Seen { outcome: None, ..good() },
            Seen { bytes: 0, ..good() },
            Seen { store: Account { recorded: 1199, missing: 1, ..all }, ..good() },
            Seen { influxdb: Account { recorded: 1199, twice: 1, ..all }, ..good() },
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
