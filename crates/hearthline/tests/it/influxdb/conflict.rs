//! Types that a server has already, or gets from somebody else while we write, in every version.

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{FieldKind, House, InfluxVersion};
use serde_json::{Value, json};

use super::simulated::{settings, simulated, states};
use super::{MEASUREMENT, Rig, assert_same, conflicts, sink};
use crate::wait::within_a_day;

const CHANGES: u64 = 20;
/// What a test may take.
const LASTING: Duration = Duration::from_secs(120);
const VERSIONS: [(&str, InfluxVersion); 3] =
    [("one", InfluxVersion::V1), ("two", InfluxVersion::V2), ("three", InfluxVersion::V3)];

fn now() -> i64 {
    SystemClock::new().now().0 * 1000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_type_that_another_program_wrote_first_costs_no_row_in_any_version() {
    within_a_day(LASTING).await; // with a week the types of its fields end
    let (mut servers, mut sinks) = (Vec::new(), String::new());
    for (name, version) in VERSIONS {
        let (server, address) = simulated(version).await;
        server
            .seed(
                "house",
                &format!("{MEASUREMENT},entity_id=light.old state=\"on\",attr_brightness=\"12\" {}", now()),
            )
            .unwrap();
        servers.push(server);
        sinks += &settings(name, version, address);
    }
    let rig = Rig::new(&sinks).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    for server in &servers {
        let lines = format!(
            "{MEASUREMENT},entity_id=media_player.old state=\"on\",attr_volume_level=\"loud\" {}",
            now()
        );
        server.seed("house", &lines).unwrap();
    }
    for n in 0..CHANGES {
        let attributes = json!({ "brightness": n + 1, "volume_level": n as f64 / 100.0 }).to_string();
        rig.house.set_state("light.lamp", &format!("on {n}"), &attributes);
        rig.house.set_state("media_player.radio", &format!("playing {n}"), &attributes);
    }
    let status = rig.delivered(&mut run).await;

    let listed = conflicts(&mut run).await;
    for (server, (name, _)) in servers.iter().zip(VERSIONS) {
        assert_eq!(sink(&status, name)["quarantined"], 0, "{name}");
        let mut stored = states(server);
        stored.retain(|(entity_id, ..)| !entity_id.ends_with(".old"));
        assert_same(&stored, &rig.fired());
        let counts = server.counts("house", MEASUREMENT);
        for (field, goes_to) in
            [("attr_brightness", "attr_brightness_num"), ("attr_volume_level", "attr_volume_level_num")]
        {
            assert_eq!(counts[&(goes_to.to_owned(), FieldKind::Float)], CHANGES, "{name}: {counts:?}");
            assert_eq!(counts[&(field.to_owned(), FieldKind::Text)], 1, "{name}: what was there stays");
            let of_it = |conflict: &&Value| conflict["sink"] == name && conflict["field"] == field;
            let conflict = listed["conflicts"].as_array().unwrap().iter().find(of_it);
            let conflict = conflict.unwrap_or_else(|| panic!("{name}, {field}: {listed}"));
            assert_eq!(
                (&conflict["goes_to"], &conflict["rows"]),
                (&json!(goes_to), &json!(CHANGES)),
                "{conflict}"
            );
        }
        println!("{name}: {:?}", server.counters());
    }
    run.until("all is well", |status| status.at("/overall") == "healthy").await;
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_no_longer_keeps_is_no_fault_of_the_row() {
    let (mut servers, mut sinks) = (Vec::new(), String::new());
    let kept = Duration::from_secs(3600);
    for (name, version) in [("one", InfluxVersion::V1), ("two", InfluxVersion::V2)] {
        let (server, address) = simulated(version).await;
        server.create("house", Some(kept));
        servers.push(server);
        sinks += &settings(name, version, address);
    }
    let started = SystemClock::new().now();
    let mut house = House::new(1, started.minus(Duration::from_secs(6 * 3600)));
    house.advance(started);
    let rig = Rig::of(house, &sinks).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    let status = rig.delivered(&mut run).await;
    let logged = status.count("/events/logged");
    for (server, name) in servers.iter().zip(["one", "two"]) {
        let (told, stored) = (sink(&status, name), states(server));
        let outside = told["filtered"].as_u64().unwrap();
        assert!(outside > 0, "some states of this house are older than an hour: {told}");
        assert_eq!(
            (told["quarantined"].as_u64(), told["delivered"].as_u64()),
            (Some(0), Some(logged - outside))
        );
        assert_eq!(stored.len() as u64, logged - outside, "{name}");
        println!("{name}: {} of {logged} stored, {outside} older than is kept", stored.len());
    }
}
