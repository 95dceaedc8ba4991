//! Questions that are answered with rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use hearthline_core::{EntityId, EventRow, QuarantineRow, Seq, SettledRow, StateRow, Timestamp, WeatherRow};

use crate::folder::Folder;
use crate::latest::answered;
use crate::manifest::FileEntry;
use crate::record::Record;
use crate::scan::{FileRows, Filter, Merge, Run};
use crate::store::Store;
use crate::{Segment, StoreError};

/// Which states.
#[derive(Clone, Debug)]
pub struct StatesQuery {
    /// Of these entities; none is all.
    pub entities: Option<Vec<EntityId>>,
    /// Also what they were recorded as under other names: each stands for its whole [series](Store::series).
    pub renamed: bool,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
}

/// Which events.
#[derive(Clone, Debug)]
pub struct EventsQuery {
    /// Of this type; none is all.
    pub event_type: Option<String>,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
}

/// Which weather observations.
#[derive(Clone, Copy, Debug)]
pub struct WeatherQuery {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
}

/// Which records that could not be understood.
#[derive(Clone, Debug)]
pub struct QuarantineQuery {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
    /// Also those that a person has settled.
    pub settled: bool,
}

impl QuarantineQuery {
    /// All that wait for a person.
    pub const WAITING: Self = Self { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX), settled: false };
}

impl StatesQuery {
    fn filter(&self) -> Filter {
        let names =
            self.entities.as_ref().map(|ids| Arc::new(ids.iter().map(|id| id.as_str().into()).collect()));
        Filter { names, from: self.from, to: self.to, ..Filter::ALL }
    }
}

impl Filter {
    pub(crate) fn of_one(name: &Arc<str>, from: Timestamp, to: Timestamp) -> Self {
        Self { names: Some(Arc::new(BTreeSet::from([Arc::clone(name)]))), from, to, ..Self::ALL }
    }
}

