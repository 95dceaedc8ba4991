//! Figures of lengths of time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use hearthline_core::{StateRow, Timestamp};

use crate::store::Store;
use crate::{StatesQuery, StoreError};

/// How far back [`Fill::Previous`] looks for the value before the window.
pub const LOOK_BACK: Duration = Duration::from_secs(7 * 86_400);
/// Buckets of an answer that has them all.
const LIMIT: u128 = 100_000;
const COLUMNS: &[&str] = &["site", "entity_id", "entity_key", "ts", "tie", "value", "restored"];

/// What to do about buckets without a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// They are left out.
    None,
    /// Their figures are null.
    Null,
    /// Their figures are the last value before them, also one from up to [`LOOK_BACK`] before the window; null before
    /// the first.
    Previous,
}

/// Figures of the readings of one length of time. A reading is a state with a number that was not restored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketRow {
    /// Its first instant, a multiple of the length since 1970 in UTC; the first bucket may begin before the window.
    pub start: Timestamp,
    /// The least.
    pub min: Option<f64>,
    /// The mean, each reading counted once.
    pub mean: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// The latest.
    pub last: Option<f64>,
    /// How many.
    pub count: u64,
}

impl BucketRow {
    /// A bucket without readings, with one value for all its figures.
    const fn empty(start: Timestamp, value: Option<f64>) -> Self {
        Self { start, min: value, mean: value, max: value, last: value, count: 0 }
    }
}

impl Store {
    /// Figures of the readings of each length of time that the window touches, oldest first. A length of less than a
    /// microsecond is one. Readings of several entities are taken together.
    ///
    /// # Errors
    /// `TooManyBuckets` where empty ones are asked for and there would be more than 100,000; `DamagedFile` at the first
    /// file that cannot be read.
    pub fn buckets(
        &self,
        query: &StatesQuery,
        length: Duration,
        fill: Fill,
    ) -> Result<Vec<BucketRow>, StoreError> {
        let length = micros(length);
        let start_of = |ts| start_of(ts, length);
        let span = i128::from(query.to.0) - i128::from(start_of(query.from));
        let count = u128::try_from(span).unwrap_or(0).div_ceil(length.unsigned_abs().into());
        if fill != Fill::None && count > LIMIT {
            return Err(StoreError::TooManyBuckets { count, limit: LIMIT });
        }
        let mut figures = BTreeMap::<i64, Figures>::new();
        self.each_reading(query, &mut |ts, value| figures.entry(start_of(ts)).or_default().add(ts, value))?;
        if fill == Fill::None || query.to <= query.from {
            return Ok(figures.iter().map(|(start, figures)| figures.row(Timestamp(*start))).collect());
        }
        let mut held = if fill == Fill::Previous { self.value_before(query)? } else { None };
        let starts =
            (0..).map(|n: i64| start_of(query.from) + n * length).take(usize::try_from(count).unwrap_or(0));
        let bucket = |start| match figures.get(&start) {
            Some(figures) => {
                held = figures.last.map(|(_, value)| value).filter(|_| fill == Fill::Previous);
                figures.row(Timestamp(start))
            }
            None => BucketRow::empty(Timestamp(start), held),
        };
        Ok(starts.map(bucket).collect())
    }

    /// The last reading before the window, looked for one day after the other.
    fn value_before(&self, query: &StatesQuery) -> Result<Option<f64>, StoreError> {
        let earliest = query.from.minus(LOOK_BACK);
        let mut to = query.from;
        while to > earliest {
            let from = to.minus(Duration::from_secs(86_400)).max(earliest);
            let mut figures = Figures::default();
            let day = StatesQuery { from, to, ..query.clone() };
            self.each_reading(&day, &mut |ts, value| figures.add(ts, value))?;
            if let Some((_, value)) = figures.last {
                return Ok(Some(value));
            }
            to = from;
        }
        Ok(None)
    }

    fn each_reading(
        &self,
        query: &StatesQuery,
        each: &mut dyn FnMut(Timestamp, f64),
    ) -> Result<(), StoreError> {
        self.each_state(query, Some(COLUMNS), &mut |row: StateRow| {
            if let Some(value) = row.value.filter(|_| !row.restored) {
                each(row.ts, value);
            }
            ControlFlow::Continue(())
        })
    }
}

/// The length of buckets in microseconds: one at least.
pub(crate) fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX).max(1)
}

/// Where the bucket of this instant begins, of so many microseconds each.
pub(crate) const fn start_of(ts: Timestamp, length: i64) -> i64 {
    ts.0.saturating_sub(ts.0.rem_euclid(length))
}

#[derive(Default)]
struct Figures {
    min: Option<f64>,
    max: Option<f64>,
    sum: f64,
    count: u32,
    last: Option<(Timestamp, f64)>,
}

impl Figures {
    fn add(&mut self, ts: Timestamp, value: f64) {
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        self.sum += value;
        self.count += 1;
        if self.last.is_none_or(|(last, _)| last <= ts) {
            self.last = Some((ts, value));
        }
    }

    fn row(&self, start: Timestamp) -> BucketRow {
        BucketRow {
            start,
            min: self.min,
            mean: (self.count > 0).then(|| self.sum / f64::from(self.count)),
            max: self.max,
            last: self.last.map(|(_, value)| value),
            count: self.count.into(),
        }
    }
}
