use hearthline_core::{Batch, ManualClock, MemFs, Row, SettledRow};
use hearthline_pipeline::orders::Incoming;
use hearthline_pipeline::quarantine::{ORDER, Settled};
use hearthline_store::StoreConfig;

use super::*;
use crate::repair::State;
use crate::repair::testing::{Case, Made, NIGHT, engine, killed_at_any_time};

const EVENT: &str = r#"{"event_type":"a","data":{},"time_fired":"2026-11-23T12:00:00+00:00"}"#;

fn row(seq: u64, raw: &str) -> QuarantineRow {
    QuarantineRow {
        seq: Seq(seq),
        ts: NIGHT.minus(Duration::from_secs(1000 - seq)),
        site: "home".into(),
        reason: "an older release did not know it".into(),
        raw: raw.as_bytes().into(),
    }
}

/// 250 records of which two say nothing still, and a recorder that settles them; the store knows it two seconds later.
fn house() -> (Arc<Store>, Orders) {
    let config = StoreConfig::new("/data/store");
    let store = Store::open(Arc::new(MemFs::default()), Arc::new(ManualClock::at(NIGHT)), config).unwrap();
    let store = Arc::new(store);
    let raw = |seq| if seq == 3 || seq == 200 { "no event" } else { EVENT };
    let rows = (1..=250).map(|seq| Row::Quarantined(row(seq, raw(seq)))).collect();
    store.write(&Batch { first: Seq(1), last: Seq(250), rows }).unwrap();
    let (orders, incoming) = Orders::channel();
    tokio::spawn(record(Arc::clone(&store), incoming));
    (store, orders)
}

async fn record(store: Arc<Store>, mut incoming: Incoming) {
    let (mut next, mut known) = (251, std::collections::BTreeSet::new());
    while let Some(order) = incoming.recv().await {
        let Order::Quarantine(Settle { how: Settlement::Retried, rows }, reply) = order else { panic!() };
        assert!(rows.len() <= ORDER.0);
        let settled = rows.iter().map(|row| Settled {
            seq: row.seq,
            outcome: if known.insert(row.seq) { Outcome::Recorded } else { Outcome::Duplicate },
            reason: None,
        });
        let _ = reply.send(Ok(settled.collect()));
        let store = Arc::clone(&store);
        let settled: Vec<_> = rows
            .iter()
            .zip(next..)
            .map(|(row, seq)| {
                let how = Settlement::Retried;
                Row::Settled(SettledRow {
                    seq: Seq(seq),
                    of: row.seq,
                    ts: row.ts,
                    at: NIGHT,
                    how,
                    site: row.site.clone(),
                })
            })
            .collect();
        let (first, last) = (next, next + rows.len() as u64 - 1);
        next = last + 1;
        sleep(Duration::from_secs(2)).await;
        store.write(&Batch { first: Seq(first), last: Seq(last), rows: settled }).unwrap();
    }
}

fn made((store, orders): (&Arc<Store>, Orders)) -> Made {
    let store = Arc::clone(store);
    Arc::new(move |_| Box::new(Quarantine::new(store.clone(), orders.clone())))
}

/// The records that are set aside still.
fn waiting(store: &Store) -> Vec<Seq> {
    let mut waiting = Vec::new();
    store
        .quarantined(&QuarantineQuery::WAITING, |row, _| {
            waiting.push(row.seq);
            ControlFlow::Continue(())
        })
        .unwrap();
    waiting
}

pub(in crate::repair) async fn case() -> Case {
    let (store, orders) = house();
    let made = made((&store, orders));
    Case { disk: MemFs::default(), made, there: Box::new(move || format!("{:?}", waiting(&store))) }
}

#[tokio::test]
async fn all_that_this_release_understands_is_read_again_and_the_rest_is_named() {
    tokio::time::pause();
    let (store, orders) = house();
    let engine = engine(&MemFs::default(), "quarantine", made((&store, orders)));
    let plan = engine.plan("quarantine", &Value::Null).await.unwrap();
    assert_eq!((plan.steps[0].rows, plan.steps[0].bytes), (Some(248), Some(248 * EVENT.len() as u64)));
    assert!(plan.notes[0].starts_with("2 records say nothing"), "{:?}", plan.notes);
    let receipt = engine.begin("quarantine", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done);
    let says = &receipt.steps[0].done.as_ref().unwrap().says;
    assert_eq!(says, "248 recorded, 0 held already, 0 left out by the settings, 0 kept");
    assert_eq!(receipt.verified.unwrap().data, json!({ "not_understood": 2 }));
    assert_eq!(engine.plan("quarantine", &Value::Null).await.unwrap().steps, []);
}

#[tokio::test]
async fn killed_at_any_time_each_record_is_recorded_once() {
    tokio::time::pause();
    let build = || {
        let (store, orders) = house();
        let made = made((&store, orders));
        (store, MemFs::default(), made)
    };
    let look = |store: &Arc<Store>, _: &_| assert_eq!(waiting(store), [Seq(3), Seq(200)]);
    let each = (Duration::from_millis(500), Duration::from_secs(7));
    let kills = killed_at_any_time("quarantine", Value::Null, each, build, look).await;
    assert!(kills > 5, "{kills}");
}
