//! What can be broken in `hearthline demo`, from outside, as the page does it.

use std::time::Duration;

use serde_json::Value;

use crate::hearthline::{Hearthline, Run, Status};
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);

struct Demo {
    run: Run,
    program: Hearthline,
}

impl Demo {
    async fn start() -> Self {
        Self::on(Hearthline::new("http://127.0.0.1:1", "unused")).await
    }

    async fn on(program: Hearthline) -> Self {
        let mut run = program.demo();
        run.connected().await;
        Self { run, program }
    }

    /// `hearthline alerts …`: its exit code, and what it answers.
    async fn alerts(&self, arguments: &[&str]) -> (i32, Value) {
        let all: Vec<&str> = ["alerts", "--json"].iter().chain(arguments).copied().collect();
        let answer = self.program.command(&all).await;
        (answer.code, answer.json())
    }

    async fn naive(&mut self) -> Option<Value> {
        let listed: Value = serde_json::from_str(&self.run.get("/api/v1/demo/faults").await).unwrap();
        listed.get("naive").cloned()
    }
}

/// The sink of a demonstration in the status.
pub(crate) fn influx(status: &Status) -> &Value {
    let sinks = status.at("/sinks").as_array().unwrap();
    sinks.iter().find(|sink| sink["kind"] == "influxdb").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_way_loses_what_ours_delivers_and_says_so_beside_the_status() {
    let mut demo = Demo::start().await;
    assert_eq!(demo.naive().await, None);
    demo.run.cause("naive").await;
    until("the naive writer reads", SOON, async || demo.naive().await?["running"].as_bool()?.then_some(()))
        .await;
    demo.run.cause("type-flip").await;
    let naive = until("the naive writer has lost an event for its type", SOON, async || {
        let naive = demo.naive().await?;
        let refused = naive["refused"].as_array()?;
        let is_conflict = |lost: &Value| lost["words"].as_str().unwrap().contains("field type conflict");
        refused.iter().any(is_conflict).then_some(naive)
    })
    .await;
    assert!(naive["lost"].as_u64().unwrap() >= 1, "{naive}");
    let status = demo.run.status().await;
    assert_eq!(influx(&status)["quarantined"], 0, "{}", influx(&status));
    until("its line says so", SOON, async || {
        demo.run.said().contains("; simulated: the naive writer received").then_some(())
    })
    .await;
    demo.run.cause("heal").await;
    assert_eq!(demo.naive().await, None);
    assert_eq!(demo.run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_bucket_and_a_revoked_token_are_told_and_recording_goes_on_when_they_are_mended() {
    let mut demo = Demo::start().await;
    demo.run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    demo.run.cause("bucket-dropped").await;
    let parked =
        demo.run.within(SOON, "the sink is parked", |status| influx(status)["state"] == "parked").await;
    let reason = influx(&parked)["reason"].as_str().unwrap();
    assert!(reason.contains("bucket \"home_assistant_events\" exists"), "{reason}");
    demo.run.cause("token-revoked").await;
    let parked = demo.run.within(SOON, "the token is refused", |s| s.connection() == "parked").await;
    let reason = parked.at("/home_assistant/reason").as_str().unwrap();
    assert!(reason.contains("token"), "{reason}");
    let attempts = parked.count("/home_assistant/attempts");
    demo.run.cause("token-restored").await;
    let back = demo.run.connected().await;
    assert_eq!(back.count("/home_assistant/attempts"), attempts + 1, "one attempt, when it was asked for");
    demo.run.cause("heal").await;
    demo.run
        .within(SOON, "the sink takes again", |status| {
            influx(status)["state"] == "healthy" && influx(status)["lag_events"] == 0
        })
        .await;
    assert_eq!(demo.run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_seen_by_a_person_survives_a_kill_and_is_history_when_it_is_over() {
    const ID: &str = "sink_behind:influxdb-simulated";
    let of = |listed: &Value| {
        let active = listed["active"].as_array().unwrap();
        active.iter().find(|alert| alert["id"] == ID).cloned()
    };
    let mut demo = Demo::start().await;
    assert_eq!(demo.alerts(&[]).await.0, 0);
    demo.run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    demo.run.cause("bucket-dropped").await;
    let alert = until("the alert is raised", SOON, async || of(&demo.alerts(&[]).await.1)).await;
    assert_eq!((&alert["severity"], &alert["state"]), (&"critical".into(), &"active".into()), "{alert}");
    assert!(alert["says"].as_str().unwrap().contains("bucket \"home_assistant_events\" exists"), "{alert}");
    assert_eq!(demo.run.status().await.at("/alerts/critical"), 1);
    assert_eq!(demo.alerts(&[]).await.0, 1);
    let metrics = demo.run.get("/metrics").await;
    assert!(metrics.contains("\nhearthline_alerts_active{severity=\"critical\"} 1\n"), "{metrics}");

    let (code, seen) = demo.alerts(&["ack", ID]).await;
    assert_eq!((code, &seen["state"]), (0, &"acknowledged".into()));
    let (code, mute) = demo.alerts(&["mute", "silent", "--for", "2h"]).await;
    assert_eq!((code, &mute["what"]), (0, &"silent".into()));
    for (arguments, wanted) in [(["alerts", "ack", "dusk"], 1), (["alerts", "unmute", "dusk"], 1)] {
        let refused = demo.program.command(&arguments).await;
        assert_eq!(refused.code, wanted, "{refused:?}");
        assert!(refused.stderr.contains("\"dusk\""), "{refused:?}");
    }

    let Demo { run, program, .. } = demo;
    drop(run); // killed, as it is
    assert_eq!(program.command(&["alerts"]).await.code, 4);
    let mut demo = Demo::on(program).await;
    assert_eq!(demo.alerts(&[]).await.1["muted"], serde_json::json!([mute]));
    // The simulated InfluxDB has a bucket again: what an earlier run found wrong is over.
    let past = until("it is over", SOON, async || {
        let (_, listed) = demo.alerts(&["--history"]).await;
        listed["history"].as_array()?.iter().find(|past| past["id"] == ID).cloned()
    })
    .await;
    assert_eq!((&past["from"], &past["acknowledged"]), (&alert["since"], &seen["acknowledged"]), "{past}");
    assert_eq!(demo.run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_does_not_get_through_is_an_alert_until_one_does() {
    let mut demo = Demo::start().await;
    let canary = async |demo: &Demo, list: &str| {
        let (_, listed) = demo.alerts(&["--history"]).await;
        listed[list].as_array()?.iter().find(|alert| alert["id"] == "canary").cloned()
    };
    demo.run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    demo.run.cause("bucket-dropped").await;
    demo.run.within(SOON, "the sink is parked", |status| influx(status)["state"] == "parked").await;
    assert_eq!(canary(&demo, "active").await, None, "nobody has verified yet, and nothing is scheduled");
    let verified = demo.program.command(&["verify", "--json"]).await.json();
    let alert = until("the alert is raised", SOON, async || canary(&demo, "active").await).await;
    let (says, wanted) = (alert["says"].as_str().unwrap(), verified["says"].as_str().unwrap());
    assert!(says.contains(wanted.trim_end_matches('.')), "{alert} of {verified}");
    assert_eq!((&alert["severity"], &alert["link"]), (&"warning".into(), &"#/verify".into()), "{alert}");

    demo.run.cause("heal").await;
    demo.run.within(SOON, "the sink takes again", |status| influx(status)["state"] == "healthy").await;
    demo.program.command(&["verify"]).await;
    until("it is over", SOON, async || canary(&demo, "history").await).await;
    assert_eq!(demo.run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_is_made_to_hang_is_named_and_started_anew_alone() {
    let mut demo = Demo::start().await;
    demo.run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    let listed: Value = serde_json::from_str(&demo.run.get("/api/v1/demo/faults").await).unwrap();
    let names: Vec<&str> =
        listed["faults"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    let restarts = |status: &Status| -> Vec<(String, u64, Value)> {
        let parts = status.at("/parts").as_array().unwrap().iter();
        parts
            .map(|part| {
                let name = part["name"].as_str().unwrap().to_owned();
                (name, part["restarts"].as_u64().unwrap(), part["last_restart"]["why"].clone())
            })
            .collect()
    };
    for (word, part) in [("hang-store", "store"), ("hang-sink", "influxdb-simulated")] {
        assert!(names.contains(&word), "{names:?}");
        let before = restarts(&demo.run.status().await);
        demo.run.cause(word).await;
        let after = demo
            .run
            .within(SOON, "it was started anew and is well", |status| {
                let parts = status.at("/parts").as_array().unwrap();
                let of = parts.iter().find(|one| one["name"] == part).unwrap();
                let was = before.iter().find(|(name, ..)| name == part).unwrap().1;
                of["restarts"].as_u64().unwrap() > was && of["state"] == "healthy"
            })
            .await;
        for ((name, was, _), (_, is, why)) in before.iter().zip(restarts(&after)) {
            assert_eq!(is, was + u64::from(name == part), "{name} for the sake of {part}");
            if name == part {
                assert!(why.as_str().unwrap().starts_with("it hung: no sign of life for "), "{why}");
            }
        }
    }
    demo.run.cause("heal").await; // those that were left behind wake up, and must do no harm
    demo.run
        .within(SOON, "everything is delivered", |status| {
            influx(status)["lag_events"] == 0 && status.adds_up()
        })
        .await;
    assert_eq!(demo.run.status().await.at("/gaps/lost"), 0);
    assert_eq!(demo.run.stop().await.code(), Some(0));
}
