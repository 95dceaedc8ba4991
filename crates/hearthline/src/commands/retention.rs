//! `hearthline retention`: drops days that are too old, or says which they are, how much they hold and what keeps them.

use std::time::Duration;

use hearthline_api::{Retention, RetentionReceipts};
use hearthline_core::figures::many;
use hearthline_store::{Outcome, Receipt};

use super::Context;
use crate::app::store_alone;
use crate::exit::Exit;
use crate::house::{House, Program};
use crate::running::Claim;
use crate::settings::Settings;
use crate::startup::span;
use crate::table::{table, text};

const DAY: Duration = Duration::from_secs(86_400);

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only say what would be dropped
    #[arg(long)]
    dry_run: bool,
    /// Keep so much instead of what the settings say, as in 365d
    #[arg(long, value_name = "DAYS", value_parser = days)]
    keep: Option<Duration>,
    /// List what was dropped so far instead
    #[arg(long, conflicts_with_all = ["dry_run", "keep"])]
    receipts: bool,
}

fn days(text: &str) -> Result<Duration, String> {
    let keep = crate::settings::duration(text)?;
    if keep < DAY { Err("rows are dropped by whole days: write days, as in 365d".into()) } else { Ok(keep) }
}

/// As it is given to the command.
fn written(keep: Duration) -> String {
    match keep.as_secs() {
        seconds if seconds.is_multiple_of(DAY.as_secs()) => format!("{}d", seconds / DAY.as_secs()),
        seconds => format!("{seconds}s"),
    }
}

/// Asks the running program, or works on the data folder.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    if args.receipts {
        let house = House::find(&context.settings)?;
        let answer: RetentionReceipts = house.get("/api/v1/retention/receipts", &[]).await?;
        return context.answer(&answer, &receipts(&answer.receipts));
    }
    let answer = match Program::of(&context.settings)? {
        Some(program) => {
            let query: Vec<_> = args.keep.map(|keep| ("keep", written(keep))).into_iter().collect();
            if args.dry_run {
                program.query("/api/v1/retention", &query).await?
            } else {
                program.order("/api/v1/retention", &query).await?
            }
        }
        None => alone(&context.settings, args.keep, args.dry_run)?,
    };
    context.answer(&answer, &render(&answer, args.dry_run))
}

/// Nothing runs: the same on the data folder.
fn alone(settings: &Settings, keep: Option<Duration>, dry_run: bool) -> anyhow::Result<Retention> {
    let _claim = Claim::of_recorded(&settings.data_dir)?;
    let store = store_alone(settings)?;
    let plan = store.retention_plan(keep);
    let why = match keep {
        Some(keep) => format!("hearthline retention --keep {}", written(keep)),
        None => "hearthline retention, by the setting store.retention".into(),
    };
    let receipt = if dry_run { None } else { store.apply_retention(keep, &why)? };
    Ok(Retention::of(&plan, receipt))
}

fn render(answer: &Retention, dry_run: bool) -> String {
    let all = amount(answer.all.days, answer.all.rows, answer.all.bytes);
    let (Some(keep), Some(before)) = (answer.keep_s, &answer.before) else {
        return format!("kept for ever: {all}; nothing is dropped\n");
    };
    let keep = span(Duration::from_secs(keep));
    if answer.days.is_empty() {
        return format!("kept for {keep}: {all}; no day is older than {before}\n");
    }
    let mut rows = table(&["Day (UTC)", "Rows", "Bytes", "Files", "Kept because"]);
    for day in &answer.days {
        let [count, bytes, files] = [day.rows, day.bytes, day.files].map(|n| n.to_string());
        rows.add_row([day.day.clone(), count, bytes, files, day.held.clone().unwrap_or_default()]);
    }
    let dropped = amount(answer.dropped.days, answer.dropped.rows, answer.dropped.bytes);
    let did = match &answer.receipt {
        _ if dry_run => format!("would be dropped: {dropped}"),
        Some(receipt) => format!(
            "dropped: {} (receipt {})",
            amount(receipt.days.len() as u64, receipt.rows, receipt.bytes),
            receipt.number
        ),
        None => "dropped: nothing".into(),
    };
    format!("kept for {keep}: days from {before} on; of {all}, these are older:\n\n{}\n{did}\n", text(&rows))
}

fn amount(days: u64, rows: u64, bytes: u64) -> String {
    [many(days, "day"), many(rows, "row"), many(bytes, "byte")].join(", ")
}

fn receipts(receipts: &[Receipt]) -> String {
    if receipts.is_empty() {
        return "nothing was dropped so far\n".into();
    }
    let mut rows = table(&["Receipt", "Begun (UTC)", "Outcome", "Days", "Rows", "Bytes", "Before", "Why"]);
    for receipt in receipts {
        let outcome = match receipt.outcome {
            Outcome::Begun => "not known yet",
            Outcome::Dropped => "dropped",
            Outcome::Kept => "failed, all is there",
        };
        let [number, count, bytes] = [receipt.number, receipt.rows, receipt.bytes].map(|n| n.to_string());
        let (days, begun) = (receipt.days.len().to_string(), receipt.begun.clone());
        let (before, why) = (receipt.before.clone(), receipt.why.clone());
        rows.add_row([number, begun, outcome.into(), days, count, bytes, before, why]);
    }
    text(&rows)
}

#[cfg(test)]
mod tests {
    use hearthline_api::{RetentionAmount, RetentionDay};

    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            number: 3,
            why: "the setting store.retention".into(),
            before: "2026-11-22".into(),
            begun: "2026-11-24T12:00:00.000000Z".into(),
            ended: None,
            outcome: Outcome::Dropped,
            days: vec!["2026-11-20".into()],
            rows: 10,
            bytes: 1000,
            files: Vec::new(),
        }
    }

    #[test]
    fn a_plan_a_drop_and_a_house_that_keeps_all_are_told_in_words() {
        let day = |day: &str, held: Option<&str>| RetentionDay {
            day: day.into(),
            rows: 10,
            bytes: 1000,
            files: 2,
            held: held.map(Into::into),
        };
        let some = |days| RetentionAmount { days, rows: 10 * days, bytes: 1000 * days, files: 2 * days };
        let plan = Retention {
            keep_s: Some(2 * 86_400),
            before: Some("2026-11-22".into()),
            days: vec![
                day("2026-11-20", None),
                day("2026-11-21", Some("influxdb does not have it yet (is at record 5, needs 9)")),
            ],
            dropped: some(1),
            all: some(4),
            receipt: None,
        };
        let for_ever = Retention { keep_s: None, before: None, days: Vec::new(), ..plan.clone() };
        let young = Retention { days: Vec::new(), ..plan.clone() };
        let done = Retention { receipt: Some(receipt()), ..plan.clone() };
        let pages =
            [render(&plan, true), render(&done, false), render(&young, false), render(&for_ever, false)];
        insta::assert_snapshot!(pages.join("----\n"));
    }

    #[test]
    fn receipts_are_listed() {
        assert_eq!(receipts(&[]), "nothing was dropped so far\n");
        insta::assert_snapshot!(receipts(&[receipt()]));
    }

    #[test]
    fn less_than_a_day_is_refused() {
        assert_eq!(days("365d").unwrap(), 365 * DAY);
        for text in ["23h", "", "forever", "-1d"] {
            days(text).unwrap_err();
        }
    }
}
