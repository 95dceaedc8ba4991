//! A rehearsal: a backup is put into a folder of its own and opened there as a program would; every byte is compared, the store is
//! brought up to the log's end, and the figures are held against the manifest. Then the folder is removed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::figures::grouped;
use hearthline_core::{Clock, Fs, Seq};
use hearthline_log::{Log, LogConfig, LogWriter, Read};
use hearthline_pipeline::deliver::Delivery;
use hearthline_pipeline::live::Live;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_store::{Depth, Store, StoreConfig};

use super::document::{Compared, Manifest, Rehearsed};
use super::folder::{empty, note_rehearsal, read};
use super::take::of_store;
use super::{BackupError, Progress, restore};

/// Where a rehearsal takes place.
#[derive(Clone)]
pub struct Scratch {
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// A folder of its own, which is emptied before and removed afterwards; none is `rehearsal` beside the backups. It has to have
    /// room for all files of the backup.
    pub dir: Option<PathBuf>,
    /// The house that rows are stored under.
    pub site: &'static str,
}

/// Rehearses a backup, and notes beside it what came of it. Waits for the disk; not for a thread of an asynchronous runtime.
///
/// # Errors
/// When it cannot be put there or opened. Figures that differ are no error.
pub fn rehearse(
    scratch: &Scratch,
    backups: &Path,
    name: &str,
    progress: Progress<'_>,
) -> Result<Rehearsed, BackupError> {
    let fs = &*scratch.fs;
    read(fs, backups, name)?; // there is nothing to be emptied for one that is not there
    let dir = scratch.dir.clone().unwrap_or_else(|| backups.join("rehearsal"));
    clear(fs, &dir)?;
    let rehearsed = in_folder(scratch, backups, name, &dir, progress);
    clear(fs, &dir)?;
    let rehearsed = rehearsed?;
    note_rehearsal(fs, backups, &rehearsed)?;
    Ok(rehearsed)
}

