//! Hearthline as a device of Home Assistant, over a real mosquitto and Home Assistant's own MQTT integration.

use std::time::Duration;

use serde_json::{Value, json};

use super::peer::HomeAssistant;
use super::recorder_of;
use crate::hearthline::{Hearthline, Run};
use crate::process::{self, Process, free_port};
use crate::wait::{until, within_a_day};

const START: Duration = Duration::from_secs(30);
/// What a change may take to show itself in Home Assistant; figures are said once a minute.
const SHOWN: Duration = Duration::from_secs(100);
/// So long is looked at what comes back.
const LOOKED: Duration = Duration::from_secs(60);
const PASSWORD: &str = "of the recorder";
const ENTITIES: [&str; 7] = [
    "sensor.hearthline_health",
    "binary_sensor.hearthline_problem",
    "sensor.hearthline_last_event_age",
    "sensor.hearthline_events_per_minute",
    "sensor.hearthline_behind",
    "sensor.hearthline_lost",
    "sensor.hearthline_days_until_full",
];

/// A mosquitto that lets `hearthline` and `house` in, and nobody else.
struct Broker {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
}

impl Broker {
    async fn running() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passwords = folder.path().join("passwords");
        for (n, user) in ["hearthline", "house"].into_iter().enumerate() {
            let mut command = process::peer("mosquitto/mosquitto_passwd");
            command.args(if n == 0 { ["-c", "-b"].as_slice() } else { &["-b"] });
            let made = command.arg(&passwords).args([user, PASSWORD]).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        let mut broker = Self { folder, port: free_port(), process: None };
        broker.start().await;
        broker
    }

    async fn start(&mut self) {
        let (port, passwords) = (self.port, self.folder.path().join("passwords"));
        let settings = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\npersistence false\n",
            passwords.display()
        );
        let path = self.folder.path().join("mosquitto.conf");
        std::fs::write(&path, settings).unwrap();
        let mut command = process::peer("mosquitto/mosquitto");
        let mut process = Process::start("mosquitto", command.arg("-c").arg(path));
        until("mosquitto listens", START, async || {
            assert!(!process.has_ended(), "mosquitto ended at its start: {}", process.said());
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop)
        })
        .await;
        self.process = Some(process);
    }

    async fn kill(&mut self) {
        self.process.take().expect("mosquitto runs").kill().await;
    }

    fn settings(&self, password: &str) -> String {
        let port = self.port;
        format!(
            "[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nusername = \"hearthline\"\npassword = \"{password}\"\n"
        )
    }
}

async fn shows(house: &HomeAssistant, entity_id: &str, what: &str, is: impl Fn(&str) -> bool) -> String {
    until(&format!("{entity_id} is {what}"), SHOWN, async || {
        house.state(entity_id).await.filter(|state| is(state))
    })
    .await
}

async fn all_are_unavailable(house: &HomeAssistant) {
    for entity_id in ENTITIES {
        shows(house, entity_id, "unavailable", |state| state == "unavailable").await;
    }
}

/// How many states of our own entities are recorded.
async fn of_ourselves(run: &mut Run) -> u64 {
    let mut count = 0;
    for entity_id in ENTITIES {
        let answer = run.get(&format!("/api/v1/entities/{entity_id}/history")).await;
        let history: Value = serde_json::from_str(&answer).unwrap();
        count += history["states"].as_array().unwrap_or_else(|| panic!("{history}")).len() as u64;
    }
    count
}

