use std::path::Path;

use fastrand::Rng;
use hearthline_core::{Fs, MemFs};
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const SWEEP: Duration = Duration::from_secs(15 * 60);
const START: Timestamp = Timestamp(1_800_000_000_000_000);
const ID: &str = "sensor.freezer_temperature";

/// One entity and its Home Assistant, which is compared with each quarter of an hour.
struct House {
    silence: Silence,
    now: Timestamp,
    next_look: Timestamp,
    next_report: Timestamp,
    /// Text or attributes last changed.
    updated: Timestamp,
    last_reported: Timestamp,
    /// Home Assistant notes what is written again.
    notes_reports: bool,
    /// How often it was found silent that was not so at the look before.
    silences: usize,
    was_silent: bool,
}

impl House {
    fn new() -> Self {
        let mut silence = Silence::default();
        silence.heard(ID, START);
        Self {
            silence,
            now: START,
            next_look: START.plus(SWEEP),
            next_report: START,
            updated: START,
            last_reported: START,
            notes_reports: true,
            silences: 0,
            was_silent: false,
        }
    }

    /// Lives for so long. `report` says after how long the entity reports again, and whether what it says is new.
    fn live(&mut self, lasting: Duration, mut report: impl FnMut() -> (Duration, bool)) {
        let end = self.now.plus(lasting);
        loop {
            self.now = self.next_report.min(self.next_look);
            if self.now > end {
                self.now = end;
                return;
            }
            if self.now == self.next_look {
                self.look();
                continue;
            }
            let (wait, changes) = report();
            self.last_reported = self.now;
            if changes {
                self.updated = self.now;
                self.silence.heard(ID, self.now);
            }
            self.next_report = self.now.plus(wait);
        }
    }

    fn says_nothing(&mut self, lasting: Duration) {
        let silent_until = self.now.plus(lasting + SECOND);
        self.next_report = self.next_report.max(silent_until);
        self.live(lasting, || unreachable!("it says nothing"));
    }

    fn look(&mut self) {
        self.silence.shown(ID, self.updated);
        let noted = self.notes_reports && self.last_reported.since(self.updated) > 10 * SECOND;
        self.silence.look(self.now, noted.then_some((ID, self.last_reported)));
        self.next_look = self.now.plus(SWEEP);
        let silent = self.silent().is_some();
        self.silences += usize::from(silent && !self.was_silent);
        self.was_silent = silent;
    }

    fn silent(&self) -> Option<Silent> {
        self.silence.silent(|_| None).pop()
    }
}

fn same(every: Duration) -> impl FnMut() -> (Duration, bool) {
    move || (every, false)
}

/// At another phase of the looks each time.
fn about(every: Duration) -> impl FnMut() -> (Duration, bool) {
    let mut rng = Rng::with_seed(7);
    move || (every.mul_f64(0.9 + 0.2 * rng.f64()), false)
}

#[test]
fn a_value_that_does_not_change_is_not_silent_while_it_is_reported() {
    for every in [MINUTE, 5 * MINUTE, SWEEP, 12 * HOUR] {
        let mut house = House::new();
        house.live(20 * DAY, same(every));
        assert_eq!(house.silences, 0, "{every:?}");
    }
}

#[test]
fn a_sensor_that_reports_each_five_minutes_and_then_does_not_is_silent_once_until_it_is_heard() {
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    let last = house.last_reported;
    house.says_nothing(30 * MINUTE);
    assert_eq!(house.silent(), None, "it may have been overheard between two looks");
    house.says_nothing(3 * HOUR);
    let silent = house.silent().unwrap();
    assert_eq!((silent.entity_id.as_str(), silent.since, house.silences), (ID, Timestamp(last.0), 1));
    assert!((4 * MINUTE..6 * MINUTE).contains(&silent.usual), "{:?}", silent.usual);
    assert!(house.silence.heard(ID, house.now), "that ends it");
    assert_eq!(house.silent(), None);
}

#[test]
fn it_is_silent_also_where_it_reports_twice_a_day() {
    let mut house = House::new();
    house.live(8 * DAY, about(12 * HOUR));
    house.says_nothing(2 * DAY);
    assert_eq!(house.silent(), None);
    house.says_nothing(DAY);
    assert!(house.silent().is_some());
}

#[test]
fn a_solar_sensor_at_night_is_not_silent_for_it_reports_its_zero() {
    let mut house = House::new();
    for _ in 0..5 {
        house.live(12 * HOUR, || (10 * SECOND, true));
        house.live(12 * HOUR, || (MINUTE, false));
    }
    assert_eq!(house.silences, 0);
}

