//! A real Home Assistant and a real InfluxDB, watched by the command: for a minute here, for half an hour by `cargo xtask soak`.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::hearthline::{Hearthline, Run, Status};
use crate::home_assistant::peer::HomeAssistant;
use crate::influxdb::MEASUREMENT;
use crate::influxdb::peer::InfluxDb;
use crate::wait::{is_whole, until};

/// The house's own weather.
const WEATHER: &str = r#"
weather:
  - platform: template
    name: Garden
    unique_id: garden
    condition_template: "cloudy"
    temperature_unit: "°C"
    temperature_template: "{{ 10 }}"
    humidity_template: "{{ 81 }}"
"#;
/// Between two changes of the house.
const CHANGE: Duration = Duration::from_millis(500);
/// Until the seconds of the start are few enough of all for the usual share of uptime; by a lower one, until it is known.
const BEGUN: [Duration; 2] = [Duration::from_secs(1200), Duration::from_secs(180)];
/// What is on its way when the house falls quiet.
const DELIVERED: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Home Assistant and InfluxDB: cargo xtask test"]
async fn every_criterion_of_a_real_house_holds_at_every_look() {
    let mut house = HomeAssistant::absent();
    house.configure(WEATHER);
    house.start().await;
    let server = InfluxDb::running().await;
    // In a minute, the seconds of the start are more than the usual shares allow.
    let criteria = if is_whole() { "" } else { "[criteria]\nuptime = \"50%\"\nweather = \"50%\"\n" };
    let sink = format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n", server.url());
    let hearthline = Hearthline::new(&house.url(), house.owner()).with_settings(&(sink + criteria));
    let mut run = hearthline.start();
    run.connected().await;

    let (ending, ended) = watch::channel(false);
    let watching = async {
        let [whole, short] = BEGUN;
        run.within(if is_whole() { whole } else { short }, "every criterion holds", all_hold).await;
        let lasting = if is_whole() { "30m" } else { "1m" };
        let answer = hearthline.command(&["monitor", "--for", lasting]).await;
        ending.send(true).unwrap();
        answer
    };
    let (answer, changes) = tokio::join!(watching, live(&house, ended));
    println!("{}", answer.stdout);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("connection lost: 0; gaps: 0, lost: 0"), "nothing was missed");
    has_every_change(&hearthline, &mut run, &server, changes).await;
    println!("{changes} changes of the house, each stored once and once in InfluxDB");
    assert!(run.stop().await.success());
}

fn all_hold(status: &Status) -> bool {
    status.at("/criteria").as_array().unwrap().iter().all(|one| one["met"] == true)
}

/// Ten sensors, one of which changes each half second, until the house is told to be quiet. Answers with how often.
async fn live(house: &HomeAssistant, ended: watch::Receiver<bool>) -> usize {
    let mut ticks = interval(CHANGE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut changes = 0;
    while !*ended.borrow() {
        ticks.tick().await;
        let attributes = json!({ "unit_of_measurement": "W", "device_class": "power" });
        house.set(&format!("sensor.lively_{}", changes % 10), &changes.to_string(), &attributes).await;
        changes += 1;
    }
    changes
}

async fn has_every_change(hearthline: &Hearthline, run: &mut Run, server: &InfluxDb, changes: usize) {
    let last = changes - 1;
    run.has(&format!("sensor.lively_{}", last % 10), &last.to_string()).await;
    let wanted: Vec<usize> = (0..changes).collect();
    let exported = hearthline.command(&["export", "--format", "ndjson"]).await;
    let rows = exported.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let lively = rows.filter(|row| row["entity_id"].as_str().unwrap().starts_with("sensor.lively_"));
    let stored = lively.map(|row| row["state"].as_str().unwrap().parse().unwrap());
    assert_eq!(sorted(stored), wanted, "in the store");
    until("InfluxDB has every change", DELIVERED, async || {
        let points = server.states(MEASUREMENT).await.into_iter();
        let lively = points.filter(|(entity_id, ..)| entity_id.starts_with("sensor.lively_"));
        (sorted(lively.map(|(_, _, state)| state.parse().unwrap())) == wanted).then_some(())
    })
    .await;
}

fn sorted(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    numbers
}