#[tokio::test]
#[ignore = "needs Home Assistant and mosquitto: cargo xtask test"]
async fn home_assistant_shows_one_device_with_what_the_status_says() {
    within_a_day(2 * SHOWN).await; // once a day is over, it is known when the disk is full
    let broker = Broker::running().await;
    let house = HomeAssistant::running().await;
    let access =
        json!({ "broker": "127.0.0.1", "port": broker.port, "username": "house", "password": PASSWORD });
    house.integrate("mqtt", access).await;
    let hearthline = recorder_of(&house).with_settings(&broker.settings(PASSWORD));
    let mut run = hearthline.start();
    run.connected().await;
    // The one event of this house that is not about ourselves.
    house.set("sensor.word", "once", &json!({})).await;
    run.has("sensor.word", "once").await;

    shows(&house, "sensor.hearthline_health", "healthy", |state| state == "healthy").await;
    shows(&house, "binary_sensor.hearthline_problem", "off", |state| state == "off").await;
    let rate =
        shows(&house, "sensor.hearthline_events_per_minute", "a number", |state| state != "unknown").await;
    let of_status = run.status().await.at("/events/per_minute").as_f64().unwrap();
    let rate: f64 = rate.parse().unwrap();
    assert!((rate - of_status).abs() <= of_status.max(rate) / 2.0 + 20.0, "{rate} and {of_status}");
    for (entity_id, state) in [
        ("sensor.hearthline_behind", "0"),
        ("sensor.hearthline_lost", "0"),
        ("sensor.hearthline_days_until_full", "unknown"),
    ] {
        shows(&house, entity_id, state, |shown| shown == state).await;
    }
    let devices = house.command(json!({ "type": "config/device_registry/list" })).await;
    let ours: Vec<_> =
        devices.as_array().unwrap().iter().filter(|device| device["name"] == "Hearthline").collect();
    assert_eq!(ours.len(), 1, "{devices}");
    let entities = house.command(json!({ "type": "config/entity_registry/list" })).await;
    let of_device = entities.as_array().unwrap().iter().filter(|entity| entity["device_id"] == ours[0]["id"]);
    assert_eq!(of_device.count(), ENTITIES.len());

    // What is said comes back, is recorded as any other state, and makes no circle. In this house nothing else happens.
    run.has("sensor.hearthline_health", "healthy").await;
    let before = of_ourselves(&mut run).await;
    tokio::time::sleep(LOOKED).await;
    let after = of_ourselves(&mut run).await;
    println!("{before} states of ourselves, and {} within a minute", after - before);
    assert!((1..=6).contains(&(after - before)), "{before} and {after}");
    let minute = |age: &str| age.parse::<u64>().is_ok_and(|age| age >= 60);
    shows(&house, "sensor.hearthline_last_event_age", "a minute or more", minute).await;
    let age = run.status().await.at("/home_assistant/last_event_age_s").as_f64().unwrap();
    assert!(age >= 60.0, "what we say of ourselves is no sign of life: {age} s");

    run.kill().await;
    all_are_unavailable(&house).await;
    let mut run = hearthline.start();
    shows(&house, "sensor.hearthline_lost", "there again", |state| state == "0").await;
    assert!(run.stop().await.success());
    all_are_unavailable(&house).await;
}

#[tokio::test]
#[ignore = "needs Home Assistant and mosquitto: cargo xtask test"]
async fn a_broker_that_goes_is_found_again_and_one_that_refuses_waits_for_a_person() {
    let mut broker = Broker::running().await;
    let house = HomeAssistant::running().await;
    let part = |status: &crate::hearthline::Status| {
        let parts = status.at("/parts").as_array().unwrap();
        let part = parts.iter().find(|part| part["name"] == "mqtt").unwrap();
        (part["state"].as_str().unwrap().to_owned(), part["reason"].as_str().unwrap_or_default().to_owned())
    };
    let hearthline = recorder_of(&house).with_settings(&broker.settings(PASSWORD));
    let mut run = hearthline.start();
    run.until("mqtt is healthy", |status| part(status).0 == "healthy").await;
    broker.kill().await;
    run.until("mqtt is degraded", |status| part(status).0 == "degraded").await;
    let found = hearthline.command(&["doctor", "--json"]).await.json();
    let ids: Vec<_> = found["findings"].as_array().unwrap().iter().map(|finding| &finding["id"]).collect();
    assert!(ids.contains(&&json!("mqtt-away")), "{ids:?}");
    broker.start().await;
    run.within(SHOWN, "mqtt is healthy again", |status| part(status).0 == "healthy").await;
    assert!(run.stop().await.success());

    let wrong = recorder_of(&house).with_settings(&broker.settings("another"));
    let mut run = wrong.start();
    let parked = run.until("mqtt is parked", |status| part(status).0 == "parked").await;
    // mosquitto answers "not authorised" to a wrong password.
    assert!(part(&parked).1.contains("refuses the connection: not allowed"), "{:?}", part(&parked));
    run.connected().await;
    let found = wrong.command(&["doctor"]).await;
    assert!(found.stdout.contains("refuses the connection"), "{}", found.stdout);
    assert_eq!(
        wrong.files_with(b"another"),
        Vec::<std::path::PathBuf>::new(),
        "the password is nowhere in the data"
    );
    assert!(run.stop().await.success());
}

#[tokio::test]
async fn a_broker_that_is_not_there_disturbs_nobody() {
    let port = free_port();
    let settings = format!("[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\n");
    let hearthline = Hearthline::new("http://127.0.0.1:1", "token").with_settings(&settings);
    let mut run = hearthline.start();
    run.until("mqtt is degraded", |status| {
        let parts = status.at("/parts").as_array().unwrap();
        parts.iter().any(|part| part["name"] == "mqtt" && part["state"] == "degraded")
    })
    .await;
    assert!(run.stop().await.success());
}
