use hearthline_core::MemFs;

use super::*;
use crate::repair::State;
use crate::repair::testing::{Case, House, Made, engine, killed_at_any_time};

const TENTH: Duration = Duration::from_millis(100);

/// A program whose connection is up again so long after it was asked for; never, if none.
fn house(up_after: Option<Duration>) -> Arc<House> {
    let house = House::new();
    let weak = Arc::downgrade(&house);
    *house.on_reconnect.lock() = Box::new(move || {
        let house = weak.upgrade().unwrap();
        house.status.lock().home_assistant.state = "waiting".into();
        tokio::spawn(async move {
            if let Some(after) = up_after {
                sleep(after).await;
                let peer = &mut house.status.lock().home_assistant;
                (peer.state, peer.attempts) = (CONNECTED.into(), peer.attempts + 1);
            } else {
                house.status.lock().home_assistant.reason = Some("no route".into());
            }
        });
    });
    house
}

fn made(house: &Arc<House>) -> Made {
    let house = Arc::clone(house);
    Arc::new(move |options| Box::new(Connection::new(house.clone(), options)))
}

pub(in crate::repair) async fn case() -> Case {
    let house = house(Some(8 * TENTH));
    house.status.lock().home_assistant.state = "disconnected".into();
    let made = made(&house);
    let there = move || house.status.lock().home_assistant.state.clone();
    Case { disk: MemFs::default(), made, there: Box::new(there) }
}

#[tokio::test(start_paused = true)]
async fn it_is_a_finding_only_when_the_connection_is_not_up_and_done_whenever_asked_for() {
    let house = house(Some(8 * TENTH));
    let engine = engine(&MemFs::default(), "connection", made(&house));
    let found = async || engine.findings().await.into_iter().find(|found| found.repair == "connection");
    assert_eq!(found().await, None);
    assert_eq!(engine.plan("connection", &Value::Null).await.unwrap().steps.len(), 1);
    house.status.lock().home_assistant.state = "disconnected".into();
    house.status.lock().home_assistant.reason = Some("no route".into());
    let plan = found().await.unwrap().plan.unwrap();
    assert!(plan.finding.ends_with("disconnected since 2026-11-26T00:00:00.000000Z: no route"), "{plan:?}");

    let job = engine.begin("connection", &Value::Null, None).await.unwrap();
    let receipt = job.run().await.unwrap();
    assert_eq!(receipt.state, State::Done);
    let says = &receipt.steps[0].done.as_ref().unwrap().says;
    assert_eq!(
        says,
        "a new session is authenticated and subscribed after 0.9 s (Home Assistant 2026.11.0, attempts: 1)"
    );
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_time_it_ends_connected() {
    let build = || {
        let house = house(Some(8 * TENTH));
        let made = made(&house);
        (house, MemFs::default(), made)
    };
    let kills =
        killed_at_any_time("connection", Value::Null, (TENTH, 12 * TENTH), build, |house, receipt| {
            assert_eq!(house.status.lock().home_assistant.state, CONNECTED);
            assert!(receipt.verified.as_ref().unwrap().says.starts_with("connected since"));
        })
        .await;
    assert!(kills > 5, "{kills}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_back_is_told_with_its_reason() {
    let house = house(None);
    let engine = engine(&MemFs::default(), "connection", made(&house));
    let job = engine.begin("connection", &Value::Null, None).await.unwrap();
    let receipt = job.run().await.unwrap();
    assert_eq!(receipt.state, State::Failed);
    assert_eq!(receipt.steps[0].error.as_deref(), Some("not connected after 20 s: no route"));
}
