//! InfluxDB fails, and its database is dropped by hand.

use std::time::{Duration, Instant};

use super::table::{Scene, Table};
use super::{MEASUREMENT, Night, SINK, now, seconds, sink};
use crate::hearthline::{Run, Status};
use crate::proxy::Mischief;

/// What the next attempt may be away; a parked sink looks again each 30 s.
const MENDED: Duration = Duration::from_secs(120);

pub(super) async fn play(night: &Night, run: &mut Run, table: &mut Table) {
    fails(night, run, table).await;
    dropped(night, run, table).await;
}

fn reason(status: &Status) -> &str {
    sink(status)["reason"].as_str().unwrap_or_default()
}

async fn fails(night: &Night, run: &mut Run, table: &mut Table) {
    let (since, answered) = (now(), night.way.done());
    let began = Instant::now();
    night.way.cause(Mischief::Answer(500));
    let waits = |status: &Status| sink(status)["state"] == "degraded" && reason(status).contains("500");
    night.living(run.within(MENDED, "the sink says what the server says", waits)).await;
    night.passes().await;
    let (answers, pending) = (night.way.done() - answered, sink(&run.status().await)["pending"].clone());
    assert!(answers > 0 && pending != 0, "{answers} answers, {pending} waiting");
    night.way.cause(Mischief::None);
    night.living(run.within(MENDED, "it takes again", |status| sink(status)["state"] == "healthy")).await;
    let scene = Scene {
        what: "InfluxDB answers 500",
        itself: format!("tried again; {answers} answers of 500, and {pending} events waited in the log"),
        down: seconds(began),
        ..Scene::default()
    };
    table.add(night.account(run, since, scene).await);
}

async fn dropped(night: &Night, run: &mut Run, table: &mut Table) {
    let since = now();
    night.settled(run).await;
    let began = Instant::now();
    night.server.query("DROP DATABASE house").await;
    let parks = |status: &Status| sink(status)["state"] == "parked";
    let parked = night.living(run.within(MENDED, "the sink parks", parks)).await;
    assert!(reason(&parked).contains("house"), "{}", reason(&parked));
    assert_eq!(parked.at("/overall"), "degraded", "nothing is lost: {}", parked.at("/verdict"));
    night.passes().await;
    let repair = night.living(night.repair(&["sink", "--sink", SINK])).await;
    run.within(MENDED, "it takes again", |status| sink(status)["state"] == "healthy").await;
    let down = seconds(began);
    let scene = Scene {
        what: "its database is dropped by hand: 404",
        itself: "parked, and said that a person has to decide".into(),
        repair,
        down,
        ..Scene::default()
    };
    // Of everything since the night began, not only of what happened meanwhile.
    let scene = night.account(run, night.began, scene).await;
    assert!(night.told(since).await.len() < scene.changes);
    assert_eq!(night.server.count(MEASUREMENT, "attr_dynamics", "string").await, 0, "the types are ours now");
    table.add(scene);
}
