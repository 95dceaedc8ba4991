//! What can be broken in `hearthline demo`, from outside, as the page does it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::hearthline::{Hearthline, Run, Status};
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);

struct Demo {
    run: Run,
    page: SocketAddr,
    _program: Hearthline,
}

impl Demo {
    async fn start() -> Self {
        let program = Hearthline::new("http://127.0.0.1:1", "unused");
        let data = program.data();
        let arguments =
            ["demo", "--hours", "0", "--rate", "10", "--seed", "3", "--data-dir", data.to_str().unwrap()];
        let mut run = program.start_with(&arguments);
        run.connected().await;
        let page = run.address().await;
        Self { run, page, _program: program }
    }

    async fn cause(&mut self, word: &str) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}/api/v1/demo/faults/{word}", self.page);
        let answer = client.post(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{word}: {answer:?}");
    }

    async fn naive(&mut self) -> Option<Value> {
        let listed: Value = serde_json::from_str(&self.run.get("/api/v1/demo/faults").await).unwrap();
        listed.get("naive").cloned()
    }
}

fn influx(status: &Status) -> &Value {
    let sinks = status.at("/sinks").as_array().unwrap();
    sinks.iter().find(|sink| sink["kind"] == "influxdb").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_way_loses_what_ours_delivers_and_says_so_beside_the_status() {
    let mut demo = Demo::start().await;
    assert_eq!(demo.naive().await, None);
    demo.cause("naive").await;
    until("the naive writer reads", SOON, async || demo.naive().await?["running"].as_bool()?.then_some(()))
        .await;
    demo.cause("type-flip").await;
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
    demo.cause("heal").await;
    assert_eq!(demo.naive().await, None);
    assert_eq!(demo.run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_bucket_and_a_revoked_token_are_told_and_recording_goes_on_when_they_are_mended() {
    let mut demo = Demo::start().await;
    demo.run.until("something is delivered", |status| influx(status)["delivered"] != 0).await;
    demo.cause("bucket-dropped").await;
    let parked =
        demo.run.within(SOON, "the sink is parked", |status| influx(status)["state"] == "parked").await;
    let reason = influx(&parked)["reason"].as_str().unwrap();
    assert!(reason.contains("bucket \"home_assistant_events\" exists"), "{reason}");
    demo.cause("token-revoked").await;
    let parked = demo.run.within(SOON, "the token is refused", |s| s.connection() == "parked").await;
    let reason = parked.at("/home_assistant/reason").as_str().unwrap();
    assert!(reason.contains("token"), "{reason}");
    let attempts = parked.count("/home_assistant/attempts");
    demo.cause("token-restored").await;
    let back = demo.run.connected().await;
    assert_eq!(back.count("/home_assistant/attempts"), attempts + 1, "one attempt, when it was asked for");
    demo.cause("heal").await;
    demo.run
        .within(SOON, "the sink takes again", |status| {
            influx(status)["state"] == "healthy" && influx(status)["lag_events"] == 0
        })
        .await;
    assert_eq!(demo.run.stop().await.code(), Some(0));
}
