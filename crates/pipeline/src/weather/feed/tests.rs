use hearthline_core::{EntityId, ManualClock, MemFs, Secret};

use super::*;
use crate::health::PartState;
use crate::record::WeatherRecord;
use crate::weather::ask::Answer;

const START: Timestamp = Timestamp(1_800_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A feed, with its clock and its disk, stepped by hand.
struct Lab {
    feed: Feed,
    clock: ManualClock,
    fs: MemFs,
    house: HouseView,
    place: Option<Place>,
}

fn config(choice: Choice, key: Option<&str>) -> FeedConfig {
    let key = key.map(Secret::new);
    FeedConfig {
        choice,
        outside: false,
        base_url: None,
        key: Arc::new(move || key.clone()),
        interval: None,
        calls_per_minute: None,
        calls_per_day: None,
        file: "/data/weather.json".into(),
        seed: 7,
    }
}

const OUTSIDE: Choice = Choice::Outside(Provider::OpenMeteo);

impl Lab {
    fn of(config: FeedConfig) -> Self {
        Self::on(config, ManualClock::at(START), MemFs::default(), None)
    }

    fn on(config: FeedConfig, clock: ManualClock, fs: MemFs, newest: Option<Arc<Observation>>) -> Self {
        fs.create_dir_all("/data".as_ref()).unwrap();
        let feed = Feed::new(config, Arc::new(clock.clone()), Arc::new(fs.clone()), newest);
        Self { feed, clock, fs, house: HouseView::default(), place: Place::near(52.373, 4.893) }
    }

    fn step(&mut self) -> Option<Question> {
        self.feed.step(&self.house, self.place)
    }

    /// Lets time pass second by second; every question gets this answer.
    fn pass(&mut self, time: Duration, answer: impl Fn(Timestamp) -> Answer) -> Vec<WeatherRecord<'static>> {
        let mut records = Vec::new();
        for _ in 0..time.as_secs() {
            if self.step().is_some() {
                records.extend(self.feed.answered(answer(self.clock.now())));
                self.feed.publish(&self.house, self.place);
            }
            self.clock.advance(SECOND);
        }
        records
    }

    fn look(&self) -> WeatherViewOf {
        self.feed.view().look()
    }

    fn state(&self) -> PartState {
        self.look().state
    }
}

fn http(status: u16, retry_after: Option<&str>, body: &str) -> Answer {
    Answer::Http { status, retry_after: retry_after.map(Into::into), body: body.into() }
}

fn good(now: Timestamp) -> Answer {
    let body = format!(
        r#"{{"current_units":{{"temperature_2m":"°C"}},"current":{{"time":{},"temperature_2m":11.2}}}}"#,
        now.0 / 1_000_000
    );
    http(200, None, &body)
}

#[test]
fn it_asks_once_in_an_interval_and_the_rest_are_cache_hits() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    let records = lab.pass(MINUTE * 60, good);
    let look = lab.look();
    assert!((6..=7).contains(&look.calls), "{} in an hour at ten minutes, spread by a twentieth", look.calls);
    assert_eq!(records.len() as u64, look.calls);
    assert!((55..=66).contains(&(look.cache_hits + look.calls)), "a look a minute: {look:?}");
    assert_eq!((look.state, look.errors, look.limited), (PartState::Healthy, 0, 0));
    assert_eq!((look.provider, look.source.as_deref()), ("open_meteo", Some("52.37, 4.89")));
    let first = records.first().unwrap();
    assert_eq!((&*first.provider, &*first.source), ("open_meteo", "52.37, 4.89"));
    assert_eq!(look.quota.map(|[_, day]| day), Some((u32::try_from(look.calls).unwrap(), 1000)));
}

#[test]
fn nothing_leaves_the_house_unless_a_person_says_so() {
    let mut lab = Lab::of(config(Choice::Auto, None));
    assert!(lab.step().is_none());
    assert_eq!(lab.state(), PartState::Starting, "nothing is known of the house");
    lab.house.known = true;
    lab.pass(MINUTE, |_| panic!("asked"));
    let look = lab.look();
    assert_eq!((look.state, look.provider), (PartState::Off, "off"));
    assert!(look.reason.unwrap().contains("set outside = true"), "it says how to switch it on");

    let mut allowed = Lab::of(FeedConfig { outside: true, ..config(Choice::Auto, None) });
    assert!(allowed.step().is_none(), "perhaps the house has an entity");
    allowed.house.known = true;
    assert!(allowed.step().is_some());
}

