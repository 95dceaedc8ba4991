//! The store itself: opening it, and taking rows in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use hearthline_core::{Batch, Clock, EntityId, Fs, Row, Seq, StateRow};
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard, RwLock};

use crate::buffer::Buffers;
use crate::error::disk;
use crate::folder::Folder;
use crate::manifest::{self, Contents, Counts, Edit, Manifest};
use crate::names::Names;
use crate::receipt::Receipt;
use crate::retention::{Protect, Protection};
use crate::upkeep::Leftovers;
use crate::{StoreError, latest, series};

/// Where the store lies and how it works.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Its folder; made where it is not there.
    pub dir: PathBuf,
    /// A flush is due when so many rows wait.
    pub flush_rows: usize,
    /// A flush is due when something has waited for so long.
    pub flush_interval: Duration,
    /// Days that ended longer ago are dropped; none keeps all.
    pub retention: Option<Duration>,
    /// Whether context ids of states are stored: 15 bytes a row. Those of other events always are.
    pub context_ids: bool,
}

impl StoreConfig {
    /// A store that keeps everything but context ids, and writes a file for 50,000 rows or ten minutes.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            flush_rows: 50_000,
            flush_interval: Duration::from_secs(600),
            retention: None,
            context_ids: false,
        }
    }
}

/// The embedded store. One writer and any number of readers share it; no reader waits for the disk of the writer, nor
/// the other way round.
///
/// Calls read and write the disk and do not return before that is done: not for a thread that must not wait.
pub struct Store {
    pub(crate) folder: Folder,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: StoreConfig,
    pub(crate) live: RwLock<Live>,
    /// Held through a flush. None when open for reading only.
    manifest: Option<Mutex<Manifest>>,
    pub(crate) leftovers: Mutex<Leftovers>,
    /// Says what retention must not drop.
    pub(crate) protect: Mutex<Protect>,
    /// Of a drop that is going on, or failed.
    pub(crate) open_receipt: Mutex<Option<Receipt>>,
    next_id: AtomicU64,
    /// Monotonic time of the last save of the last states.
    pub(crate) latest_saved: Mutex<Option<Duration>>,
}

/// What changes under the readers' eyes: held for moments only.
pub(crate) struct Live {
    pub(crate) contents: Arc<Contents>,
    /// Shared by everyone who reads files named now; replaced when files are dropped.
    pub(crate) epoch: Arc<()>,
    pub(crate) buffers: Buffers,
    pub(crate) latest: HashMap<EntityId, Arc<StateRow>>,
    pub(crate) names: Names,
    pub(crate) written: Seq,
    /// Rows of events taken in since the commit.
    pub(crate) events: u64,
    /// Monotonic time since when something waits for a flush.
    pub(crate) waiting_since: Option<Duration>,
}

