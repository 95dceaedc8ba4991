use super::*;

/// Five flushes over two days, and a row of today.
fn house() -> House {
    let mut house = House::with(StoreConfig { retention: Some(3 * DAY), ..config() });
    for part in 0..5 {
        let times = (0..60).filter(|n| n % 5 == part).map(|n| n * 2000);
        house.flushed(times.flat_map(|t| ["b.b", "a.a"].map(|id| row(id, t, &t.to_string()))).collect());
    }
    house
}

#[test]
fn the_files_of_a_day_that_is_over_become_one_and_say_the_same() {
    let mut house = house();
    let before = house.all();
    assert_eq!((before.len(), house.files()), (120, 10));
    assert!(!house.store.maintain().unwrap(), "no day is over");
    assert_eq!(house.files(), 10);

    house.clock.advance(2 * DAY);
    assert!(house.store.maintain().unwrap(), "one day at a time");
    assert_eq!(house.files(), 6);
    assert!(!house.store.maintain().unwrap());
    assert_eq!(house.files(), 2);
    assert_eq!(house.all(), before);
    let on_disk = tree(&house.disk, Path::new("/data/store/states"));
    assert_eq!(on_disk.len(), 2, "{on_disk:?}");

    house.reopen();
    assert_eq!(house.all(), before);
    assert_eq!(house.store.committed_counts().delivered, 120);
    assert_eq!(house.store.verify(), [""; 0]);
}

#[test]
fn late_rows_join_a_merged_day_and_collapse_against_it() {
    let mut house = house();
    house.clock.advance(2 * DAY);
    while house.store.maintain().unwrap() {}
    house.write(vec![row("a.a", 2000, "twice"), row("a.a", 2001, "late")]);
    assert!(!house.store.maintain().unwrap());
    house.store.flush().unwrap();
    assert_eq!(house.files(), 3);
    assert_eq!(house.store.committed_counts().collapsed, 1);
    house.store.maintain().unwrap();
    assert_eq!(house.files(), 2);
    let around = StatesQuery { from: NOON, to: NOON.plus(Duration::from_secs(4000)), ..of("a.a") };
    let expected = [("a.a", 0, Some("0")), ("a.a", 2000, Some("2000")), ("a.a", 2001, Some("late"))];
    assert_eq!(brief(&states(&house.store, &around)), expected);
}

#[test]
fn a_reader_finishes_on_the_files_it_began_with() {
    let house = house();
    house.clock.advance(2 * DAY);
    let mut seen = 0;
    house
        .store
        .states(&everything(), |_| {
            if seen == 0 {
                while house.store.maintain().unwrap() {}
            }
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, 120);
    assert_eq!(tree(&house.disk, Path::new("/data/store/states")).len(), 12, "old files wait for the reader");
    house.store.maintain().unwrap();
    assert_eq!(tree(&house.disk, Path::new("/data/store/states")).len(), 2);
}

#[test]
fn readers_see_each_row_once_while_rows_come_and_files_change() {
    let mut house = House::new();
    house.clock.advance(9 * DAY);
    let rounds = 40;
    let batches: Vec<Batch> = (0..rounds)
        .map(|n| {
            let rows = (0..50).map(|k| row("a.a", (n % 8) * 86_400 + n * 50 + k, "1"));
            let rows: Vec<_> = rows.map(|row| house.numbered(row)).collect();
            Batch { first: rows[0].seq(), last: Seq(house.seq), rows }
        })
        .collect();
    let store = &house.store;
    let done = std::sync::atomic::AtomicBool::new(false);
    let ended = || done.load(std::sync::atomic::Ordering::Acquire);
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut seen = 0;
            while !ended() || seen < 50 * rounds {
                let rows = states(store, &of("a.a"));
                assert!(rows.is_sorted_by(|a, b| a.ts < b.ts), "no row twice");
                assert!(rows.len() as i64 >= seen, "no row gone: {seen}, then {}", rows.len());
                seen = rows.len() as i64;
            }
        });
        let keeper = threads.spawn(|| {
            while !ended() {
                store.maintain().unwrap();
            }
        });
        for batch in &batches {
            store.write(batch).unwrap();
            store.flush().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Release);
        keeper.join().unwrap();
        reader.join().unwrap();
    });
    while store.maintain().unwrap() {}
    assert_eq!((store.stats().rows, store.files().len()), (2000, 8));
}

