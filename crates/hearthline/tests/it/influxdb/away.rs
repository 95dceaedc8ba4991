//! The server is away, or hangs, while events stream in, and the program is killed meanwhile.

use std::time::{Duration, Instant};

use hearthline_core::{Fs as _, RealFs};
use hearthline_sim::Fault;
use serde_json::json;
use tokio::time::sleep;

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, sink};
use crate::hearthline::{Run, Status};
use crate::wait::is_whole;

const PER_SECOND: u32 = 200;

fn settings(server: &InfluxDb) -> String {
    format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n", server.url())
}

/// Waits until the program is connected, has filled every gap, and everything is delivered.
async fn settled(rig: &Rig, run: &mut Run) {
    run.connected().await;
    rig.delivered(run).await;
    run.within(Duration::from_secs(150), "every gap is closed", |status| status.count("/gaps/open") == 0)
        .await;
    rig.delivered(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_server_that_was_away_has_every_point_once_though_the_program_was_killed_twice() {
    let mut server = InfluxDb::running().await;
    let rig = Rig::new(&settings(&server)).await;
    let lasting = Duration::from_secs(if is_whole() { 600 } else { 60 });
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    rig.house.cause(Fault::Storm {
        per_second: PER_SECOND,
        lasting: lasting + Duration::from_secs(4),
        attribute_bytes: 100,
    });
    sleep(Duration::from_secs(2)).await;
    server.stop().await;
    let mut behind = Vec::new();
    for _ in 0..2 {
        sleep(lasting / 3).await;
        let status = run.status().await;
        behind.push(sink(&status, "influxdb")["pending"].as_u64().unwrap());
        assert!(behind.last() > Some(&0), "{}", status.at("/sinks"));
        assert_ne!(
            status.at("/overall"),
            "unhealthy",
            "everything is safe on disk: {}",
            status.at("/verdict")
        );
        run.kill().await;
        run = rig.hearthline.start();
        run.connected().await;
    }
    sleep(lasting / 3).await;
    let status = run.status().await;
    behind.push(sink(&status, "influxdb")["pending"].as_u64().unwrap());
    server.start().await;
    sleep(Duration::from_secs(3)).await;
    let back = Instant::now();
    settled(&rig, &mut run).await;
    let caught_up = back.elapsed();
    let (fired, stored) = (rig.fired(), server.states(MEASUREMENT).await);
    println!(
        "InfluxDB away for {} s under {PER_SECOND} events/s, killed twice: {} events fired, {} points stored; {} and {} events \
         waited at the kills and {} at the end; caught up within {:.0} s",
        lasting.as_secs(),
        fired.len(),
        stored.len(),
        behind[0],
        behind[1],
        behind[2],
        caught_up.as_secs_f64()
    );
    assert_same(&stored, &fired);
    let status = run.until("the counters add up", Status::adds_up).await;
    let told = sink(&status, "influxdb");
    assert_eq!((&told["quarantined"], &told["filtered"]), (&json!(0), &json!(0)), "{told}");
    println!("gaps: {}; the sink: {told}", status.at("/kept"));
    assert!(fired.len() as u64 > u64::from(PER_SECOND) * lasting.as_secs() * 8 / 10);
}

/// So that the log keeps nothing that the store has: what it wants to be free is less than what is free, and not by a quarter.
fn short_of_space(rig: &Rig, server: &InfluxDb) {
    let free = RealFs.free_space(&rig.hearthline.path("")).unwrap();
    let min_free = free / 100 * 88;
    let settings = settings(server);
    let text = format!(
        "[log]\nmin_free = {min_free}\n[store]\nflush_interval = \"1s\"\n{settings}batch_size = 20\n"
    );
    std::fs::write(rig.hearthline.path("hearthline.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_server_that_was_away_for_longer_than_the_log_is_kept_has_every_point_once() {
    let mut server = InfluxDb::running().await;
    let rig = Rig::new("").await;
    let rounds = if is_whole() { 6 } else { 2 };
    short_of_space(&rig, &server);
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    server.stop().await;
    for _ in 0..rounds {
        let lasting = Duration::from_secs(5);
        rig.house.cause(Fault::Storm { per_second: PER_SECOND, lasting, attribute_bytes: 100 });
        sleep(lasting).await;
        run.until("the store has it", |status| sink(status, "store")["pending"] == 0).await;
        // Each start begins another segment; those before it go.
        run.kill().await;
        short_of_space(&rig, &server);
        run = rig.hearthline.start();
        run.connected().await;
    }
    // What it misses is known from the next start on, also while its server is away.
    let what = "the log let go of what the sink does not have";
    let refill = |status: &Status| sink(status, "influxdb")["refill"].clone();
    let status = run.within(Duration::from_secs(60), what, |status| !refill(status).is_null()).await;
    let (before, missed) = (sink(&status, "influxdb")["delivered"].clone(), refill(&status)["of"].clone());
    let first = status.count("/log/first_seq");
    assert_ne!(status.at("/overall"), "unhealthy", "the store has everything: {}", status.at("/verdict"));

    // It is killed as soon as it reads from the store, and some while later.
    server.start().await;
    let mut verdicts = Vec::new();
    for _ in 0..4 {
        let begun = |status: &Status| {
            refill(status)["done"].as_u64().is_some_and(|done| done > 0) || refill(status).is_null()
        };
        let status = run.within(Duration::from_secs(60), "it is refilled", begun).await;
        verdicts.push(status.at("/verdict").clone());
        run.kill().await;
        short_of_space(&rig, &server);
        run = rig.hearthline.start();
        run.connected().await;
    }
    settled(&rig, &mut run).await;
    let status = run.status().await;
    let fired = rig.fired();
    assert_same(&server.states(MEASUREMENT).await, &fired);
    let [influx, store] = ["influxdb", "store"].map(|name| sink(&status, name).clone());
    println!("| | events |\n| --- | --- |\n| fired | {} |", fired.len());
    println!("| at InfluxDB before it went | {before} |\n| left the log meanwhile | {missed} |");
    println!("| first record of the log then | {first} |");
    for term in ["delivered", "filtered", "collapsed", "quarantined", "lost", "pending"] {
        println!("| {term} (InfluxDB, store) | {}, {} |", influx[term], store[term]);
    }
    println!("| points at InfluxDB | {} |", server.states(MEASUREMENT).await.len());
    println!("what was said before each kill: {verdicts:#?}");
    assert!(missed.as_u64().unwrap() > u64::from(PER_SECOND), "{missed} events left the log");
    assert_eq!((&influx["delivered"], &influx["lost"]), (&store["delivered"], &serde_json::json!(0)));
    assert!(influx["refill"].is_null(), "{influx}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_server_that_hangs_delays_its_own_sink_and_nothing_else() {
    let server = InfluxDb::running().await;
    let rig = Rig::new(&settings(&server)).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    server.freeze();
    rig.house.cause(Fault::Storm {
        per_second: PER_SECOND,
        lasting: Duration::from_secs(6),
        attribute_bytes: 100,
    });
    let what = "the sink says that it is behind";
    run.within(Duration::from_secs(60), what, |status| sink(status, "influxdb")["state"] != "healthy").await;
    rig.house.set_state("sensor.meanwhile", "recorded", "{}");
    run.has("sensor.meanwhile", "recorded").await;
    server.wake();
    settled(&rig, &mut run).await;
    assert_same(&server.states(MEASUREMENT).await, &rig.fired());
}
