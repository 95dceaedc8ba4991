//! Act 3. InfluxDB answers each write with HTTP 500.

use std::time::Duration;

use hearthline_runbook::Status;
use hearthline_sim::InfluxFault;

use super::super::influxdb::BUCKET;
use super::stage::{FILLED, SOON, Stage, sink};
use super::told::{Figure, Judged, seconds};

/// What it is called.
pub(super) const NAME: &str = "influxdb";
/// The house says much meanwhile.
const PER_SECOND: u32 = 50;
const LASTING: Duration = Duration::from_secs(4);
/// When the server is well, everything has to be there within.
const CAUGHT_UP: Duration = Duration::from_secs(60);

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// While the server took nothing.
    fired: u64,
    /// Of these, recorded meanwhile.
    recorded: u64,
    /// Records of the log, up to the last of them, that a power cut could have taken.
    unsynced: u64,
    /// Events that the recorder said it was behind.
    behind: u64,
    /// Of the fired ones, points that were there all the same.
    early: u64,
    /// Writes that the server answered with 500.
    refused: u64,
    /// Of the fired ones, points in the end.
    points: u64,
    caught_up: Duration,
    /// Rows set aside.
    quarantined: u64,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    stage.settled(FILLED).await?;
    let answers = |stage: &Stage| stage.influx.counters().answers.get(&500).copied().unwrap_or(0);
    let refused_before = answers(stage);
    stage.influx.cause(InfluxFault::CacheFull);
    let from = stage.word("the server answers 500")?;
    stage.storm(PER_SECOND, LASTING);
    let least = usize::try_from(u64::from(PER_SECOND) * LASTING.as_secs()).unwrap_or(usize::MAX);
    stage.until("the storm is over", SOON, || stage.fired(from, stage.now()).len() >= least).await?;

    let until = stage.word("the server takes nothing")?;
    let changes = stage.fired(from, until);
    let fired = changes.len() as u64;
    let mut through = None;
    let on_disk = |status: &Status| {
        let behind = sink(status).and_then(|sink| sink.lag_events).is_some_and(|behind| behind >= fired);
        behind && status.log.synced_seq >= *through.get_or_insert(status.log.last_seq)
    };
    let (status, _) = stage.recorder.until("all events are in the log, synced", SOON, on_disk).await?;
    let recorded = stage.rows(from, until).await?.of(&changes).count();
    let early = stage.points(BUCKET, from, until).of(&changes).count();
    let refused = answers(stage) - refused_before;

    stage.influx.heal();
    let all_there = || stage.points(BUCKET, from, until).of(&changes).count() == fired;
    let caught_up = stage.until("everything is in InfluxDB", CAUGHT_UP, all_there).await?;
    let after = stage.recorder.program()?.status().await?;
    Ok(judge(&Seen {
        fired,
        recorded,
        unsynced: through.unwrap_or(u64::MAX).saturating_sub(status.log.synced_seq),
        behind: sink(&status).and_then(|sink| sink.lag_events).unwrap_or(0),
        early,
        refused,
        points: stage.points(BUCKET, from, until).of(&changes).count(),
        caught_up,
        quarantined: sink(&after).map_or(u64::MAX, |sink| sink.quarantined),
    }))
}

fn judge(seen: &Seen) -> Judged {
    let Seen { fired, recorded, unsynced, behind, early, refused, points, caught_up, quarantined } = seen;
    let at_least = u64::from(PER_SECOND) * LASTING.as_secs();
    Judged {
        says: format!(
            "HTTP 500 to {refused} writes: behind by {behind}, {recorded} of {fired} safe on disk; {points} there in {}",
            seconds(*caught_up)
        ),
        figures: vec![
            Figure::at_least("events fired meanwhile", at_least, *fired),
            Figure::at_least("writes answered HTTP 500", 1, *refused),
            Figure::equal("of these in InfluxDB meanwhile", 0, *early),
            Figure::at_least("the recorder says it is behind by", *fired, *behind),
            Figure::equal("of these recorded meanwhile", *fired, *recorded),
            Figure::equal("records of the log that were not synced", 0, *unsynced),
            Figure::within("caught up in", CAUGHT_UP, *caught_up),
            Figure::equal("of these in InfluxDB in the end", *fired, *points),
            Figure::equal("rows set aside", 0, *quarantined),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        Seen {
            fired: 210,
            recorded: 210,
            unsynced: 0,
            behind: 211,
            early: 0,
            refused: 3,
            points: 210,
            caught_up: Duration::from_secs(4),
            quarantined: 0,
        }
    }

    #[test]
    fn it_holds_only_when_everything_was_on_disk_and_came_afterwards() {
        let holds = |seen: &Seen| judge(seen).figures.iter().all(|figure| figure.holds);
        assert!(holds(&good()));
        for bad in [
            Seen { fired: 199, recorded: 199, points: 199, ..good() },
            Seen { recorded: 209, ..good() },
            Seen { unsynced: 1, ..good() },
            Seen { behind: 100, ..good() },
            Seen { early: 1, ..good() },
            Seen { refused: 0, ..good() },
            Seen { points: 209, ..good() },
            Seen { caught_up: Duration::from_secs(61), ..good() },
            Seen { quarantined: 1, ..good() },
            Seen::default(),
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
