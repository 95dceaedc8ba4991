//! The log and its disk under fire, on real files: each thing that goes wrong has an outcome with a name, and the words
//! for it reach a person. What needs a disk that fails on demand is in the tests of the log.

mod clock;
mod damage;
mod disk;
mod files;

use std::collections::BTreeMap;

use hearthline_core::Timestamp;
use hearthline_sim::HomeAssistant;
use serde_json::Value;

use crate::hearthline::{Run, Status};

/// The state of the log as a part of the program, and why.
fn log(status: &Status) -> (String, String) {
    let parts = status.at("/parts").as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "log").unwrap();
    let text = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"))
}

/// Every state that the peer fired between two times is stored once, or lies in a named gap; answers with how many are
/// stored.
async fn account(run: &mut Run, peer: &HomeAssistant, (from, to): (Timestamp, Timestamp)) -> usize {
    let status = run.until("the counters add up", Status::adds_up).await;
    let mut stored = BTreeMap::new();
    for line in run.get("/api/v1/export?format=ndjson").await.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let ts = Timestamp::parse(row["ts"].as_str().unwrap()).unwrap();
        let again = stored.insert((row["entity_id"].as_str().unwrap().to_owned(), ts), ());
        assert_eq!(again, None, "is there twice: {line}");
    }
    let mut found = 0;
    for fired in peer.ledger().into_iter().filter(|fired| (from..=to).contains(&fired.time_fired)) {
        let (entity_id, ts) = (fired.entity_id.to_string(), fired.time_fired);
        if stored.contains_key(&(entity_id.clone(), ts)) {
            found += 1;
        } else {
            assert!(status.covers(&entity_id, ts), "{entity_id} at {ts} is missing\n{}", status.at("/gaps"));
        }
    }
    found
}
