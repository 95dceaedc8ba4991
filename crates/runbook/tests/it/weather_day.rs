//! The share of rows with weather over a day of the demonstration's house, as the criteria tell it, and with the weather
//! service away twice.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hearthline_core::{Origin, Timestamp};
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::metrics::Samples;
use hearthline_sim::{House, Outdoors, TokioClock, Weather, WeatherFault};
use hearthline_store::StatesQuery;

use crate::recorder::{Recorder, each};

/// 2026-11-23T00:00:00Z.
const MIDNIGHT: Timestamp = Timestamp(1_795_392_000_000_000);
const HOURS: usize = 24;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Live states, and those of them that know their weather.
type Counts = (u64, u64);

/// A day that was recorded.
struct Day {
    /// The criterion's figure of each minute, where it is known, and whether it is met.
    minutes: Vec<Option<(f64, bool)>>,
    /// By the counters, hour by hour.
    counted: [Counts; HOURS],
    /// By the rows of the store, hour by hour.
    stored: [Counts; HOURS],
    /// Hours in which the weather was not healthy at some minute.
    degraded: Vec<usize>,
    logged: u64,
    calls: u64,
    errors: u64,
}

/// A house that is so lively, when the service fails, and when nobody is there.
async fn day(rate: f64, broken: Range<Duration>, down: Range<Duration>) -> Day {
    let clock = Arc::new(TokioClock::starting_at(MIDNIGHT));
    let service = Weather::new(clock, None, Outdoors::default);
    let away = Arc::new(AtomicBool::new(false));
    let is_away = Arc::clone(&away);
    // A house fires for each of its entities when it begins to live: that was before.
    let mut house = House::new(1, MIDNIGHT.minus(HOUR)).with_rate(rate);
    house.advance(MIDNIGHT);
    let recorder = Recorder::start(house, MIDNIGHT, &service, move || is_away.load(Ordering::Relaxed));
    let mut samples = Samples::default();
    let (mut minutes, mut degraded) = (Vec::new(), Vec::new());
    let mut counted = [(0, 0); HOURS];
    let mut before = (0, 0);
    each(Duration::from_secs(1), HOUR * 24, |passed| {
        service.cause(broken.contains(&passed).then_some(WeatherFault::Broken));
        away.store(down.contains(&passed), Ordering::Relaxed);
        let sample = recorder.sample();
        samples.push(sample);
        if !passed.as_secs().is_multiple_of(60) {
            return;
        }
        let criterion = recorder.criterion("weather_rows", &samples);
        minutes.push(criterion.value.zip(criterion.met));
        let hour = usize::try_from((passed - MINUTE).as_secs() / 3600).unwrap();
        if recorder.weather.look().state != PartState::Healthy {
            degraded.push(hour);
        }
        counted[hour].0 += sample.states - before.0;
        counted[hour].1 += sample.with_weather - before.1;
        before = (sample.states, sample.with_weather);
    })
    .await;
    degraded.dedup();
    recorder.flush().await;
    let (look, weather) = (recorder.ingest.look(), recorder.weather.look());
    assert_eq!(look.counters.difference(), 0);
    assert_eq!(look.gaps.open, 0, "nothing stood in the way of an event: {:?}", look.recent_gaps);
    let committed = recorder.store.committed_counts();
    assert_eq!(committed.delivered + committed.collapsed, look.counters.logged);
    Day {
        minutes,
        counted,
        stored: stored(&recorder),
        degraded,
        logged: look.counters.logged,
        calls: weather.calls,
        errors: weather.errors,
    }
}