#[test]
fn the_house_own_weather_is_used_where_there_is_one() {
    let mut lab = Lab::of(FeedConfig { outside: true, ..config(Choice::Auto, None) });
    let observed = Arc::new(Observation { at: START, temperature: Some(3.0), ..Observation::default() });
    lab.house = HouseView {
        known: true,
        entity: Some(EntityId::from("weather.home")),
        available: true,
        observed: Some(observed),
    };
    lab.pass(MINUTE, |_| panic!("asked outside"));
    let look = lab.look();
    assert_eq!(
        (look.state, look.provider, look.source.as_deref()),
        (PartState::Healthy, "home_assistant", Some("weather.home"))
    );
    assert_eq!((look.quota, look.next_call, look.attribution), (None, None, None));
    lab.house.available = false;
    lab.step();
    assert_eq!(lab.state(), PartState::Degraded);
    lab.house.available = true;
    lab.clock.advance(MINUTE * 31);
    lab.step();
    assert_eq!(lab.state(), PartState::Degraded, "it was not heard of for half an hour");
}

#[test]
fn without_a_place_it_waits_and_after_half_an_hour_it_is_degraded() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    lab.place = None;
    lab.pass(MINUTE * 29, |_| panic!("asked"));
    assert_eq!(lab.state(), PartState::Starting);
    assert!(lab.look().reason.unwrap().contains("where the house is"));
    lab.pass(MINUTE * 3, |_| panic!("asked"));
    assert_eq!(lab.state(), PartState::Degraded);
}

#[test]
fn failures_are_tried_again_less_and_less_often() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    let mut asked = Vec::new();
    for second in 0..7200 {
        if lab.step().is_some() {
            asked.push(second);
            lab.feed.answered(Answer::Late);
        }
        lab.clock.advance(SECOND);
    }
    assert_eq!(asked, [0, 60, 180, 420, 900, 1860, 3660, 5460], "after 1, 2, 4, 8, 16, 30 and 30 min");
    let look = lab.look();
    assert_eq!((look.state, look.errors, look.limited), (PartState::Degraded, 8, 0));
    assert!(look.reason.unwrap().contains("Open-Meteo gave no answer in time"));
    lab.feed.ask_now();
    let record = lab.pass(SECOND, good);
    assert_eq!((record.len(), lab.state()), (1, PartState::Healthy));
}

#[test]
fn retry_after_is_honoured_also_over_a_restart() {
    for text in ["1800", "Fri, 15 Jan 2027 08:30:00 GMT"] {
        let mut lab = Lab::of(config(OUTSIDE, None));
        assert_eq!(START.to_string(), "2027-01-15T08:00:00.000000Z");
        lab.pass(SECOND, |_| http(429, Some(text), "{}"));
        assert_eq!(lab.state(), PartState::Degraded);
        lab.pass(MINUTE * 10, |_| panic!("asked too soon"));
        assert!(lab.look().limited >= 9, "{text}: {}", lab.look().limited);
        let mut again = Lab::on(config(OUTSIDE, None), lab.clock.clone(), lab.fs.clone(), None);
        again.pass(MINUTE * 19, |_| panic!("asked too soon after a restart"));
        assert_eq!(again.pass(MINUTE * 2, good).len(), 1, "{text}");
    }
}

