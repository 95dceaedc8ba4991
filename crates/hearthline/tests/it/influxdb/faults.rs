//! What happens to everything that a server can do badly, by a simulated one.

use std::time::{Duration, Instant};

use hearthline_sim::{InfluxFault, InfluxVersion};

use super::simulated::{settings, simulated, states};
use super::{DELIVERED, Rig, assert_same, sink};

/// Seconds for which one wants to be left alone.
const WAIT: u64 = 25;

/// Each with the state in which the sink is meanwhile, and a word of why.
const FAULTS: [(&str, InfluxVersion, InfluxFault, &str, &str); 15] = [
    ("down", InfluxVersion::V1, InfluxFault::Down, "degraded", ""),
    ("slow", InfluxVersion::V2, InfluxFault::Slow(Duration::from_secs(2)), "", ""),
    ("silent", InfluxVersion::V1, InfluxFault::Silent, "degraded", ""),
    ("cut-answer", InfluxVersion::V2, InfluxFault::CutAnswer, "degraded", ""),
    ("cut-request", InfluxVersion::V3, InfluxFault::CutRequest, "degraded", ""),
    ("cache-full", InfluxVersion::V1, InfluxFault::CacheFull, "degraded", "cache"),
    ("internal", InfluxVersion::V2, InfluxFault::Internal, "degraded", "500"),
    ("bad-gateway", InfluxVersion::V1, InfluxFault::BadGateway, "degraded", "502"),
    ("unavailable", InfluxVersion::V2, InfluxFault::Unavailable(Some(2)), "degraded", "503"),
    ("too-many", InfluxVersion::V2, InfluxFault::TooMany(Some(WAIT)), "degraded", "429"),
    ("too-large", InfluxVersion::V1, InfluxFault::TooLarge(600), "", ""),
    ("unauthorised", InfluxVersion::V2, InfluxFault::Unauthorised, "parked", "token"),
    ("forbidden", InfluxVersion::V1, InfluxFault::Forbidden, "parked", "write"),
    ("not-found", InfluxVersion::V2, InfluxFault::NotFound, "parked", ""),
    ("max-series", InfluxVersion::V1, InfluxFault::MaxSeries, "parked", "limit"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_badly_it_has_every_event_once_in_the_end() {
    let (mut servers, mut sinks) = (Vec::new(), String::new());
    for (name, version, ..) in FAULTS {
        let (server, address) = simulated(version).await;
        sinks += &settings(name, version, address);
        servers.push(server);
    }
    let rig = Rig::new(&sinks).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;

    for (server, (_, _, fault, ..)) in servers.iter().zip(FAULTS) {
        server.cause(fault);
    }
    let began = Instant::now();
    for n in 0..300 {
        rig.house.set_state(&format!("sensor.n{}", n % 7), &n.to_string(), r#"{"note":"Grüße"}"#);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    run.has("sensor.n5", "299").await;
    let mut table = Vec::new();
    for (name, _, fault, state, word) in FAULTS {
        let what = format!("{name} is noticed: {state} {word}");
        let status = run
            .within(DELIVERED, &what, |status| {
                let told = sink(status, name);
                let reason = told["reason"].as_str().unwrap_or_default();
                (state.is_empty() || told["state"] == state) && reason.to_lowercase().contains(word)
            })
            .await;
        let told = sink(&status, name);
        assert_eq!(told["quarantined"], 0, "{name}: no row is to blame: {told}");
        assert_ne!(status.at("/overall"), "unhealthy", "nothing is lost: {}", status.at("/verdict"));
        table.push((name, fault, told["state"].clone(), told["reason"].clone()));
    }
    for server in &servers {
        server.heal();
    }
    rig.delivered(&mut run).await;
    let fired = rig.fired();
    println!(
        "{} events fired, {} stored once by each of {} servers",
        fired.len(),
        fired.len(),
        servers.len()
    );
    for (server, (name, fault, state, reason)) in servers.iter().zip(table) {
        assert_same(&states(server), &fired);
        let counters = server.counters();
        if fault == InfluxFault::TooMany(Some(WAIT)) {
            let most = began.elapsed().as_secs() / WAIT + 1;
            assert!(counters.answers[&429] <= most, "it was to be left alone: {counters:?}");
        }
        println!(
            "{name:12} {fault:?}: {} writes answered {:?}; meanwhile {state} {reason}",
            counters.writes, counters.answers
        );
    }
    assert_eq!(run.stop().await.code(), Some(0));
}
