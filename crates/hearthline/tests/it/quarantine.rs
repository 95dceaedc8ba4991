//! What came in and could not be understood, from its arrival to its end.

use std::time::Duration;

use hearthline_core::{Clock as _, Seq, SystemClock};
use hearthline_pipeline::ingest::Hello;
use hearthline_sim::{Fault, Garbage, House};
use serde_json::{Value, json};

use crate::alone;
use crate::hearthline::{Answer, Hearthline, Status};
use crate::simulated::recorded;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);

impl Hearthline {
    async fn quarantine(&self, arguments: &[&str]) -> Answer {
        self.command(&[&["quarantine"], arguments].concat()).await
    }

    /// The document that the list answers with.
    async fn listed(&self, arguments: &[&str]) -> Value {
        let answer = self.quarantine(&[&["list", "--json"], arguments].concat()).await;
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        serde_json::from_str(&answer.stdout).unwrap()
    }

    /// Waits until so many wait and so many are settled.
    async fn has_waiting(&self, waiting: u64, settled: u64) -> Value {
        until("the quarantine is so", SOON, async || {
            let list = self.listed(&[]).await;
            (list["waiting"] == waiting && list["settled"] == settled).then_some(list)
        })
        .await
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_is_listed_shown_retried_in_vain_and_dropped() {
    let (peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let mut run = hearthline.start();
    run.connected().await;
    peer.cause(Fault::Garbage(Garbage::NoEntityId));
    peer.cause(Fault::Garbage(Garbage::NotJson));

    let list = hearthline.has_waiting(2, 0).await;
    let one = &list["quarantined"][1];
    assert_eq!(
        (&one["reason"], &one["understood"]),
        (&json!("state_changed without entity_id"), &json!(false))
    );
    let seq = one["seq"].as_u64().unwrap().to_string();
    let shown = hearthline.quarantine(&["show", &seq]).await.stdout;
    assert!(
        shown.contains("state_changed without entity_id") && shown.contains(r#""event_type":"#),
        "{shown}"
    );

    let retried = hearthline.quarantine(&["retry", "--all"]).await;
    assert!(retried.stdout.starts_with("2 still not understood\n"), "{retried:?}");
    hearthline.has_waiting(2, 0).await;

    let refused = hearthline.quarantine(&["drop", &seq]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("--yes"), "{refused:?}");
    assert_eq!(hearthline.quarantine(&["drop", &seq, "--yes"]).await.stdout, "1 dropped\n");
    let list = hearthline.has_waiting(1, 1).await;
    assert_ne!(list["quarantined"][0]["seq"].to_string(), seq);
    let again = hearthline.quarantine(&["drop", &seq, "--yes"]).await;
    assert!(again.code == 1 && again.stderr.contains("it is settled already"), "{again:?}");

    let status = run.until("the counters add up", Status::adds_up).await;
    assert_eq!(status.count("/events/quarantined"), 2, "what was set aside stays counted");
    assert_eq!(run.stop().await.code(), Some(0));
    let all = hearthline.listed(&["--all"]).await;
    assert_eq!(all["quarantined"][1]["settled"]["how"], "dropped", "from the files: {all}");
    assert!(hearthline.quarantine(&["show", &seq]).await.stdout.contains("dropped at"));
    assert_eq!(hearthline.quarantine(&["retry", "--all"]).await.code, 4, "the log has no owner now");
}

/// A log in which an older release has set something aside that this one understands.
fn left_by_an_older_release(hearthline: &Hearthline, raw: &str) {
    alone::log(&hearthline.data(), Seq(1), |ingest, now| {
        ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
        ingest.undecodable(raw.as_bytes(), "an older release", now).unwrap();
        ingest.end_frame().unwrap();
    });
}

#[tokio::test]
async fn what_a_newer_release_understands_is_recorded_by_a_retry_once_and_for_good() {
    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let now = SystemClock::new().now();
    let state = format!(
        r#"{{"entity_id":"sensor.odd","state":"7","attributes":{{}},"last_changed":"{now}","last_updated":"{now}","context":{{"id":"01M"}}}}"#
    );
    left_by_an_older_release(
        &hearthline,
        &format!(
            r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.odd","old_state":null,"new_state":{state}}},"origin":"LOCAL","time_fired":"{now}","context":{{"id":"01M"}}}}"#
        ),
    );
    let mut run = hearthline.start();
    run.connected().await;
    let list = hearthline.has_waiting(1, 0).await;
    assert_eq!(list["quarantined"][0]["understood"], true);
    assert_eq!(run.latest("sensor.odd").await, None);
    assert_eq!(hearthline.quarantine(&["retry", "--all"]).await.stdout, "1 recorded\n");
    run.has("sensor.odd", "7").await;
    hearthline.has_waiting(0, 1).await;
    assert_eq!(hearthline.quarantine(&["retry", "--all"]).await.stdout, "nothing waits\n");
    let status = run.until("the counters add up", Status::adds_up).await;
    assert_eq!((status.count("/events/received"), status.count("/events/logged")), (2, 2));
    run.kill().await;

    let mut run = hearthline.start();
    run.connected().await;
    run.has("sensor.odd", "7").await;
    hearthline.has_waiting(0, 1).await;
    run.until("the counters add up", Status::adds_up).await;
    assert_eq!(run.stop().await.code(), Some(0));
}
