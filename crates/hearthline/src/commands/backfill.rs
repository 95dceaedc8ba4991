//! `hearthline backfill --from …`: the states that Home Assistant's history still has from before the first connection, or
//! from any time. The running program fetches them beside what it records; asked again, or stopped and started in
//! between, it goes on where it was, and what is there already is left out.

use std::time::Duration;

use axum::http::Method;
use hearthline_api::Backfill;
use hearthline_core::{Clock as _, SystemClock, Timestamp};
use hearthline_runbook::status::Gap;

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::instant::{Instant, instant};
use crate::progress::Progress;
use crate::startup::span;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_secs(1);

/// How far back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// From this instant: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 10d
    #[arg(long, value_parser = instant)]
    from: Instant,
    /// Return at once; `hearthline gaps` shows how far it is
    #[arg(long)]
    detach: bool,
}

/// Returns when everything is fetched, unless told not to wait.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let clock = SystemClock::new();
    let from = args.from.resolve(clock.now());
    let path = format!("/api/v1/backfill?from={from}");
    let Backfill { gap } = program.ask(Method::POST, &path).await?;
    let mut watch = Watch::default();
    let gap = loop {
        let found: Gap = program.ask(Method::GET, &format!("/api/v1/gaps/{gap}")).await?;
        if args.detach || found.state != "open" {
            break found;
        }
        watch.say(&found, clock.monotonic());
        tokio::time::sleep(LOOK).await;
    };
    drop(watch);
    if context.json {
        context.write_json(&gap)?;
    } else {
        context.write_page(&words(&gap))?;
    }
    Ok(Exit::Ok)
}

fn words(gap: &Gap) -> String {
    let (id, count, from) = (gap.id, gap.recovered, &gap.from);
    let mut page = if gap.state == "open" {
        format!("fetching states since {from}, as gap {id}; `hearthline gaps` shows how far it is\n")
    } else {
        format!("{count} states since {from} that were not recorded yet\n")
    };
    if let Some(note) = &gap.note {
        page.push_str(&format!("{note}\n"));
    }
    page
}

/// Says how far it is, on standard error.
#[derive(Default)]
struct Watch {
    /// When it was first seen to be under way, and how far it was.
    began: Option<(Duration, f64)>,
    progress: Progress,
}

impl Watch {
    fn say(&mut self, gap: &Gap, now: Duration) {
        let line = self.line(gap, now);
        self.progress.say(&line);
    }

    fn line(&mut self, gap: &Gap, now: Duration) -> String {
        let Some(done) = share(gap) else {
            return "waiting for Home Assistant (gaps that opened by themselves are filled first)".into();
        };
        let (began, first) = *self.began.get_or_insert((now, done));
        let rest = (done > first).then(|| {
            let rest = now.saturating_sub(began).mul_f64((1.0 - done) / (done - first));
            let rounded = Duration::from_secs((rest + Duration::from_millis(500)).as_secs());
            format!(", about {} left", span(rounded))
        });
        format!("{:.0} % of the time, {} states{}", done * 100.0, gap.recovered, rest.unwrap_or_default())
    }
}

/// How much of the time was asked for; none before the first answer.
fn share(gap: &Gap) -> Option<f64> {
    let at = |text: &str| Timestamp::parse(text).ok();
    let (from, to) = (at(&gap.from)?, at(gap.to.as_deref()?)?);
    let through = at(gap.through.as_deref()?)?;
    Some(through.since(from).as_secs_f64() / to.since(from).as_secs_f64().max(f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(through: Option<&str>, state: &str) -> Gap {
        Gap {
            id: 4,
            state: state.into(),
            from: "2026-11-01T00:00:00.000000Z".into(),
            to: Some("2026-11-11T00:00:00.000000Z".into()),
            cause: "asked for by a person".into(),
            recovered: 1234,
            kind: "requested".into(),
            through: through.map(Into::into),
            ..Gap::default()
        }
    }

    #[test]
    fn progress_is_said_with_an_estimate() {
        let mut watch = Watch::default();
        let at = |seconds| Duration::from_secs(100_u64 + seconds);
        assert!(watch.line(&gap(None, "open"), at(0)).starts_with("waiting"));
        let second = gap(Some("2026-11-02T00:00:00Z"), "open");
        assert_eq!(watch.line(&second, at(0)), "10 % of the time, 1234 states");
        let fourth = gap(Some("2026-11-04T00:00:00Z"), "open");
        assert_eq!(watch.line(&fourth, at(20)), "30 % of the time, 1234 states, about 70 s left");
    }

    #[test]
    fn the_end_says_what_came_and_what_could_not() {
        let mut done = gap(None, "filled");
        done.note = Some("Home Assistant's history begins at 2026-11-03T00:00:00.000000Z".into());
        insta::assert_snapshot!(words(&done) + &words(&gap(None, "open")));
    }
}
