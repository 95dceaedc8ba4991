//! What the doctor says of a real InfluxDB.

use serde_json::Value;

use super::Rig;
use super::peer::{InfluxDb, VictoriaMetrics};
use crate::hearthline::Answer;

fn settings(url: &str, who: &str) -> String {
    format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{url}\"\ndatabase = \"house\"\n{who}")
}

/// Of the check of sinks and their fields: id and words.
fn told(answer: &Answer) -> Vec<(String, String)> {
    let report = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_sinks = findings.filter(|finding| finding["about"] == "influxdb");
    let told: Vec<_> = of_sinks.map(|finding| (text(&finding["id"]), text(&finding["says"]))).collect();
    for (id, says) in &told {
        println!("{id}: {says}");
    }
    told
}

fn ids(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(id, _)| id.as_str()).collect()
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_point_goes_in_and_comes_back_and_nothing_of_it_stays() {
    let server = InfluxDb::running().await;
    let rig = Rig::new(&settings(&server.url(), "")).await;
    let answer = rig.hearthline.command(&["doctor", "--json"]).await;
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(ids(&told(&answer)), ["sink-ok", "conflicts-none"]);
    let left = server.query("SHOW MEASUREMENTS").await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn who_may_only_write_or_not_even_that_is_told_so() {
    let server = InfluxDb::guarded().await;
    for (user, password, wanted, code) in [
        ("writer", "right", &["sink-left", "sink-ok", "conflicts-none"][..], 0),
        ("writer", "wrong", &["sink-refuses"], 1),
        ("reader", "right", &["sink-refuses"], 1),
    ] {
        let who = format!("username = \"{user}\"\npassword = \"{password}\"\n");
        let rig = Rig::new(&settings(&server.url(), &who)).await;
        let answer = rig.hearthline.command(&["doctor", "--json"]).await;
        let told = told(&answer);
        assert_eq!((ids(&told), answer.code), (wanted.to_vec(), code), "{user} {password}: {told:?}");
        assert!(!answer.stdout.contains("of the admin") && !answer.stdout.contains("\"right\""));
    }
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn no_database_no_server_and_fields_of_another_type_are_told() {
    let mut server = InfluxDb::running().await;
    server.write("home_assistant_events attr_dynamics=\"smooth\",value=\"21.5\" 1000").await.unwrap();
    let rig = Rig::new(&settings(&server.url(), "")).await;
    let doctor = async || rig.hearthline.command(&["doctor", "--json"]).await;
    let unmapped = doctor().await;
    assert_eq!((ids(&told(&unmapped)), unmapped.code), (vec!["conflicts-unmapped", "sink-ok"], 3));
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    let mapped = doctor().await;
    assert_eq!((ids(&told(&mapped)), mapped.code), (vec!["conflicts-mapped", "sink-ok"], 0));
    assert!(run.stop().await.success());

    server.query("DROP DATABASE house").await;
    let missing = doctor().await;
    assert_eq!((ids(&told(&missing)), missing.code), (vec!["sink-missing"], 1));
    server.stop().await;
    let away = doctor().await;
    assert_eq!((ids(&told(&away)), away.code), (vec!["sink-away"], 3));
}

#[tokio::test]
#[ignore = "needs VictoriaMetrics: cargo xtask test"]
async fn a_server_that_cannot_be_read_back_is_a_note() {
    let server = VictoriaMetrics::running().await;
    let rig = Rig::new(&settings(server.url(), "")).await;
    let answer = rig.hearthline.command(&["doctor", "--json"]).await;
    let told = told(&answer);
    assert_eq!(ids(&told), ["sink-unread", "sink-left", "conflicts-none"], "{told:?}");
    assert_eq!(answer.code, 0, "{answer:?}");
}
