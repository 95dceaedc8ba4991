//! The faults of the demonstration, by the words that a person types.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hearthline_runbook::parts::{self, LOG, SOURCE, STORE};
use hearthline_sim::{Fault, HomeAssistant, InfluxDb, InfluxFault, Weather, WeatherFault};
use tokio::sync::Notify;

use crate::app::{Snag, Snags};
use crate::commands::demo::influxdb::{BUCKET, SINK};
use crate::commands::demo::naive::Beside;

/// A word, what it causes as a scenario says it, and what it says then.
type Named = (&'static str, &'static str, &'static str);

const FAULTS: [Named; 22] = [
    ("restart", "restart down=15s starting=10s", "Home Assistant restarts: 15 s away, then 10 s starting"),
    (
        "kill",
        "kill down=15s starting=10s",
        "Home Assistant is killed and away for 15 s; what its recorder had not committed is in no history",
    ),
    ("starting", "starting", "Home Assistant restarts and takes a minute and a half to start"),
    ("restart-storm", "restart-storm times=4 every=12s", "Home Assistant restarts four times in a row"),
    ("drop", "drop", "the connection breaks"),
    ("cut", "cut bytes=1500", "the connection breaks in the middle of a frame"),
    ("away", "away", "Home Assistant takes no new connection until `heal`"),
    ("half-open", "half-open", "the line is dead in both directions until `heal`"),
    ("throttle", "throttle bytes_per_second=400", "the line takes 400 bytes a second until `heal`"),
    ("flap", "flap", "each new connection is closed half a second after it was let in, until `heal`"),
    ("token-revoked", "token", "the token is revoked, until `token-restored` or until `heal`"),
    ("no-admin", "no-admin", "the token's user is no administrator any more, until `heal`"),
    ("no-recorder", "no-recorder", "Home Assistant has no recorder and so no history until `heal`"),
    ("slow-history", "slow-history by=20s", "history takes 20 s to answer until `heal`"),
    (
        "swallow",
        "swallow entity=light.hue_lamp",
        "the next two events of light.hue_lamp are dropped in silence",
    ),
    ("type-flip", "type-flip entity=light.hue_room", "attributes of light.hue_room come with other types"),
    (
        "rename",
        "rename from=sensor.kitchen_temperature to=sensor.kitchen_air",
        "sensor.kitchen_temperature is called sensor.kitchen_air",
    ),
    ("move", "move entity=light.hue_lamp area=bedroom", "light.hue_lamp is put into the bedroom"),
    ("unit", "unit entity=sensor.garden_temperature unit=°F", "sensor.garden_temperature speaks in °F"),
    (
        "freezer",
        "silence entity=sensor.freezer_temperature",
        "the freezer's sensor falls silent until `heal`",
    ),
    ("garbage", "garbage", "a frame that is not JSON"),
    ("storm", "storm per_second=500 lasting=20s attribute_bytes=200", "500 events a second for 20 s"),
];

/// What the weather service does badly.
const WEATHER: [(&str, WeatherFault, &str); 4] = [
    ("weather-down", WeatherFault::Down, "the weather service hangs up without an answer until `heal`"),
    (
        "weather-slow",
        WeatherFault::Slow(Duration::from_secs(20)),
        "the weather service takes 20 s to answer until `heal`",
    ),
    (
        "weather-429",
        WeatherFault::TooMany(Some(60)),
        "the weather service says that it is asked too often, and to come back after a minute, until `heal`",
    ),
    ("weather-units", WeatherFault::OtherUnits, "the weather service answers in °F and km/h until `heal`"),
];

/// What the InfluxDB does badly.
const INFLUX: [(&str, InfluxFault, &str); 3] = [
    ("influx-down", InfluxFault::Down, "the InfluxDB is away until `heal`"),
    (
        "influx-500",
        InfluxFault::CacheFull,
        "the InfluxDB takes nothing (HTTP 500, its cache is full) until `heal`",
    ),
    (
        "influx-slow",
        InfluxFault::Slow(Duration::from_secs(10)),
        "the InfluxDB takes 10 s for each answer until `heal`",
    ),
];

/// What is on our own side: the archive.
const ARCHIVE: (&str, &str) = ("archive", "the archive takes nothing until `heal`");

/// The token is let in again; everything else stays as it is.
const RESTORED: (&str, &str) =
    ("token-restored", "the token is let in again, and the next attempt is made now");

/// What somebody does to the InfluxDB by hand.
const DROPPED: (&str, &str) = (
    "bucket-dropped",
    "the InfluxDB's bucket is dropped with all its points, and there is none until `heal`",
);

/// The old way, for comparison.
const NAIVE: (&str, &str) = (
    "naive",
    "a naive writer, as the system before Hearthline was, writes this house into a copy of the bucket until `heal`",
);
/// What happens to our own threads: the part, what, and what it says then.
const SNAGS: [(&str, &str, Snag, &str); 13] = [
    ("hang-store", STORE, Snag::Hangs, "the thread of the archive hangs"),
    ("hang-sink", SINK, Snag::Hangs, "the thread that writes to the InfluxDB hangs"),
    ("hang-weather", parts::WEATHER, Snag::Hangs, "the thread that asks for the weather hangs"),
    ("hang-reader", SOURCE, Snag::Hangs, "the thread that listens to Home Assistant hangs"),
    (
        "hang-log",
        LOG,
        Snag::Hangs,
        "the thread of the log hangs, which only a new start of the program mends",
    ),
    (
        "hang-disk",
        STORE,
        Snag::HangsInside,
        "the disk of the archive does not come back, which only a new start of the program mends",
    ),
    (
        "slow-store",
        STORE,
        Snag::Slow(Duration::from_secs(20)),
        "the disk of the archive takes 20 s for one write",
    ),
    ("slow-log", LOG, Snag::Slow(Duration::from_secs(20)), "the disk of the log takes 20 s for one write"),
    ("panic-store", STORE, Snag::Panics, "the thread of the archive panics"),
    ("panic-sink", SINK, Snag::Panics, "the thread that writes to the InfluxDB panics"),
    ("panic-weather", parts::WEATHER, Snag::Panics, "the thread that asks for the weather panics"),
    ("panic-reader", SOURCE, Snag::Panics, "the thread that listens to Home Assistant panics"),
    ("panic-log", LOG, Snag::Panics, "the thread of the log panics"),
];

/// Ends what lasts.
const HEAL: (&str, &str) = ("heal", "everything that lasts is over, and the next attempt is made now");

/// Every word and what it causes.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let weather = WEATHER.iter().map(|(name, _, says)| (*name, *says));
    let influx = INFLUX.iter().map(|(name, _, says)| (*name, *says));
    let named = FAULTS.iter().map(|(name, _, says)| (*name, *says));
    let snags = SNAGS.iter().map(|(name, .., says)| (*name, *says));
    let ours = [DROPPED, NAIVE, ARCHIVE, HEAL];
    named.chain([RESTORED]).chain(weather).chain(influx).chain(snags).chain(ours)
}