#[test]
fn the_disk_of_the_machine_does_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, config) =
        (ManualClock::at(NOON), StoreConfig { dir: dir.path().join("a/store"), ..config() });
    let open =
        || Store::open(Arc::new(hearthline_core::RealFs), Arc::new(clock.clone()), config.clone()).unwrap();
    let mut house = House::new();
    let store = open();
    for n in 0..4 {
        let rows = vec![house.numbered(row("a.a", n, "1")), house.numbered(row("b.b", n, "2"))];
        store.write(&Batch { first: rows[0].seq(), last: Seq(house.seq), rows }).unwrap();
        store.flush().unwrap();
    }
    let before = all(&store);
    clock.advance(DAY);
    assert!(!store.maintain().unwrap());
    drop(store);
    let store = open();
    assert_eq!((all(&store), store.files().len(), store.latest().len()), (before, 1, 2));
    assert_eq!(store.verify(), [""; 0]);
    assert!(store.files()[0].path.is_file());
}

#[test]
fn days_older_than_the_retention_are_dropped_whole_and_counted() {
    let mut house = house();
    let moment = Duration::from_micros(1);
    house.clock.advance(3 * DAY + DAY / 2 - moment);
    house.store.maintain().unwrap();
    assert_eq!(house.all().len(), 120, "the first day ended not three days ago");
    house.clock.advance(moment);
    house.store.maintain().unwrap();
    let left = house.all();
    assert!(left.iter().all(|row| row.ts.date() == "2026-11-24"), "{:?}", brief(&left));
    assert_eq!(house.store.stats().expired, 120 - left.len() as u64);
    assert!(tree(&house.disk, Path::new("/data/store/states/date=2026-11-23")).is_empty());
    assert!(house.disk.read_dir(Path::new("/data/store/states")).unwrap().len() == 1);
    house.reopen();
    assert_eq!((house.all(), house.store.stats().expired), (left, 44));
}

#[test]
fn the_last_state_outlives_its_day_unless_it_is_a_removal() {
    let mut house = House::with(StoreConfig { retention: Some(3 * DAY), ..config() });
    let removal = StateRow { state: None, value: None, ..state("gone.a", 1, "") };
    house.flushed(vec![row("still.a", 1, "on"), Row::State(removal)]);
    house.clock.advance(30 * DAY);
    house.store.maintain().unwrap();
    house.flushed(vec![row("new.a", 30 * 86_400, "on")]);
    house.reopen();
    assert!(house.store.latest_of("still.a").is_some());
    assert!(house.store.latest_of("gone.a").is_none());
    assert_eq!(house.all().len(), 1);
}

#[test]
fn the_last_states_are_saved_hourly_and_on_demand() {
    let mut house = House::new();
    let saved = |house: &House| -> Vec<_> {
        house.disk.read_dir(Path::new("/data/store/latest")).unwrap().into_iter().map(|e| e.name).collect()
    };
    house.flushed(vec![row("a.a", 1, "1")]);
    let first = saved(&house);
    house.clock.advance(59 * MINUTE);
    house.flushed(vec![row("a.a", 2, "2")]);
    assert_eq!(saved(&house), first);
    house.clock.advance(MINUTE);
    house.flushed(vec![row("a.a", 3, "3")]);
    let second = saved(&house);
    assert_ne!(second, first);
    house.write(vec![row("a.a", 4, "4")]);
    house.store.save_latest().unwrap();
    assert_eq!(saved(&house), second, "not while rows wait");
    house.store.flush().unwrap();
    house.store.save_latest().unwrap();
    assert_ne!(saved(&house), second);
    house.reopen();
    assert_eq!(brief(&house.store.latest()), [("a.a", 4, Some("4"))]);
}

#[test]
fn many_commits_are_put_into_a_new_manifest() {
    let mut house = House::new();
    for n in 1..=1005 {
        house.store.write(&Batch { first: Seq(n), last: Seq(n), rows: Vec::new() }).unwrap();
        house.store.flush().unwrap();
    }
    let names: Vec<_> =
        house.disk.read_dir(Path::new("/data/store")).unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["manifest.0000000002"]);
    house.reopen();
    assert_eq!(house.store.committed(), Seq(1005));
}
