//! One table, day by day.

use std::collections::BTreeSet;
use std::sync::Arc;

use hearthline_core::{EventRow, QuarantineRow, Row, Seq, StateRow, Timestamp, WeatherRow};

use super::before::Before;
use super::{Again, Bookmark, Reread};
use crate::query::Snapshot;
use crate::record::Record;
use crate::record::states::is_of_row_before;
use crate::scan::{BATCH, FileRows, Filter, Merge, Run};
use crate::store::Store;
use crate::{StoreError, Table};

/// Texts and bytes of a portion, after which it ends.
const BYTES: usize = 4 << 20;
/// Rows that are decoded at once of all files of a day.
const DECODED: usize = 4 * BATCH;

/// A row that may be read again.
pub(super) trait Readable: Record {
    /// The number of its record; none where its table has none.
    fn seq(&self) -> Option<Seq>;

    /// It came with this record at the latest, which is what is known where a file does not say the number.
    fn came_by(row: Arc<Self>, _through: Seq) -> Arc<Self> {
        row
    }

    /// What it takes in memory, about.
    fn weight(&self) -> usize;

    /// It is passed, wanted or not.
    fn pass(_row: &Arc<Self>, _before: &mut Before) {}

    /// As it was in the log.
    fn restored(row: &Arc<Self>, before: &mut Before, store: &Store) -> Result<Row, StoreError>;
}

impl Readable for StateRow {
    fn seq(&self) -> Option<Seq> {
        Some(self.seq)
    }

    fn came_by(mut row: Arc<Self>, through: Seq) -> Arc<Self> {
        if row.seq == Seq::ZERO {
            Arc::make_mut(&mut row).seq = through;
        }
        row
    }

    fn weight(&self) -> usize {
        let texts = [&self.state, &self.attributes];
        size_of::<Self>() + texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
    }

    fn pass(row: &Arc<Self>, before: &mut Before) {
        before.passed(row);
    }

    fn restored(row: &Arc<Self>, before: &mut Before, store: &Store) -> Result<Row, StoreError> {
        let mut restored = Self::clone(row);
        if restored.old_state.as_ref().is_some_and(is_of_row_before) {
            restored.old_state = before.state_before(row, store)?;
        }
        Ok(Row::State(restored))
    }
}

impl Readable for EventRow {
    fn seq(&self) -> Option<Seq> {
        Some(self.seq)
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.data.len()
    }

    fn restored(row: &Arc<Self>, _: &mut Before, _: &Store) -> Result<Row, StoreError> {
        Ok(Row::Event(Self::clone(row)))
    }
}

impl Readable for QuarantineRow {
    fn seq(&self) -> Option<Seq> {
        Some(self.seq)
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.raw.len()
    }

    fn restored(row: &Arc<Self>, _: &mut Before, _: &Store) -> Result<Row, StoreError> {
        Ok(Row::Quarantined(Self::clone(row)))
    }
}

impl Readable for WeatherRow {
    fn seq(&self) -> Option<Seq> {
        None
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
    }

    fn restored(row: &Arc<Self>, _: &mut Before, _: &Store) -> Result<Row, StoreError> {
        Ok(Row::Weather(Self::clone(row)))
    }
}

impl Again {
    fn filter(&self) -> Filter {
        match *self {
            Self::Records { .. } => Filter::ALL,
            Self::Period { from, to } => Filter { from, to, ..Filter::ALL },
        }
    }

    /// Whether a row that passed the filter is one of them. Without a number it is of a file that some of them are in.
    fn has<R: Readable>(&self, row: &R) -> bool {
        match *self {
            Self::Records { after, through } => {
                row.seq().is_none_or(|seq| seq == Seq::ZERO || (after < seq && seq <= through))
            }
            Self::Period { .. } => true,
        }
    }
}