/// What can be broken.
#[derive(Clone)]
pub(crate) struct Breakable {
    /// The simulated Home Assistant.
    pub(crate) peer: HomeAssistant,
    /// Asks for the next attempt to connect.
    pub(crate) retry: Arc<Notify>,
    /// Whether the archive takes nothing.
    pub(crate) archive: Arc<AtomicBool>,
    /// The simulated weather service.
    pub(crate) weather: Weather,
    /// Asks for the next look at the weather.
    pub(crate) ask_weather: Arc<Notify>,
    /// The simulated InfluxDB.
    pub(crate) influx: InfluxDb,
    /// The old way, when it is switched on.
    pub(crate) beside: Beside,
    /// What happens to the threads of our own parts.
    pub(crate) snags: Snags,
}

impl Breakable {
    /// Causes what the word says. Healing also asks for the next attempt, as a person does who has put a token right.
    ///
    /// # Errors
    /// When nothing has that name.
    pub(crate) fn cause(&self, word: &str) -> Result<(), String> {
        let Some((_, says)) = all().find(|(name, _)| *name == word) else {
            let names: Vec<_> = all().map(|(name, _)| name).collect();
            return Err(format!("no fault is called {word:?}; there are {}", names.join(", ")));
        };
        tracing::warn!("simulated: {says}");
        if let Some((_, line, _)) = FAULTS.iter().find(|(name, ..)| *name == word) {
            self.peer.cause(Fault::parse(line)?);
        } else if let Some((_, fault, _)) = WEATHER.iter().find(|(name, ..)| *name == word) {
            self.weather.cause(Some(fault.clone()));
            self.ask_weather.notify_one();
        } else if let Some((_, fault, _)) = INFLUX.iter().find(|(name, ..)| *name == word) {
            self.influx.cause(*fault);
        } else if word == RESTORED.0 {
            self.peer.end(&Fault::RevokeToken);
            self.retry.notify_one();
        } else if word == DROPPED.0 {
            self.influx.drop_database(BUCKET);
        } else if word == NAIVE.0 {
            self.beside.start();
        } else if let Some((_, part, snag, _)) = SNAGS.iter().find(|(name, ..)| *name == word) {
            self.snags.set(part, *snag);
        } else if word == ARCHIVE.0 {
            self.archive.store(true, Ordering::Relaxed);
        } else {
            self.heal();
        }
        Ok(())
    }

