//! People are told: what goes wrong, that it is over, and maintenance, over a whole program.

use std::time::Duration;

use serde_json::Value;

use crate::hearthline::{Hearthline, Run};
use crate::wait::until;

/// What an alert of a demonstration takes to be raised or over, and told.
const TOLD: Duration = Duration::from_secs(120);

/// The titles of what the demonstration's phone was told, the newest first.
async fn told(run: &mut Run) -> Vec<String> {
    let listed: Value = serde_json::from_str(&run.get("/api/v1/notify").await).unwrap();
    let last = listed["places"][0]["last"].as_array().unwrap().iter();
    last.map(|told| told["title"].as_str().unwrap().to_owned()).collect()
}

async fn is_told(run: &mut Run, count: usize, title: &str) {
    let all = until(&format!("the phone is told {title:?}"), TOLD, async || {
        let all = told(run).await;
        (all.first().is_some_and(|first| first == title)).then_some(all)
    })
    .await;
    assert_eq!(all.len(), count, "{all:?}");
}

async fn alerts(run: &mut Run, active: u64) {
    run.within(TOLD, &format!("{active} alerts"), |status| status.count("/alerts/active") == active).await;
}

#[tokio::test]
async fn a_house_that_is_broken_in_maintenance_is_told_of_before_and_after() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "token");
    let mut run = hearthline.demo();
    run.connected().await;
    let ask = async |arguments: &[&str]| {
        let answer = hearthline.command(arguments).await;
        assert_eq!(answer.code, 0, "{arguments:?}: {answer:?}");
        answer.stdout
    };
    assert_eq!(ask(&["notify", "test"]).await, "phone-simulated: taken\n");
    assert_eq!(ask(&["report", "--since", "1h", "--send"]).await, "phone-simulated: taken\n");
    assert_eq!(hearthline.command(&["report", "--since", "1h", "--send", "fax"]).await.code, 1);
    let begun = ask(&["maintenance", "--for", "30m", "--why", "new disk"]).await;
    assert!(begun.starts_with("maintenance until ") && begun.contains("(new disk)"), "{begun}");
    is_told(&mut run, 1, "Hearthline: maintenance for 30 min").await;
    let status = hearthline.command(&["status"]).await.stdout;
    assert!(status.contains("\nMaintenance until ") && status.contains("(new disk)"), "{status}");

    run.cause("bucket-dropped").await;
    alerts(&mut run, 1).await;
    assert_eq!(told(&mut run).await.len(), 1, "what goes wrong is told to nobody");
    let ended = ask(&["maintenance", "end"]).await;
    assert!(ended.contains("was ended") && ended.contains("Still wrong: "), "{ended}");
    is_told(&mut run, 2, "Hearthline: maintenance is over, and something is wrong").await;
    assert_eq!(hearthline.command(&["maintenance", "end"]).await.code, 1);

    run.cause("heal").await;
    alerts(&mut run, 0).await;
    is_told(&mut run, 3, "Hearthline: over: influxdb-simulated stands still").await;
    let page = ask(&["notify"]).await;
    assert!(page.contains("3 told, 0 not told"), "{page}");
    assert!(run.stop().await.success());
}