impl Reread {
    /// Reads on in a table, until the portion is full. Where to go on; none at the end of the table.
    pub(super) fn read_on<R: Readable>(
        &mut self,
        at: &Bookmark,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<Option<Bookmark>, StoreError> {
        let had = rows.len();
        loop {
            match self.try_read_on::<R>(at, limit, rows) {
                // It is known as damaged from now on, and left out.
                Err(StoreError::DamagedFile { .. }) => {
                    self.damaged = true;
                    self.before = Before::default();
                    rows.truncate(had);
                }
                other => return other,
            }
        }
    }

    fn try_read_on<R: Readable>(
        &mut self,
        at: &Bookmark,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<Option<Bookmark>, StoreError> {
        let filter = self.of.filter();
        let store = Arc::clone(&self.store);
        let mut snapshot = store.snapshot::<R>(&filter);
        if matches!(self.of, Again::Records { .. }) {
            snapshot.buffered.clear(); // all of them are in files
        }
        snapshot.files.retain(|file| {
            let whole = !store.folder.is_damaged(file);
            self.damaged |= !whole && self.is_in::<R>(file.through);
            whole
        });
        let days: BTreeSet<_> = self.days(&snapshot).range(at.day..).copied().collect();
        let mut weight = 0;
        for day in days {
            let begun = at.row.as_ref().filter(|_| day == at.day);
            if R::TABLE == Table::States {
                self.before.enter(day, &snapshot.days());
            }
            let mut last: Option<Arc<R>> = None;
            for row in self.merge(&store, &snapshot, day, &behind::<R>(&filter, begun))? {
                let row = row?;
                if let Some(before) = &last
                    && (rows.len() >= limit || weight >= BYTES)
                    && row.place() > before.place()
                {
                    let (name, ts, seq) = before.place();
                    let row = Some((name.to_owned(), ts, seq));
                    return Ok(Some(Bookmark { table: R::TABLE, day, row }));
                }
                let is_behind = begun.is_none_or(|(name, ts, seq)| row.place() > (name, *ts, *seq));
                if is_behind && self.of.has(&*row) {
                    weight += row.weight();
                    rows.push(R::restored(&row, &mut self.before, &store)?);
                }
                R::pass(&row, &mut self.before);
                last = Some(row);
            }
        }
        Ok(None)
    }

    /// Whether a file that came with this record may have some of them.
    fn is_in<R: Readable>(&self, through: Seq) -> bool {
        match self.of {
            Again::Records { after, .. } => through > after,
            Again::Period { .. } => true,
        }
    }

    /// The days on which there may be some of them.
    fn days<R: Readable>(&self, snapshot: &Snapshot<R>) -> BTreeSet<i64> {
        let files = snapshot.files.iter().filter(|file| self.is_in::<R>(file.through)).map(|file| file.day);
        files.chain(snapshot.buffered.keys().copied()).collect()
    }

    /// The rows of a day, in the order of files, with few of each file decoded at once where there are many.
    fn merge<'a, R: Readable>(
        &self,
        store: &'a Store,
        snapshot: &'a Snapshot<R>,
        day: i64,
        filter: &'a Filter,
    ) -> Result<Merge<'a, R>, StoreError> {
        let files: Vec<_> = snapshot.files.iter().filter(|file| file.day == day).collect();
        let batch = (DECODED / files.len().max(1)).clamp(16, BATCH);
        let mut runs: Vec<Run<'a, R>> = Vec::new();
        for file in files {
            let rows = FileRows::open_with(&store.folder, file, filter, None, batch)?;
            if self.is_in::<R>(file.through) {
                runs.push(Box::new(rows));
            } else {
                let through = file.through;
                runs.push(Box::new(rows.map(move |row| Ok(R::came_by(row?, through)))));
            }
        }
        let buffered = snapshot.buffered.get(&day).into_iter().flatten();
        runs.push(Box::new(buffered.filter(|row| filter.takes(&***row)).map(|row| Ok(Arc::clone(row)))));
        Merge::new(runs)
    }
}

/// The rows that may lie behind one that was read; with those of its name, which say what was before.
fn behind<R: Record>(filter: &Filter, begun: Option<&(String, Timestamp, Seq)>) -> Filter {
    match begun {
        None => filter.clone(),
        Some((name, ts, _)) if name.is_empty() => Filter { from: filter.from.max(*ts), ..filter.clone() },
        Some((name, ..)) => Filter { first_name: Some(name.as_str().into()), ..filter.clone() },
    }
}
