use proptest::prelude::*;

use super::*;
use crate::{BucketRow, Fill, LOOK_BACK, StoreError};

const HOUR: i64 = 3_600_000_000;

fn window(from: i64, to: i64) -> StatesQuery {
    StatesQuery {
        from: Timestamp(NOON.0 + from * 1_000_000),
        to: Timestamp(NOON.0 + to * 1_000_000),
        ..of("a.a")
    }
}

fn buckets(house: &House, from: i64, to: i64, fill: Fill) -> Vec<(i64, Option<f64>, u64)> {
    let found = house.store.buckets(&window(from, to), 60 * MINUTE, fill).unwrap();
    found.iter().map(|row| ((row.start.0 - NOON.0) / HOUR, row.last, row.count)).collect()
}

#[test]
fn empty_buckets_are_left_out_null_or_carried() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", -7200, "1"), row("a.a", 3601, "2"), row("b.b", 4000, "9")]);
    house.write(vec![row("a.a", 3700, "unavailable"), row("a.a", 4000, "4")]);
    assert_eq!(buckets(&house, 0, 3 * 3600, Fill::None), [(1, Some(4.0), 2)]);
    assert_eq!(buckets(&house, 0, 3 * 3600, Fill::Null), [(0, None, 0), (1, Some(4.0), 2), (2, None, 0)]);
    let carried = [(0, Some(1.0), 0), (1, Some(4.0), 2), (2, Some(4.0), 0)];
    assert_eq!(buckets(&house, 0, 3 * 3600, Fill::Previous), carried);
    assert_eq!(buckets(&house, 60, 61, Fill::Previous), [(0, Some(1.0), 0)], "a window within a bucket");
    assert_eq!(buckets(&house, 61, 60, Fill::Null), [], "a window that ends before it begins");
}

#[test]
fn a_value_is_carried_from_a_week_before_and_no_further() {
    let mut house = House::new();
    let week = i64::try_from(LOOK_BACK.as_secs()).unwrap();
    house.flushed(vec![row("a.a", 0, "1")]);
    assert_eq!(buckets(&house, week, week + 1, Fill::Previous), [(168, Some(1.0), 0)]);
    assert_eq!(buckets(&house, week + 1, week + 2, Fill::Previous), [(168, None, 0)]);
}

#[test]
fn what_became_unavailable_holds_no_more() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 0, "1"), row("a.a", 60, "unavailable")]);
    house.write(vec![row("a.a", 3 * 3600, "unknown"), row("a.a", 5 * 3600, "2")]);
    let found = buckets(&house, 0, 6 * 3600, Fill::Previous);
    let nothing = |hour| (hour, None, 0);
    assert_eq!(found, [(0, Some(1.0), 1), nothing(1), nothing(2), nothing(3), nothing(4), (5, Some(2.0), 1)]);
    assert_eq!(buckets(&house, 3600, 7200, Fill::Previous), [nothing(1)], "it was so when the window began");
    assert_eq!(buckets(&house, 0, 3 * 3600, Fill::None), [(0, Some(1.0), 1)], "and is no reading");
}

#[test]
fn a_merged_day_says_the_same_as_its_files_did() {
    let mut house = House::new();
    for hour in 0..3 {
        let value = |second: i64| row("a.a", hour * 3600 + second, &(hour * 100 + second).to_string());
        house.flushed(vec![
            value(0),
            row("a.b", hour * 3600, "1000"),
            value(20),
            row("a.a", hour * 3600 + 30, "x"),
        ]);
    }
    let asked = || house.store.buckets(&window(0, 3 * 3600), 30 * MINUTE, Fill::Previous).unwrap();
    let before = asked();
    house.clock.advance(Duration::from_secs(2 * 86_400));
    assert!(house.store.stats().files > 1);
    while house.store.maintain().unwrap() {}
    assert_eq!(house.store.stats().files, 1);
    assert_eq!(asked(), before);
}

#[test]
fn restored_states_are_no_readings() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "1"), Row::State(StateRow { restored: true, ..state("a.a", 2, "7") })]);
    assert_eq!(buckets(&house, 0, 3600, Fill::None), [(0, Some(1.0), 1)]);
}

#[test]
fn too_many_buckets_are_refused() {
    let house = House::new();
    let refused = house.store.buckets(&everything(), MINUTE, Fill::Null);
    assert!(matches!(refused, Err(StoreError::TooManyBuckets { .. })), "{refused:?}");
    assert_eq!(house.store.buckets(&everything(), MINUTE, Fill::None).unwrap(), []);
}

/// The same by hand, bucket by bucket.
fn naive(rows: &[StateRow], from: Timestamp, to: Timestamp, length: i64, fill: Fill) -> Vec<BucketRow> {
    let mut found = Vec::new();
    let mut start = from.0 - from.0.rem_euclid(length);
    let said = |from: i64, to: i64| {
        let inside = rows.iter().filter(move |row| (from..to).contains(&row.ts.0) && !row.restored);
        inside.map(|row| row.value).collect::<Vec<Option<f64>>>()
    };
    let before = said(from.0 - i64::try_from(LOOK_BACK.as_micros()).unwrap(), from.0);
    let mut held = before.last().copied().flatten();
    while start < to.0 {
        let said = said(start.max(from.0), (start + length).min(to.0));
        let values: Vec<f64> = said.iter().copied().flatten().collect();
        let fold = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick);
        let sum = fold(|a, b| a + b);
        let count = values.len() as u64;
        let carried = held.filter(|_| fill == Fill::Previous && count == 0);
        let row = BucketRow {
            start: Timestamp(start),
            min: fold(f64::min).or(carried),
            mean: sum.map(|sum| sum / values.len() as f64).or(carried),
            max: fold(f64::max).or(carried),
            last: values.last().copied().or(carried),
            count,
        };
        held = said.last().copied().unwrap_or(held);
        if count > 0 || fill != Fill::None {
            found.push(row);
        }
        start += length;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn buckets_are_what_a_person_would_reckon(
        readings in prop::collection::btree_map(-200_000i64..200_000, (0u8..8, -50i32..50), 0..120),
        flush_every in 1usize..50,
        from in -250_000i64..200_000,
        span in 0i64..300_000,
        length in 600i64..50_000,
        merged: bool,
    ) {
        let mut house = House::new();
        let mut rows = Vec::new();
        for (n, (after, (kind, value))) in readings.into_iter().enumerate() {
            let text = if kind == 0 { "unavailable".to_owned() } else { value.to_string() };
            let state = StateRow { restored: kind == 1, ..state("a.a", after, &text) };
            rows.push(state.clone());
            house.write(vec![Row::State(state), row("a.b", after, "1000")]);
            if n % flush_every == 0 {
                house.store.flush().unwrap();
            }
        }
        if merged {
            house.store.flush().unwrap();
            house.clock.advance(Duration::from_secs(30 * 86_400));
            while house.store.maintain().unwrap() {}
        }
        let query = window(from, from + span);
        for fill in [Fill::None, Fill::Null, Fill::Previous] {
            let length_us = length * 1_000_000;
            let found = house.store.buckets(&query, Duration::from_secs(length.unsigned_abs()), fill).unwrap();
            prop_assert_eq!(found, naive(&rows, query.from, query.to, length_us, fill));
        }
    }
}