/// Live rows and those with weather, hour by hour of their own time.
fn stored(recorder: &Recorder) -> [Counts; HOURS] {
    let mut hours = [(0, 0); HOURS];
    let end = MIDNIGHT.plus(HOUR * 24);
    let query = StatesQuery { entities: None, renamed: false, from: MIDNIGHT, to: end };
    recorder
        .store
        .states(&query, |row| {
            let hour = usize::try_from(row.ts.since(MIDNIGHT).as_secs() / 3600).unwrap();
            if row.origin == Origin::Live && hour < HOURS {
                hours[hour].0 += 1;
                hours[hour].1 += u64::from(row.weather.is_some());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    hours
}

impl Day {
    fn share((states, with_weather): Counts) -> f64 {
        with_weather as f64 * 100.0 / states as f64
    }

    fn whole(&self) -> Counts {
        self.stored.iter().fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1))
    }

    /// The lowest figure of the criterion in an hour, and whether it was met at each of its minutes.
    fn told(&self, hour: usize) -> (f64, bool) {
        let known = self.minutes[hour * 60..(hour + 1) * 60].iter().flatten();
        known.fold((100.0, true), |(least, all), (value, met)| (least.min(*value), all && *met))
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} events logged, weather asked {} times, {} without an answer",
            self.logged, self.calls, self.errors
        );
        println!("hour  live rows  with weather      share  least in 15 min  criterion");
        for (hour, counts) in self.stored.iter().enumerate() {
            let (least, met) = self.told(hour);
            println!(
                "{hour:>4} {:>10} {:>13} {:>8.1} % {least:>14.1} %  {}",
                counts.0,
                counts.1,
                Self::share(*counts),
                if met { "met" } else { "not met" }
            );
        }
        println!(" all {:>10} {:>13} {:>8.1} %", self.whole().0, self.whole().1, Self::share(self.whole()));
    }
}

#[tokio::test(start_paused = true)]
async fn over_a_day_of_the_demo_house_the_rows_know_their_weather() {
    let day = day(1.0, HOUR..HOUR, HOUR..HOUR).await;
    day.print("a day");
    for hour in 0..HOURS {
        let (least, met) = day.told(hour);
        assert!(met && least >= 95.0, "hour {hour}: {least} %");
        assert!(day.stored[hour].0 > 1000, "the house lives: {} rows in hour {hour}", day.stored[hour].0);
    }
    assert!(Day::share(day.whole()) >= 95.0);
    assert_eq!(day.degraded, Vec::<usize>::new());
    assert!(day.errors == 0 && day.calls <= 24 * 6 + 1, "{} calls", day.calls);
    day.says_what_is_stored();
}

#[tokio::test(start_paused = true)]
async fn while_the_weather_is_away_the_share_falls_and_comes_back_and_no_event_is_late() {
    // A row knows its weather for an hour after an observation, which is up to a quarter of an hour older than the answer
    // in which it came; the first answer after an outage comes half an hour later at most.
    let day = day(0.3, HOUR * 6..HOUR * 9, HOUR * 15..HOUR * 20).await;
    day.print("a day with two outages");
    for hour in 0..HOURS {
        let share = Day::share(day.stored[hour]);
        let (least, met) = day.told(hour);
        match hour {
            7 | 8 | 16..=19 => assert!(share == 0.0 && !met, "hour {hour}: {share} %"),
            6 | 9 | 15 | 20 => assert!((50.0..95.0).contains(&share) && !met, "hour {hour}: {share} %"),
            // The criterion looks back a quarter of an hour; before the first answer no row knows.
            0 | 10 | 21 => assert!(share >= 99.0, "hour {hour}: {share} %"),
            _ => assert!(share >= 95.0 && met, "hour {hour}: {share} %, {least} %"),
        }
    }
    for hour in [6, 7, 8, 15, 16, 17, 18, 19] {
        assert!(day.degraded.contains(&hour), "the part says so: {:?}", day.degraded);
    }
    assert!(!day.degraded.iter().any(|hour| *hour == 11 || *hour == 22), "{:?}", day.degraded);
    assert!(day.errors > 8, "{} errors", day.errors);
    day.says_what_is_stored();
}

impl Day {
    /// What the criteria were told is what the rows are: only a row on its way at the full hour is counted in the next.
    fn says_what_is_stored(&self) {
        let sum = |hours: &[Counts]| hours.iter().fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
        let (counted, stored) = (sum(&self.counted), sum(&self.stored));
        assert!(
            counted.0.abs_diff(stored.0) <= 4 && counted.1.abs_diff(stored.1) <= 4,
            "{counted:?} {stored:?}"
        );
    }
}
