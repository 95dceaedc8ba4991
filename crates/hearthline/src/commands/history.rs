//! `hearthline history`: the states of one entity.

use std::time::Duration;

use clap::ValueEnum;
use hearthline_api::{Bucket, History, State};

use super::Context;
use crate::exit::Exit;
use crate::house::{House, segment};
use crate::instant::{Instant, instant, length, period_query};
use crate::table::{table, text};

/// Which states.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity, as in sensor.kitchen_temperature, by any name that it ever had
    entity_id: String,
    /// From this instant: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 24h
    #[arg(long, value_parser = instant, default_value = "24h")]
    from: Instant,
    /// Up to, but not including, this instant
    #[arg(long, value_parser = instant, default_value = "now")]
    to: Instant,
    /// At most so many rows, the oldest first
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// Min, mean, max, last and count of each length of time (as in 1h) instead of the states
    #[arg(long, value_parser = length)]
    bucket: Option<Duration>,
    /// What stands for a length of time without a reading
    #[arg(long, value_enum, default_value = "none", requires = "bucket")]
    fill: Fill,
}

/// What stands for a length of time without a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fill {
    /// It is left out
    None,
    /// A row without figures
    Null,
    /// The last value before it
    Previous,
}

/// Prints them, oldest first.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let mut query = period_query(args.from, args.to, args.limit);
    if let Some(bucket) = args.bucket {
        query.push(("bucket", format!("{}ms", bucket.as_millis())));
        query.push(("fill", args.fill.as_str().to_owned()));
    }
    let path = format!("/api/v1/entities/{}/history", segment(&args.entity_id));
    let history: History = House::find(&context.settings)?.get(&path, &query).await?;
    if context.json {
        context.write_json(&history)?;
    } else {
        context.write_page(&render(&history))?;
    }
    Ok(Exit::Ok)
}

impl Fill {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Null => "null",
            Self::Previous => "previous",
        }
    }
}

fn render(history: &History) -> String {
    let (states, buckets) = (&history.states, &history.buckets);
    let mut page = match (states, buckets) {
        (Some(rows), _) if !rows.is_empty() => of_states(rows),
        (_, Some(rows)) if !rows.is_empty() => of_buckets(rows),
        _ => format!("no state of {} from {} to {}\n", history.entity_id, history.from, history.to),
    };
    if history.more {
        page.push_str("there is more: raise --limit or narrow --from and --to\n");
    }
    page
}

fn of_states(states: &[State]) -> String {
    let mut rows = table(&["Time (UTC)", "State", "Unit", "Origin"]);
    for state in states {
        let what = state.state.clone().unwrap_or_else(|| "(removed)".into());
        let unit = state.unit.clone().unwrap_or_default();
        rows.add_row([state.ts.clone(), what, unit, state.origin.clone()]);
    }
    text(&rows)
}

fn of_buckets(buckets: &[Bucket]) -> String {
    let mut rows = table(&["From (UTC)", "Min", "Mean", "Max", "Last", "Count"]);
    let figure = |value: Option<f64>| value.map_or("-".into(), |value| value.to_string());
    for bucket in buckets {
        let figures = [bucket.min, bucket.mean, bucket.max, bucket.last].map(figure);
        let mut row = vec![bucket.start.clone()];
        row.extend(figures);
        row.push(bucket.count.to_string());
        rows.add_row(row);
    }
    text(&rows)
}
