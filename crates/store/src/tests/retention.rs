//! What goes when it is too old, what stays nevertheless, and what is known of it afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use hearthline_core::Clock as _;
use hearthline_core::fs::Fault;

use super::*;
use crate::{Hold, Outcome, Protection, RetentionPlan, StoreError, Table};

const RECEIPTS: &str = "/data/receipts";

/// Three days with two files each, of which the first two are too old when three days are kept.
fn house(retention: Option<Duration>) -> House {
    let mut house = House::with(StoreConfig { retention, ..config() });
    for after in [0, 100] {
        for day in 0..3 {
            house.flushed(vec![row("a.a", day * 86_400 + after, "1"), row("b.b", day * 86_400 + after, "1")]);
        }
    }
    house.clock.advance(5 * DAY);
    house
}

fn days(plan: &RetentionPlan) -> Vec<(&str, u64, Option<&Hold>)> {
    plan.days.iter().map(|day| (day.day.as_str(), day.amount.rows, day.held.as_ref())).collect()
}

#[test]
fn a_plan_names_the_days_and_changes_nothing() {
    let house = house(Some(3 * DAY));
    let plan = house.store.retention_plan(None);
    assert_eq!(plan.before.as_deref(), Some("2026-11-25"));
    assert_eq!(days(&plan), [("2026-11-23", 4, None), ("2026-11-24", 4, None)]);
    let (dropped, all) = (plan.dropped(), plan.all);
    assert_eq!((dropped.days, dropped.rows, dropped.files), (2, 8, 4));
    assert_eq!((all.days, all.rows, all.files), (3, 12, 6));
    let bytes: u64 = house.store.files().iter().take(4).map(|file| file.bytes).sum();
    assert_eq!(dropped.bytes, bytes);
    assert_eq!((house.all().len(), house.files()), (12, 6));
    assert_eq!(days(&house.store.retention_plan(Some(4 * DAY))), [("2026-11-23", 4, None)]);
}

#[test]
fn without_a_retention_everything_stays_for_ever() {
    let house = house(None);
    let plan = house.store.retention_plan(None);
    assert_eq!((plan.keep, plan.before.as_deref(), plan.days.len(), plan.all.rows), (None, None, 0, 12));
    assert_eq!(house.store.apply_retention(None, "test").unwrap(), None);
    assert_eq!((house.all().len(), house.store.retention_receipts().unwrap()), (12, vec![]));
}

#[test]
fn a_drop_leaves_a_receipt_of_everything_that_went() {
    let house = house(None);
    let files = house.store.files();
    let receipt = house.store.apply_retention(Some(3 * DAY), "the command --keep 3d").unwrap().unwrap();
    assert_eq!((receipt.outcome, receipt.rows), (Outcome::Dropped, 8));
    assert_eq!(receipt.days, ["2026-11-23", "2026-11-24"]);
    assert_eq!((receipt.why.as_str(), receipt.before.as_str()), ("the command --keep 3d", "2026-11-25"));
    assert_eq!(receipt.begun, house.clock.now().to_string());
    let named: Vec<_> = receipt.files.iter().map(|file| Path::new("/data/store").join(&file.path)).collect();
    assert_eq!(named, files[..4].iter().map(|file| file.path.clone()).collect::<Vec<_>>());
    assert!(receipt.files.iter().all(|file| file.crc != 0 && file.bytes > 0 && file.rows == 2));
    assert_eq!(house.store.retention_receipts().unwrap(), [receipt]);
    assert_eq!(house.store.apply_retention(Some(3 * DAY), "again").unwrap(), None, "nothing is left to drop");
    assert_eq!(house.store.retention_receipts().unwrap().len(), 1);
}

#[test]
fn a_day_that_a_sink_has_not_had_stays_until_it_has() {
    let house = house(Some(3 * DAY));
    let influx = Arc::new(AtomicUsize::new(9));
    let has = Arc::clone(&influx);
    house.store.protect(move || Protection {
        sinks: vec![("influxdb".into(), Seq(has.load(Ordering::Relaxed) as u64))],
        gaps: Vec::new(),
    });
    let plan = house.store.retention_plan(None);
    let held = plan.days[1].held.as_ref().unwrap();
    assert_eq!(held, &Hold::Sink { name: "influxdb".into(), has: Seq(9), needs: Seq(10) });
    assert!(held.to_string().starts_with("influxdb does not have it yet"));
    assert_eq!((days(&plan)[0].2, plan.dropped().rows), (None, 4));
    house.store.maintain().unwrap();
    assert_eq!((house.all().len(), house.store.stats().expired), (8, 4));
    influx.store(10, Ordering::Relaxed);
    house.store.maintain().unwrap();
    assert_eq!((house.all().len(), house.store.stats().expired), (4, 8));
}

#[test]
fn a_day_with_a_gap_that_is_not_closed_stays() {
    let midnight = |day: i64| Timestamp::start_of_day(NOON.day() + day);
    let second = Duration::from_secs(1);
    for (from, to, dropped) in [
        (midnight(0), Some(midnight(0)), vec!["2026-11-24"]),
        (midnight(0).minus(second), Some(midnight(0).minus(second)), vec!["2026-11-23", "2026-11-24"]),
        (midnight(1).minus(second), Some(midnight(1)), vec![]),
        (midnight(1), None, vec!["2026-11-23"]),
        (midnight(2), None, vec!["2026-11-23", "2026-11-24"]),
    ] {
        let house = house(Some(3 * DAY));
        house.store.protect(move || Protection { sinks: Vec::new(), gaps: vec![(from, to)] });
        let receipt = house.store.apply_retention(None, "test").unwrap();
        assert_eq!(receipt.map_or(vec![], |receipt| receipt.days), dropped, "{from} to {to:?}");
    }
}