#[test]
fn one_that_speaks_only_when_something_changes_is_never_judged() {
    let mut house = House::new();
    house.live(3 * DAY, || (MINUTE, true));
    house.says_nothing(3 * DAY);
    assert_eq!(house.silences, 0, "perhaps nothing has changed");
}

#[test]
fn what_is_not_regular_is_never_judged() {
    let mut rng = Rng::with_seed(3);
    let mut house = House::new();
    house.live(30 * DAY, || {
        let wait = if rng.f64() < 0.1 { 6 * HOUR } else { 4 * MINUTE };
        (wait.mul_f64(0.2 + 2.0 * rng.f64()), rng.bool())
    });
    house.says_nothing(14 * DAY);
    assert_eq!(house.silences, 0, "as a motion sensor is while nobody is at home");
}

#[test]
fn without_last_reported_nothing_is_silent() {
    let mut house = House { notes_reports: false, ..House::new() };
    house.live(3 * DAY, || (MINUTE, true));
    house.live(3 * DAY, same(MINUTE));
    house.says_nothing(3 * DAY);
    assert_eq!(house.silences, 0);
}

#[test]
fn after_a_restart_time_starts_again_at_the_next_look() {
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    house.says_nothing(3 * HOUR);
    let since = house.silent().unwrap().since;
    house.silence.restarted();
    house.says_nothing(SWEEP + 30 * MINUTE);
    assert_eq!(house.silent(), None, "it has had half an hour");
    house.says_nothing(HOUR);
    assert_eq!(house.silent().unwrap().since, since, "what is told is still when it was last heard");
}

#[test]
fn one_that_is_unavailable_is_not_silent_and_starts_anew() {
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    house.says_nothing(3 * HOUR);
    assert!(house.silence.away(ID), "home assistant says it itself");
    house.silence.look(house.now.plus(SWEEP), []);
    assert_eq!(house.silent(), None);
    house.updated = house.now;
    house.silence.heard(ID, house.now);
    house.says_nothing(30 * MINUTE);
    assert_eq!(house.silent(), None);
    house.says_nothing(HOUR);
    assert!(house.silent().is_some());
    assert!(house.silence.removed(ID) && house.silent().is_none());
}

#[test]
fn whoever_was_called_silent_and_came_back_is_given_twice_as_long() {
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    house.says_nothing(75 * MINUTE);
    assert!(house.silent().is_some());
    house.live(HOUR, about(5 * MINUTE));
    house.says_nothing(75 * MINUTE);
    assert_eq!(house.silent(), None);
    house.live(2 * DAY, about(5 * MINUTE));
    house.says_nothing(75 * MINUTE);
    assert!(house.silent().is_some(), "that is forgiven");
}

#[test]
fn what_was_learnt_is_read_again_and_what_is_no_such_file_is_learnt_anew() {
    let (fs, path) = (MemFs::default(), Path::new("/data/cadence"));
    fs.create_dir_all(Path::new("/data")).unwrap();
    assert!(Learnt::read(&fs, path).is_empty(), "there is none");
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    house.silence.learnt().write(&fs, path).unwrap();

    let mut again = House { now: house.now, next_look: house.now, next_report: house.now, ..House::new() };
    again.silence = Silence::default();
    again.silence.remember(Learnt::read(&fs, path));
    assert_eq!(again.silence.learnt(), house.silence.learnt());
    again.updated = house.now;
    again.silence.heard(ID, house.now);
    again.says_nothing(3 * HOUR);
    assert!(again.silent().is_some(), "it needs no day to be judged again");

    let good = (&fs as &dyn Fs).read(path).unwrap();
    for bytes in [&good[..good.len() - 3], b"", b"HLcaden\x02 of a later release", b"{}"] {
        (&fs as &dyn Fs).write_atomic(path, bytes).unwrap();
        assert!(Learnt::read(&fs, path).is_empty());
    }
}

#[test]
fn what_has_not_reported_for_a_month_is_forgotten() {
    let mut house = House::new();
    house.live(2 * DAY, about(5 * MINUTE));
    assert_eq!(house.silence.learnt().len(), 1);
    house.says_nothing(31 * DAY);
    assert!(house.silence.learnt().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_reports_regularly_is_never_silent(
        seed in any::<u64>(), seconds in 30u64..86_400, jitter in 0.0..0.5, news in 0.0..1.0,
    ) {
        let mut rng = Rng::with_seed(seed);
        let every = Duration::from_secs(seconds);
        let mut house = House::new();
        house.next_report = START.plus(every.mul_f64(rng.f64()));
        house.live(DAY * 3 + every * 30, || {
            (every.mul_f64(1.0 + jitter * (2.0 * rng.f64() - 1.0)), rng.f64() < news)
        });
        prop_assert_eq!(house.silences, 0);
    }
}
