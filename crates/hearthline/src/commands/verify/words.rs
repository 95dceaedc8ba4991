//! A result for people.

use std::fmt::Write as _;

use hearthline_core::figures::figure;
use hearthline_runbook::verify::{Outcome, Passage, Verified};

use crate::table::{cut, table, text};

/// The sentence, a line for each leg, and what to do.
pub(super) fn page(result: &Verified) -> String {
    let mut page = format!("{}\n\n", result.says);
    let mut legs = table(&["PART", "LEG", "PASSED", "MEDIAN", "SLOWEST", ""]);
    for passage in &result.passages {
        let Passage { part, label, passed, of, median_ms, slowest_ms, says, .. } = passage;
        let time = |ms: &Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| figure(ms, "ms"));
        let passed = format!("{passed} of {of}{}", mark(passage.outcome));
        legs.add_row([part.as_str(), label, &passed, &time(median_ms), &time(slowest_ms), &cut(says, 90)]);
    }
    page.push_str(&text(&legs));
    let _ = writeln!(
        page,
        "\ntimes are from the setting of the state, those of the files from when they were asked for; it took {}, from {} on",
        figure(result.took_ms / 1000.0, "s"),
        result.at
    );
    for passage in result.passages.iter().filter(|passage| passage.todo.is_some()) {
        let Passage { part, label, says, todo, .. } = passage;
        let todo = todo.as_deref().unwrap_or_default();
        let _ = writeln!(page, "\n{part}, {label}: {says}\n  what to do: {todo}");
    }
    if let (Some(why), Some(todo)) = (&result.instead, &result.todo) {
        let _ = writeln!(page, "\nthe canary was not followed, since {why}\n  what to do: {todo}");
    }
    page
}

const fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "",
        Outcome::Skipped => ", not tried",
        Outcome::Degraded => ", waits",
        Outcome::Failed => ", FAILED",
        Outcome::Unreachable => ", UNREACHABLE",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hearthline_core::{ManualClock, MemFs, Timestamp};
    use hearthline_runbook::verify::document::Instead;
    use hearthline_runbook::verify::{By, Carried, Change, Kept, Kind, Leg, Step, Trouble, Verify};

    use super::*;

    #[tokio::test]
    async fn the_worst_is_told_in_one_sentence_then_each_leg_then_what_to_do() {
        let passed =
            |part, step, ms| Leg::of(part, step, Ok((Duration::from_millis(ms), "as it was set".into())));
        let change = Change {
            round: 1,
            kind: Kind::Natural,
            entity_id: "sensor.hall".into(),
            state: Some("21.5".into()),
            at: Some("2026-11-23T12:00:00.000000Z".into()),
            seq: Some(9),
            legs: vec![
                passed("home_assistant", Step::Heard, 3),
                passed("store", Step::Stored, 12),
                Leg::of("influxdb", Step::Delivered, Err(Trouble::Away("wrong password".into()))),
            ],
        };
        let carry = move |_, _| {
            let instead =
                Instead { why: "the token is not an administrator's".into(), todo: "make another".into() };
            let carried = Carried { instead: Some(instead), changes: vec![change.clone()] };
            Box::pin(std::future::ready(carried)) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
        };
        let kept = std::sync::Arc::new(Kept::open(
            std::sync::Arc::new(MemFs::default()),
            std::path::Path::new("/d"),
        ));
        let noon = Timestamp(1_763_899_200_000_000);
        let clock = std::sync::Arc::new(ManualClock::at(noon));
        let place = tokio::runtime::Handle::current();
        let verify = Verify::new(std::sync::Arc::new(carry), kept, clock, place, None);
        let result = verify.run(1, By::Person).await.unwrap();
        insta::assert_snapshot!(page(&result));
    }
}
