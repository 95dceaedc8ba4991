use hearthline_core::{ManualClock, MemFs, Seq};
use hearthline_log::{LogConfig, LogWriter, Read};

use super::*;
use crate::filter::Filter;
use crate::gaps::Cause;
use crate::ingest::{Clock, Hello, PastState};
use crate::record::Record;
use crate::sources::home_assistant::wire;

const START: Timestamp = Timestamp(1_800_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A producer over a log in memory, stepped by hand.
struct Lab {
    clock: ManualClock,
    writer: LogWriter,
    ingest: Ingest,
    fs: MemFs,
}

/// A state of a weather entity, so many seconds after the start; without figures where it says nothing.
fn state(entity: &str, text: &str, temperature: f64, second: u64) -> String {
    let at = START.plus(SECOND * u32::try_from(second).unwrap()).to_string().replace('Z', "+00:00");
    format!(
        r#"{{"entity_id":"{entity}","state":"{text}","attributes":{{"temperature":{temperature},"temperature_unit":"°C"}},"last_changed":"{at}","last_updated":"{at}"}}"#
    )
}

impl Lab {
    fn new(house: House, exclude: &[&str]) -> Self {
        Self::on(MemFs::default(), ManualClock::at(START), house, exclude)
    }

    fn on(fs: MemFs, clock: ManualClock, house: House, exclude: &[&str]) -> Self {
        let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
        let filter = Arc::new(Filter::new(&[], &exclude).unwrap());
        let config = LogConfig { ring_bytes: 1 << 20, ..LogConfig::new("/data/log") };
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (mut writer, _) =
            LogWriter::open(Arc::new(fs.clone()), Arc::clone(&shared), config, Seq(1)).unwrap();
        let mut ingest = Ingest::open(writer.log(), shared, filter).unwrap();
        ingest.use_weather(house);
        writer.step().unwrap();
        Self { clock, writer, ingest, fs }
    }

    fn connect(&mut self) {
        self.ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
        self.ingest.running();
    }

    fn see(&mut self, states: &[String]) {
        let states: Vec<_> = states.iter().map(|json| wire::parse_state(json).unwrap()).collect();
        self.ingest.compare(&states, self.clock.now()).unwrap();
        self.ingest.compared(&states).unwrap();
        self.writer.step().unwrap();
    }

    fn hear(&mut self, entity: &str, old: Option<&str>, new: Option<&str>) {
        let part = |state: Option<&str>| state.unwrap_or("null").to_owned();
        let at = self.clock.now().to_string().replace('Z', "+00:00");
        let event = format!(
            r#"{{"event_type":"state_changed","time_fired":"{at}","data":{{"entity_id":"{entity}","old_state":{},"new_state":{}}}}}"#,
            part(old),
            part(new)
        );
        self.ingest.accept(&wire::parse_event(&event).unwrap(), self.clock.now()).unwrap();
        self.ingest.end_frame().unwrap();
        self.writer.step().unwrap();
    }

    fn tick(&mut self, time: Duration) {
        for _ in 0..time.as_secs() {
            self.clock.advance(SECOND);
            self.ingest.repeat_weather().unwrap();
            self.writer.step().unwrap();
        }
    }

    /// Weather in the log: entity, second, temperature; `state` stands for each state record between.
    fn logged(&self) -> Vec<(String, u64, f64)> {
        let mut found = Vec::new();
        let mut reader = self.writer.log().reader(Seq::ZERO);
        while let Some(read) = reader.read().unwrap() {
            let Read::Batch(batch) = read else { panic!("damage") };
            for (_, is_event, bytes) in batch.records() {
                if let Record::Weather(record) = Record::decode(bytes).unwrap() {
                    assert!(!is_event, "it is in no equation of events");
                    assert_eq!(record.provider, NAME);
                    let second = record.observation.at.since(START).as_secs();
                    found.push((record.source.into(), second, record.observation.temperature.unwrap()));
                }
            }
        }
        found
    }

    fn temperatures(&self) -> Vec<f64> {
        self.logged().into_iter().map(|(.., temperature)| temperature).collect()
    }
}

fn named(entity: &str, rows: &[(u64, f64)]) -> Vec<(String, u64, f64)> {
    rows.iter().map(|(second, temperature)| (entity.into(), *second, *temperature)).collect()
}

#[test]
fn each_change_is_logged_and_steady_weather_every_ten_minutes() {
    let mut lab = Lab::new(House::First, &[]);
    lab.connect();
    let first = state("weather.home", "cloudy", 10.0, 0);
    lab.see(std::slice::from_ref(&first));
    lab.tick(MINUTE * 5);
    let second = state("weather.home", "rainy", 9.0, 300);
    lab.hear("weather.home", Some(&first), Some(&second));
    lab.tick(MINUTE * 21);
    assert_eq!(lab.logged(), named("weather.home", &[(0, 10.0), (300, 9.0), (900, 9.0), (1500, 9.0)]));
    let house = lab.ingest.view().house();
    assert_eq!((house.known, house.available), (true, true));
    assert_eq!(house.entity.unwrap().as_str(), "weather.home");
    assert_eq!(house.observed.unwrap().at, START.plus(MINUTE * 25));
}

#[test]
fn nothing_is_repeated_while_it_says_nothing_or_the_stream_is_broken() {
    let mut lab = Lab::new(House::First, &[]);
    lab.connect();
    let first = state("weather.home", "cloudy", 10.0, 0);
    lab.see(std::slice::from_ref(&first));
    let gone = state("weather.home", "unavailable", 10.0, 1);
    lab.clock.advance(SECOND);
    lab.hear("weather.home", Some(&first), Some(&gone));
    lab.tick(MINUTE * 30);
    assert_eq!(lab.temperatures(), [10.0]);
    assert!(!lab.ingest.view().house().available);
    let back = state("weather.home", "sunny", 12.0, 1801);
    lab.hear("weather.home", Some(&gone), Some(&back));
    lab.ingest.disconnected("gone");
    lab.tick(MINUTE * 30);
    assert_eq!(lab.temperatures(), [10.0, 12.0]);
}

#[test]
fn the_first_by_entity_id_is_used_whatever_order_they_come_in_and_never_an_excluded_one() {
    let mut lab = Lab::new(House::First, &["weather.attic"]);
    lab.connect();
    lab.hear("weather.zoo", None, Some(&state("weather.zoo", "cloudy", 3.0, 0)));
    lab.see(&[
        state("weather.zoo", "cloudy", 3.0, 0),
        state("weather.home", "cloudy", 2.0, 0),
        state("weather.attic", "cloudy", 1.0, 0),
    ]);
    assert_eq!(lab.logged(), named("weather.home", &[(0, 2.0)]));
}

#[test]
fn a_named_entity_is_used_and_no_other() {
    let mut lab = Lab::new(House::Entity("weather.zoo".into()), &[]);
    lab.connect();
    lab.see(&[state("weather.home", "cloudy", 2.0, 0), state("weather.zoo", "cloudy", 3.0, 0)]);
    assert_eq!(lab.logged(), named("weather.zoo", &[(0, 3.0)]));

    let mut lab = Lab::new(House::Entity("weather.nowhere".into()), &[]);
    lab.connect();
    lab.see(&[state("weather.home", "cloudy", 2.0, 0)]);
    let house = lab.ingest.view().house();
    assert_eq!((house.known, house.entity, lab.logged().len()), (true, None, 0));
}

#[test]
fn ignored_it_is_recorded_like_any_entity_and_no_more() {
    let mut lab = Lab::new(House::Ignored, &[]);
    lab.connect();
    lab.see(&[state("weather.home", "cloudy", 2.0, 0)]);
    lab.tick(MINUTE * 11);
    assert_eq!(lab.logged(), []);
}

#[test]
fn after_a_restart_it_is_taken_from_the_first_snapshot_also_where_that_is_old() {
    let mut lab = Lab::new(House::First, &[]);
    lab.connect();
    let steady = state("weather.home", "cloudy", 10.0, 0);
    lab.see(std::slice::from_ref(&steady));
    lab.ingest.stopped();
    lab.writer.step().unwrap();
    lab.clock.advance(MINUTE * 180);
    let Lab { fs, clock, .. } = lab;
    let mut lab = Lab::on(fs, clock, House::First, &[]);
    assert_eq!(lab.ingest.view().house().entity.unwrap().as_str(), "weather.home", "the log knows which");
    lab.connect();
    lab.see(&[steady]);
    assert_eq!(lab.logged(), named("weather.home", &[(0, 10.0), (180 * 60, 10.0)]));
}

#[test]
fn history_brings_the_weather_of_its_own_time() {
    let mut lab = Lab::new(House::First, &[]);
    lab.connect();
    lab.see(&[state("weather.home", "cloudy", 10.0, 0)]);
    let gap = lab.ingest.backfill(START).unwrap();
    let past = PastState {
        entity_id: "weather.home".into(),
        state: Some("rainy".into()),
        attributes: r#"{"temperature":7.5,"temperature_unit":"°C"}"#.into(),
        last_changed: START.plus(MINUTE),
        last_updated: START.plus(MINUTE),
        before: None,
    };
    lab.clock.advance(MINUTE * 5);
    lab.ingest.history(gap, &[past], &hashbrown::HashSet::new()).unwrap();
    lab.writer.step().unwrap();
    assert_eq!(lab.logged().last(), Some(&("weather.home".into(), 60, 7.5)));
    let context = &lab.ingest.context().weather;
    assert_eq!(context.at(START.plus(MINUTE * 2)).unwrap().0.temperature, Some(7.5));
    assert_eq!(context.at(START.plus(SECOND * 30)).unwrap().0.temperature, Some(10.0));
    assert!(lab.ingest.view().look().recent_gaps.iter().any(|gap| gap.cause == Cause::Requested));
}

#[test]
fn one_that_was_removed_makes_room_for_the_next() {
    let mut lab = Lab::new(House::First, &[]);
    lab.connect();
    let (home, zoo) = (state("weather.home", "cloudy", 2.0, 0), state("weather.zoo", "cloudy", 3.0, 0));
    lab.see(&[home.clone(), zoo]);
    lab.clock.advance(SECOND);
    lab.hear("weather.home", Some(&home), None);
    lab.tick(MINUTE * 11);
    assert_eq!(lab.ingest.view().house().entity.unwrap().as_str(), "weather.zoo");
    assert_eq!(lab.temperatures(), [2.0, 3.0]);
}
