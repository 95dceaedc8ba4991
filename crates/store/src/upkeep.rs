//! What is done beside recording: dropping days that are too old, merging the files of days that are over, and removing
//! files that no reader needs any more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use hearthline_core::{EventRow, QuarantineRow, Seq, SettledRow, StateRow, WeatherRow};

use crate::folder::Folder;
use crate::manifest::FileEntry;
use crate::record::Record;
use crate::scan::Filter;
use crate::store::Store;
use crate::{StoreError, Table};

/// How long a day that is over waits for sinks that do not have it.
const PATIENCE: Duration = Duration::from_secs(3600);

impl Store {
    /// Drops what retention says, then merges the files of one day that is over. Whether there may be more to merge: call
    /// it every minute or so, and again at once while it says so. Neither [`Store::write`] nor a reader waits for it, and
    /// a flush only while a finished merge is committed.
    ///
    /// # Errors
    /// `ReadOnly`, or as the disk says; then nothing has changed. A day with a damaged file is left alone.
    pub fn maintain(&self) -> Result<bool, StoreError> {
        self.leftovers.lock().remove(&self.folder);
        self.apply_retention(None, "the setting store.retention")?;
        self.merge_one_day()
    }

    fn merge_one_day(&self) -> Result<bool, StoreError> {
        let mut days = self.unmerged_days().into_iter();
        let Some(((table, day), files)) = days.next() else { return Ok(false) };
        match table {
            Table::States => self.merge_day::<StateRow>(day, &files)?,
            Table::Events => self.merge_day::<EventRow>(day, &files)?,
            Table::Quarantine => self.merge_day::<QuarantineRow>(day, &files)?,
            Table::Settled => self.merge_day::<SettledRow>(day, &files)?,
            Table::Weather => self.merge_day::<WeatherRow>(day, &files)?,
            Table::Latest | Table::Entities => {}
        }
        Ok(days.next().is_some())
    }

    /// Days that are over, have several files, and no row in memory or damage that speaks against merging them. One that has
    /// just ended waits for the sinks, which need the numbers of its records until they have it.
    fn unmerged_days(&self) -> BTreeMap<(Table, i64), Vec<FileEntry>> {
        let now = self.clock.now();
        let (today, settled) = (now.day(), now.minus(PATIENCE).day());
        let sinks = self.slowest_sink();
        let live = self.live.read();
        let mut days = BTreeMap::<_, Vec<_>>::new();
        for file in live.contents.files.iter().filter(|file| file.table.is_by_day() && file.day < today) {
            days.entry((file.table, file.day)).or_default().push(*file);
        }
        days.retain(|(_, day), files| {
            files.len() > 1
                && (*day < settled || files.iter().all(|file| file.through <= sinks))
                && !live.buffers.have(*day)
                && !files.iter().any(|file| self.folder.is_damaged(file))
        });
        days
    }

    /// The last record that every other sink has.
    fn slowest_sink(&self) -> Seq {
        let protection = Arc::clone(&self.protect.lock())();
        protection.sinks.iter().map(|(_, has)| *has).min().unwrap_or(Seq(u64::MAX))
    }

    fn merge_day<R: Record>(&self, day: i64, files: &[FileEntry]) -> Result<(), StoreError> {
        let mut snapshot = self.snapshot::<R>(&Filter::ALL);
        snapshot.files.retain(|file| files.contains(file));
        snapshot.buffered.clear();
        let through = files.iter().map(|file| file.through).fold(Seq::ZERO, Seq::max);
        let rows = snapshot.merge(&self.folder, day, &Filter::ALL, None)?;
        let numbered = through > self.slowest_sink();
        let rows = rows.map(|row| if numbered { row } else { row.map(R::without_number) });
        let merged = self.write_file(R::TABLE, day, through, rows)?;
        let mut manifest = self.manifest()?;
        self.complete_receipt(&mut manifest)?; // it looks for files that are about to go
        let contents = Arc::clone(manifest.contents());
        if !files.iter().all(|file| contents.files.contains(file)) {
            self.folder.remove_quietly(&merged.path(&self.folder.dir)); // dropped meanwhile
            return Ok(());
        }
        let mut edit = contents.edit();
        edit.remove = files.iter().map(|file| file.id).collect();
        edit.add.push(merged);
        drop(snapshot);
        self.commit(&mut manifest, edit, |_| {})
    }
}

/// Files on disk that do not count, or may not count.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// Of commits that failed: they count if the manifest reached the disk after all.
    uncertain: Vec<FileEntry>,
    /// Of no use, and to be removed.
    useless: Vec<FileEntry>,
    /// Dropped, but perhaps being read by someone who holds an epoch up to this one.
    dropped: VecDeque<(Weak<()>, Vec<FileEntry>)>,
}

impl Leftovers {
    /// A commit with these files failed.
    pub(crate) fn may_count(&mut self, files: Vec<FileEntry>) {
        self.uncertain.extend(files);
    }

    /// A commit went well, so the manifest is known again. It dropped these files, last seen in that epoch.
    pub(crate) fn committed(&mut self, epoch: Option<&Arc<()>>, dropped: Vec<FileEntry>) {
        self.useless.append(&mut self.uncertain);
        self.dropped.extend(epoch.map(|epoch| (Arc::downgrade(epoch), dropped)));
    }

    /// Removes what nobody needs. Older epochs come first: who holds one holds up all later ones.
    pub(crate) fn remove(&mut self, folder: &Folder) {
        while self.dropped.front().is_some_and(|(epoch, _)| epoch.strong_count() == 0) {
            self.useless.extend(self.dropped.pop_front().into_iter().flat_map(|(_, files)| files));
        }
        for file in self.useless.drain(..) {
            let path = file.path(&folder.dir);
            folder.remove_quietly(&path);
            folder.forget(&file);
            if let Some(partition) = path.parent().filter(|_| file.table.is_by_day()) {
                // Refused while there are other files in it.
                let _ = folder.fs.remove_dir(partition);
            }
        }
    }
}
