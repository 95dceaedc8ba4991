use hearthline_core::MemFs;
use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp(1_800_000_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

fn disk() -> MemFs {
    let fs = MemFs::default();
    fs.create_dir_all(Path::new("/data")).unwrap();
    fs
}

/// Lets a part be so for a while, a minute at a time.
fn pass(uptime: &mut Uptime, now: &mut Timestamp, state: PartState, minutes: u32) {
    for _ in 0..minutes {
        *now = now.plus(MINUTE);
        uptime.add("log", state, MINUTE, *now);
    }
}

fn percent(uptime: &Uptime, window: Duration, now: Timestamp) -> Option<f64> {
    uptime.share("log", window, now).map(|share| (share.up * 10_000.0).round() / 100.0)
}

#[test]
fn each_window_has_its_own_share() {
    let (mut uptime, mut now) = (Uptime::new(START), START);
    pass(&mut uptime, &mut now, PartState::Unhealthy, 60 * 24);
    pass(&mut uptime, &mut now, PartState::Healthy, 60 * 24 * 9);
    assert_eq!(percent(&uptime, DAY, now), Some(100.0));
    assert_eq!(percent(&uptime, 7 * DAY, now), Some(100.0));
    assert_eq!(percent(&uptime, 30 * DAY, now), Some(90.0), "of the ten days since it was made");
    assert_eq!(uptime.share("log", 30 * DAY, now).unwrap().of, 10 * DAY);
    pass(&mut uptime, &mut now, PartState::Degraded, 60 * 24 * 30);
    assert_eq!(percent(&uptime, 30 * DAY, now), Some(100.0), "what is older does not count");
    assert_eq!(uptime.share("weather", DAY, now), None);
    let runs = &uptime.parts["log"].runs;
    assert!(runs.len() < 5, "alike hours are one: {runs:?}");
}

#[test]
fn a_period_has_the_share_of_the_hours_that_it_touches() {
    let (mut uptime, mut now) = (Uptime::new(START), START);
    let hour = Duration::from_secs(3600);
    pass(&mut uptime, &mut now, PartState::Healthy, 60);
    pass(&mut uptime, &mut now, PartState::Unhealthy, 30);
    pass(&mut uptime, &mut now, PartState::Healthy, 90);
    let up = |from, to| uptime.between("log", from, to).map(|share| share.up);
    let began = START.plus(hour);
    assert_eq!(up(START, START.plus(hour / 2)), Some(1.0));
    assert_eq!(up(began.plus(hour / 4), began.plus(hour / 3)), Some(0.5), "the whole hour");
    assert_eq!(up(now.plus(9 * hour), now.plus(10 * hour)), None);
    let fs = disk();
    uptime.write(&fs, Path::new("/data/uptime")).unwrap();
    let kept = Uptime::kept(&fs, Path::new("/data/uptime")).unwrap().unwrap();
    assert_eq!(
        (kept.seen(), kept.parts().collect::<Vec<_>>()),
        (now, vec!["log"]),
        "and nothing of what came since"
    );
}

#[test]
fn starting_and_off_do_not_count() {
    let (mut uptime, mut now) = (Uptime::new(START), START);
    pass(&mut uptime, &mut now, PartState::Starting, 10);
    pass(&mut uptime, &mut now, PartState::Off, 10);
    assert_eq!(percent(&uptime, DAY, now), None);
    pass(&mut uptime, &mut now, PartState::Healthy, 3);
    pass(&mut uptime, &mut now, PartState::Parked, 1);
    assert_eq!(percent(&uptime, DAY, now), Some(75.0));
}

#[test]
fn a_time_in_which_the_program_did_not_run_is_down_for_what_was_wanted() {
    let (fs, path) = (disk(), Path::new("/data/uptime"));
    let (mut uptime, mut now) = (Uptime::new(START), START);
    pass(&mut uptime, &mut now, PartState::Healthy, 60 * 18);
    uptime.add("weather", PartState::Off, MINUTE, now);
    uptime.write(&fs, path).unwrap();
    assert_eq!(Uptime::read(&fs, path, now), uptime);
    let later = now.plus(6 * HOUR);
    let read = Uptime::read(&fs, path, later);
    assert_eq!(percent(&read, 7 * DAY, later), Some(75.0));
    assert_eq!(read.share("weather", DAY, later), None, "it was off");
    assert_eq!(read.since(), START);
}

#[test]
fn a_clock_that_jumps_counts_nothing_that_did_not_pass() {
    let (fs, path) = (disk(), Path::new("/data/uptime"));
    let (mut uptime, mut now) = (Uptime::new(START), START);
    pass(&mut uptime, &mut now, PartState::Healthy, 60);
    now = now.plus(5 * DAY); // set forward while it runs
    pass(&mut uptime, &mut now, PartState::Healthy, 60);
    assert_eq!(uptime.share("log", 30 * DAY, now).unwrap(), Share { up: 1.0, of: 2 * HOUR });
    now = START; // and back again
    pass(&mut uptime, &mut now, PartState::Unhealthy, 60);
    let share = uptime.share("log", 30 * DAY, now).unwrap();
    assert!(share.of <= 3 * HOUR, "{share:?}");
    uptime.write(&fs, path).unwrap();
    let before = Uptime::read(&fs, path, START.minus(DAY)); // set back while it did not run
    assert_eq!(before.parts, uptime.parts);
    let never_set = Uptime { since: Timestamp(0), seen: Timestamp(60_000_000), ..uptime.clone() };
    never_set.write(&fs, path).unwrap();
    assert_eq!(Uptime::read(&fs, path, now.plus(DAY)).parts, uptime.parts, "a clock that was never set");
}

#[test]
fn a_damaged_file_is_begun_anew() {
    let (fs, path) = (disk(), Path::new("/data/uptime"));
    let (mut uptime, mut now) = (Uptime::new(START), START);
    pass(&mut uptime, &mut now, PartState::Healthy, 60);
    uptime.write(&fs, path).unwrap();
    let whole = (&fs as &dyn Fs).read(path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        (&fs as &dyn Fs).write_atomic(path, &bytes).unwrap();
        assert_eq!(Uptime::read(&fs, path, now), Uptime::new(now), "byte {at}");
    }
}

proptest! {
    /// Whatever the wall clock does, no more is up than counts, hours are in order, and the file stays small.
    #[test]
    fn whatever_the_clock_does_it_stays_sound(steps in prop::collection::vec((-100_000i64..100_000, 0u8..6, 0u64..5000), 1..200)) {
        let (mut uptime, mut now) = (Uptime::new(START), START);
        for (jump, state, passed) in steps {
            now = Timestamp(now.0 + jump * 1_000_000);
            let states = [PartState::Healthy, PartState::Degraded, PartState::Unhealthy, PartState::Parked, PartState::Starting, PartState::Off];
            uptime.add("log", states[usize::from(state)], Duration::from_millis(passed), now);
            let runs = &uptime.parts["log"].runs;
            prop_assert!(runs.windows(2).all(|two| two[0].end() <= two[1].first), "{:?}", runs);
            prop_assert!(runs.iter().all(|run| run.up <= run.counted && run.hours > 0), "{:?}", runs);
            prop_assert!(runs.len() <= 722);
            if let Some(share) = uptime.share("log", 30 * DAY, now) {
                prop_assert!((0.0..=1.0).contains(&share.up));
            }
        }
    }
}
