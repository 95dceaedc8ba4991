//! Act 2. Home Assistant closes each connection half a second after it let us in; then the line is dead without a word.

use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_sim::{Ending, Fault};
use tokio::time::Instant;

use super::stage::{FILLED, SOON, Stage, is_connected};
use super::told::{Figure, Judged, seconds};

/// What it is called.
pub(super) const NAME: &str = "connection";
/// Connections that are closed right after they were let in.
const CLOSED: u64 = 2;
/// Words that the house says during each of the two.
const WORDS: u32 = 5;
/// A dead line has to be noticed within.
const NOTICED: Duration = Duration::from_secs(25);

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Attempts as the recorder counts them.
    attempts: u64,
    /// Connections as the simulator counts them.
    accepted: u64,
    /// Gaps that were opened.
    gaps: u64,
    /// Gaps that could not be filled, or not wholly.
    not_filled: u64,
    /// From the moment when the line went dead.
    noticed: Duration,
    /// Events that the house fired while nobody heard it.
    fired: u64,
    /// Of these, in the store.
    stored: u64,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    let before = stage.recorder.program()?.status().await?;
    let accepted = stage.peer.counters().connections_ever;
    let away = [closed_after_auth(stage).await?, half_open(stage).await?];
    let [(from, to, _), (from_dead, to_dead, noticed)] = away;
    let mut fired = stage.fired(from, to);
    fired.extend(stage.fired(from_dead, to_dead));
    let stored = stage.rows(from, to_dead).await?.of(&fired).count();
    let status = stage.recorder.program()?.status().await?;
    let named = |gaps: &hearthline_runbook::status::Gaps| gaps.open + gaps.filled + gaps.partly + gaps.lost;
    let not_filled = |gaps: &hearthline_runbook::status::Gaps| gaps.open + gaps.partly + gaps.lost;
    Ok(judge(&Seen {
        attempts: status.home_assistant.attempts - before.home_assistant.attempts,
        accepted: stage.peer.counters().connections_ever - accepted,
        gaps: named(&status.gaps) - named(&before.gaps),
        not_filled: not_filled(&status.gaps) - not_filled(&before.gaps),
        noticed,
        fired: fired.len() as u64,
        stored,
    }))
}

/// From when to when nobody heard the house, and how long it took to notice.
type Away = (Timestamp, Timestamp, Duration);

async fn closed_after_auth(stage: &mut Stage) -> anyhow::Result<Away> {
    let accepted = stage.peer.counters().connections_ever;
    let from = stage.now();
    stage.peer.cause(Fault::CloseAfterAuth);
    stage.peer.cause(Fault::Drop(Ending::Close));
    stage.words("nobody is let in", WORDS)?;
    let closed = || {
        let counters = stage.peer.counters();
        counters.connections_ever >= accepted + CLOSED && counters.connections == 0
    };
    stage.until("connections are tried again and closed", SOON, closed).await?;
    back(stage, from, Duration::ZERO).await
}

async fn half_open(stage: &mut Stage) -> anyhow::Result<Away> {
    let from = stage.now();
    stage.peer.cause(Fault::HalfOpen);
    let dead = Instant::now();
    stage.words("the line is dead", WORDS)?;
    stage.recorder.until("the dead line is noticed", SOON, |status| !is_connected(status)).await?;
    let noticed = dead.elapsed();
    back(stage, from, noticed).await
}

/// Heals, and waits until everything is there.
async fn back(stage: &mut Stage, from: Timestamp, noticed: Duration) -> anyhow::Result<Away> {
    let to = stage.now();
    stage.peer.heal();
    stage.settled(FILLED).await?;
    Ok((from, to, noticed))
}

fn judge(seen: &Seen) -> Judged {
    let Seen { attempts, accepted, gaps, not_filled, noticed, fired, stored } = seen;
    Judged {
        says: format!(
            "closed after auth_ok, then half-open: {attempts} attempts, dead line noticed in {}, {stored} of {fired} \
             missed events filled in",
            seconds(*noticed)
        ),
        figures: vec![
            Figure::at_least("attempts to connect", CLOSED + 1, *attempts),
            Figure::equal("attempts = connections that the simulator took", *accepted, *attempts),
            Figure::within("half-open line noticed in", NOTICED, *noticed),
            Figure::at_least("gaps named", 2, *gaps),
            Figure::equal("of these not filled", 0, *not_filled),
            Figure::at_least("events fired while nobody heard", 2 * u64::from(WORDS), *fired),
            Figure::equal("of these in the store", *fired, *stored),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        Seen {
            attempts: 5,
            accepted: 5,
            gaps: 2,
            not_filled: 0,
            noticed: Duration::from_secs(15),
            fired: 14,
            stored: 14,
        }
    }

    #[test]
    fn it_holds_only_when_each_is_noticed_and_filled() {
        let holds = |seen: &Seen| judge(seen).figures.iter().all(|figure| figure.holds);
        assert!(holds(&good()));
        for bad in [
            Seen { attempts: 4, ..good() },
            Seen { attempts: 1, accepted: 1, ..good() },
            Seen { gaps: 1, ..good() },
            Seen { not_filled: 1, ..good() },
            Seen { noticed: Duration::from_secs(26), ..good() },
            Seen { stored: 13, ..good() },
            Seen { fired: 2, stored: 2, ..good() },
            Seen::default(),
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
