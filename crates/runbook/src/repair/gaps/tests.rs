use hearthline_core::MemFs;
use hearthline_pipeline::orders::Incoming;

use super::*;
use crate::repair::State;
use crate::repair::testing::{Case, House, Made, engine, killed_at_any_time};

const SECOND: Duration = Duration::from_secs(1);

fn gap(id: u64, state: &str, tries: u32) -> Gap {
    serde_json::from_value(json!({
        "id": id, "state": state, "from": "2026-11-25T23:00:00.000000Z", "to": "2026-11-25T23:02:00.000000Z",
        "cause": "connection lost", "entities": [], "recovered": 0, "tries": tries,
    }))
    .unwrap()
}

/// A recorder that fills a gap three seconds after it is asked for it.
fn house() -> (Arc<House>, Orders) {
    let house = House::new();
    house.status.lock().gaps.recent = vec![
        gap(5, "partly", 1),
        gap(4, "lost", 2),
        gap(3, "filled", 1),
        gap(2, "lost", 1),
        gap(1, "open", 0),
    ];
    let (orders, incoming) = Orders::channel();
    tokio::spawn(record(Arc::clone(&house), incoming));
    (house, orders)
}

async fn record(house: Arc<House>, mut incoming: Incoming) {
    while let Some(order) = incoming.recv().await {
        let Order::RetryGaps(Some(id), reply) = order else { panic!("{order:?}") };
        let whole = {
            let status = house.status.lock();
            status.gaps.recent.iter().any(|gap| gap.id == id && !is_not_whole(gap))
        };
        if whole {
            let _ = reply.send(Ok(0)); // an attempt that was killed has asked for it
            continue;
        }
        let change = move |house: &House, change: &mut dyn FnMut(&mut Gap)| {
            let mut status = house.status.lock();
            change(status.gaps.recent.iter_mut().find(|gap| gap.id == id).unwrap());
        };
        change(&house, &mut |gap| {
            gap.state = "open".into();
        });
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            sleep(3 * SECOND).await;
            change(&house, &mut |gap| {
                (gap.state, gap.recovered, gap.tries) = ("filled".into(), 7, gap.tries + 1);
            });
        });
        let _ = reply.send(Ok(1));
    }
}

fn made((house, orders): (&Arc<House>, Orders)) -> Made {
    let house = Arc::clone(house);
    Arc::new(move |_| Box::new(Gaps::new(house.clone(), orders.clone())))
}

pub(in crate::repair) async fn case() -> Case {
    let (house, orders) = house();
    let made = made((&house, orders));
    let of = |gap: &Gap| format!("{} {} after {} tries", gap.id, gap.state, gap.tries);
    let there = move || house.status.lock().gaps.recent.iter().map(of).collect::<Vec<_>>().join(", ");
    Case { disk: MemFs::default(), made, there: Box::new(there) }
}

#[tokio::test(start_paused = true)]
async fn what_history_was_asked_for_once_is_asked_for_again_and_no_more() {
    let (house, orders) = house();
    let engine = engine(&MemFs::default(), "gaps", made((&house, orders)));
    let plan = engine.plan("gaps", &Value::Null).await.unwrap();
    assert_eq!(plan.finding, "2 gaps are not filled: 1 in part, 1 not at all");
    assert_eq!(plan.steps[0].data, json!({ "gaps": [5, 2] }));
    assert!(plan.notes[0].starts_with("1 gaps were asked for twice"));
    let receipt = engine.begin("gaps", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done);
    let says = "2 filled, 0 in part, 0 not at all; 14 states of them are recorded";
    assert_eq!(receipt.verified.unwrap().says, says);
    assert_eq!(engine.plan("gaps", &Value::Null).await.unwrap().steps, []);
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_time_each_gap_is_asked_for_once() {
    let build = || {
        let (house, orders) = house();
        let made = made((&house, orders));
        (house, MemFs::default(), made)
    };
    let look = |house: &Arc<House>, _: &_| {
        let gaps = house.status.lock().gaps.recent.clone();
        let tries: Vec<_> = gaps.iter().map(|gap| (gap.id, gap.tries)).collect();
        assert_eq!(tries, [(5, 2), (4, 2), (3, 1), (2, 2), (1, 0)]);
    };
    let kills = killed_at_any_time("gaps", Value::Null, (SECOND / 2, 6 * SECOND), build, look).await;
    assert!(kills > 5, "{kills}");
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_it_waits_and_says_why() {
    let (house, orders) = house();
    {
        let peer = &mut house.status.lock().home_assistant;
        (peer.state, peer.reason) = ("waiting".into(), Some("no route".into()));
    }
    let engine = engine(&MemFs::default(), "gaps", made((&house, orders)));
    let receipt = engine.begin("gaps", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Failed);
    let why = receipt.steps[0].error.as_deref();
    assert_eq!(why, Some("history cannot be asked while the connection is waiting: no route"));
}
