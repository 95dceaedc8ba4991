//! What the simulated server is held to is what the real one says.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::peer::InfluxDb;

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn the_real_one_answers_each_write_as_recorded() {
    let path = "../sim/src/influxdb/recorded-1.6.7.ndjson";
    let recorded = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let server = InfluxDb::running().await;
    let mut group = Value::Null;
    for line in recorded.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if group != recorded["group"] {
            group = recorded["group"].clone();
            server.query(&format!("CREATE DATABASE recorded_{group}")).await;
        }
        let write = recorded["write"].as_str().unwrap();
        let (status, body) = server.answer(&format!("recorded_{group}"), write).await.unwrap();
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        assert_eq!((&json!(status), &body["error"]), (&recorded["status"], &recorded["error"]), "{line}");
    }
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn the_real_one_answers_each_question_as_recorded() {
    let path = "../sim/src/influxdb/asked-1.6.7.ndjson";
    let recorded = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let server = InfluxDb::running().await;
    for line in recorded.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        match recorded["write"].as_str() {
            Some(write) => server.write(write).await.unwrap(),
            None => {
                let question = recorded["ask"].as_str().unwrap();
                assert_eq!(server.asked(question).await, recorded["answer"], "{question}");
            }
        }
    }
}