fn clear(fs: &dyn Fs, dir: &Path) -> Result<(), BackupError> {
    // A folder that is not there is empty, and one that is empty may be there.
    match empty(fs, dir) {
        Err(BackupError::Disk { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn in_folder(
    scratch: &Scratch,
    backups: &Path,
    name: &str,
    dir: &Path,
    progress: Progress<'_>,
) -> Result<Rehearsed, BackupError> {
    let (fs, clock) = (&*scratch.fs, &*scratch.clock);
    let (at, begun) = (clock.now(), clock.monotonic());
    let manifest = restore(fs, backups, name, dir, progress)?;
    let restored = clock.monotonic();
    let mut compared = vec![Compared::new("files", manifest.files.len() as u64, count(fs, dir)?)];
    compared.extend(log(fs, &manifest, dir)?);
    compared.extend(store(fs, &manifest, dir)?);
    compared.extend(replay(scratch, &manifest, dir)?);
    let ended = clock.monotonic();
    let differ: Vec<&Compared> = compared.iter().filter(|one| !one.is_equal()).collect();
    let says = match differ.as_slice() {
        [] => format!(
            "All that is in it was put back and opened: {} events in the log, {} rows in files, every checksum equal",
            grouped(manifest.log.events),
            grouped(manifest.store.rows()),
        ),
        [first, more @ ..] => format!(
            "It is not what its manifest says: {} is {} and was {}{}",
            first.what,
            grouped(first.found),
            grouped(first.backup),
            if more.is_empty() { String::new() } else { format!(", and {} more differ", more.len()) }
        ),
    };
    Ok(Rehearsed {
        name: name.into(),
        at: at.to_string(),
        equal: differ.is_empty(),
        says,
        files: manifest.files.len() as u64,
        bytes: manifest.bytes,
        restore_ms: super::millis(restored.saturating_sub(begun)),
        open_ms: super::millis(ended.saturating_sub(restored)),
        compared,
    })
}

fn count(fs: &dyn Fs, dir: &Path) -> Result<u64, BackupError> {
    let mut files = 0;
    for entry in fs.read_dir(dir).map_err(super::disk("list", dir))? {
        files += if entry.is_dir { count(fs, &dir.join(&entry.name))? } else { 1 };
    }
    Ok(files)
}

/// Reads every byte of the log.
fn log(fs: &dyn Fs, manifest: &Manifest, dir: &Path) -> Result<Vec<Compared>, BackupError> {
    let report = hearthline_log::verify(fs, &dir.join("log"))?;
    let of = manifest.log;
    let mut compared = vec![
        Compared::new("segments of the log", of.segments, report.segments.len() as u64),
        Compared::new("damaged places of the log", of.damaged, report.damage.len() as u64),
    ];
    if of.segments > 0 {
        let (first, last) = (report.segments.first(), report.segments.last());
        compared.extend([
            Compared::new("first record of the log", of.first, first.map_or(0, |segment| segment.first.0)),
            Compared::new("last record of the log", of.last, last.map_or(0, |segment| segment.last.0)),
        ]);
        // Where something is damaged, nobody knows how many there were.
        if of.damaged == 0 {
            compared.push(Compared::new(
                "events of the log",
                of.events,
                report.total(|segment| segment.events),
            ));
        }
    }
    Ok(compared)
}

/// Reads every byte of the store.
fn store(fs: &dyn Fs, manifest: &Manifest, dir: &Path) -> Result<Vec<Compared>, BackupError> {
    let dir = dir.join("store");
    let check = hearthline_store::check(fs, &dir, Depth::Bytes, &mut || true)?;
    let found = hearthline_store::summary(fs, &dir)?.map(|summary| of_store(&summary)).unwrap_or_default();
    let known_bad = manifest.damaged.iter().filter(|bad| bad.path.starts_with("store/")).count() as u64;
    let bad = (check.missing.len() + check.damaged.len()) as u64;
    let mut compared = vec![
        Compared::new("damaged files of the store", known_bad, bad),
        Compared::new("last record that the store has", manifest.store.committed, found.committed),
        Compared::new("events that the store has", manifest.store.events, found.events),
    ];
    for table in &manifest.store.tables {
        let rows = found.tables.iter().find(|other| other.table == table.table).map_or(0, |other| other.rows);
        compared.push(Compared::new(format!("rows of {}", table.table), table.rows, rows));
    }
    Ok(compared)
}

/// Opens both as a program does, and brings the store up to the log's end.
fn replay(scratch: &Scratch, manifest: &Manifest, dir: &Path) -> Result<Vec<Compared>, BackupError> {
    let (fs, clock) = (&scratch.fs, &scratch.clock);
    let config = StoreConfig {
        flush_interval: Duration::MAX,
        context_ids: true,
        ..StoreConfig::new(dir.join("store"))
    };
    let store = Arc::new(Store::open(Arc::clone(fs), Arc::clone(clock), config)?);
    let config = LogConfig::new(dir.join("log"));
    let (writer, _) = LogWriter::open(Arc::clone(fs), Arc::clone(clock), config, store.committed().next())?;
    let log = writer.log();
    let (before, behind) = (store.committed_counts().events, events_behind(&log, store.committed())?);
    let sink = StoreSink::new(Arc::clone(&store), Live::default());
    let mut delivery = Delivery::open(log, Arc::clone(clock), sink, scratch.site)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(super::disk("open", dir))?;
    let done = runtime.block_on(delivery.drain());
    let done =
        done.map_err(|error| BackupError::Damaged(format!("the store does not take the log: {error}")))?;
    Ok(vec![
        Compared::new("events brought into the store from the log", behind, done.events - before),
        Compared::new(
            "last record that the store has after that",
            manifest.log.last.max(manifest.store.committed),
            done.seq.0,
        ),
    ])
}

/// Events of the log that the store does not have yet.
fn events_behind(log: &Log, stored: Seq) -> Result<u64, BackupError> {
    let (mut reader, mut events) = (log.reader(stored), 0);
    while let Some(read) = reader.read()? {
        if let Read::Batch(batch) = read {
            events += batch.records().filter(|(seq, is_event, _)| *is_event && *seq > stored).count() as u64;
        }
    }
    Ok(events)
}
