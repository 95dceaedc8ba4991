//! For how long something stood.

use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_core::figures::many;

use super::{Known, Period, short};
use crate::Status;
use crate::markdown::Markdown;
use crate::runbook::report::seconds;
use crate::status::{Gap, Part};

/// Causes of gaps in which nothing was recorded. In the others something was missed while recording went on.
const STOOD: [&str; 8] = [
    "disconnected",
    "restarted",
    "stopped",
    "not_running",
    "power_cut",
    "queue_full",
    "log_refused",
    "damaged",
];

/// A report up to now is read so much later at most.
const MOMENT: Duration = Duration::from_secs(10);

pub(super) fn section(page: &mut Markdown, known: &Known) {
    page.heading(2, "Downtime");
    page.paragraph(&sentence(known));
    if let Some((began, status)) = all_within(known) {
        let row = |part: &Part| Some([part.name.clone(), seconds(part.down_s?)]);
        page.table(["Part", "Down"], status.parts.iter().filter_map(row));
        page.paragraph(&format!("Of each part, looked at each second since {}.", short(began)));
        return;
    }
    let (Some(uptime), Period { since, until }) = (&known.uptime, known.period) else {
        page.paragraph("For how long each part was up is not known.");
        return;
    };
    let until = until.min(uptime.seen());
    let row = |part: &str| {
        let share = uptime.between(part, since, until)?;
        let down = share.of.mul_f64(1.0 - share.up);
        Some([part.to_owned(), seconds(down.as_secs_f64()), seconds(share.of.as_secs_f64())])
    };
    page.table(["Part", "Down", "Of"], uptime.parts().filter_map(row));
    page.paragraph(&format!(
        "Of each part, kept by the hour: of all hours that the time touches, up to {}. Time in which the program did not run \
         counts as down.",
        short(&until.to_string())
    ));
}

/// Where the data folder was made within the time, and the time goes on until now: all that is counted is of it.
fn all_within(known: &Known) -> Option<(&str, &Status)> {
    let status = known.status.as_ref()?;
    let began = status.uptime_since.as_deref()?;
    (Timestamp::parse(began).ok()? >= known.period.since && known.now.since(known.period.until) <= MOMENT)
        .then_some((began, status))
}

/// In one sentence: for how long nothing was recorded.
pub(super) fn sentence(known: &Known) -> String {
    if known.gaps.is_err() {
        return "For how long nothing was recorded is not known.".into();
    }
    let gaps: Vec<&Gap> = known.gaps().into_iter().filter(|gap| STOOD.contains(&gap.kind.as_str())).collect();
    let open = gaps.iter().any(|gap| gap.to.is_none());
    let stood = stood(known, &gaps);
    match gaps.len() {
        _ if known.status.is_none() => {
            "It does not run at this moment, so for how long nothing is recorded is not known yet.".into()
        }
        0 => "Recording did not stand still.".into(),
        times => {
            let goes_on = if open { ", and it goes on" } else { "" };
            format!(
                "Nothing was recorded for {} ({}{goes_on}).",
                seconds(stood.as_secs_f64()),
                many(times as u64, "gap")
            )
        }
    }
}

/// The time that is covered by gaps, each instant once.
fn stood(known: &Known, gaps: &[&Gap]) -> Duration {
    let Period { since, until } = known.period;
    let end = until.min(known.now);
    let mut spans: Vec<(Timestamp, Timestamp)> = gaps
        .iter()
        .filter_map(|gap| {
            let to = gap.to.as_deref().map_or(Some(end), |to| Timestamp::parse(to).ok())?;
            Some((Timestamp::parse(&gap.from).ok()?.max(since), to.min(end)))
        })
        .collect();
    spans.sort_unstable();
    let mut stood = Duration::ZERO;
    let mut reached = since;
    for (from, to) in spans {
        stood += to.since(from.max(reached));
        reached = reached.max(to);
    }
    stood
}

/// From the first sign to the last.
pub(super) fn total(known: &Known) -> String {
    let gaps = known.gaps();
    let alerts = &known.alerts;
    let past: Vec<_> =
        alerts.history.iter().filter(|past| known.period.touches(&past.from, Some(&past.to))).collect();
    let active: Vec<_> =
        alerts.active.iter().filter(|alert| known.period.touches(&alert.since, None)).collect();
    let receipts: Vec<_> = known.repairs.iter().chain(known.runs.iter().map(|run| &run.receipt)).collect();
    let first = gaps.iter().map(|gap| &gap.from).chain(past.iter().map(|past| &past.from));
    let first =
        first.chain(active.iter().map(|alert| &alert.since)).chain(receipts.iter().map(|one| &one.started));
    let first = first.filter_map(|at| Timestamp::parse(at).ok()).min();
    let last = gaps.iter().filter_map(|gap| gap.to.as_ref()).chain(past.iter().map(|past| &past.to));
    let last = last.chain(receipts.iter().filter_map(|receipt| receipt.ended.as_ref()));
    let last = last.filter_map(|at| Timestamp::parse(at).ok()).max();
    let goes_on = !active.is_empty()
        || gaps.iter().any(|gap| gap.state == "open")
        || receipts.iter().any(|receipt| receipt.is_unfinished());
    let Some(first) = first else { return "no sign of an incident".into() };
    let from = short(&first.to_string());
    match last.filter(|_| !goes_on) {
        None => format!(
            "{} since the first sign at {from}, and not over",
            seconds(known.now.since(first).as_secs_f64())
        ),
        Some(last) => {
            let length = seconds(last.since(first).as_secs_f64());
            format!("{length}: from the first sign at {from} to the last at {}", short(&last.to_string()))
        }
    }
}
