//! What was kept that would have been lost: the line that says what the recorder is for.

use hearthline_core::figures::grouped;
use hearthline_pipeline::gaps::{Cause, Totals};

use crate::status::{Interruption, Kept};

/// Everything counted since the first connection, with the sentence for it.
#[must_use]
pub fn of(totals: &Totals) -> Kept {
    let happened = Cause::ALL.into_iter().filter(|cause| *cause != Cause::Requested);
    let mut interruptions: Vec<Interruption> = happened
        .map(|cause| (cause, totals.of(cause)))
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| Interruption { kind: cause.as_str().into(), count, words: words(cause, count) })
        .collect();
    interruptions.sort_by_key(|one| std::cmp::Reverse(one.count));
    let sentence = totals.since.map(|since| {
        let between: Vec<&str> = interruptions.iter().map(|one| one.words.as_str()).collect();
        let day = since.day_in_words();
        let since = match between.as_slice() {
            [] => format!("Since {day}: no interruption."),
            between => format!("Since {day}: {}.", between.join(", ")),
        };
        match totals.recovered {
            0 => since,
            1 => format!("{since} One event kept that would have been lost."),
            count => format!("{since} {} events kept that would have been lost.", grouped(count)),
        }
    });
    Kept {
        since: totals.since.map(|since| since.to_string()),
        recovered: totals.recovered,
        requested: totals.requested,
        interruptions,
        sentence,
    }
}

fn words(cause: Cause, count: u64) -> String {
    let (one, many) = match cause {
        Cause::Disconnected => ("lost connection", "lost connections"),
        Cause::Restarted => ("Home Assistant restart", "Home Assistant restarts"),
        Cause::Stopped => ("stop of Hearthline", "stops of Hearthline"),
        Cause::NotRunning => ("crash or kill", "crashes or kills"),
        Cause::PowerCut => ("power cut", "power cuts"),
        Cause::QueueFull => ("disk that was too slow", "times that the disk was too slow"),
        Cause::LogRefused => ("time that the disk took nothing", "times that the disk took nothing"),
        Cause::ChainBroken | Cause::Compared => {
            ("event that Home Assistant did not send", "events that Home Assistant did not send")
        }
        Cause::Damaged => ("damaged part of the log", "damaged parts of the log"),
        Cause::Requested => ("question", "questions"),
    };
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use hearthline_core::Timestamp;
    use hearthline_pipeline::gaps::Ledger;

    use super::*;

    #[test]
    fn the_sentence_says_what_came_between_and_what_was_kept() {
        let mut ledger = Ledger::default();
        assert_eq!(of(ledger.totals()).sentence, None, "nothing was recorded yet");
        let since = Timestamp::parse("2026-05-03T09:00:00Z").unwrap();
        ledger.began(since);
        assert_eq!(of(ledger.totals()).sentence.unwrap(), "Since 3 May 2026: no interruption.");
        let mut gap = |cause, recovered| {
            let id = ledger.open_range(since, since, cause, "").id;
            ledger.update(id, |gap| gap.recovered = recovered);
        };
        gap(Cause::PowerCut, 1_203);
        gap(Cause::Restarted, 20_000);
        gap(Cause::Restarted, 20_000);
        gap(Cause::Requested, 500_000);
        let kept = of(ledger.totals());
        assert_eq!(
            kept.sentence.unwrap(),
            "Since 3 May 2026: 2 Home Assistant restarts, 1 power cut. 41,203 events kept that would have been lost."
        );
        assert_eq!((kept.recovered, kept.requested), (41_203, 500_000));
    }
}
