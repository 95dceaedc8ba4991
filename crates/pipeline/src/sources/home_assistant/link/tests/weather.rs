//! The weather beside the stream: what is outside can fail as it likes.

use std::sync::atomic::{AtomicBool, Ordering};

use hearthline_core::Row;
use hearthline_sim::{Outdoors, Weather};

use super::*;
use crate::health::PartState;
use crate::normalise::Normaliser;
use crate::weather::ask::{self, Answer, Fetch, WITHIN};
use crate::weather::{Choice, Feed, FeedConfig, Place, Provider, WeatherView};

/// Answers from a simulated service without a socket, since time is paused; while it is down, not at all.
fn fetch(service: Weather, down: Arc<AtomicBool>) -> Fetch {
    Arc::new(move |url| {
        let (service, down) = (service.clone(), Arc::clone(&down));
        Box::pin(async move {
            if down.load(Ordering::Relaxed) {
                sleep(WITHIN).await;
                return Answer::Late;
            }
            let reply = service.answer(&format!("{}?{}", url.path(), url.query().unwrap_or_default()));
            Answer::Http { status: 200, retry_after: None, body: reply.body.into() }
        })
    })
}

fn feed(lab: &Lab, clock: &Arc<dyn Clock>, down: &Arc<AtomicBool>) -> Arc<WeatherView> {
    let config = FeedConfig {
        choice: Choice::Outside(Provider::OpenMeteo),
        outside: false,
        base_url: None,
        key: Arc::new(|| None),
        interval: None,
        calls_per_minute: None,
        calls_per_day: None,
        file: "/weather.json".into(),
        seed: 1,
    };
    let feed = Feed::new(config, Arc::clone(clock), Arc::new(MemFs::default()), None);
    let view = feed.view();
    let service = Weather::new(Arc::clone(clock), None, Outdoors::default);
    let (ingest, status) = (Arc::clone(&lab.ingest), lab.status.clone());
    let world = move || {
        let place = status.borrow().place.and_then(|(latitude, longitude)| Place::near(latitude, longitude));
        (ingest.house(), place)
    };
    let fetch = fetch(service, Arc::clone(down));
    tokio::spawn(ask::run(feed, world, fetch, lab.orders.clone(), Arc::default(), lab.stop.clone()));
    view
}

/// A live row: its time, how long its event was under way, and the age of its weather with whether it is stale.
type Seen = (Timestamp, Duration, Option<(Duration, bool)>);

/// Every live row of the log.
fn rows(log: &Log) -> Vec<Seen> {
    let mut normaliser = Normaliser::new("home");
    let mut found = Vec::new();
    let mut reader = log.reader(Seq::ZERO);
    while let Some(read) = reader.read().unwrap() {
        let Read::Batch(batch) = read else { panic!("damage") };
        for (seq, _, bytes) in batch.records() {
            let received = match Record::decode(bytes).unwrap() {
                Record::State(record) if record.origin == Origin::Live => Some(record.received),
                _ => None,
            };
            let row = normaliser.row(seq, bytes);
            if let (Some(received), Some(Row::State(row))) = (received, row) {
                let weather =
                    row.weather.as_ref().map(|weather| (row.ts.since(weather.at), row.weather_stale));
                found.push((row.ts, received.since(row.ts), weather));
            }
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn weather_that_is_down_for_an_hour_delays_no_event_and_comes_back() {
    let lab = Lab::of(House::new(7, START), Options::default(), &["state_changed"]);
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(START));
    let down = Arc::new(AtomicBool::new(false));
    let view = feed(&lab, &clock, &down);
    let peer = lab.peer.clone();
    let living = tokio::spawn(async move { peer.run().await });
    sleep(300 * SECOND).await;
    assert_eq!(view.look().state, PartState::Healthy);

    let from = clock.now();
    down.store(true, Ordering::Relaxed);
    sleep(1800 * SECOND).await;
    let look = view.look();
    assert_eq!(look.state, PartState::Degraded);
    assert!(look.reason.unwrap().contains("no answer in time"));
    sleep(3600 * SECOND).await;
    assert_eq!(view.look().state, PartState::Degraded);
    assert_eq!(lab.state(), LinkState::Connected);

    let to = clock.now();
    down.store(false, Ordering::Relaxed);
    sleep(1900 * SECOND).await;
    assert_eq!(view.look().state, PartState::Healthy, "after the longest wait at the latest");
    living.abort();
    sleep(SECOND).await;

    let rows = rows(&lab.log);
    let late = rows.iter().map(|(_, delay, _)| *delay).max().unwrap();
    assert!(late < Duration::from_millis(50), "an event took {late:?}");
    let since = START.plus(10 * SECOND);
    let fired = lab.peer.ledger().iter().filter(|fired| fired.time_fired > since).count();
    let logged = rows.iter().filter(|(ts, ..)| *ts > since).count();
    assert_eq!(logged, fired, "every event is there");

    let of = |from: Timestamp, to: Timestamp| rows.iter().filter(move |(ts, ..)| from <= *ts && *ts < to);
    let fresh = of(since, from).filter(|(.., weather)| matches!(weather, Some((_, false)))).count();
    assert_eq!(fresh, of(since, from).count(), "before it, every row has weather");
    let limit = Duration::from_secs(3600);
    assert!(
        of(from, to).all(
            |(.., weather)| weather.is_none_or(|(age, stale)| age <= limit && stale == (age > limit / 2))
        )
    );
    let without = of(from.plus(limit), to).filter(|(.., weather)| weather.is_none()).count();
    assert_eq!(without, of(from.plus(limit), to).count(), "after the limit, rows are without");
    assert!(without > 0);
    let back = clock.now().minus(30 * SECOND);
    assert!(
        of(back, clock.now()).all(|(.., weather)| matches!(weather, Some((_, false)))),
        "and with it again"
    );
    println!(
        "weather down for 90 min: {} events, the slowest took {late:?}; {} rows with weather, {} stale, {without} without after the limit; {} calls, {} errors",
        rows.len(),
        rows.iter().filter(|(.., weather)| matches!(weather, Some((_, false)))).count(),
        rows.iter().filter(|(.., weather)| matches!(weather, Some((_, true)))).count(),
        view.look().calls,
        view.look().errors,
    );
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn the_house_own_weather_stands_in_the_rows_of_a_living_house() {
    let lab = Lab::with_weather(House::new(7, START), crate::weather::House::First);
    let peer = lab.peer.clone();
    let living = tokio::spawn(async move { peer.run().await });
    sleep(1800 * SECOND).await;
    living.abort();
    let rows = rows(&lab.log);
    let later: Vec<_> = rows.iter().filter(|(ts, ..)| *ts > START.plus(10 * SECOND)).collect();
    assert!(later.len() > 500, "{}", later.len());
    assert!(later.iter().all(|(.., weather)| matches!(weather, Some((_, false)))));
    let house = lab.ingest.house();
    assert_eq!((house.entity.unwrap().as_str(), house.available), ("weather.home", true));
    assert_eq!(lab.status.borrow().place, Some((52.3731, 4.8922)), "for those who ask outside");
    lab.stopped().await;
}
