//! `hearthline record` and `hearthline replay`: a session that was recorded makes the same rows again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Ending, Fault, Garbage, HomeAssistant, House, Options};
use serde_json::Value;

use crate::hearthline::Hearthline;
use crate::sim::address;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);
const TOKEN: &str = "ey-the-real-token";

async fn stored(hearthline: &Hearthline) -> BTreeSet<String> {
    let exported = hearthline.command(&["export", "--format", "ndjson"]).await;
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let keys = ["entity_id", "ts", "state", "last_changed", "attributes", "unit"];
        Value::from_iter(keys.map(|key| row.get(key).cloned().unwrap_or_default())).to_string()
    };
    exported.stdout.lines().map(row).collect()
}

#[tokio::test]
async fn a_session_that_was_recorded_makes_the_same_rows_and_holds_no_secret() {
    let options = Options { token: TOKEN.into(), ..Options::default() };
    // So slow that nobody speaks a second time by itself.
    let house = House::new(3, SystemClock::new().now()).with_rate(0.001);
    let peer = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
    tokio::time::sleep(Duration::from_millis(1_200)).await; // every entity of a new house speaks within a second
    peer.advance();
    let url = format!("http://{}", peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap());

    let (recorder, original) = (Hearthline::new(&url, TOKEN), Hearthline::new(&url, TOKEN));
    let file = recorder.path("session.ndjson");
    let path = file.to_str().unwrap().to_owned();
    let mut record = recorder.spawn(&["record", "--out", &path]);
    let mut run = original.start();
    run.connected().await;
    until("both have the states", SOON, async || {
        let recorded = std::fs::read_to_string(&file).unwrap_or_default();
        (recorded.contains("get_states") && recorded.contains("weather.home")).then_some(())
    })
    .await;
    run.has(
        "weather.home",
        &peer
            .ledger()
            .iter()
            .rfind(|f| f.entity_id.as_str() == "weather.home")
            .unwrap()
            .new_state
            .clone()
            .unwrap()
            .state,
    )
    .await;
    for n in 0..200 {
        let attributes = format!(r#"{{"n":{n}.50,"unit_of_measurement":"°C"}}"#);
        peer.set_state(&format!("sensor.s{}", n % 20), &n.to_string(), &attributes);
    }
    peer.set_state("lock.door", "locked", r#"{"code":"a-door-code","entity_picture":"/api/p?token=s3cr3t"}"#);
    run.has("lock.door", "locked").await;
    // Alone in its frame, or its neighbours would be garbage too.
    peer.cause(Fault::Garbage(Garbage::NotJson));
    run.until("garbage is set aside", |status| status.count("/events/quarantined") == 1).await;
    peer.remove("sensor.s0");
    peer.set_state("sensor.end", "here", "{}");
    run.has("sensor.end", "here").await;
    until("it is written down", SOON, async || {
        std::fs::read_to_string(&file).unwrap().contains("sensor.end").then_some(())
    })
    .await;
    let before = stored(&original).await;
    peer.cause(Fault::Drop(Ending::Close));
    assert_eq!(record.ended(SOON).await.code(), Some(0), "the connection's end is the recording's");
    assert!(
        record.said().contains("with 203 events") && record.said().contains("closed"),
        "{}",
        record.said()
    );
    run.stop().await;

    let recorded = std::fs::read_to_string(&file).unwrap();
    for secret in [TOKEN, "a-door-code", "s3cr3t", "52.3731", "Demo house (simulated)"] {
        assert!(!recorded.contains(secret), "{secret} is in the recording");
    }
    let again = recorder.command(&["record", "--out", &path]).await;
    assert!(again.code == 1 && again.stderr.contains("session.ndjson"), "an old one is not overwritten");

    let mut replay = recorder.spawn(&["replay", &path, "--listen", "127.0.0.1:0", "--speed", "5"]);
    let url = format!("http://{}", address(&replay, "is at http://").await);
    let replayed = Hearthline::new(&url, "any");
    let mut run = replayed.start();
    run.connected().await;
    run.has("sensor.end", "here").await;
    let after = stored(&replayed).await;
    // What names the place of the house differs, and nothing else.
    let placed =
        |row: &&String| row.contains("latitude") || row.contains("elevation") || row.contains("lock.door");
    let rows =
        |rows: &BTreeSet<String>| rows.iter().filter(|row| !placed(row)).cloned().collect::<BTreeSet<_>>();
    assert!(rows(&before).len() > 280, "{}", before.len());
    let (before_rows, after_rows) = (rows(&before), rows(&after));
    let missing: Vec<_> = before_rows.difference(&after_rows).collect();
    let new: Vec<_> = after_rows.difference(&before_rows).collect();
    assert!(missing.is_empty() && new.is_empty(), "missing: {missing:#?}\nnew: {new:#?}");
    assert_eq!(after.len(), before.len());
    assert!(run.status().await.count("/events/quarantined") >= 1, "garbage was said again");
    replay.terminate(SOON).await;
    run.stop().await;
}

#[tokio::test]
async fn what_is_no_recording_is_refused_with_the_line() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "unused");
    let file = hearthline.path("x.ndjson");
    std::fs::write(&file, "{\"ha\":\"1\"}\n{\"t\":1}\n").unwrap();
    let answer = hearthline.command(&["replay", file.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("x.ndjson is no recording: line 2: has no dir"), "{}", answer.stderr);
    let answer = hearthline.command(&["record", "--out", hearthline.path("y").to_str().unwrap()]).await;
    assert_eq!(answer.code, 4, "{}", answer.stderr);
    assert!(!hearthline.path("y").exists(), "nothing was recorded");
}