    fn heal(&self) {
        self.archive.store(false, Ordering::Relaxed);
        self.snags.release();
        self.peer.heal();
        self.weather.cause(None);
        self.influx.heal();
        if !self.influx.has(BUCKET) {
            self.influx.create(BUCKET, None);
        }
        self.beside.stop();
        self.ask_weather.notify_one();
        self.retry.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> Breakable {
        let clock = std::sync::Arc::new(hearthline_core::SystemClock::new());
        let house = hearthline_sim::House::empty(1, hearthline_core::Timestamp(0));
        let weather = Weather::new(clock.clone(), None, hearthline_sim::Outdoors::default);
        let peer = HomeAssistant::new(house, clock.clone(), hearthline_sim::Options::default());
        let influx = InfluxDb::new(hearthline_sim::InfluxVersion::V2, hearthline_sim::Access::Open, clock);
        influx.create(BUCKET, None);
        let nobody = "http://127.0.0.1:1".parse().unwrap();
        let writer = crate::commands::demo::influxdb::naive(&nobody, "", ([127, 0, 0, 1], 1).into()).unwrap();
        let (retry, archive, ask_weather, snags) = Default::default();
        let beside = Beside::new(writer);
        Breakable { peer, retry, archive, weather, ask_weather, influx, beside, snags }
    }

    #[test]
    fn a_word_that_is_no_fault_is_refused_with_those_that_are() {
        let house = house();
        assert!(house.cause("fire").unwrap_err().contains("half-open"));
        assert!(house.cause("weather-429").is_ok());
        assert_eq!(house.weather.answer("/v1/forecast").retry_after, Some(60));
        assert!(house.cause("influx-500").is_ok());
        assert_eq!(house.influx.fault(), Some(InfluxFault::CacheFull));
        assert!(house.cause("drop").is_ok() && house.cause("archive").is_ok());
        assert!(house.archive.load(Ordering::Relaxed));
        assert!(house.cause("heal").is_ok());
        assert_eq!(house.weather.answer("/v1/forecast").retry_after, None);
        assert_eq!(house.influx.fault(), None);
        assert!(!house.archive.load(Ordering::Relaxed));
    }

    #[test]
    fn a_bucket_that_was_dropped_is_there_again_when_it_is_healed() {
        let house = house();
        assert!(house.influx.has(BUCKET));
        assert!(house.cause("bucket-dropped").is_ok());
        assert!(!house.influx.has(BUCKET));
        assert!(house.cause("heal").is_ok());
        assert!(house.influx.has(BUCKET));
    }

    #[tokio::test]
    async fn a_token_that_was_revoked_is_restored_alone_and_asks_for_the_next_attempt() {
        let house = house();
        let address = house.peer.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let status = async || {
            let url = format!("http://{address}/api/");
            let asked = reqwest::Client::new().get(url).bearer_auth("simulated-token").send().await;
            asked.unwrap().status().as_u16()
        };
        assert_eq!(status().await, 200);
        assert!(house.cause("token-revoked").is_ok() && house.cause("influx-500").is_ok());
        assert_eq!(status().await, 401);
        assert!(house.cause("token-restored").is_ok());
        assert_eq!(status().await, 200);
        assert_eq!(house.influx.fault(), Some(InfluxFault::CacheFull), "nothing else is healed");
        tokio::time::timeout(Duration::from_secs(1), house.retry.notified()).await.unwrap();
    }

    #[tokio::test]
    async fn the_naive_writer_counts_while_it_is_on_and_is_healed_away() {
        let house = house();
        assert_eq!(house.beside.shown(), None);
        assert!(house.cause("naive").is_ok());
        let shown = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                match house.beside.shown() {
                    Some(naive) if naive.ended.is_some() => return naive,
                    _ => tokio::task::yield_now().await,
                }
            }
        });
        let shown = shown.await.unwrap();
        assert!(shown.ended.unwrap().contains("cannot connect"), "nobody is where it looks");
        assert_eq!((shown.running, shown.received), (false, 0));
        assert!(house.cause("heal").is_ok());
        assert_eq!(house.beside.shown(), None);
    }

    #[test]
    fn every_fault_can_be_caused_and_its_entity_is_in_the_house() {
        let now = hearthline_core::Timestamp(1_800_000_000_000_000);
        let mut house = hearthline_sim::House::new(1, now);
        house.advance(now.plus(std::time::Duration::from_secs(60)));
        for (name, line, says) in FAULTS {
            let fault = Fault::parse(line).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(fault.is_lasting(), says.ends_with("until `heal`"), "{name}");
            if let Fault::Swallow(entity)
            | Fault::TypeFlip(entity)
            | Fault::Silence(entity)
            | Fault::Rename { from: entity, .. }
            | Fault::Move { entity, .. }
            | Fault::Unit { entity, .. } = fault
            {
                assert!(house.state(entity.as_str()).is_some(), "{entity}");
            }
        }
    }
}
