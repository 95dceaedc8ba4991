use super::context::{known, weather};
use super::*;

/// The log: what the store has not committed is given again.
fn replay(store: &Store, log: &[Row]) {
    let last = Seq(log.len() as u64);
    let rows = log.iter().filter(|row| row.seq() > store.committed()).cloned().collect();
    store.write(&Batch { first: store.committed().next(), last, rows }).unwrap();
}

fn log() -> Vec<Row> {
    let mut house = House::new();
    let times = (0..40).map(|t| t * 1800 + 10_000);
    times.flat_map(|t| ["a.a", "b.b"].map(|id| row(id, t, "1"))).map(|row| house.numbered(row)).collect()
}

/// What a flush and a merge go through, until the disk takes no more.
fn live_through(disk: &MemFs, clock: &ManualClock, log: &[Row]) -> Result<(), crate::StoreError> {
    let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config())?;
    let (first, second) = log.split_at(log.len() * 5 / 8);
    replay(&store, first);
    store.flush()?;
    replay(&store, &[first, &second[..second.len() / 3]].concat());
    store.flush()?;
    while store.maintain()? {}
    replay(&store, log);
    store.flush()?;
    store.save_latest()
}

#[test]
fn whenever_the_power_goes_each_row_is_there_once_after_the_replay() {
    let log = log();
    let clock = ManualClock::at(NOON.plus(2 * DAY));
    let mut survived = 0;
    for (cut, left) in (0..).flat_map(|left| [(true, left), (false, left)]) {
        let disk = MemFs::default();
        disk.take_only(left);
        let done = live_through(&disk, &clock, &log).is_ok();
        if cut {
            disk.power_cut();
        }
        let what = format!("{left} changes, power cut: {cut}");
        disk.heal();
        let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config()).expect(&what);
        assert_eq!(all(&store).len() as u64, store.committed().0, "{what}: only what is committed is there");
        replay(&store, &log);
        store.flush().unwrap();
        assert_eq!(all(&store).len(), log.len(), "{what}");
        let counts = store.committed_counts();
        assert_eq!((counts.events, counts.delivered, counts.collapsed), (80, 80, 0), "{what}");
        assert_eq!(store.latest().len(), 2);
        let named = store.files().len() + 2; // with the manifest and the last states
        assert_eq!(tree(&disk, Path::new("/data")).len(), named, "{what}: nothing is left over");
        if done {
            survived += 1;
            if survived == 2 {
                assert!(left > 50, "the cuts reached all steps: {left}");
                return;
            }
        }
    }
}

#[test]
fn whenever_the_power_goes_weather_and_names_are_those_of_what_is_committed() {
    let mut house = House::new();
    let names = (0..12).map(|n| Row::Entity(known(n * 9_000, &format!("k{}", n % 3), &format!("a.{n}"))));
    let log: Vec<Row> =
        names.zip((0..12).map(|n| weather(n * 9_000, "a", 1.0))).flat_map(|(a, b)| [a, b]).collect();
    let log: Vec<Row> = log.into_iter().map(|row| house.numbered(row)).collect();
    let clock = ManualClock::at(NOON.plus(3 * DAY));
    let there = |store: &Store| {
        let mut rows = store.entity_rows(Timestamp(i64::MIN), Timestamp(i64::MAX)).len() as u64;
        let always = crate::WeatherQuery { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
        let each = |_| {
            rows += 1;
            ControlFlow::Continue(())
        };
        store.weather(&always, each).unwrap();
        rows
    };
    for (cut, left) in (0..).flat_map(|left| [(true, left), (false, left)]) {
        let disk = MemFs::default();
        disk.take_only(left);
        let done = live_through(&disk, &clock, &log).is_ok();
        if cut {
            disk.power_cut();
        }
        let what = format!("{left} changes, power cut: {cut}");
        disk.heal();
        let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config()).expect(&what);
        assert_eq!(there(&store), store.committed().0, "{what}");
        replay(&store, &log);
        store.flush().unwrap();
        assert_eq!((there(&store), store.verify()), (24, vec![]), "{what}");
        let named = store.files().len() + 2; // with the manifest and the entities
        assert_eq!(tree(&disk, Path::new("/data")).len(), named, "{what}: nothing is left over");
        if done && !cut {
            return;
        }
    }
}

#[test]
fn a_flush_that_fails_leaves_the_rows_in_memory_and_can_be_tried_again() {
    let log = log();
    let clock = ManualClock::at(NOON);
    for left in 0.. {
        let disk = MemFs::default();
        let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config()).unwrap();
        replay(&store, &log[..20]);
        store.flush().unwrap();
        replay(&store, &log);
        disk.take_only(left);
        let failed = store.flush().is_err();
        assert_eq!(all(&store).len(), log.len(), "{left}");
        assert_eq!(store.committed(), if failed { Seq(20) } else { Seq(80) });

        disk.heal();
        store.flush().unwrap();
        let counts = store.committed_counts();
        assert_eq!((counts.events, counts.delivered, counts.collapsed), (80, 80, 0), "{left}");
        assert_eq!(all(&store).len(), log.len(), "{left}");
        drop(store);
        let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config()).unwrap();
        assert_eq!(all(&store).len(), log.len(), "{left}");
        let named = store.files().len() + 2;
        assert_eq!(tree(&disk, Path::new("/data")).len(), named, "{left}: nothing is left over");
        if !failed {
            return;
        }
    }
}

#[test]
fn a_full_disk_is_told_and_mended() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "1")]);
    house.disk.set_capacity(0);
    house.write(vec![row("a.a", 2, "2")]);
    let error = house.store.flush().unwrap_err();
    assert_eq!(error.kind(), hearthline_core::ErrorKind::Transient);
    assert!(error.to_string().contains("cannot write /data/store/states"), "{error}");
    house.disk.set_capacity(u64::MAX);
    house.store.flush().unwrap();
    assert_eq!((house.all().len(), house.store.committed()), (2, Seq(2)));
}