#[test]
fn a_refused_key_parks_until_there_is_another_or_an_hour_is_over() {
    let key = Arc::new(parking_lot::Mutex::new("wrong"));
    let given = Arc::clone(&key);
    let config = FeedConfig {
        key: Arc::new(move || Some(Secret::new(*given.lock()))),
        ..config(Choice::Outside(Provider::OpenWeatherMap), None)
    };
    let mut lab = Lab::of(config);
    lab.pass(SECOND, |_| http(401, None, r#"{"cod":401,"message":"Invalid API key."}"#));
    let look = lab.look();
    assert_eq!(look.state, PartState::Parked);
    assert!(look.reason.as_deref().unwrap().contains("WEATHER_API_KEY"));
    assert!(!format!("{look:?}").contains("wrong"), "{look:?}");
    lab.pass(MINUTE * 59, |_| panic!("asked again"));
    *key.lock() = "right";
    let body =
        |now: Timestamp| format!(r#"{{"dt":{},"main":{{"temp":4.5}},"weather":[]}}"#, now.0 / 1_000_000);
    let records = lab.pass(SECOND * 2, |now| http(200, None, &body(now)));
    assert_eq!((records.len(), lab.state()), (1, PartState::Healthy), "another key is tried at once");

    *key.lock() = "worse";
    lab.pass(MINUTE * 12, |_| http(403, None, ""));
    assert_eq!(lab.state(), PartState::Parked);
    let calls = lab.look().calls;
    lab.pass(MINUTE * 61, |_| http(403, None, ""));
    assert_eq!(lab.look().calls, calls + 1, "and looked at again after an hour");
}

#[test]
fn a_provider_that_wants_a_key_is_not_asked_without() {
    let mut lab = Lab::of(config(Choice::Outside(Provider::OpenWeatherMap), None));
    lab.pass(MINUTE, |_| panic!("asked"));
    let look = lab.look();
    assert_eq!((look.state, look.calls), (PartState::Parked, 0));
    assert!(look.reason.unwrap().contains("api_key_file"));
}

#[test]
fn the_budget_of_a_day_survives_a_restart() {
    let config = || FeedConfig { interval: Some(MINUTE), calls_per_day: Some(5), ..config(OUTSIDE, None) };
    let mut lab = Lab::of(config());
    lab.pass(MINUTE * 3, good);
    let made = lab.look().calls;
    assert!((3..5).contains(&made), "{made}");
    let mut again = Lab::on(config(), lab.clock.clone(), lab.fs.clone(), None);
    again.pass(MINUTE * 60, good);
    let look = again.look();
    assert_eq!(look.calls + made, 5, "no more on this day");
    assert!(look.limited > 0);
    assert_eq!((look.state, look.quota.map(|[_, day]| day)), (PartState::Degraded, Some((5, 5))));
    assert!(look.reason.unwrap().contains("calls_per_day"));
    again.clock.advance(Duration::from_secs(16 * 3600));
    assert_eq!(again.pass(SECOND, good).len(), 1, "another day");
    assert_eq!(again.state(), PartState::Healthy);
}

#[test]
fn what_the_log_has_is_good_after_a_restart() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    let record = lab.pass(MINUTE, good).pop().unwrap();
    let newest = Some(Arc::new(record.observation));
    let mut again = Lab::on(config(OUTSIDE, None), lab.clock.clone(), lab.fs.clone(), newest.clone());
    again.pass(MINUTE * 8, |_| panic!("asked though the answer is good"));
    assert!(again.look().cache_hits > 0);
    assert_eq!(again.state(), PartState::Healthy);
    let mut moved = Lab::on(config(OUTSIDE, None), lab.clock.clone(), lab.fs.clone(), newest);
    moved.place = Place::near(48.2, 16.37);
    assert!(moved.step().is_some(), "another place has other weather");
    assert_eq!(moved.look().observation, None);
}

#[test]
fn a_unit_that_is_not_known_degrades_and_one_that_is_known_does_not() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    let body = |unit: &str| {
        format!(
            r#"{{"current_units":{{"temperature_2m":"{unit}","relative_humidity_2m":"%"}},
                "current":{{"time":1800000000,"temperature_2m":50,"relative_humidity_2m":80}}}}"#
        )
    };
    let record = lab.pass(SECOND, |_| http(200, None, &body("°Ré"))).pop().unwrap();
    assert_eq!((record.observation.temperature, record.observation.humidity), (None, Some(80.0)));
    assert_eq!(lab.state(), PartState::Degraded);
    assert!(lab.look().reason.unwrap().contains("temperature_2m in \"°Ré\""));
    lab.feed.ask_now();
    let record = lab.pass(SECOND, |_| http(200, None, &body("°F"))).pop().unwrap();
    assert_eq!((record.observation.temperature, lab.state()), (Some(10.0), PartState::Healthy));
}

#[test]
fn an_observation_that_grows_old_is_said_to_be() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    let stuck = START;
    let records = lab.pass(MINUTE * 29, |_| good(stuck));
    assert_eq!((records.len(), lab.look().calls), (1, 3), "the same answer is logged once");
    assert_eq!(lab.state(), PartState::Healthy);
    lab.pass(MINUTE * 3, |_| good(stuck));
    assert_eq!(lab.state(), PartState::Degraded, "the provider answers, and always the same");
    assert!(lab.look().reason.unwrap().contains("more than 30 min old"));
}

#[test]
fn what_the_log_did_not_take_is_said_and_handed_over_again() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    assert_eq!(lab.pass(SECOND, |_| good(START)).len(), 1);
    lab.feed.logged(Err("the log is full".into()));
    lab.step();
    assert_eq!(lab.state(), PartState::Degraded);
    assert_eq!(lab.pass(MINUTE * 12, |_| good(START)).len(), 1);
    assert_eq!(lab.state(), PartState::Healthy);
}

#[test]
fn a_disk_that_takes_nothing_stops_no_weather() {
    let mut lab = Lab::of(config(OUTSIDE, None));
    lab.fs.fail(hearthline_core::fs::Fault::ReadOnly);
    assert_eq!(lab.pass(SECOND, good).len(), 1);
    assert_eq!(lab.state(), PartState::Healthy);
}
