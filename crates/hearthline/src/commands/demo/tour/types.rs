//! Act 1. A bucket has `attr_dynamics` and `attr_brightness` as text; a lamp and a room say text, number and truth value.
//! The old way loses each of these events, ours none.

use std::time::Duration;

use hearthline_api::Conflicts;
use hearthline_core::Timestamp;
use hearthline_sim::{FieldKind, FieldValue, NaiveCounts};

use super::super::influxdb::{BUCKET, COPY};
use super::account::Changes;
use super::stage::{SOON, Stage, sink};
use super::told::{Figure, Judged};

/// What it is called.
pub(super) const NAME: &str = "types";
/// Times that each of the two lamps changes.
const CHANGES: u32 = 5;
/// Whose attributes have another type than the bucket.
const LAMPS: [&str; 2] = ["light.hue_lamp", "light.hue_room"];
/// The field that both have as a number, and the bucket as text.
const TAKEN: &str = "attr_brightness";
/// Fields in which every lamp event has to be, with one of these types: names that say the type cannot conflict.
const OWN: [(&str, FieldKind); 3] = [
    ("attr_brightness_num", FieldKind::Float),
    ("attr_dynamics_str", FieldKind::Text),
    ("attr_dynamics_bool", FieldKind::Bool),
];
/// The old way takes 1.5 s for each event that is refused.
const NAIVE: Duration = Duration::from_secs(90);

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Events of the lamps.
    fired: u64,
    /// Of these, points in the bucket of the old way.
    naive_points: u64,
    /// Of these, points in our bucket.
    points: u64,
    /// All that the old way did.
    naive: NaiveCounts,
    /// Rows that our sink set aside.
    refused: u64,
    /// Where values go whose field is taken, and how many rows did.
    mapped: Option<(String, u64)>,
    /// Values of these events in fields of their own type.
    typed: u64,
    /// Texts of the older program that are still there, and that were.
    old: (u64, u64),
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    let writer = stage.naive.clone();
    let task = tokio::spawn(async move { writer.run().await });
    let seen = compete(stage).await;
    task.abort();
    seen.map(|seen| judge(&seen))
}

async fn compete(stage: &mut Stage) -> anyhow::Result<Seen> {
    stage.until("the naive writer reads", SOON, || stage.naive.counts().running).await?;
    let from = stage.now();
    for n in 0..CHANGES {
        let brightness = 40 * (n + 1);
        let lamp = format!(r#"{{"brightness":{brightness},"dynamics":"none","friendly_name":"Hue lamp"}}"#);
        let room = format!(r#"{{"brightness":{brightness},"dynamics":false,"friendly_name":"Hue room"}}"#);
        stage.peer.set_state(LAMPS[0], "on", &lamp);
        stage.peer.set_state(LAMPS[1], "on", &room);
    }
    let last = stage.settled(SOON).await?;
    let done = || stage.points(COPY, last, last).count() > 0;
    stage.until("the naive writer has come to its end of the events", NAIVE, done).await?;

    let mut fired: Changes = stage.fired(from, last);
    fired.retain(|(entity_id, _), _| LAMPS.contains(&entity_id.as_str()));
    let of_lamps = |bucket| stage.points(bucket, from, last).of(&fired).count();
    let (naive_points, points) = (of_lamps(COPY), of_lamps(BUCKET));
    let program = stage.recorder.program()?;
    let status = program.status().await?;
    let conflicts: Conflicts = program.query("/api/v1/conflicts", &[]).await?;
    let taken = conflicts.conflicts.into_iter().find(|conflict| conflict.field == TAKEN);
    let of_these = stage.influx.points(BUCKET, BUCKET).into_iter().filter(|point| {
        let entity_id = point.tags.get("entity_id").cloned().unwrap_or_default();
        fired.contains_key(&(entity_id, Timestamp(point.time.div_euclid(1000))))
    });
    let typed = of_these.map(|point| {
        OWN.iter().filter(|(name, kind)| point.fields.get(*name).map(FieldValue::kind) == Some(*kind)).count()
    });
    let texts = |bucket| {
        let counts = stage.influx.counts(bucket, BUCKET);
        let of = |field: &str| counts.get(&(field.to_owned(), FieldKind::Text)).copied().unwrap_or(0);
        of(TAKEN) + of("attr_dynamics")
    };
    Ok(Seen {
        fired: fired.len() as u64,
        naive_points,
        points,
        naive: stage.naive.counts(),
        refused: sink(&status).map_or(u64::MAX, |sink| sink.quarantined),
        mapped: taken.map(|conflict| (conflict.goes_to, conflict.rows)),
        typed: typed.sum::<usize>() as u64,
        old: (texts(BUCKET), texts(COPY)),
    })
}

fn judge(seen: &Seen) -> Judged {
    let Seen { fired, naive_points, points, naive, refused, mapped, typed, old } = seen;
    let lost = fired.saturating_sub(*naive_points);
    let told = naive.received.saturating_sub(naive.accepted + naive.left_out);
    let (goes_to, rows) = mapped.as_ref().map_or(("nowhere", 0), |(goes_to, rows)| (goes_to, *rows));
    let for_its_type = naive.refused.iter().filter(|(words, _)| words.contains("field type conflict"));
    let for_its_type: u64 = for_its_type.map(|(_, events)| events).sum();
    Judged {
        says: format!(
            "naive writer: {lost} of {fired} lamp events lost for a field's type; Hearthline: {} of {fired}, \
             {TAKEN} goes to {goes_to}",
            fired.saturating_sub(*points),
        ),
        figures: vec![
            Figure::at_least("lamp events fired", u64::from(CHANGES) * 2, *fired),
            Figure::equal("naive writer: of these lost", *fired, lost),
            Figure::at_least("naive writer: lost for a field's type", *fired, for_its_type),
            Figure::equal("naive writer: received, and neither taken nor lost", 0, told.abs_diff(naive.lost)),
            Figure::equal("Hearthline: of these in InfluxDB", *fired, *points),
            Figure::equal("Hearthline: their values in fields of their type", fired * 2, *typed),
            Figure::equal("Hearthline: refused", 0, *refused),
            Figure::at_least("rows that the list of conflicts has as mapped", *fired, rows),
            Figure::equal("texts of the older program still there", old.1, old.0),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        let refused = [("HTTP 422: field type conflict".to_owned(), 10)];
        Seen {
            fired: 10,
            naive_points: 0,
            points: 10,
            naive: NaiveCounts {
                received: 14,
                accepted: 3,
                lost: 10,
                left_out: 1,
                refused: refused.into(),
                ..NaiveCounts::default()
            },
            refused: 0,
            mapped: Some(("attr_brightness_num".into(), 12)),
            typed: 20,
            old: (4, 4),
        }
    }

    fn holds(seen: &Seen) -> bool {
        judge(seen).figures.iter().all(|figure| figure.holds)
    }

    #[test]
    fn it_holds_only_when_the_old_way_loses_all_and_we_lose_none() {
        assert!(holds(&good()));
        for bad in [
            Seen { fired: 9, points: 9, ..good() },
            Seen { naive_points: 1, ..good() },
            Seen { points: 9, ..good() },
            Seen { refused: 1, ..good() },
            Seen { mapped: None, ..good() },
            Seen { mapped: Some(("attr_brightness_num".into(), 9)), ..good() },
            Seen { typed: 19, ..good() },
            Seen { old: (3, 4), ..good() },
            Seen { naive: NaiveCounts { lost: 9, ..good().naive }, ..good() },
            Seen { naive: NaiveCounts { refused: [].into(), ..good().naive }, ..good() },
            Seen::default(),
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
