//! Act 4. The recorder is killed in the middle of a storm and started again. Then everything that was fired since the
//! beginning of the tour is accounted for, event by event.

use std::time::Duration;

use hearthline_runbook::Status;
use tokio::time::sleep;

use super::account::{Account, INFLUXDB, STORE};
use super::stage::{FILLED, SOON, Stage, is_connected};
use super::told::{Figure, Judged, seconds};

/// What it is called.
pub(super) const NAME: &str = "kill -9";
/// What the house says meanwhile.
const PER_SECOND: u32 = 200;
const LASTING: Duration = Duration::from_secs(5);
/// The kill comes in the middle of it.
const AFTER: Duration = Duration::from_secs(2);
/// For so long nobody records.
const AWAY: Duration = Duration::from_secs(1);
/// `SIGKILL`.
const NINE: i32 = 9;

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// What ended the process.
    signal: Option<i32>,
    /// From the second start until it was connected.
    back: Duration,
    /// Events of the whole tour.
    store: Account,
    influxdb: Account,
    /// What the recorder's own equations leave over.
    unaccounted: i64,
    /// Gaps that are not, or not wholly, filled.
    not_filled: u64,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    let before = stage.peer.counters().fired;
    stage.storm(PER_SECOND, LASTING);
    sleep(AFTER).await;
    let signal = stage.recorder.kill()?;
    sleep(AWAY).await;
    stage.recorder.start()?;
    let (_, back) = stage.recorder.until("it is connected again", SOON, is_connected).await?;
    let storm = u64::from(PER_SECOND) * LASTING.as_secs();
    let over = || stage.peer.counters().fired >= before + storm;
    stage.until("the storm is over", SOON, over).await?;
    let last = stage.settled(FILLED).await?;
    let adds_up = |status: &Status| status.events.unaccounted == 0;
    let (status, _) = stage.recorder.until("the counters add up", SOON, adds_up).await?;
    let gaps = stage.gaps().await?;
    let (store, influxdb) = stage.accounts(last, &gaps).await?;
    let not_filled = gaps.open + gaps.partly + gaps.lost;
    let unaccounted = status.events.unaccounted;
    Ok(judge(&Seen { signal, back, store, influxdb, unaccounted, not_filled }))
}

fn judge(seen: &Seen) -> Judged {
    let Seen { signal, back, store, influxdb, unaccounted, not_filled } = seen;
    let storm = u64::from(PER_SECOND) * LASTING.as_secs();
    let mut figures = vec![
        Figure::equal("the process was ended by signal", NINE, signal.unwrap_or_default()),
        Figure::within("started and connected again in", SOON, *back),
        Figure::at_least("events fired since the tour began", storm, store.fired),
    ];
    figures.extend(store.figures(STORE));
    figures.extend(influxdb.figures(INFLUXDB));
    figures.push(Figure::equal("gaps that are not filled", 0, *not_filled));
    figures.push(Figure::equal("the recorder's own counts leave over", 0, *unaccounted));
    Judged {
        says: format!(
            "connected again in {}; of {} events fired since the tour began: {} stored, {} in a gap, {} missing, {} twice; \
             InfluxDB {}, {} twice",
            seconds(*back),
            store.fired,
            store.recorded,
            store.in_a_gap,
            store.missing,
            store.twice,
            influxdb.recorded,
            influxdb.twice
        ),
        figures,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        let all = Account { fired: 1200, recorded: 1200, ..Account::default() };
        let back = Duration::from_secs(2);
        Seen { signal: Some(NINE), back, store: all, influxdb: all, unaccounted: 0, not_filled: 0 }
    }

    #[test]
    fn it_holds_only_when_every_event_is_there_once() {
        let holds = |seen: &Seen| judge(seen).figures.iter().all(|figure| figure.holds);
        assert!(holds(&good()));
        let all = good().store;
        for bad in [
            Seen { signal: None, ..good() },
            Seen { back: Duration::from_secs(31), ..good() },
            Seen { store: Account { recorded: 1199, missing: 1, ..all }, ..good() },
            Seen { store: Account { recorded: 1199, twice: 1, ..all }, ..good() },
            Seen { influxdb: Account { recorded: 1199, missing: 1, ..all }, ..good() },
            Seen { influxdb: Account { never_fired: 1, ..all }, ..good() },
            Seen { store: Account { fired: 100, recorded: 100, ..all }, ..good() },
            Seen { unaccounted: -1, ..good() },
            Seen { not_filled: 1, ..good() },
            Seen::default(),
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
