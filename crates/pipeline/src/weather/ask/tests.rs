//! Each provider against a server that plays its answers, over a real socket.

use std::net::{Ipv4Addr, SocketAddr};

use hearthline_core::{Clock as _, ManualClock, MemFs, Secret, Timestamp};
use hearthline_sim::{Outdoors, Weather, WeatherFault};

use super::*;
use crate::context::Context;
use crate::health::PartState;
use crate::record::Record;
use crate::weather::{Choice, FeedConfig, Provider};

const START: Timestamp = Timestamp(1_800_000_000_000_000);
const KEY: &str = "hunter2-of-the-weather";
const MINUTE: Duration = Duration::from_secs(60);

/// A feed that asks a simulated service, and the rows' side of the log.
struct Lab {
    feed: Feed,
    fetch: Fetch,
    service: Weather,
    clock: ManualClock,
    context: Context,
}

impl Lab {
    async fn of(provider: Provider, key: &str) -> Self {
        let clock = ManualClock::at(START);
        let service = Weather::new(Arc::new(clock.clone()), Some(KEY), Outdoors::default);
        let address = service.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let key = Secret::new(key);
        let config = FeedConfig {
            choice: Choice::Outside(provider),
            outside: false,
            base_url: Some(format!("http://{address}").parse().unwrap()),
            key: Arc::new(move || Some(key.clone())),
            interval: None,
            calls_per_minute: None,
            calls_per_day: None,
            file: "/weather.json".into(),
            seed: 1,
        };
        let feed = Feed::new(config, Arc::new(clock.clone()), Arc::new(MemFs::default()), None);
        Self { feed, fetch: http(WITHIN), service, clock, context: Context::default() }
    }

    /// One question now, and what a row of this moment knows then.
    async fn ask(&mut self) -> Option<f64> {
        let (house, place) = (HouseView::default(), Place::near(52.37, 4.89));
        self.feed.ask_now();
        let question = self.feed.step(&house, place).expect("nothing stands in the way");
        let answer = (self.fetch)(question.url).await;
        if let Some(record) = self.feed.answered(answer) {
            self.context.apply(&Record::Weather(record));
        }
        self.feed.publish(&house, place);
        self.context.weather.at(self.clock.now()).and_then(|(observation, _)| observation.temperature)
    }
}

#[tokio::test]
async fn each_provider_is_borne_whatever_it_does() {
    use PartState::{Degraded, Healthy, Parked};
    use WeatherFault::*;
    // What it does; the outcome that is counted; how the part is; whether a row of that moment knows the temperature.
    let cases = [
        (None, "ok", Healthy, true),
        (Some(Down), "unreachable", Degraded, false),
        (Some(Slow(Duration::from_secs(5))), "late", Degraded, false),
        (Some(Unauthorised), "unauthorised", Parked, false),
        (Some(TooMany(Some(90))), "too_many", Degraded, false),
        (Some(TooMany(None)), "too_many", Degraded, false),
        (Some(Broken), "server_error", Degraded, false),
        (Some(Garbage), "garbage", Degraded, false),
        (Some(Endless), "garbage", Degraded, false),
        (Some(Moved), "rejected", Degraded, false),
        (Some(OtherUnits), "ok", Healthy, true),
        (Some(UnknownUnit), "ok", Degraded, false),
    ];
    println!(
        "provider        the service is          outcome       calls errors state     next call  row knows  reason"
    );
    for provider in Provider::ALL {
        for (fault, outcome, state, knows) in &cases {
            // Answers of this one name no units: a figure that is no number is of no documented shape.
            let odd = matches!(fault, Some(OtherUnits | UnknownUnit));
            let (outcome, state, knows) = match provider {
                Provider::OpenWeatherMap if odd => ("garbage", Degraded, false),
                _ => (*outcome, *state, *knows),
            };
            let mut lab = Lab::of(provider, KEY).await;
            lab.service.cause(fault.clone());
            if matches!(fault, Some(Slow(_))) {
                lab.fetch = http(Duration::from_millis(500)); // nobody waits for longer than it takes
            }
            let row = lab.ask().await;
            let look = lab.feed.view().look();
            let next = look.next_call.map_or(0, |at| at.as_secs());
            let does = fault.as_ref().map_or_else(|| "well".into(), |fault| format!("{fault:?}"));
            let (name, shown) = (look.provider, look.state.as_str());
            let (calls, errors) = (look.calls, look.errors);
            let knows_shown = row.map_or_else(|| "-".into(), |t| format!("{t:.1} °C"));
            let reason = look.reason.clone().unwrap_or_default();
            println!(
                "{name:<15} {does:<23} {outcome:<13} {calls:>5} {errors:>6} {shown:<9} {next:>6} s   {knows_shown:<9}  {reason}"
            );
            assert_eq!(look.outcomes.get(&(name, outcome)), Some(&1), "{does}: {look:?}");
            assert_eq!((look.state, row.is_some()), (state, knows), "{does}: {look:?}");
            assert_eq!((look.calls, look.errors), (1, u64::from(outcome != "ok")), "{does}");
            assert!(row.is_none_or(|t| (t - 11.2).abs() < 0.01), "{does}: {row:?}");
            assert_eq!(lab.service.requests(), 1, "{does}");
            assert!(!format!("{look:?}").contains("hunter2"), "{look:?}");
            if matches!(fault, Some(TooMany(Some(_)))) {
                assert_eq!(next, 90);
            }

            lab.service.cause(None);
            lab.fetch = http(WITHIN);
            lab.clock.advance(MINUTE);
            let row = lab.ask().await;
            let after = lab.feed.view().look();
            assert_eq!((row.is_some(), after.state), (true, Healthy), "after {does}: {after:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_shown_nowhere() {
    let mut lab = Lab::of(Provider::OpenWeatherMap, "wrong-hunter2").await;
    assert_eq!(lab.ask().await, None);
    let look = lab.feed.view().look();
    assert_eq!(look.state, PartState::Parked);
    assert!(!format!("{look:?}").contains("hunter2"));
}

#[tokio::test]
async fn nobody_there_is_said_in_words_without_the_question() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url: Url = format!("http://{address}/data/2.5/weather?appid=hunter2").parse().unwrap();
    let Answer::Unreachable(words) = http(WITHIN)(url).await else { panic!("somebody is there") };
    assert!(words.contains(&address.to_string()) && !words.contains("hunter2"), "{words}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_http_is_no_answer() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
    });
    let answer = http(WITHIN)(format!("http://{address}/?appid=hunter2").parse().unwrap()).await;
    let Answer::Unreachable(words) = answer else { panic!("{answer:?}") };
    assert!(!words.contains("hunter2"), "{words}");
}
