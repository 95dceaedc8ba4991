//! Rows out of files: which files, row groups and rows are read at all, and how sorted rows of several files become one
//! run.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{BooleanArray, RecordBatch};
use hearthline_core::Timestamp;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::StoreError;
use crate::file::guarded;
use crate::folder::Folder;
use crate::manifest::FileEntry;
use crate::record::Record;

/// Rows that are decoded at once.
pub(crate) const BATCH: usize = 2048;

/// Which rows are wanted.
#[derive(Clone)]
pub(crate) struct Filter {
    /// None is all.
    pub(crate) names: Option<Arc<BTreeSet<Arc<str>>>>,
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
    /// No name before this one.
    pub(crate) first_name: Option<Arc<str>>,
}

impl Filter {
    /// All rows.
    pub(crate) const ALL: Self =
        Self { names: None, from: Timestamp(i64::MIN), to: Timestamp(i64::MAX), first_name: None };

    /// The days it touches.
    pub(crate) fn days(&self) -> RangeInclusive<i64> {
        let last =
            if self.to > self.from { self.to.minus(std::time::Duration::from_micros(1)) } else { self.from };
        self.from.day()..=last.day()
    }

    pub(crate) fn takes<R: Record>(&self, row: &R) -> bool {
        self.takes_time(row.ts()) && self.takes_name(row.name())
    }

    /// Whether a file may have rows of it.
    pub(crate) fn touches(&self, file: &FileEntry) -> bool {
        file.first < self.to && file.last >= self.from
    }

    fn takes_time(&self, ts: Timestamp) -> bool {
        self.from <= ts && ts < self.to
    }

    fn takes_name(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
            && self.first_name.as_deref().is_none_or(|first| name >= first)
    }

    fn is_by_name(&self) -> bool {
        self.names.is_some() || self.first_name.is_some()
    }

    /// Whether all rows of a file pass.
    pub(crate) fn takes_all_of(&self, file: &FileEntry) -> bool {
        !self.is_by_name() && self.from <= file.first && file.last < self.to
    }

    /// Whether a row group may have rows of it, by its statistics.
    fn may_be_in<R: Record>(&self, group: &RowGroupMetaData) -> bool {
        group.columns().iter().all(|column| match (column.column_descr().name(), column.statistics()) {
            ("ts", Some(Statistics::Int64(ts))) => {
                ts.min_opt().is_none_or(|min| Timestamp(*min) < self.to)
                    && ts.max_opt().is_none_or(|max| Timestamp(*max) >= self.from)
            }
            (name, Some(Statistics::ByteArray(names))) if name == R::NAME => {
                let inside = |name: &Arc<str>| {
                    names.min_bytes_opt().is_none_or(|min| name.as_bytes() >= min)
                        && names.max_bytes_opt().is_none_or(|max| name.as_bytes() <= max)
                };
                let reaches =
                    |first: &Arc<str>| names.max_bytes_opt().is_none_or(|max| first.as_bytes() <= max);
                self.names.as_ref().is_none_or(|wanted| wanted.iter().any(inside))
                    && self.first_name.as_ref().is_none_or(reaches)
            }
            _ => true,
        })
    }

    /// Which rows of a batch of `ts` and names pass.
    fn select<R: Record>(&self, batch: &RecordBatch) -> BooleanArray {
        let ts = batch.column_by_name("ts").and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
        let names = batch.column_by_name(R::NAME).and_then(|c| c.as_dictionary_opt::<Int32Type>());
        let words = names.and_then(|names| names.values().as_string_opt::<i32>());
        let wanted: Option<Vec<bool>> = words
            .map(|words| words.iter().map(|word| word.is_some_and(|word| self.takes_name(word))).collect());
        let takes = |row: usize| {
            let name = names.and_then(|names| names.key(row));
            ts.is_none_or(|ts| self.takes_time(Timestamp(ts.value(row))))
                && wanted.as_ref().is_none_or(|wanted| name.and_then(|key| wanted.get(key)) == Some(&true))
        };
        (0..batch.num_rows()).map(takes).collect::<Vec<bool>>().into()
    }
}

/// The rows of one file, in its order, as columns: some at a time.
pub(crate) struct FileBatches<'a> {
    folder: &'a Folder,
    entry: FileEntry,
    reader: ParquetRecordBatchReader,
}