impl Store {
    /// Gives the states, ordered by entity id (by series, where other names are meant too), then time, then tie, until
    /// told to stop: as they are at the time of the call, whatever is written meanwhile. `seq` is always zero and `old_state`
    /// none. At any time no more than the files of one day are open, and of each some pages are in memory.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read; rows given before are right.
    pub fn states(
        &self,
        query: &StatesQuery,
        mut each: impl FnMut(StateRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.each_state(query, None, &mut each)
    }

    /// Which states there are: entity and time.
    ///
    /// # Errors
    /// As [`Store::states`].
    pub fn identities(&self, query: &StatesQuery) -> Result<HashSet<(EntityId, Timestamp)>, StoreError> {
        let mut found = HashSet::new();
        self.each_state(query, Some(StateRow::KEY), &mut |row| {
            found.insert((row.entity_id, row.ts));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// As [`Store::states`]; columns not asked for are null.
    pub(crate) fn each_state(
        &self,
        query: &StatesQuery,
        columns: Option<&[&str]>,
        each: &mut dyn FnMut(StateRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (snapshot, filters) = self.states_in_order(query);
        let days = snapshot.days();
        for filter in &filters {
            for day in days.range(filter.days()) {
                for row in snapshot.merge(&self.folder, *day, filter, columns)? {
                    if each(answered(row?)).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// What there is at this moment, and the filters that give it in order: one after the other, each day by day.
    pub(crate) fn states_in_order(&self, query: &StatesQuery) -> (Snapshot<StateRow>, Vec<Filter>) {
        let mut filter = query.filter();
        let mut pieces = if query.renamed { self.pieces(query) } else { None };
        if let Some(pieces) = &pieces {
            let names = pieces.iter().filter_map(|piece| piece.names.as_deref()).flatten().cloned();
            filter.names = Some(Arc::new(names.collect()));
        }
        // Names that nobody else had in all that time are asked for as they are.
        pieces.take_if(|pieces| pieces.iter().all(|piece| (piece.from, piece.to) == (query.from, query.to)));
        let snapshot = self.snapshot::<StateRow>(&filter);
        // Days are apart in time: one entity after the other, each day by day, is in order.
        let filters = match pieces {
            Some(pieces) => pieces,
            None if snapshot.days().len() > 1 => self.one_by_one(&filter),
            None => vec![filter],
        };
        (snapshot, filters)
    }

    fn one_by_one(&self, filter: &Filter) -> Vec<Filter> {
        let names = filter.names.clone().unwrap_or_else(|| {
            let live = self.live.read();
            Arc::new(live.latest.keys().map(|id| id.as_str().into()).collect())
        });
        names.iter().map(|name| Filter::of_one(name, filter.from, filter.to)).collect()
    }

    /// The segments of the series that are asked for, one series after the other; none where no entities are.
    fn pieces(&self, query: &StatesQuery) -> Option<Vec<Filter>> {
        let names = query.entities.as_ref()?;
        let mut all = BTreeMap::new();
        for name in names {
            let series = self.series(name.as_str());
            all.insert((series.entity_id, series.key), series.segments);
        }
        let piece = |segment: &Segment| {
            let (from, to) = (segment.from.max(query.from), segment.to.min(query.to));
            (from < to).then(|| Filter::of_one(&segment.entity_id.as_str().into(), from, to))
        };
        Some(all.values().flatten().filter_map(piece).collect())
    }

    /// Gives the events, oldest first, until told to stop.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read; rows given before are right.
    pub fn events(
        &self,
        query: &EventsQuery,
        mut each: impl FnMut(EventRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let names = query.event_type.as_deref().map(|name| Arc::new(BTreeSet::from([Arc::from(name)])));
        self.each_row(&Filter { names, from: query.from, to: query.to, ..Filter::ALL }, None, &mut each)
    }

    /// Gives the weather observations, oldest first, until told to stop. `seq` is not kept and always zero.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read; rows given before are right.
    pub fn weather(
        &self,
        query: &WeatherQuery,
        mut each: impl FnMut(WeatherRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.each_row(&Filter { from: query.from, to: query.to, ..Filter::ALL }, None, &mut each)
    }

    /// Gives the records that could not be understood, oldest first, until told to stop; each with what was decided about
    /// it.
    ///
    /// # Errors
    /// `DamagedFile` at the first file that cannot be read; rows given before are right.
    pub fn quarantined(
        &self,
        query: &QuarantineQuery,
        mut each: impl FnMut(QuarantineRow, Option<SettledRow>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let filter = Filter { from: query.from, to: query.to, ..Filter::ALL };
        let mut settled = HashMap::new();
        self.each_row(&filter, None, &mut |row: SettledRow| {
            settled.insert(row.of, row);
            ControlFlow::Continue(())
        })?;
        self.each_row(&filter, None, &mut |row: QuarantineRow| match settled.remove(&row.seq) {
            Some(_) if !query.settled => ControlFlow::Continue(()),
            settled => each(row, settled),
        })
    }

    /// The record of this number, with what was decided about it; none when it was understood or is no more.
    ///
    /// # Errors
    /// `DamagedFile` when a file that it may be in cannot be read.
    pub fn quarantined_at(
        &self,
        seq: Seq,
    ) -> Result<Option<(QuarantineRow, Option<SettledRow>)>, StoreError> {
        let mut ts = None;
        self.each_row(&Filter::ALL, Some(QuarantineRow::KEY), &mut |row: QuarantineRow| {
            if row.seq != seq {
                return ControlFlow::Continue(());
            }
            ts = Some(row.ts);
            ControlFlow::Break(())
        })?;
        let Some(from) = ts else { return Ok(None) };
        let query = QuarantineQuery { from, to: from.plus(Duration::from_micros(1)), settled: true };
        let mut found = None;
        self.quarantined(&query, |row, settled| {
            if row.seq != seq {
                return ControlFlow::Continue(());
            }
            found = Some((row, settled));
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// As asked for; columns not asked for are null or empty.
    fn each_row<R: Record>(
        &self,
        filter: &Filter,
        columns: Option<&[&str]>,
        each: &mut dyn FnMut(R) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let snapshot = self.snapshot::<R>(filter);
        for day in snapshot.days() {
            for row in snapshot.merge(&self.folder, day, filter, columns)? {
                if each(Arc::unwrap_or_clone(row?)).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What there is at this moment. Its files stay on disk as long as it lives.
    pub(crate) fn snapshot<R: Record>(&self, filter: &Filter) -> Snapshot<R> {
        let live = self.live.read();
        let files = live.contents.files.iter().filter(|file| file.table == R::TABLE && filter.touches(file));
        Snapshot {
            files: files.copied().collect(),
            buffered: R::buffered(&live.buffers).select(filter),
            _epoch: Arc::clone(&live.epoch),
        }
    }
}

/// The rows of a table at one moment.
pub(crate) struct Snapshot<R> {
    pub(crate) files: Vec<FileEntry>,
    pub(crate) buffered: BTreeMap<i64, Vec<Arc<R>>>,
    _epoch: Arc<()>,
}

impl<R: Record> Snapshot<R> {
    pub(crate) fn days(&self) -> BTreeSet<i64> {
        self.files.iter().map(|file| file.day).chain(self.buffered.keys().copied()).collect()
    }

    /// The file that has all rows of a day, once the day is merged: no row of it is anywhere else.
    pub(crate) fn merged(&self, day: i64) -> Option<&FileEntry> {
        let mut files = self.files.iter().filter(|file| file.day == day);
        files.next().filter(|_| files.next().is_none() && !self.buffered.contains_key(&day))
    }

    /// The rows of a day that pass, in the order of files.
    pub(crate) fn merge<'a>(
        &'a self,
        folder: &'a Folder,
        day: i64,
        filter: &'a Filter,
        columns: Option<&[&str]>,
    ) -> Result<Merge<'a, R>, StoreError> {
        let mut runs: Vec<Run<'a, R>> = Vec::new();
        for file in self.files.iter().filter(|file| file.day == day) {
            runs.push(Box::new(FileRows::open(folder, file, filter, columns)?));
        }
        let buffered = self.buffered.get(&day).into_iter().flatten();
        runs.push(Box::new(buffered.filter(|row| filter.takes(&***row)).map(|row| Ok(Arc::clone(row)))));
        Merge::new(runs)
    }
}
