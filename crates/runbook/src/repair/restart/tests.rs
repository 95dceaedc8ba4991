use hearthline_core::MemFs;

use super::*;
use crate::repair::State;
use crate::repair::testing::{Case, House, Made, engine, killed_at_any_time};

fn house(store: &str) -> Arc<House> {
    let house = House::new();
    let part = |name: &str, state: &str| {
        serde_json::from_value(json!({
            "name": name, "state": state, "since": "2026-11-26T00:00:00.000000Z", "reason": null, "uptime": null,
        }))
        .unwrap()
    };
    house.status.lock().parts = vec![part("log", "healthy"), part("store", store), part("weather", "off")];
    house
}

fn made(house: &Arc<House>) -> Made {
    let house = Arc::clone(house);
    Arc::new(move |options| Box::new(Restart::new(house.clone(), options)))
}

pub(in crate::repair) async fn case() -> Case {
    let house = house("healthy");
    let made = made(&house);
    let there =
        move || if house.restarted.lock().is_empty() { "as it was" } else { "started anew" }.to_owned();
    Case { disk: MemFs::default(), made, there: Box::new(there) }
}

#[tokio::test(start_paused = true)]
async fn one_part_or_all_are_started_anew_and_looked_at_until_they_are_well() {
    let house = house("starting");
    let engine = engine(&MemFs::default(), "restart", made(&house));
    assert!(engine.findings().await.iter().all(|finding| finding.repair != "restart"));
    let late = Arc::clone(&house);
    tokio::spawn(async move {
        sleep(Duration::from_secs(3)).await;
        late.status.lock().parts[1].state = "healthy".into();
    });
    let options = json!({ "part": "store" });
    assert_eq!(engine.plan("restart", &options).await.unwrap().finding, "store is starting");
    let receipt = engine.begin("restart", &options, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done);
    let says = &receipt.steps[0].done.as_ref().unwrap().says;
    assert_eq!(says, "store stopped and started within 0.0 s: it was given what waited");
    assert_eq!(receipt.verified.unwrap().data, json!({ "store": "healthy" }));

    let receipt = engine.begin("restart", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.verified.unwrap().says, "every part is healthy or off");
    assert_eq!(*house.restarted.lock(), [Some("store".into()), None]);
    let refused = engine.plan("restart", &json!({ "part": "nothing" })).await.err().unwrap().to_string();
    assert_eq!(refused, "no part is called \"nothing\"; there are log, store, weather");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_become_well_is_told() {
    let house = house("unhealthy");
    house.status.lock().parts[1].reason = Some("the disk is full".into());
    let engine = engine(&MemFs::default(), "restart", made(&house));
    let receipt = engine.begin("restart", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Failed);
    assert_eq!(receipt.error.as_deref(), Some("store is unhealthy: the disk is full"));
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_time_it_ends_well() {
    let build = || {
        let house = house("healthy");
        let made = made(&house);
        (house, MemFs::default(), made)
    };
    let each = (LOOK, 2 * LOOK);
    let kills = killed_at_any_time("restart", Value::Null, each, build, |house, _| {
        assert!(!house.restarted.lock().is_empty());
    });
    kills.await;
}