impl<'a> FileBatches<'a> {
    /// Reads the rows that pass, so many at once, and of them the columns asked for (none: all).
    pub(crate) fn open<R: Record>(
        folder: &'a Folder,
        entry: &FileEntry,
        filter: &Filter,
        columns: Option<&[&str]>,
        batch: usize,
    ) -> Result<Self, StoreError> {
        let (source, footer) = folder.open::<R>(entry)?;
        let groups = footer.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(_, group)| filter.may_be_in::<R>(group)).map(|(at, _)| at).collect();
        let mask = |names: &[&str]| ProjectionMask::columns(footer.parquet_schema(), names.iter().copied());
        let projection = columns.map(mask);
        let read: &[&str] = if filter.is_by_name() { &[R::NAME, "ts"] } else { &["ts"] };
        let read = (!filter.takes_all_of(entry)).then(|| mask(read));
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, footer.clone())
            .with_row_groups(groups);
        if let Some(projection) = projection {
            builder = builder.with_projection(projection);
        }
        if let Some(read) = read {
            let filter = filter.clone();
            let predicate = ArrowPredicateFn::new(read, move |batch| Ok(filter.select::<R>(&batch)));
            builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
        }
        let reader = guarded(|| builder.with_batch_size(batch).build());
        let reader = reader.map_err(|error| folder.damaged_file(entry, &error))?;
        Ok(Self { folder, entry: *entry, reader })
    }

    /// What is made of the next rows; none at the end.
    fn next_with<T>(&mut self, decode: impl FnOnce(RecordBatch) -> T) -> Option<Result<T, StoreError>> {
        let batch = guarded(|| Ok(self.reader.next().transpose()?.map(decode)));
        batch.map_err(|error| self.folder.damaged_file(&self.entry, &error)).transpose()
    }
}

impl Iterator for FileBatches<'_> {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with(std::convert::identity)
    }
}

/// The rows of one file, in its order.
pub(crate) struct FileRows<'a, R> {
    batches: FileBatches<'a>,
    rows: std::vec::IntoIter<R>,
}

impl<'a, R: Record> FileRows<'a, R> {
    /// Reads the rows that pass, and of them the columns asked for (none: all).
    pub(crate) fn open(
        folder: &'a Folder,
        entry: &FileEntry,
        filter: &Filter,
        columns: Option<&[&str]>,
    ) -> Result<Self, StoreError> {
        Self::open_with(folder, entry, filter, columns, BATCH)
    }

    /// The same, decoding so many rows at once.
    pub(crate) fn open_with(
        folder: &'a Folder,
        entry: &FileEntry,
        filter: &Filter,
        columns: Option<&[&str]>,
        batch: usize,
    ) -> Result<Self, StoreError> {
        let batches = FileBatches::open::<R>(folder, entry, filter, columns, batch)?;
        Ok(Self { batches, rows: Vec::new().into_iter() })
    }
}

impl<R: Record> Iterator for FileRows<'_, R> {
    type Item = Result<Arc<R>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(Arc::new(row)));
            }
            match self.batches.next_with(|batch| R::decode(&batch))? {
                Ok(rows) => self.rows = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A run of rows in order.
pub(crate) type Run<'a, R> = Box<dyn Iterator<Item = Result<Arc<R>, StoreError>> + 'a>;

/// Several runs as one. Of rows with one identity, that of the earliest run is taken.
pub(crate) struct Merge<'a, R: Record> {
    runs: Vec<Run<'a, R>>,
    heads: BinaryHeap<Head<R>>,
    last: Option<R::Identity>,
}

impl<'a, R: Record> Merge<'a, R> {
    pub(crate) fn new(runs: Vec<Run<'a, R>>) -> Result<Self, StoreError> {
        let mut merge = Self { heads: BinaryHeap::with_capacity(runs.len()), runs, last: None };
        for run in 0..merge.runs.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, run: usize) -> Result<(), StoreError> {
        if let Some(row) = self.runs.get_mut(run).and_then(Iterator::next) {
            self.heads.push(Head { row: row?, run });
        }
        Ok(())
    }
}

impl<R: Record> Iterator for Merge<'_, R> {
    type Item = Result<Arc<R>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Head { row, run } = self.heads.pop()?;
            if let Err(error) = self.advance(run) {
                return Some(Err(error));
            }
            let identity = row.identity();
            if self.last.as_ref() != Some(&identity) {
                self.last = Some(identity);
                return Some(Ok(row));
            }
        }
    }
}

/// The next row of a run; the least is the greatest, as the heap gives out the greatest.
struct Head<R> {
    row: Arc<R>,
    run: usize,
}

impl<R: Record> Ord for Head<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.row.order(&self.row).then_with(|| other.run.cmp(&self.run))
    }
}

impl<R: Record> PartialOrd for Head<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Record> PartialEq for Head<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<R: Record> Eq for Head<R> {}
