//! One connection and one subscription, whatever Home Assistant does.

use std::time::Duration;

use serde_json::json;

use super::peer::HomeAssistant;
use super::recorder_of;
use crate::hearthline::{Run, Status};
use crate::wait::until;

/// How long it is watched while it has nothing to do.
const MEASURED: Duration = Duration::from_secs(4);

#[tokio::test]
#[ignore = "needs Home Assistant: cargo xtask test"]
async fn there_is_one_connection_after_home_assistant_was_absent_and_after_it_restarted() {
    let mut house = HomeAssistant::absent();
    let hearthline = recorder_of(&house);
    let mut run = hearthline.start();
    let tries = run.within(Duration::from_secs(30), "it tries again", |status| attempts(status) >= 3).await;
    assert_ne!(tries.connection(), "connected");
    assert!(tries.at("/home_assistant/reason").is_string(), "it says why");
    idles(&run).await;

    house.start().await;
    hears_once(&mut run, &house, "after it was absent").await;
    idles(&run).await;

    let before = attempts(&run.status().await);
    house.stop().await;
    run.until("it waits for Home Assistant", |status| status.connection() == "waiting").await;
    house.start().await;
    hears_once(&mut run, &house, "after it restarted").await;
    assert!(attempts(&run.status().await) > before);
    let gaps = hearthline.command(&["gaps"]).await;
    // Whether it was met while it was still starting is a matter of moments.
    let told = ["connection lost", "home assistant was restarted"];
    assert!(told.iter().any(|cause| gaps.stdout.contains(cause)), "{gaps:?}");
}

fn attempts(status: &Status) -> u64 {
    status.count("/home_assistant/attempts")
}

/// Connected by one connection, over which each event comes once.
async fn hears_once(run: &mut Run, house: &HomeAssistant, last: &str) {
    run.connected().await;
    let before = run.status().await.count("/events/duplicate");
    for step in 0..50 {
        house.set("sensor.steps", &step.to_string(), &json!({})).await;
    }
    house.set("sensor.steps", last, &json!({})).await;
    run.has("sensor.steps", last).await;
    assert_eq!(run.status().await.count("/events/duplicate"), before, "an event came twice");
    let one = async || (house.clients() == 1).then_some(());
    until("Home Assistant has one client", Duration::from_secs(60), one).await;
}

/// The program needs next to no processor time while nothing happens.
async fn idles(run: &Run) {
    let before = run.processor_time();
    tokio::time::sleep(MEASURED).await; // nobody asks it anything for as long as it is measured
    let share = (run.processor_time() - before).as_secs_f64() / MEASURED.as_secs_f64();
    assert!(share < 0.05, "it used {:.1} % of a processor", share * 100.0);
}