#[test]
fn records_whose_time_is_not_known_are_not_too_old() {
    let mut house = house(Some(3 * DAY));
    let (site, reason, raw) = ("home".into(), "no record".into(), b"x"[..].into());
    let row = hearthline_core::QuarantineRow { seq: Seq::ZERO, ts: Timestamp::EPOCH, site, reason, raw };
    house.flushed(vec![Row::Quarantined(row)]);
    house.store.maintain().unwrap();
    assert_eq!(days(&house.store.retention_plan(None)), [("1970-01-01", 1, Some(&Hold::NoTime))]);
    assert!(house.store.files().iter().any(|file| file.table == Table::Quarantine));
}

#[test]
fn a_drop_that_failed_says_so_and_is_tried_again() {
    let house = house(Some(3 * DAY));
    let receipts = |house: &House| -> Vec<_> {
        house.store.retention_receipts().unwrap().iter().map(|receipt| receipt.outcome).collect()
    };
    house.disk.fail(Fault::ReadOnly);
    house.store.maintain().unwrap_err();
    assert_eq!((house.all().len(), receipts(&house)), (12, vec![]), "no drop without a receipt");
    house.disk.heal();
    house.store.maintain().unwrap();
    assert_eq!((house.all().len(), receipts(&house)), (4, vec![Outcome::Kept, Outcome::Dropped]));
}

fn drop_and_merge(store: &Store) -> Result<(), StoreError> {
    while store.maintain()? {}
    Ok(())
}

/// Rows of each day.
fn by_day(store: &Store) -> BTreeMap<i64, usize> {
    let mut days = BTreeMap::new();
    for row in all(store) {
        *days.entry(row.ts.day() - NOON.day()).or_default() += 1;
    }
    days
}

/// Whether all days that were to go are there; they go together.
fn is_there(store: &Store, what: &str) -> bool {
    let left = by_day(store);
    let whole = left == BTreeMap::from([(0, 4), (1, 4), (2, 4)]);
    assert!(whole || left == BTreeMap::from([(2, 4)]), "{what}: all of each day or nothing: {left:?}");
    whole
}

/// Makes each step fail in turn, while a day is dropped and another is merged. What the store says of itself after it, and
/// after opening it again, with or without a power cut, has to be what the receipts say.
#[test]
fn wherever_a_drop_or_a_merge_is_killed_a_day_is_whole_or_gone_and_the_receipt_says_which() {
    let (mut kept, mut dropped) = (0, 0);
    for (cut, left) in (0..).flat_map(|left| [(true, left), (false, left)]) {
        let house = house(Some(3 * DAY));
        let disk = house.disk.clone();
        let open =
            || Store::open(Arc::new(disk.clone()), Arc::new(house.clock.clone()), house.config.clone());
        drop(house.store);
        let store = open().unwrap();
        let what = format!("{left} changes, power cut: {cut}");
        disk.take_only(left);
        let done = drop_and_merge(&store).is_ok();
        drop(store);
        if cut {
            disk.power_cut();
        }
        disk.heal();

        let store = open().expect(&what);
        let there = is_there(&store, &what);
        let outcomes: Vec<_> =
            store.retention_receipts().unwrap().iter().map(|receipt| receipt.outcome).collect();
        match outcomes.as_slice() {
            [] => assert!(there, "{what}: dropped without a receipt"),
            [Outcome::Kept] => {
                assert!(there, "{what}: gone, and the receipt says kept");
                kept += 1;
            }
            [Outcome::Dropped] => {
                assert!(!there, "{what}: there, and the receipt says dropped");
                dropped += 1;
            }
            other => panic!("{what}: {other:?}"),
        }
        drop_and_merge(&store).unwrap();
        assert!(!is_there(&store, &what));
        assert_eq!(store.files().len(), 1, "{what}: the last day is one file");
        let last = store.retention_receipts().unwrap().pop().unwrap();
        assert_eq!((last.outcome, last.rows), (Outcome::Dropped, 8), "{what}");
        assert_eq!(store.verify(), [""; 0], "{what}");
        if done && !cut {
            assert!(
                left > 20 && kept > 2 && dropped > 10,
                "all steps: {left}, {kept} kept, {dropped} dropped"
            );
            return;
        }
    }
}

/// The same without a restart: a step fails, and the program goes on.
#[test]
fn a_drop_that_fails_at_any_step_is_told_truly_while_the_program_goes_on() {
    for left in 0.. {
        let house = house(Some(3 * DAY));
        let disk = house.disk.clone();
        drop(house.store);
        let store =
            Store::open(Arc::new(disk.clone()), Arc::new(house.clock.clone()), house.config.clone()).unwrap();
        disk.take_only(left);
        let failed = drop_and_merge(&store).is_err();
        disk.heal();
        drop_and_merge(&store).unwrap();
        let receipts = store.retention_receipts().unwrap();
        let (last, before) = receipts.split_last().unwrap();
        assert_eq!(last.outcome, Outcome::Dropped, "{left}");
        assert!(before.iter().all(|receipt| receipt.outcome == Outcome::Kept), "{left}: {before:?}");
        assert_eq!(by_day(&store), BTreeMap::from([(2, 4)]), "{left}");
        assert_eq!(tree(&disk, Path::new(RECEIPTS)).len(), receipts.len(), "{left}: nothing is left over");
        if !failed {
            return;
        }
    }
}
