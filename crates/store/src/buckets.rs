//! Figures of lengths of time.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use hearthline_core::{StateRow, Timestamp};

use crate::columns::{Numbers, is_set};
use crate::scan::FileBatches;
use crate::store::Store;
use crate::{StatesQuery, StoreError};

/// How far back [`Fill::Previous`] looks for the value before the window.
pub const LOOK_BACK: Duration = Duration::from_secs(7 * 86_400);
/// Buckets of an answer that has them all.
const LIMIT: u128 = 100_000;
/// Of days that have to be merged.
const COLUMNS: &[&str] = &["site", "entity_id", "entity_key", "ts", "tie", "value", "restored"];
/// Of days that are.
const FIGURES: &[&str] = &["ts", "value", "restored"];
/// Rows of a merged day that are decoded at once.
const BATCH: usize = 8192;

/// What to do about buckets without a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// They are left out.
    None,
    /// Their figures are null.
    Null,
    /// Their figures are the last value before them, also one from up to [`LOOK_BACK`] before the window; null before
    /// the first, and where the entity has said since that it has none: `unavailable`, or its removal.
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
        let mut fold = Fold { length, done: BTreeMap::new(), start: i64::MIN, figures: Figures::default() };
        self.each_value(query, &mut |ts, value| fold.add(ts, value))?;
        let figures = fold.finish();
        if fill == Fill::None || query.to <= query.from {
            let read = figures.iter().filter(|(_, figures)| figures.count > 0);
            return Ok(read.map(|(start, figures)| figures.row(Timestamp(*start), None)).collect());
        }
        let carries = fill == Fill::Previous;
        let mut held = if carries { self.value_before(query)? } else { None };
        let starts =
            (0..).map(|n: i64| start_of(query.from) + n * length).take(usize::try_from(count).unwrap_or(0));
        let bucket = |start| {
            let none = Figures::default();
            let figures = figures.get(&start).unwrap_or(&none);
            let row = figures.row(Timestamp(start), held);
            held = figures.held.map_or(held, |(_, value)| value).filter(|_| carries);
            row
        };
        Ok(starts.map(bucket).collect())
    }

    /// What held when the window began, looked for one day after the other.
    fn value_before(&self, query: &StatesQuery) -> Result<Option<f64>, StoreError> {
        let earliest = query.from.minus(LOOK_BACK);
        let mut to = query.from;
        while to > earliest {
            let from = to.minus(Duration::from_secs(86_400)).max(earliest);
            let mut figures = Figures::default();
            let day = StatesQuery { from, to, ..query.clone() };
            self.each_value(&day, &mut |ts, value| figures.add(ts, value))?;
            if let Some((_, value)) = figures.held {
                return Ok(value);
            }
            to = from;
        }
        Ok(None)
    }

    /// The values of all states that were not restored, in the order of [`Store::states`]; none where a state is no number. Of a
    /// merged day only the columns of the figures are decoded, and no row is made of them.
    fn each_value(
        &self,
        query: &StatesQuery,
        each: &mut dyn FnMut(Timestamp, Option<f64>),
    ) -> Result<(), StoreError> {
        let (snapshot, filters) = self.states_in_order(query);
        let days = snapshot.days();
        for filter in &filters {
            for day in days.range(filter.days()) {
                if let Some(file) = snapshot.merged(*day) {
                    for batch in
                        FileBatches::open::<StateRow>(&self.folder, file, filter, Some(FIGURES), BATCH)?
                    {
                        each_of(&batch?, each);
                    }
                    continue;
                }
                for row in snapshot.merge(&self.folder, *day, filter, Some(COLUMNS))? {
                    let row = row?;
                    if !row.restored {
                        each(row.ts, row.value);
                    }
                }
            }
        }
        Ok(())
    }
}

fn each_of(batch: &RecordBatch, each: &mut dyn FnMut(Timestamp, Option<f64>)) {
    let ts = Numbers::<TimestampMicrosecondType>::of(batch, "ts");
    let value = Numbers::<Float64Type>::of(batch, "value");
    let restored = is_set(batch, "restored");
    for row in (0..batch.num_rows()).filter(|row| !restored(*row)) {
        each(Timestamp(ts.get(row).unwrap_or_default()), value.get(row));
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

/// Figures of all buckets. Values mostly come in the order of time, so the last bucket is at hand.
struct Fold {
    length: i64,
    done: BTreeMap<i64, Figures>,
    start: i64,
    figures: Figures,
}

impl Fold {
    fn add(&mut self, ts: Timestamp, value: Option<f64>) {
        let start = start_of(ts, self.length);
        if start != self.start {
            let next = self.done.remove(&start).unwrap_or_default();
            let last = std::mem::replace(&mut self.figures, next);
            self.done.insert(self.start, last);
            self.start = start;
        }
        self.figures.add(ts, value);
    }

    /// By their starts; one without a state is left out.
    fn finish(mut self) -> BTreeMap<i64, Figures> {
        self.done.insert(self.start, self.figures);
        self.done.retain(|_, figures| figures.held.is_some());
        self.done
    }
}

/// Of the states of one bucket.
#[derive(Default)]
struct Figures {
    min: Option<f64>,
    max: Option<f64>,
    sum: f64,
    count: u32,
    last: Option<(Timestamp, f64)>,
    /// What the last state says, which may be that there is no value.
    held: Option<(Timestamp, Option<f64>)>,
}

impl Figures {
    fn add(&mut self, ts: Timestamp, value: Option<f64>) {
        if self.held.is_none_or(|(held, _)| held <= ts) {
            self.held = Some((ts, value));
        }
        let Some(value) = value else { return };
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        self.sum += value;
        self.count += 1;
        if self.last.is_none_or(|(last, _)| last <= ts) {
            self.last = Some((ts, value));
        }
    }

    /// `before` stands for all figures where there was no reading.
    fn row(&self, start: Timestamp, before: Option<f64>) -> BucketRow {
        let mean = (self.count > 0).then(|| self.sum / f64::from(self.count));
        BucketRow {
            start,
            min: self.min.or(before),
            mean: mean.or(before),
            max: self.max.or(before),
            last: self.last.map(|(_, value)| value).or(before),
            count: self.count.into(),
        }
    }
}
