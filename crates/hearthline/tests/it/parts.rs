//! Parts of the program that hang, and how much of the time they were up, as the real program tells it.

mod named;

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::House;

use crate::hearthline::Hearthline;
use crate::simulated::recorded;

/// What hangs is known within ten seconds; more on a machine that is busy with other tests.
const NAMED: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_log_that_hangs_ends_the_program_with_code_1_and_a_sentence_and_the_next_start_goes_on() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "nobody");
    let data = hearthline.data().display().to_string();
    let demo =
        || hearthline.start_by(&["env"], &["demo", "--hours", "0", "--rate", "10", "--data-dir", &data]);
    let records = |status: &crate::hearthline::Status| status.count("/events/logged") > 0;
    let mut run = demo();
    run.connected().await;
    run.until("it records", records).await;
    run.cause("hang-log").await;
    let code = run.ended(NAMED).await.code();
    let said = run.said();
    let sentence = "hearthline: the log's writer shows no sign of life for ";
    assert!(said.contains(sentence) && said.contains("the program ends, to be started again"), "{said}");
    assert_eq!(code, Some(1));

    let mut run = demo();
    run.connected().await;
    run.until("it records", records).await;
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn how_long_the_parts_were_up_is_kept_over_restarts_and_the_time_between_counts() {
    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let mut run = hearthline.start();
    let healthy = |status: &crate::hearthline::Status| status.at("/parts/0/uptime_24h").is_number();
    run.connected().await;
    let before = run.until("the log was up", healthy).await;
    assert_eq!(before.at("/parts/0/name"), "log");
    assert_eq!(before.at("/parts/0/uptime_24h"), 1.0);
    assert_eq!(run.stop().await.code(), Some(0));
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut run = hearthline.start();
    run.connected().await;
    let after = run.until("the log was up", healthy).await;
    assert_eq!(after.at("/uptime_since"), before.at("/uptime_since"));
    for window in ["24h", "7d", "30d"] {
        let share = after.at(&format!("/parts/0/uptime_{window}")).as_f64().unwrap();
        assert!(share < 1.0, "two seconds are missing in {window}: {share}");
    }
    let criteria: serde_json::Value = serde_json::from_str(&run.get("/api/v1/criteria").await).unwrap();
    let uptime = criteria["criteria"].as_array().unwrap().iter().find(|one| one["id"] == "uptime").unwrap();
    assert_eq!(uptime["met"], false, "{uptime}");
    assert!(uptime["note"].as_str().unwrap().contains("since the first start"), "{uptime}");
    assert_eq!(run.stop().await.code(), Some(0));
}
