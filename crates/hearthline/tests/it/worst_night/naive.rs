//! The first act: a writer as the system before Hearthline was, until Home Assistant hangs up on it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hearthline_sim::naive::{NaiveTarget, NaiveWriter};
use hearthline_sim::{Access, InfluxVersion};
use serde_json::json;

use super::{MEASUREMENT, Night, now};
use crate::wait::until;

/// What Home Assistant says of a client that is too slow.
const TOO_SLOW: &str = "Client unable to keep up with pending messages";
/// An attribute of this size in each state: the fewer events fill the buffers between the two.
const HEAVY: usize = 12_000;
/// Each so many-th change is one that the old way cannot write.
const ROOM: usize = 25;
/// Changes at once.
const AT_ONCE: usize = 8;
const MOST: usize = 8_000;
/// What it still has in its buffers, at a second and a half for each that is refused.
const ENDED: Duration = Duration::from_secs(150);

/// What became of the events that Home Assistant offered to it.
pub(super) struct Naive {
    pub(super) offered: usize,
    stored: u64,
    refused: u64,
    /// It never heard of them.
    unheard: u64,
    words: BTreeMap<String, u64>,
    ended: String,
}

impl fmt::Display for Naive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offered, stored, refused, unheard, words, ended } = self;
        write!(
            f,
            "The old way: of {offered} events {stored} were stored, {refused} refused and {unheard} never heard; {ended}."
        )?;
        words.iter().try_for_each(|(words, count)| write!(f, " {count} times: `{words}`."))
    }
}

pub(super) async fn play(night: &Night) -> Naive {
    let old = |n: i64| {
        let time = (night.began.0 - n * 1_000_000) * 1000;
        format!("{MEASUREMENT},entity_id=light.old,domain=light state=\"on\",attr_dynamics=\"none\" {time}")
    };
    night.server.write(&(1..=100).map(old).collect::<Vec<_>>().join("\n")).await.unwrap();
    let target = NaiveTarget {
        url: night.server.url().parse().unwrap(),
        version: InfluxVersion::V1,
        database: "house".into(),
        organisation: String::new(),
        access: Access::Open,
        measurement: MEASUREMENT.into(),
    };
    let writer = NaiveWriter::new(night.house.url().parse().unwrap(), night.house.owner(), target);
    let running = writer.clone();
    tokio::spawn(async move { running.run().await });
    until("it has subscribed", Duration::from_secs(60), async || writer.counts().running.then_some(())).await;

    let began = now();
    let mut heavy = 0;
    while !night.house.log().contains(TOO_SLOW) {
        assert!(heavy < MOST, "Home Assistant bears it for too long: {:?}", writer.counts());
        let writes = (heavy..heavy + AT_ONCE).map(|n| set(night, n));
        futures_util::future::join_all(writes).await;
        heavy += AT_ONCE;
    }
    // It goes on: nobody writes down what the old way does not hear.
    for _ in 0..20 {
        night.change().await;
    }
    let counts = until("it has read what it had, and ended", ENDED, async || {
        Some(writer.counts()).filter(|counts| counts.ended.is_some())
    })
    .await;
    let offered = night.told(began).await.len();
    assert_eq!(counts.received, counts.accepted + counts.lost + counts.left_out, "{counts:?}");
    assert!(counts.lost > 0 && counts.accepted > 0, "{counts:?}");
    let naive = Naive {
        offered,
        stored: counts.accepted,
        refused: counts.lost,
        unheard: offered as u64 - counts.received,
        words: counts.refused,
        ended: counts.ended.unwrap_or_default(),
    };
    assert!(naive.unheard > 0, "{naive}");
    naive
}

/// One change of the storm.
async fn set(night: &Night, n: usize) {
    let state = night.changes.replace(night.changes.get() + 1).to_string();
    if n.is_multiple_of(ROOM) {
        night
            .house
            .set("light.night_room", &state, &json!({ "dynamics": false, "is_hue_group": true }))
            .await;
    } else {
        let attributes = json!({ "heavy": "x".repeat(HEAVY) });
        night.house.set(&format!("sensor.night_heavy_{}", n % AT_ONCE), &state, &attributes).await;
    }
}
