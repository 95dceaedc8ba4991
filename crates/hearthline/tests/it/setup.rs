//! From nothing to recording by the steps of the page, and what is said while the settings are not good enough to record with.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fault, HomeAssistant, House, Options};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::hearthline::{Hearthline, Run};
use crate::process::free_port;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(20);
const WRONG: &str = "eyJ.wrong-token.of-nobody";

/// A program that knows of no Home Assistant.
pub(crate) fn unset() -> Hearthline {
    Hearthline::new("", "").without("HOME_ASSISTANT_URL").without("HOME_ASSISTANT_TOKEN")
}

async fn peer(options: Options) -> (HomeAssistant, String) {
    let house = House::of_size(1, SystemClock::new().now(), 12).with_rate(5.0);
    let peer = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
    let address = peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    (peer, address.to_string())
}

/// Sends a document to the API, as a page of this machine does.
pub(crate) async fn send(run: &mut Run, path: &str, document: &Value) -> (StatusCode, Value) {
    let url = format!("http://{}{path}", run.address().await);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(url).json(document).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Waits until it records and is connected. One serves after the other meanwhile, and who asks in that moment may be cut off.
pub(crate) async fn records(run: &mut Run) {
    answers(run, "/api/v1/setup", |setup| setup["state"] == "recording").await;
    run.connected().await;
}

/// Waits until the answer is so.
async fn answers(run: &mut Run, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let url = format!("http://{}{path}", run.address().await);
    until(&format!("{path} says so"), SOON, async || {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer: Value = client.get(&url).send().await.ok()?.json().await.ok()?;
        is(&answer).then_some(answer)
    })
    .await
}

/// Tests the connection: what failed, with what to do, or nothing.
async fn fails(run: &mut Run, url: &str, token: &str) -> Option<(String, Value)> {
    let (status, report) = send(run, "/api/v1/setup/test", &json!({ "url": url, "token": token })).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert!(!report.to_string().contains(token), "the token is told: {report}");
    let findings = report["findings"].as_array().unwrap();
    let fault = findings.iter().find(|found| found["severity"] == "fault")?;
    Some((fault["id"].as_str().unwrap().to_owned(), fault.clone()))
}

/// Something that answers HTTP and is no Home Assistant.
async fn stranger() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 2048]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
        }
    });
    address.to_string()
}

#[tokio::test]
async fn without_a_token_it_waits_says_so_everywhere_and_records_once_the_steps_are_done() {
    let hearthline = unset();
    let (house, address) = peer(Options::default()).await;
    let token = Options::default().token;
    let mut run = hearthline.start();
    run.address().await;

    // It is never green.
    let checked = hearthline.command(&["check"]).await;
    assert_eq!(checked.code, 2, "{checked:?}");
    let strict = hearthline.command(&["run", "--strict"]).await;
    assert_eq!(strict.code, 2, "{strict:?}");
    for command in [&["healthcheck"][..], &["status"], &["status", "--json"]] {
        let answer = hearthline.command(command).await;
        assert_eq!(answer.code, 1, "{answer:?}");
        let said = format!("{}{}", answer.stdout, answer.stderr);
        assert!(said.contains("it is not known yet where Home Assistant is"), "{said}");
    }
    let setup: Value = serde_json::from_str(&run.get("/api/v1/setup").await).unwrap();
    assert_eq!((&setup["state"], &setup["mistakes"]), (&json!("setup"), &json!([])), "{setup}");
    assert!(run.said().contains(&format!("http://{}/", run.address().await)), "{}", run.said());

    // Each failure by its name, with what to do.
    let nobody = free_port();
    let elsewhere = stranger().await;
    for (what, url, token, id, todo) in [
        (
            "a name that nobody has",
            "http://nobody.invalid:8123",
            WRONG,
            "ha-dns-unknown",
            "correct the address",
        ),
        ("a port that is closed", &format!("http://127.0.0.1:{nobody}"), WRONG, "ha-tcp-refused", "8123"),
        (
            "TLS where there is none",
            &format!("https://{address}"),
            WRONG,
            "ha-tls-failed",
            "http:// in place",
        ),
        ("something else", &format!("http://{elsewhere}"), WRONG, "ha-http-stranger", "correct the address"),
        ("a wrong token", &format!("http://{address}"), WRONG, "ha-token-refused", "step 2"),
    ] {
        let (found, fault) = fails(&mut run, url, token).await.unwrap_or_else(|| panic!("{what} passes"));
        assert_eq!(found, id, "{what}: {fault}");
        assert!(fault["remedy"].as_str().unwrap().contains(todo), "{what}: {fault}");
        println!("{what}: {} | {}", fault["says"], fault["remedy"]);
    }

    // Only what was tested is written.
    let right = json!({ "url": format!("http://{address}"), "token": token });
    let (status, refused) = send(&mut run, "/api/v1/setup", &right).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    assert!(!hearthline.data().join("hearthline.toml").exists());
    assert_eq!(fails(&mut run, &format!("http://{address}"), &token).await, None);
    let (status, begun) = send(&mut run, "/api/v1/setup", &right).await;
    assert_eq!(status, StatusCode::OK, "{begun}");

    // It records, in the same process, at the same address.
    let before = (run.id(), run.address().await);
    records(&mut run).await;
    house.set_state("sensor.word", "after the setup", "{}");
    run.has("sensor.word", "after the setup").await;
    assert_eq!((run.id(), run.address().await), before);
    assert_eq!(send(&mut run, "/api/v1/setup/test", &right).await.0, StatusCode::CONFLICT);
    assert_ne!(run.status().await.at("/overall"), "unhealthy");
    assert!(run.stop().await.success());
    let said = run.said();
    assert!(!said.contains(WRONG) && !said.contains(&token), "a token is told: {said}");
    assert_eq!(hearthline.files_with(token.as_bytes()), [hearthline.data().join("secrets/home_assistant")]);
    assert_eq!(hearthline.files_with(WRONG.as_bytes()), Vec::<std::path::PathBuf>::new());

    // Every later start and command finds what was written.
    let mut again = hearthline.start();
    again.has("sensor.word", "after the setup").await;
    again.connected().await;
    assert_eq!(hearthline.command(&["check"]).await.code, 0);
    assert!(again.stop().await.success());
}

