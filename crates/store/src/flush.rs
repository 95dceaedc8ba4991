//! From memory into files.
//!
//! One flush puts the rows of every table and day into files and commits them together: a crash leaves all of them or
//! none. Rows whose identity is in a file of their day already are *collapsed*: the first to come stays.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use hearthline_core::{EntityRow, EventRow, QuarantineRow, Seq, SettledRow, StateRow, Timestamp, WeatherRow};

use crate::buffer::Buffers;
use crate::file::FileWriter;
use crate::manifest::{Contents, Edit, FileEntry};
use crate::record::Record;
use crate::scan::{FileRows, Filter};
use crate::store::Store;
use crate::{StoreError, Table};

/// How often the last states are saved: what they save at the next open is reading the files of that time.
const SAVE_LATEST: Duration = Duration::from_secs(3600);

/// What one flush takes along.
struct Pending {
    buffers: Buffers,
    written: Seq,
    events: u64,
    latest: Option<Vec<Arc<StateRow>>>,
    /// Everything known of entities, where the file does not say it.
    entities: Option<Vec<Arc<EntityRow>>>,
}

impl Store {
    /// Makes everything durable that was written before the call. When it returns, [`Store::committed`] has moved, and
    /// what is committed survives a power cut.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says; then nothing has changed, the rows are still in memory and in every answer, and
    /// another flush may be tried.
    pub fn flush(&self) -> Result<(), StoreError> {
        let mut manifest = self.manifest()?;
        let contents = Arc::clone(manifest.contents());
        let now = self.clock.monotonic();
        let save_latest =
            self.latest_saved.lock().is_none_or(|saved| now.saturating_sub(saved) >= SAVE_LATEST);
        let pending = self.pending(save_latest);
        if pending.written == contents.seq && pending.buffers.len() == 0 {
            return Ok(());
        }
        let mut edit = Edit { seq: pending.written, ..contents.edit() };
        if let Err(error) = self.write_pending(&pending, &contents, &mut edit) {
            edit.add.iter().for_each(|file| self.folder.remove_quietly(&file.path(&self.folder.dir)));
            return Err(error);
        }
        self.commit(&mut manifest, edit, |live| {
            live.buffers.forget(&pending.buffers);
            live.events -= pending.events;
            live.names.trimmed &= pending.entities.is_none();
            live.waiting_since = (live.written > pending.written).then_some(now);
        })?;
        if pending.latest.is_some() {
            *self.latest_saved.lock() = Some(now);
        }
        Ok(())
    }

    /// Saves the last states, so that the next open need not look for them in files: for a stop in order, after the last
    /// flush. While rows wait for a flush it does nothing, as what is saved holds for a commit.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says; nothing has changed then.
    pub fn save_latest(&self) -> Result<(), StoreError> {
        let mut manifest = self.manifest()?;
        let contents = Arc::clone(manifest.contents());
        let pending = self.pending(true);
        let saved =
            contents.files.iter().any(|file| file.table == Table::Latest && file.through == contents.seq);
        if saved || pending.written != contents.seq {
            return Ok(());
        }
        let mut edit = contents.edit();
        self.write_latest(&pending, &contents, &mut edit)?;
        self.commit(&mut manifest, edit, |_| {})
    }

    fn pending(&self, with_latest: bool) -> Pending {
        let live = self.live.read();
        let latest = with_latest.then(|| live.latest.values().cloned().collect());
        let restate = live.buffers.entities.len() > 0 || live.names.trimmed;
        Pending {
            buffers: live.buffers.clone(),
            written: live.written,
            events: live.events,
            latest,
            entities: restate.then(|| live.names.rows().cloned().collect()),
        }
    }

    fn write_pending(
        &self,
        pending: &Pending,
        contents: &Contents,
        edit: &mut Edit,
    ) -> Result<(), StoreError> {
        let written = [
            self.write_days::<StateRow>(pending, contents, edit)?,
            self.write_days::<EventRow>(pending, contents, edit)?,
        ];
        let quarantined = self.write_days::<QuarantineRow>(pending, contents, edit)?;
        // No events, and in no count of them.
        self.write_days::<SettledRow>(pending, contents, edit)?;
        self.write_days::<WeatherRow>(pending, contents, edit)?;
        let delivered = written.iter().sum::<u64>();
        edit.counts.events += pending.events;
        edit.counts.delivered += delivered;
        edit.counts.quarantined += quarantined;
        edit.counts.collapsed += pending.events - delivered - quarantined;
        self.write_entities(pending, contents, edit)?;
        self.write_latest(pending, contents, edit)
    }

