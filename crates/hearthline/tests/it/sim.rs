//! `hearthline sim`: a simulated Home Assistant as a process, its control port and its ledger.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::hearthline::Hearthline;
use crate::process::Process;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(60);
/// Taken away by the file and by the flag.
const GONE: [&str; 2] = ["sensor.kitchen_humidity", "sensor.kitchen_illuminance"];

/// The address behind these words in what a process said.
pub(crate) async fn address(process: &Process, words: &str) -> SocketAddr {
    until(words, SOON, async || {
        let said = process.said();
        let rest = said.split_once(words)?.1;
        let end = rest.find(|c: char| c != '.' && c != ':' && !c.is_ascii_digit())?;
        rest[..end].trim_end_matches(':').parse().ok()
    })
    .await
}

/// What the control port answers.
async fn order(control: SocketAddr, order: &str) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(control).await.unwrap());
    stream.get_mut().write_all(format!("{order}\n").as_bytes()).await.unwrap();
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        match line.trim_end() {
            "ok" => return lines,
            line if line.is_empty() || line.starts_with("error: ") => panic!("{order}: {line}"),
            line => lines.push(line.to_owned()),
        }
    }
}

/// Whether a line of the ledger says that the entity is gone.
fn is_removal(line: &str, entity_id: &str) -> bool {
    let event: Value = serde_json::from_str(line).unwrap();
    event["entity_id"] == entity_id && event["state"].is_null()
}

#[tokio::test]
async fn a_house_is_served_broken_by_flag_file_and_order_and_told_in_a_ledger() {
    let simulator = Hearthline::new("http://127.0.0.1:1", "unused");
    let (scenario, ledger) = (simulator.path("scenario.toml"), simulator.path("ledger.ndjson"));
    let toml = format!(
        "seed = 5\n[house]\nentities = 40\nrate = 200.0\n\
         [[fault]]\nat = \"2s\"\ncause = \"remove\"\nentity = {:?}\n",
        GONE[0]
    );
    std::fs::write(&scenario, toml).unwrap();
    let flag = format!("remove,entity={}@1s", GONE[1]);
    let arguments = ["sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--token", "right"];
    let files = ["--scenario", scenario.to_str().unwrap(), "--ledger", ledger.to_str().unwrap()];
    let mut sim = simulator.spawn(&[&arguments[..], &files, &["--fault", &flag]].concat());
    let peer = address(&sim, "is at http://").await;
    let control = address(&sim, "lines of text on ").await;
    assert!(sim.said().contains("--seed 5 is this house again"), "{}", sim.said());

    let recorder = Hearthline::new(&format!("http://{peer}"), "right");
    let mut run = recorder.start();
    run.connected().await;
    // Whenever the recorder has come: a drop that was before it would be none.
    until("what file and flag say has happened", SOON, async || {
        let ledger = order(control, "ledger").await;
        GONE.iter().all(|gone| ledger.iter().any(|line| is_removal(line, gone))).then_some(())
    })
    .await;
    order(control, "cause drop").await;
    until("the recorder has come again", SOON, async || {
        let counters: Value = serde_json::from_str(&order(control, "counters").await[0]).unwrap();
        (counters["connections_ever"].as_u64()? >= 2).then_some(())
    })
    .await;
    run.connected().await;
    order(control, r#"set sensor.word "spoken" {"unit":"°C"}"#).await;
    run.has("sensor.word", "\"spoken\"").await;
    let saved = order(control, "save").await;
    assert!(saved[0].ends_with("ledger.ndjson"), "{saved:?}");
    let lines = std::fs::read_to_string(&ledger).unwrap();
    assert!(lines.contains("sensor.word"), "on demand");
    order(control, "set sensor.last 1").await;

    assert_eq!(sim.terminate(SOON).await.code(), Some(0));
    let ledger = std::fs::read_to_string(&ledger).unwrap();
    assert!(
        ledger.len() > lines.len() && ledger.starts_with(lines.lines().next().unwrap()),
        "and at the end"
    );
    let mut last = BTreeMap::new();
    for (order, line) in (1u64..).zip(ledger.lines()) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["order"], order);
        last.insert(event["entity_id"].as_str().unwrap().to_owned(), event["last_updated"].as_i64().unwrap());
    }
    assert_eq!(last.len(), 42, "every entity has spoken");
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn what_is_wrong_with_a_scenario_is_told_by_line_and_faults_are_listed() {
    let simulator = Hearthline::new("http://127.0.0.1:1", "unused");
    let scenario = simulator.path("scenario.toml");
    std::fs::write(&scenario, "[house]\nentitys = 3\n\n[[fault]]\nat = \"1s\"\ncause = \"drip\"\n").unwrap();
    let answer = simulator.command(&["sim", "--scenario", scenario.to_str().unwrap()]).await;
    assert_eq!(answer.code, 2);
    for words in [
        "scenario.toml:2: no key is called \"entitys\"; is \"entities\" meant?",
        "scenario.toml:5: ",
        "\"drop\"",
    ] {
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
    }
    let answer = simulator.command(&["sim", "--fault", "drip@1s"]).await;
    assert!(answer.code == 2 && answer.stderr.contains("\"drop\""), "{}", answer.stderr);
    let answer = simulator.command(&["sim", "--faults"]).await;
    assert!(answer.code == 0 && answer.stdout.contains("\nhalf-open\n"), "{}", answer.stdout);
    let answer = simulator.command(&["sim", "--ledger", "no/such/folder"]).await;
    assert!(answer.code == 1 && answer.stderr.contains("no/such/folder"), "{}", answer.stderr);
    let listen = ["sim", "--listen", "127.0.0.1:0", "--for", "300ms", "--json", "--ledger", "ledger.ndjson"];
    let answer = simulator.command(&listen).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let documents: Vec<Value> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert!(documents[0]["seed"].is_u64() && documents[1]["connections"] == 0, "{documents:?}");
    assert!(simulator.path("ledger.ndjson").exists(), "in the folder where it was started");
}