impl Store {
    /// Opens the store as its one writer. Files of flushes that were never committed are removed; the log gives their
    /// rows again, from [`Store::committed`].
    ///
    /// # Errors
    /// `DamagedManifest` when the manifest is not what was written, or missing where there is data; else as the disk
    /// says. A damaged data file is no error here: see [`crate::StoreStats::damaged`].
    pub fn open(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, config: StoreConfig) -> Result<Self, StoreError> {
        let folder = Folder::new(Arc::clone(&fs), config.dir.clone());
        fs.create_dir_all(&config.dir).map_err(disk("create", &config.dir))?;
        if let Some(parent) = config.dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs.sync_dir(parent).map_err(disk("sync", parent))?;
        }
        folder.check_manifest_belongs(manifest::read(&*fs, &config.dir)?.is_some())?;
        let manifest = Manifest::open(fs, &config.dir)?;
        folder.sweep(manifest.contents())?;
        let contents = Arc::clone(manifest.contents());
        let store = Self::new(folder, clock, config, &contents, Some(manifest));
        store.complete_receipts()?;
        Ok(store)
    }

    /// Opens the store to look at it. Nothing on disk is changed; what is only in the log is not seen. For a folder that
    /// no program writes to: the writer may remove files that this one is about to read.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_read_only(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        config: StoreConfig,
    ) -> Result<Self, StoreError> {
        let found = manifest::read(&*fs, &config.dir)?;
        let folder = Folder::new(fs, config.dir.clone());
        folder.check_manifest_belongs(found.is_some())?;
        let contents = Arc::new(found.map(|(_, contents)| contents).unwrap_or_default());
        Ok(Self::new(folder, clock, config, &contents, None))
    }

    fn new(
        folder: Folder,
        clock: Arc<dyn Clock>,
        config: StoreConfig,
        contents: &Arc<Contents>,
        manifest: Option<Manifest>,
    ) -> Self {
        let live = Live {
            epoch: Arc::default(),
            buffers: Buffers::default(),
            latest: latest::load(&folder, contents),
            names: series::load(&folder, contents),
            written: contents.seq,
            events: 0,
            waiting_since: None,
            contents: Arc::clone(contents),
        };
        Self {
            folder,
            clock,
            config,
            live: RwLock::new(live),
            manifest: manifest.map(Mutex::new),
            leftovers: Mutex::default(),
            protect: Mutex::new(Arc::new(Protection::default)),
            open_receipt: Mutex::default(),
            next_id: AtomicU64::new(contents.next_id),
            latest_saved: Mutex::new(None),
        }
    }

    /// The last log record that everything up to is in files.
    #[must_use]
    pub fn committed(&self) -> Seq {
        self.live.read().contents.seq
    }

    /// What happened to all rows up to [`Store::committed`], since the store was made.
    #[must_use]
    pub fn committed_counts(&self) -> Counts {
        self.live.read().contents.counts
    }

    /// Takes rows into memory, where every answer sees them. Rows of records that were written before are passed over,
    /// so a batch may be given again.
    ///
    /// # Errors
    /// `ReadOnly`.
    pub fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        if self.manifest.is_none() {
            return Err(self.read_only());
        }
        let now = self.clock.monotonic();
        let mut live = self.live.write();
        let written = live.written;
        for row in batch.rows.iter().filter(|row| row.seq() > written) {
            live.take(row, self.config.context_ids);
            live.written = row.seq(); // one by one, so that a batch that is broken off here is gone on with
        }
        live.written = written.max(batch.last);
        if live.written > live.contents.seq {
            live.waiting_since.get_or_insert(now);
        }
        Ok(())
    }

    /// Whether enough waits, or long enough.
    #[must_use]
    pub fn flush_due(&self) -> bool {
        let live = self.live.read();
        let waited = live.waiting_since.map(|since| self.clock.monotonic().saturating_sub(since));
        live.buffers.len() >= self.config.flush_rows
            || waited.is_some_and(|waited| waited >= self.config.flush_interval)
    }

    pub(crate) fn reserve_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn read_only(&self) -> StoreError {
        StoreError::ReadOnly(self.config.dir.clone())
    }

    /// The manifest, for the time of a commit and what prepares it.
    pub(crate) fn manifest(&self) -> Result<MappedMutexGuard<'_, Manifest>, StoreError> {
        let manifest = self.manifest.as_ref().ok_or_else(|| self.read_only())?;
        Ok(MutexGuard::map(manifest.lock(), |manifest| manifest))
    }

    /// Commits an edit and shows its effect to readers, together with what `publish` changes.
    pub(crate) fn commit(
        &self,
        manifest: &mut Manifest,
        edit: Edit,
        publish: impl FnOnce(&mut Live),
    ) -> Result<(), StoreError> {
        let (added, removed) = (edit.add.clone(), edit.remove.clone());
        let before = Arc::clone(manifest.contents());
        if let Err(error) = manifest.commit(edit) {
            self.leftovers.lock().may_count(added);
            return Err(error);
        }
        let old_epoch = {
            let mut live = self.live.write();
            live.contents = Arc::clone(manifest.contents());
            publish(&mut live);
            (!removed.is_empty()).then(|| std::mem::take(&mut live.epoch))
        };
        let dropped = before.files.iter().filter(|file| removed.contains(&file.id)).copied().collect();
        let mut leftovers = self.leftovers.lock();
        leftovers.committed(old_epoch.as_ref(), dropped);
        drop(old_epoch);
        leftovers.remove(&self.folder);
        Ok(())
    }
}

impl Live {
    fn take(&mut self, row: &Row, context_ids: bool) {
        match row {
            Row::State(row) => {
                let mut row = row.clone();
                row.context_id = row.context_id.filter(|_| context_ids);
                let row = latest::share(row, &self.latest);
                latest::keep(&mut self.latest, &row);
                self.buffers.states.push(row);
            }
            // The context is a part of what makes an event another one.
            Row::Event(row) => self.buffers.events.push(Arc::new(row.clone())),
            Row::Quarantined(row) => self.buffers.quarantine.push(Arc::new(row.clone())),
            Row::Settled(row) => self.buffers.settled.push(Arc::new(row.clone())),
            Row::Weather(row) => self.buffers.weather.push(Arc::new(row.clone())),
            Row::Entity(row) => {
                let row = Arc::new(row.clone());
                self.names.apply(&row);
                self.buffers.entities.push(row);
            }
        }
        self.events += u64::from(row.is_event());
    }
}