#[tokio::test]
async fn a_house_that_is_starting_and_a_token_of_no_administrator_are_told_and_are_no_obstacle() {
    let options = Options { admin: false, ..Options::default() };
    let token = options.token.clone();
    let (house, address) = peer(options).await;
    let url = format!("http://{address}");
    let hearthline = unset().with_variable("HOME_ASSISTANT_URL", &url);
    let mut run = hearthline.start();
    let setup: Value = serde_json::from_str(&run.get("/api/v1/setup").await).unwrap();
    assert_eq!(setup["url"]["origin"], "HOME_ASSISTANT_URL", "{setup}");
    let elsewhere = json!({ "url": "http://elsewhere:8123", "token": token });
    let (status, refused) = send(&mut run, "/api/v1/setup/test", &elsewhere).await;
    assert_eq!(status, StatusCode::CONFLICT, "the environment would win: {refused}");

    let day = Duration::from_secs(86_400);
    house.cause(Fault::Restart { down: Duration::from_millis(100), starting: day, killed: false });
    let request = json!({ "token": token });
    let report = until("it is there and starts", SOON, async || {
        let (_, report) = send(&mut run, "/api/v1/setup/test", &request).await;
        (report["counts"]["fault"] == 0).then_some(report)
    })
    .await;
    for id in ["ha-starting", "ha-rights-limited"] {
        assert!(report.to_string().contains(id), "{id}: {report}");
    }
    assert_eq!(send(&mut run, "/api/v1/setup", &request).await.0, StatusCode::OK);
    records(&mut run).await;
    let written = std::fs::read_to_string(hearthline.data().join("hearthline.toml")).unwrap();
    assert!(!written.contains("url"), "what the environment says is not written: {written}");
    assert!(run.stop().await.success());
}

#[tokio::test]
async fn mistakes_are_told_and_once_the_file_is_right_recording_begins_by_itself() {
    let (house, address) = peer(Options::default()).await;
    let token = Options::default().token;
    let broken = "[log]\nkeep = \"soon\"\n";
    let hearthline = Hearthline::new(&format!("http://{address}"), &token).with_settings(broken);
    let mut run = hearthline.start();
    let setup: Value = serde_json::from_str(&run.get("/api/v1/setup").await).unwrap();
    assert_eq!(setup["state"], "mistakes", "{setup}");
    let mistake = &setup["mistakes"][0];
    assert!(mistake["place"].as_str().unwrap().ends_with("hearthline.toml:2:8"), "{mistake}");
    let checked = hearthline.command(&["healthcheck"]).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.stdout.contains("log.keep"), "{checked:?}");
    let status = hearthline.command(&["status"]).await;
    assert_eq!(status.code, 1, "{status:?}");
    assert!(
        status.stderr.contains("nothing is recorded") && status.stderr.contains("log.keep"),
        "{status:?}"
    );
    let refused = send(&mut run, "/api/v1/setup/test", &json!({ "token": token })).await;
    assert_eq!(refused.0, StatusCode::CONFLICT, "{refused:?}");

    // Another mistake takes its place, then none.
    let path = hearthline.path("hearthline.toml");
    std::fs::write(&path, "[log\n").unwrap();
    until("the new mistake is told", SOON, async || {
        run.get("/api/v1/setup").await.contains("hearthline.toml:1:").then_some(())
    })
    .await;
    std::fs::write(&path, "[log]\nkeep = \"2h\"\n").unwrap();
    records(&mut run).await;
    house.set_state("sensor.word", "right", "{}");
    run.has("sensor.word", "right").await;
    assert!(run.stop().await.success());
}

