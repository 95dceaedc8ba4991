//! A year of a sensor that says something each five seconds, beside nine others of a minute: how long a chart of it takes.
//!
//! The store is written as the recorder writes it, though flushed four times a day and not each ten minutes: the days are merged when
//! they are over, so the files are the same. The yardstick is the least that has to be done: to read times and values from a plain file and to take the figures of each bucket.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use hearthline_core::{Batch, EntityId, ManualClock, RealFs, Row, Seq, StateRow, Timestamp};
use hearthline_store::{Fill, StatesQuery, Store, StoreConfig};
use serde::{Deserialize, Serialize};

use crate::events::MIDNIGHT;
use crate::measure::{Figures, Watch};
use crate::ours;

const CHARTED: &str = "sensor.power";
/// Seconds between two readings of it, and of each other.
const EVERY: (u64, u64) = (5, 60);
const DAY: u64 = 86_400;
const FLUSH: Duration = Duration::from_hours(6);
/// As many as a wide chart has pixels.
const BUCKETS: u64 = 730;
const ROUNDS: usize = 5;

/// What a chart of the whole time takes. An event is a reading of the charted sensor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Year {
    pub(crate) days: u64,
    pub(crate) rows: u64,
    pub(crate) buckets: usize,
    /// Each run of the yardstick, of the first question to a store that was just opened, and of the second.
    pub(crate) yardstick: Vec<Figures>,
    pub(crate) first: Vec<Figures>,
    pub(crate) again: Vec<Figures>,
}

/// So many days from [`MIDNIGHT`] on.
pub(crate) fn run(days: u64, dir: &Path) -> Result<Year> {
    let clock = ManualClock::at(MIDNIGHT);
    let config = StoreConfig { flush_interval: FLUSH, ..ours::store_config(dir) };
    let open = || Store::open(Arc::new(RealFs), Arc::new(clock.clone()), config.clone());
    let plain = dir.join("plain");
    let rows = write(&open()?, &clock, days, &plain)?;
    let to = MIDNIGHT.plus(Duration::from_secs(days * DAY));
    let query =
        StatesQuery { entities: Some(vec![EntityId::from(CHARTED)]), renamed: true, from: MIDNIGHT, to };
    let length = Duration::from_secs((days * DAY).div_ceil(BUCKETS));
    let readings = days * DAY / EVERY.0;
    let mut year =
        Year { days, rows, buckets: 0, yardstick: Vec::new(), first: Vec::new(), again: Vec::new() };
    for _ in 0..ROUNDS {
        let watch = Watch::start();
        let expected = fold(&plain, length)?;
        year.yardstick.push(watch.stop(readings)?);
        let store = open()?;
        for figures in [&mut year.first, &mut year.again] {
            let watch = Watch::start();
            let buckets = store.buckets(&query, length, Fill::Previous)?;
            figures.push(watch.stop(readings)?);
            let told: Vec<_> = buckets.iter().map(|row| (row.min, row.max, row.last, row.count)).collect();
            ensure!(told == expected, "the figures are not those of the yardstick");
            year.buckets = buckets.len();
        }
    }
    Ok(year)
}

/// Writes the store, and the charted readings once more as plain pairs. How many rows.
fn write(store: &Store, clock: &ManualClock, days: u64, plain: &Path) -> Result<u64> {
    let mut plain = BufWriter::new(File::create(plain)?);
    let mut random = fastrand::Rng::with_seed(1);
    let others: Vec<EntityId> =
        (0..9).map(|n| EntityId::from(format!("sensor.other_{n}").as_str())).collect();
    let charted = EntityId::from(CHARTED);
    let mut seq = Seq(0);
    let mut watts = 500.0;
    for second in (0..days * DAY).step_by(usize::try_from(EVERY.0)?) {
        let ts = MIDNIGHT.plus(Duration::from_secs(second));
        watts = f64::clamp(watts + random.f64().mul_add(20.0, -10.0), 50.0, 5000.0);
        let value = (watts * 10.0).round() / 10.0;
        plain.write_all(&ts.0.to_le_bytes())?;
        plain.write_all(&value.to_le_bytes())?;
        let mut rows = vec![state(&charted, ts, value)];
        if second % EVERY.1 == 0 {
            rows.extend(others.iter().map(|other| state(other, ts, f64::from(random.i16(0..300)))));
        }
        let first = seq.next();
        for row in &mut rows {
            seq = seq.next();
            *row.seq_mut() = seq;
        }
        store.write(&Batch { first, last: seq, rows })?;
        clock.advance(Duration::from_secs(EVERY.0));
        if store.flush_due() {
            store.flush()?;
            while store.maintain()? {}
        }
    }
    plain.flush()?;
    store.flush()?;
    clock.advance(Duration::from_secs(2 * DAY));
    while store.maintain()? {}
    Ok(seq.0)
}

fn state(entity_id: &EntityId, ts: Timestamp, value: f64) -> Row {
    Row::State(StateRow {
        value: Some(value),
        unit: Some("W".into()),
        device_class: Some("power".into()),
        received_delay_ms: Some(3),
        attributes: Some(r#"{"unit_of_measurement":"W","device_class":"power"}"#.into()),
        ..StateRow::new(ts, entity_id.as_str(), &value.to_string())
    })
}

/// Least, greatest, last and how many.
type Bucket = (Option<f64>, Option<f64>, Option<f64>, u64);

/// What the figures of each bucket are.
fn fold(plain: &Path, length: Duration) -> Result<Vec<Bucket>> {
    let length = i64::try_from(length.as_micros())?;
    let first = MIDNIGHT.0.div_euclid(length);
    let mut file = BufReader::with_capacity(1 << 20, File::open(plain)?);
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut pair = [0; 16];
    while file.read_exact(&mut pair).is_ok() {
        let (ts, value) = pair.split_at(8);
        let (ts, value) = (i64::from_le_bytes(ts.try_into()?), f64::from_le_bytes(value.try_into()?));
        let at = usize::try_from(ts.div_euclid(length) - first)?;
        if buckets.len() <= at {
            buckets.resize(at + 1, (None, None, None, 0));
        }
        let Some((min, max, last, count)) = buckets.get_mut(at) else { continue };
        *min = Some(min.map_or(value, |min| min.min(value)));
        *max = Some(max.map_or(value, |max| max.max(value)));
        *last = Some(value);
        *count += 1;
    }
    Ok(buckets)
}
