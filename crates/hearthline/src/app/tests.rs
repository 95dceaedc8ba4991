//! The whole program but its API, on a simulated Home Assistant and a simulated InfluxDB, on a real disk.

mod reload;
mod rig;

use std::time::Duration;

use hearthline_sim::Fault;
use tokio::time::Instant;

use self::rig::Rig;
use super::Snag;

const SINK: &str = "influxdb";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_part_is_started_anew_under_load_and_no_event_is_lost_or_doubled() {
    let rig = Rig::new().await;
    rig.connected().await;
    let lasting = Duration::from_secs(40);
    rig.peer.cause(Fault::Storm { per_second: 1000, lasting, attribute_bytes: 50 });
    let storm = Instant::now();
    let mut table = Vec::new();
    for part in [Some("weather"), Some(SINK), Some("store"), Some("log"), Some("home_assistant"), None] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = (rig.peer.counters(), rig.status());
        let began = Instant::now();
        let said = rig.app.restarts.restart(part).await;
        assert_eq!(said, Ok(String::new()), "{part:?}");
        let took = began.elapsed();
        let kept = rig.peer.counters().connections_ever == before.0.connections_ever;
        let source = matches!(part, Some("home_assistant") | None);
        assert_eq!(kept, !source, "the connection, when {part:?} is started anew");
        rig.connected().await;
        let restarts = |of: &hearthline_runbook::Status, name: &str| rig.part(of, name).restarts;
        let status = rig.status();
        for name in part.map_or(vec!["log", "store", SINK, "home_assistant", "weather"], |part| vec![part]) {
            assert_eq!(restarts(&status, name), restarts(&before.1, name) + 1, "{name}");
            let last = rig.part(&status, name).last_restart.unwrap();
            assert_eq!(last.why, "a person wanted it", "{name}");
        }
        let what = part.unwrap_or("all, in order");
        table.push(format!(
            "{what:<16} {:>6} ms   connection {}",
            took.as_millis(),
            if kept { "kept" } else { "made again" }
        ));
    }
    tokio::time::sleep((lasting + Duration::from_secs(1)).saturating_sub(storm.elapsed())).await;
    let (fired, from_history) = rig.assert_complete().await;
    println!(
        "{}\n{fired} events fired, each stored once and once in InfluxDB, {from_history} of them from history",
        table.join("\n")
    );
    assert!(fired > 28_000, "there was load: {fired}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_hangs_or_panics_or_is_slow_is_named_and_replaced_alone() {
    let rig = Rig::new().await;
    rig.connected().await;
    let lasting = Duration::from_secs(100);
    rig.peer.cause(Fault::Storm { per_second: 100, lasting, attribute_bytes: 50 });
    let storm = Instant::now();
    let mut table = Vec::new();
    let cases = [
        ("store", Snag::Panics),
        (SINK, Snag::Panics),
        ("weather", Snag::Panics),
        ("home_assistant", Snag::Panics),
        ("log", Snag::Panics),
        ("store", Snag::Hangs),
        (SINK, Snag::Hangs),
        ("weather", Snag::Hangs),
        ("home_assistant", Snag::Hangs),
        ("store", Snag::Slow(Duration::from_secs(13))),
    ];
    for (part, snag) in cases {
        let before = rig.status();
        rig.snags.set(part, snag);
        let began = Instant::now();
        let is_slow = matches!(snag, Snag::Slow(_));
        let expected = match snag {
            Snag::Panics => "panicked: ",
            Snag::Hangs => "it hung: no sign of life for ",
            _ => "it has been writing down what it was given for ",
        };
        let mut words = String::new();
        let named = rig
            .until("the part is named", async || {
                let status = rig.status();
                let of = rig.part(&status, part);
                let anew = of.last_restart.filter(|_| of.restarts > rig.part(&before, part).restarts);
                let told = of.reason.filter(|reason| reason.contains(expected));
                words = anew.map(|last| last.why).or(told)?;
                Some(began.elapsed())
            })
            .await;
        rig.until("every part is well again", async || {
            let status = rig.status();
            let ill =
                |part: &&hearthline_runbook::status::Part| !matches!(part.state.as_str(), "healthy" | "off");
            status.parts.iter().all(|part| !ill(&part)).then_some(())
        })
        .await;
        let well = began.elapsed();
        let status = rig.status();
        let others = status.parts.iter().filter(|other| other.name != part && part != "log");
        for other in others {
            assert_eq!(
                other.restarts,
                rig.part(&before, &other.name).restarts,
                "{} for the sake of {part}",
                other.name
            );
        }
        if is_slow {
            assert_eq!(
                rig.part(&status, part).restarts,
                rig.part(&before, part).restarts,
                "slow is not dead"
            );
        }
        table.push(format!(
            "{part:<14} {:<10} named after {:>5.1} s, well after {:>5.1} s: {words}",
            format!("{snag:?}").to_lowercase().split('(').next().unwrap_or_default(),
            named.as_secs_f64(),
            well.as_secs_f64()
        ));
    }
    println!("{}", table.join("\n"));
    rig.snags.release(); // those that were left behind wake up, and must do no harm
    tokio::time::sleep((lasting + Duration::from_secs(1)).saturating_sub(storm.elapsed())).await;
    let (fired, _) = rig.assert_complete().await;
    println!("{fired} events fired, each stored once and once in InfluxDB");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_hangs_ends_the_program_with_a_sentence() {
    let rig = Rig::new().await;
    rig.connected().await;
    rig.snags.set("log", Snag::Hangs);
    let sentence = tokio::time::timeout(Duration::from_secs(60), rig.app.gave_up()).await.unwrap();
    println!("{sentence}");
    assert!(sentence.starts_with("the log's writer shows no sign of life for "), "{sentence}");
    assert!(sentence.contains("the program ends, to be started again: see what `dmesg` says"), "{sentence}");
    rig.snags.release();
}

#[tokio::test]
async fn a_part_that_is_none_is_refused_with_those_that_are() {
    let rig = Rig::new().await;
    let words = rig.app.restarts.restart(Some("disk")).await.unwrap_err();
    assert!(words.contains("log, store, influxdb, home_assistant, weather"), "{words}");
    assert!(rig.app.restarts.restart(Some("registry")).await.unwrap_err().contains("home_assistant"));
    rig.stop().await;
}