#[tokio::test]
async fn a_mistake_in_what_recording_does_not_need_switches_that_off_alone_until_it_is_corrected() {
    let (house, address) = peer(Options::default()).await;
    let token = Options::default().token;
    let sink =
        |url: &str| format!("[[sinks]]\ntype = \"influxdb\"\nurl = {url}\n[store]\nretention = \"1d\"\n");
    let hearthline =
        Hearthline::new(&format!("http://{address}"), &token).with_settings(&sink("\"influx:8086\""));
    let mut run = hearthline.start();
    run.connected().await;
    house.set_state("sensor.word", "while it is off", "{}");
    run.has("sensor.word", "while it is off").await;
    let status = run.status().await;
    assert_eq!(status.at("/overall"), "degraded", "{status:?}");
    let verdict = status.at("/verdict").as_str().unwrap();
    for told in
        ["Recording, but the settings have mistakes", "sinks are off", "hearthline.toml:3:", "sinks.url"]
    {
        assert!(verdict.contains(told), "{told}: {verdict}");
    }
    let parts = status.at("/parts").as_array().unwrap();
    let settings = parts.iter().find(|part| part["name"] == "settings").unwrap();
    assert_eq!(settings["state"], "parked", "{settings}");
    assert!(run.said().contains("rows kept for ever"), "no row goes before the sink has it: {}", run.said());
    let shown = hearthline.command(&["healthcheck"]).await;
    assert_eq!((shown.code, shown.stdout.contains("sinks are off")), (0, true), "{shown:?}");
    assert_eq!(hearthline.command(&["check", "--offline"]).await.code, 2, "it is a mistake");

    let process = run.id();
    std::fs::write(hearthline.path("hearthline.toml"), sink("\"http://127.0.0.1:9\"")).unwrap();
    let sinks = |status: &Value| status["sinks"].as_array().map(Vec::len);
    let status = answers(&mut run, "/api/v1/status", |status| sinks(status) == Some(2)).await;
    let parts = status["parts"].as_array().unwrap();
    assert!(parts.iter().all(|part| part["name"] != "settings"), "{status}");
    assert_eq!(run.id(), process);
    run.connected().await;
    run.has("sensor.word", "while it is off").await;
    assert!(run.stop().await.success());
}

#[tokio::test]
async fn what_is_recorded_already_can_be_read_while_it_waits() {
    let (_house, address) = peer(Options::default()).await;
    let hearthline = Hearthline::new(&format!("http://{address}"), &Options::default().token);
    let mut first = hearthline.start();
    answers(&mut first, "/api/v1/entities", |all| {
        all["entities"].as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    assert!(first.stop().await.success());
    let entities = hearthline.command(&["entities", "--json"]).await;
    assert_eq!(entities.code, 0, "{entities:?}");

    let hearthline = hearthline.with_settings("[log]\nkeep = 5\n");
    let mut run = hearthline.start();
    let waiting: Value = serde_json::from_str(&run.get("/api/v1/entities").await).unwrap();
    let before = entities.json();
    assert_eq!(waiting["entities"].as_array().unwrap().len(), before["entities"].as_array().unwrap().len());
    assert!(!waiting["entities"].as_array().unwrap().is_empty());
    assert!(run.stop().await.success());

    let hearthline = hearthline.without("HEARTHLINE_CONFIG").without("HOME_ASSISTANT_TOKEN");
    let mut run = hearthline.start();
    run.get("/api/v1/setup").await;
    let logs = hearthline.command(&["logs"]).await;
    assert_eq!(logs.code, 0, "{logs:?}");
    assert!(logs.stdout.contains("stopped; everything received is in files"), "{logs:?}");
    assert!(run.stop().await.success());
}