    /// One file for each day that has new rows; how many rows were new.
    fn write_days<R: Record>(
        &self,
        pending: &Pending,
        contents: &Contents,
        edit: &mut Edit,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        for (day, rows) in R::buffered(&pending.buffers).iter() {
            let there = contents.files.iter().filter(|file| file.table == R::TABLE && file.day == day);
            let mut rows = self.new_rows(rows, there);
            if rows.is_empty() {
                continue;
            }
            rows.sort_by(|a, b| a.order(b));
            written += rows.len() as u64;
            edit.add.push(self.write_file(R::TABLE, day, pending.written, rows.into_iter().map(Ok))?);
        }
        Ok(written)
    }

    /// The rows whose identity is in none of the files, and of several with one identity the first. A file that cannot
    /// be read has no say: better a row twice than no recording.
    pub(crate) fn new_rows<'a, R: Record>(
        &self,
        rows: &[Arc<R>],
        files: impl Iterator<Item = &'a FileEntry>,
    ) -> Vec<Arc<R>> {
        let mut new: HashSet<R::Identity> = rows.iter().map(|row| row.identity()).collect();
        let times = || rows.iter().map(|row| row.ts());
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Vec::new() };
        let span = Filter { from: first, to: last.plus(Duration::from_micros(1)), ..Filter::ALL };
        for file in files.filter(|file| span.touches(file)) {
            let there = FileRows::<R>::open(&self.folder, file, &span, Some(R::KEY));
            for row in there.into_iter().flatten().map_while(Result::ok) {
                new.remove(&row.identity());
            }
        }
        rows.iter().filter(|row| new.remove(&row.identity())).map(Arc::clone).collect()
    }

    /// Puts sorted rows into a file of their own.
    pub(crate) fn write_file<R: Record>(
        &self,
        table: Table,
        day: i64,
        through: Seq,
        rows: impl Iterator<Item = Result<Arc<R>, StoreError>>,
    ) -> Result<FileEntry, StoreError> {
        let id = self.reserve_id();
        let empty = FileEntry {
            id,
            table,
            day,
            through,
            rows: 0,
            bytes: 0,
            crc: 0,
            first: Timestamp::EPOCH,
            last: Timestamp::EPOCH,
        };
        let mut file = FileWriter::create(&self.folder, empty)?;
        for row in rows {
            file.push(row?)?;
        }
        file.finish()
    }

    fn write_latest(
        &self,
        pending: &Pending,
        contents: &Contents,
        edit: &mut Edit,
    ) -> Result<(), StoreError> {
        let Some(mut rows) = pending.latest.clone().filter(|rows| !rows.is_empty()) else { return Ok(()) };
        rows.sort_by(|a, b| a.order(b));
        edit.add.push(self.write_file(Table::Latest, 0, pending.written, rows.into_iter().map(Ok))?);
        edit.remove
            .extend(contents.files.iter().filter(|file| file.table == Table::Latest).map(|file| file.id));
        Ok(())
    }

    /// A file that cannot be read stays beside the new one: what is in it is not known from elsewhere.
    fn write_entities(
        &self,
        pending: &Pending,
        contents: &Contents,
        edit: &mut Edit,
    ) -> Result<(), StoreError> {
        let Some(mut rows) = pending.entities.clone() else { return Ok(()) };
        rows.sort_by(|a, b| a.order(b));
        edit.add.push(self.write_file(Table::Entities, 0, pending.written, rows.into_iter().map(Ok))?);
        let stated = |file: &&FileEntry| file.table == Table::Entities && !self.folder.is_damaged(file);
        edit.remove.extend(contents.files.iter().filter(stated).map(|file| file.id));
        Ok(())
    }
}
