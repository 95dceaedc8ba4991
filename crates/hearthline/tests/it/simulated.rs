//! Against a simulated Home Assistant, which does badly what no real one does when asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock, Timestamp};
use hearthline_sim::{Ending, Fault, Garbage, HomeAssistant, House, Options};
use serde_json::Value;

use crate::hearthline::{Hearthline, Run, Status};
use crate::wait::until;

/// A simulated peer that lives in this process, and the program that records it.
pub(crate) async fn recorded(house: House) -> (HomeAssistant, Hearthline) {
    let options = Options::default();
    let token = options.token.clone();
    let peer = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
    let address = peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    (peer, Hearthline::new(&format!("http://{address}"), &token))
}

/// Exactly one connection and one subscription, over which an event comes once. Answers with its time.
pub(crate) async fn hears_once(run: &mut Run, peer: &HomeAssistant, word: &str) -> Timestamp {
    run.connected().await;
    until("the peer has one client", Duration::from_secs(60), async || {
        let counters = peer.counters();
        ((counters.connections, counters.subscriptions) == (1, 6)).then_some(())
    })
    .await;
    let before = run.status().await;
    let fired = peer.set_state("sensor.word", word, "{}").unwrap();
    run.has("sensor.word", word).await;
    // While a gap is being filled, history brings states again that were heard.
    if before.count("/gaps/open") == 0 {
        assert_eq!(run.status().await.count("/events/duplicate"), before.count("/events/duplicate"));
    }
    fired.time_fired
}

#[tokio::test]
async fn a_peer_that_hangs_up_on_whom_it_has_let_in_is_not_hammered() {
    let (peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    peer.cause(Fault::CloseAfterAuth);
    let began = Instant::now();
    let mut run = hearthline.start();
    until("it comes again", Duration::from_secs(30), async || {
        (peer.counters().connections_ever >= 4).then_some(())
    })
    .await;
    // Each is closed after half a second, and no wait is shorter than a quarter.
    let counters = peer.counters();
    let most = 1 + began.elapsed().as_millis() / 750;
    assert!(u128::from(counters.connections_ever) <= most, "{counters:?} within {:?}", began.elapsed());
    assert_eq!(counters.user_agent.as_deref(), Some(concat!("hearthline/", env!("CARGO_PKG_VERSION"))));
    peer.heal();
    hears_once(&mut run, &peer, "healed").await;
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn whatever_goes_wrong_every_event_is_stored_once_or_lies_in_a_named_gap() {
    let house = House::new(7, SystemClock::new().now()).with_rate(100.0);
    let (peer, hearthline) = recorded(house).await;
    let mut run = hearthline.start();
    let began = hears_once(&mut run, &peer, "begin").await;
    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    let faults = [
        Fault::Garbage(Garbage::NotJson),
        Fault::Garbage(Garbage::NoEntityId),
        Fault::Duplicate,
        Fault::Swallow("sensor.word".into()),
        Fault::Drop(Ending::Eof),
        Fault::OddKeyOrder,
        Fault::Garbage(Garbage::BadTime),
        Fault::Drop(Ending::Close),
        Fault::Restart { down: Duration::from_secs(1), starting: Duration::from_secs(1), killed: true },
        Fault::UnknownKeys,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        peer.cause(fault);
        let word = format!("after fault {number}");
        until(&word, Duration::from_secs(40), async || {
            peer.set_state("sensor.other", &word, "{}");
            peer.set_state("sensor.word", &word, "{}");
            (run.latest("sensor.other").await? == word).then_some(())
        })
        .await;
    }
    let ended = hears_once(&mut run, &peer, "end").await;

    let status = run.until("the counters add up", Status::adds_up).await;
    assert!(status.count("/events/quarantined") >= 3, "garbage is set aside: {}", status.at("/events"));
    let stored = stored(&hearthline).await;
    let fired: Vec<_> =
        peer.ledger().into_iter().filter(|fired| (began..=ended).contains(&fired.time_fired)).collect();
    assert!(fired.len() > 200, "the house was alive: {}", fired.len());
    for fired in fired {
        let (entity_id, ts) = (fired.entity_id.as_str(), fired.time_fired);
        let state = fired.new_state.map(|state| state.state.to_string());
        let found = stored.get(&(entity_id.into(), ts));
        let known = found == Some(&state) || status.covers(entity_id, ts);
        assert!(known, "{entity_id} was {state:?} at {ts}, is stored as {found:?}\n{}", status.at("/gaps"));
    }
}

/// The state of each entity at each of its times.
async fn stored(hearthline: &Hearthline) -> BTreeMap<(String, Timestamp), Option<String>> {
    stored_with(hearthline, &[]).await
}

/// The same of the data folder that these variables name.
pub(crate) async fn stored_with(
    hearthline: &Hearthline,
    variables: &[(&str, &str)],
) -> BTreeMap<(String, Timestamp), Option<String>> {
    let exported = hearthline.command_with(variables, &["export", "--format", "ndjson"]).await;
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let mut stored = BTreeMap::new();
    for line in exported.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let ts = Timestamp::parse(row["ts"].as_str().unwrap()).unwrap();
        let key = (row["entity_id"].as_str().unwrap().to_owned(), ts);
        let again = stored.insert(key, row["state"].as_str().map(str::to_owned));
        assert_eq!(again, None, "is there twice: {line}");
    }
    stored
}
