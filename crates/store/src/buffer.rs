//! The rows that are not in a file yet, by table and UTC day, in the order of their arrival.

use std::collections::BTreeMap;
use std::sync::Arc;

use hearthline_core::{EntityRow, EventRow, QuarantineRow, SettledRow, StateRow, WeatherRow};

use crate::record::Record;
use crate::scan::Filter;

/// All rows that are not in a file yet.
#[derive(Clone, Default)]
pub(crate) struct Buffers {
    pub(crate) states: Days<StateRow>,
    pub(crate) events: Days<EventRow>,
    pub(crate) quarantine: Days<QuarantineRow>,
    pub(crate) settled: Days<SettledRow>,
    pub(crate) weather: Days<WeatherRow>,
    /// Those for which the file is not restated yet; also in `Names`.
    pub(crate) entities: Days<EntityRow>,
}

impl Buffers {
    pub(crate) fn len(&self) -> usize {
        self.states.len()
            + self.events.len()
            + self.quarantine.len()
            + self.settled.len()
            + self.weather.len()
            + self.entities.len()
    }

    /// Drops what has come into files: the first rows of each day.
    pub(crate) fn forget(&mut self, flushed: &Self) {
        self.states.forget(&flushed.states);
        self.events.forget(&flushed.events);
        self.quarantine.forget(&flushed.quarantine);
        self.settled.forget(&flushed.settled);
        self.weather.forget(&flushed.weather);
        self.entities.forget(&flushed.entities);
    }

    /// Whether a day has rows of any table that is kept by day.
    pub(crate) fn have(&self, day: i64) -> bool {
        self.states.has(day)
            || self.events.has(day)
            || self.quarantine.has(day)
            || self.settled.has(day)
            || self.weather.has(day)
    }
}

/// The rows of one table.
#[derive(Clone)]
pub(crate) struct Days<R>(BTreeMap<i64, Vec<Arc<R>>>);

impl<R> Default for Days<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: Record> Days<R> {
    pub(crate) fn push(&mut self, row: Arc<R>) {
        self.0.entry(row.ts().day()).or_default().push(row);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &[Arc<R>])> {
        self.0.iter().map(|(day, rows)| (*day, rows.as_slice()))
    }

    fn has(&self, day: i64) -> bool {
        self.0.contains_key(&day)
    }

    /// The rows that pass the filter, each day in the order of files.
    pub(crate) fn select(&self, filter: &Filter) -> BTreeMap<i64, Vec<Arc<R>>> {
        let mut selected = BTreeMap::new();
        for (day, rows) in self.0.range(filter.days()) {
            let mut rows: Vec<_> = rows.iter().filter(|row| filter.takes(&***row)).map(Arc::clone).collect();
            if !rows.is_empty() {
                rows.sort_by(|a, b| a.order(b));
                selected.insert(*day, rows);
            }
        }
        selected
    }

    fn forget(&mut self, flushed: &Self) {
        for (day, gone) in &flushed.0 {
            if let Some(rows) = self.0.get_mut(day) {
                rows.drain(..gone.len().min(rows.len()));
            }
        }
        self.0.retain(|_, rows| !rows.is_empty());
    }
}
