//! What the doctor says of a real house.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::peer::HomeAssistant;
use super::recorder_of;
use crate::hearthline::{Answer, Hearthline};
use crate::wait::until;

/// The findings by their id.
fn findings(answer: &Answer) -> BTreeMap<String, Value> {
    let report = answer.json();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| (finding["id"].as_str().unwrap().to_owned(), finding.clone())).collect()
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn of_a_house_in_order_nothing_is_wrong_whether_the_program_runs_or_not() {
    let house = HomeAssistant::running().await;
    house.set("sensor.kitchen", "21.5", &json!({})).await;
    let hearthline = recorder_of(&house);
    let before = hearthline.command(&["doctor", "--json"]).await;
    let mut run = hearthline.start();
    run.connected().await;
    run.has("sensor.kitchen", "21.5").await;
    let beside = hearthline.command(&["doctor", "--json"]).await;
    for (answer, port, program) in
        [(&before, "port-free", "program-stopped"), (&beside, "port-ours", "program-ok")]
    {
        assert_eq!(answer.code, 0, "{answer:?}");
        let findings = findings(answer);
        for id in [
            "ha-dns-ok",
            "ha-tcp-ok",
            "ha-tls-none",
            "ha-http-ok",
            "ha-websocket-ok",
            "ha-token-ok",
            "ha-rights-ok",
            "ha-version-ok",
            "ha-clock-ok",
            "ha-frame-ok",
            "files-ok",
            port,
            program,
        ] {
            let found = findings.get(id).unwrap_or_else(|| panic!("no {id} in {:?}", findings.keys()));
            println!("{id}: {} ({} ms)", found["says"], found["took_ms"]);
        }
        // The house was made a moment ago.
        let recorder = findings.keys().find(|id| id.starts_with("ha-recorder")).unwrap();
        println!("{recorder}: {}", findings[recorder]);
        assert!(["ha-recorder-short", "ha-recorder-ok"].contains(&recorder.as_str()), "{recorder}");
        assert!(
            findings.values().all(|found| found["severity"] != "fault" && found["severity"] != "warning")
        );
    }
    let served: Value = serde_json::from_str(&run.get("/api/v1/doctor").await).unwrap();
    println!("the API: {}", served["verdict"]);
    assert_eq!((&served["counts"]["fault"], &served["depth"]), (&json!(0), &json!("look")), "{served}");
    assert!(run.stop().await.success());
}

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn it_logs_in_once_and_a_wrong_token_and_a_reader_are_told() {
    let house = HomeAssistant::running().await;
    let wrong = Hearthline::new(&house.url(), "not.the.token").command(&["doctor", "--json"]).await;
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(findings(&wrong).contains_key("ha-token-refused"), "{wrong:?}");
    let tries = || house.log().matches("Login attempt or request with invalid authentication").count();
    let told = async || (tries() > 0).then_some(());
    until("Home Assistant's log names the wrong try", Duration::from_secs(60), told).await;

    let reader = Hearthline::new(&house.url(), house.reader()).command(&["doctor", "--json"]).await;
    let findings = findings(&reader);
    println!("{}", findings["ha-rights-limited"]);
    assert_eq!(reader.code, 3, "{reader:?}");
    assert_eq!(tries(), 1, "the question over HTTP is no try: {}", house.log());
}
