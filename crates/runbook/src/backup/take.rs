//! Taking a backup. The order in which it is read is told in the module above.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use hearthline_core::fs::ReadFile;
use hearthline_core::{Clock, Seq};
use hearthline_log::{Cut, Read};
use hearthline_store::Held;

use super::document::{Bad, FORMAT, LeftOut, LogCounts, Manifest, Saved, StoreCounts, TableCounts};
use super::folder::{newest, sweep};
use super::pool::{NotKept, Pool};
use super::source::{Rule, Source, files};
use super::{BackupError, Progress, disk};
use crate::repair::receipts::stamp;
use crate::verify::By;

/// How often store and log are looked at anew where the log let go of a segment in between.
const TRIES: usize = 10;
/// Bytes at the front and at the end of a segment by which it is known again: its header, and its footer's checksum, which is
/// over all of it.
const MARKS: (u64, u64) = (60, 64);

/// What was taken so far.
struct Taking<'t> {
    source: &'t Source,
    pool: Pool<'t>,
    /// Files of the last backup, by path.
    known: HashMap<String, Saved>,
    files: Vec<Saved>,
    bytes: u64,
    damaged: Vec<Bad>,
    left_out: Vec<LeftOut>,
    progress: Progress<'t>,
}

/// Store and log of one moment, of which neither lacks what the other does not have.
struct Moment {
    store: Held,
    log: Cut,
    segments: Vec<Box<dyn ReadFile>>,
}

/// Takes a backup into a folder of backups, which is made where it is not there. Waits for the disk, not for whoever records.
///
/// What cannot be read of the data folder is named in the manifest and is no error; a file that was there in the last backup and
/// is damaged now is still in that one.
///
/// # Errors
/// When the folder of backups takes nothing, or store or log cannot be read. No backup is there then, and another try uses what
/// this one has written.
pub fn take(source: &Source, dir: &Path, by: By, progress: Progress<'_>) -> Result<Manifest, BackupError> {
    let (fs, begun) = (&*source.fs, source.clock.monotonic());
    elsewhere(dir, &source.data_dir)?;
    fs.create_dir_all(dir).map_err(disk("make", dir))?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs.sync_dir(parent).map_err(disk("sync", parent))?;
    }
    sweep(fs, dir)?;
    let known = newest(fs, dir)?.map(|manifest| manifest.files).unwrap_or_default();
    let settings = (source.settings)();
    let mut taking = Taking {
        source,
        pool: Pool::open(fs, dir)?,
        known: known.into_iter().map(|file| (file.path.clone(), file)).collect(),
        files: Vec::new(),
        bytes: 0,
        damaged: Vec::new(),
        left_out: settings.left_out,
        progress,
    };
    if let Some(file) = &settings.file {
        taking.bytes(&settings.path, file)?;
    }
    taking.besides(&[dir, &source.data_dir.join(&settings.path)], &settings.secrets)?;
    let moment = moment(source)?;
    let now = source.clock.now();
    taking.store(&moment.store)?;
    let log = taking.log(&moment)?;
    taking.pool.sync()?;
    let Taking { pool, mut files, bytes, damaged, left_out, .. } = taking;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let name = name(source, dir, &*source.clock)?;
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        name: name.clone(),
        at: now.to_string(),
        by,
        took_ms: super::millis(source.clock.monotonic().saturating_sub(begun)),
        bytes,
        new_files: pool.new.0,
        new_bytes: pool.new.1,
        log,
        store: of_store(&moment.store.summary()),
        settings: settings.lines,
        left_out,
        damaged,
        files,
        checksum: String::new(),
    };
    let manifest = manifest.sealed()?;
    super::folder::write(fs, dir, &manifest)?;
    Ok(manifest)
}

/// A folder of backups is no part of what is backed up, but for the one that has its place there.
fn elsewhere(dir: &Path, data_dir: &Path) -> Result<(), BackupError> {
    let whole = |path: &Path| std::path::absolute(path).map_err(disk("find", path));
    let (dir, data_dir) = (whole(dir)?, whole(data_dir)?);
    if dir == data_dir.join("backups") || !(dir.starts_with(&data_dir) || data_dir.starts_with(&dir)) {
        return Ok(());
    }
    Err(BackupError::Refused(format!(
        "{} cannot hold the backups of {}: the one is within the other; name another folder (--to, or dir under [backup])",
        dir.display(),
        data_dir.display()
    )))
}

/// A name that is not taken.
fn name(source: &Source, dir: &Path, clock: &dyn Clock) -> Result<String, BackupError> {
    let taken: Vec<String> =
        source.fs.read_dir(dir).map_err(disk("list", dir))?.into_iter().map(|entry| entry.name).collect();
    let at = stamp(clock.now());
    let named = |n: u32| if n == 1 { at.clone() } else { format!("{at}-{n}") };
    Ok((1..).map(named).find(|name| !taken.contains(name)).unwrap_or_default())
}

/// The store first, then the log: so that the log is not behind. What the log has let go of in between is not in this store, and
/// both are looked at again.
fn moment(source: &Source) -> Result<Moment, BackupError> {
    for _ in 0..TRIES {
        let store = source.store.hold();
        let log = source.log.cut();
        if log.trimmed > store.summary().committed {
            continue;
        }
        // Whoever has a file open reads it to its end, also when it is removed.
        let open = |name: &str| source.fs.open(&source.log.dir().join(name));
        match log.files.iter().map(|file| open(&file.name)).collect::<io::Result<Vec<_>>>() {
            Ok(segments) => return Ok(Moment { store, log, segments }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(disk("read", source.log.dir())(error)),
        }
    }
    let log = source.log.dir().display();
    Err(BackupError::Refused(format!(
        "segments of the log in {log} go quicker than they can be read, or one was removed by hand: see `hearthline log verify`, \
         and give the log more room (log.max_bytes)"
    )))
}

impl Taking<'_> {
    /// Everything beside store and log.
    fn besides(&mut self, besides: &[&Path], secrets: &[String]) -> Result<(), BackupError> {
        let (fs, data_dir) = (&*self.source.fs, &self.source.data_dir);
        for (path, rule) in files(fs, data_dir, besides).map_err(disk("list", data_dir))? {
            let name = path.display().to_string();
            if let Rule::LeaveOut { why, todo } = rule {
                self.left_out.push(LeftOut { what: name, why: why.into(), todo: todo.into() });
                continue;
            }
            match fs.open(&data_dir.join(&path)).and_then(|file| Ok((file.len()?, file))) {
                Ok((len, file)) => self.file(name, &*file, len, None, secrets)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {} // it is gone since
                Err(error) => self.damaged.push(Bad { path: name, why: error.to_string() }),
            }
        }
        Ok(())
    }

    fn store(&mut self, held: &Held) -> Result<(), BackupError> {
        let (fs, dir) = (&*self.source.fs, self.source.data_dir.join("store"));
        for file in held.files() {
            let name = format!("store/{}", file.path.display());
            if self.is_known(&name, file.bytes, file.crc) {
                continue;
            }
            match fs.open(&dir.join(&file.path)) {
                Ok(open) => self.file(name, &*open, file.bytes, Some((file.crc, true)), &[])?,
                Err(error) => self.damaged.push(Bad { path: name, why: error.to_string() }),
            }
        }
        let (name, bytes) = held.manifest()?;
        self.bytes(&format!("store/{name}"), &bytes)
    }

    fn log(&mut self, moment: &Moment) -> Result<LogCounts, BackupError> {
        let Moment { log, segments, .. } = moment;
        for (file, open) in log.files.iter().zip(segments) {
            let name = format!("log/{}", file.name);
            let stamp = marks(&**open, file.bytes).ok();
            if let Some(stamp) = stamp.filter(|stamp| self.is_known(&name, file.bytes, *stamp)) {
                let _ = stamp;
                continue;
            }
            self.file(name, &**open, file.bytes, stamp.map(|stamp| (stamp, false)), &[])?;
        }
        let damaged = self.source.log.damage().len() as u64;
        let counts = LogCounts {
            first: log.first.0,
            last: log.last.0,
            events: 0,
            events_total: log.events,
            segments: log.files.len() as u64,
            damaged,
        };
        if log.files.is_empty() {
            return Ok(counts);
        }
        let before = match self.source.log.reader(Seq(log.first.0.saturating_sub(1))).read()? {
            Some(Read::Batch(batch)) if batch.first() == log.first => batch.events_before(),
            // Nobody knows how many there were before a damaged front.
            _ => log.events,
        };
        Ok(LogCounts { events: log.events.saturating_sub(before), ..counts })
    }

    /// Whether the last backup has it as it is, and its content is still there.
    fn is_known(&mut self, name: &str, bytes: u64, stamp: u32) -> bool {
        let known = self.known.get(name).filter(|known| known.bytes == bytes && known.stamp == Some(stamp));
        match known.filter(|known| self.pool.has(&known.sha256, bytes)).cloned() {
            Some(known) => {
                self.took(known);
                true
            }
            None => false,
        }
    }

    /// `stamp` is by what it is known again; and whether that is the CRC-32 of all its bytes.
    fn file(
        &mut self,
        path: String,
        file: &dyn ReadFile,
        bytes: u64,
        stamp: Option<(u32, bool)>,
        secrets: &[String],
    ) -> Result<(), BackupError> {
        match self.pool.put(file, bytes, secrets) {
            Ok(kept) => {
                let mut stamp = stamp;
                if let Some((crc, true)) = stamp
                    && kept.crc != crc
                {
                    let why = "its bytes are not what was written; they are in the backup as they are";
                    self.damaged.push(Bad { path: path.clone(), why: why.into() });
                    stamp = None;
                }
                self.took(Saved { path, bytes, sha256: kept.sha256, stamp: stamp.map(|(stamp, _)| stamp) });
            }
            Err(NotKept::Unreadable(error)) => self.damaged.push(Bad { path, why: error.to_string() }),
            Err(NotKept::Secret) => self.left_out.push(LeftOut {
                what: path,
                why: "a secret of the settings is in it".into(),
                todo: "put it back by hand, if it is needed".into(),
            }),
            Err(NotKept::Pool(error)) => return Err(error),
        }
        Ok(())
    }

    fn bytes(&mut self, path: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let kept = self.pool.put_bytes(bytes)?;
        self.took(Saved { path: path.into(), bytes: bytes.len() as u64, sha256: kept.sha256, stamp: None });
        Ok(())
    }

    fn took(&mut self, file: Saved) {
        self.bytes += file.bytes;
        self.files.push(file);
        (self.progress)(self.files.len() as u64, self.bytes);
    }
}

/// CRC-32 of the front and the end of a segment of which so many bytes count. It is only ever appended to, so the same length, front
/// and end are the same segment.
fn marks(file: &dyn ReadFile, bytes: u64) -> io::Result<u32> {
    let mut crc = crc32fast::Hasher::new();
    for (at, len) in [(0, MARKS.0.min(bytes)), (bytes.saturating_sub(MARKS.1), MARKS.1.min(bytes))] {
        let mut piece = vec![0; usize::try_from(len).unwrap_or_default()];
        let n = file.read_at(&mut piece, at)?;
        crc.update(piece.get(..n).unwrap_or_default());
    }
    Ok(crc.finalize())
}

pub(super) fn of_store(summary: &hearthline_store::Summary) -> StoreCounts {
    let table = |table: &hearthline_store::TableSummary| TableCounts {
        table: table.table.as_str().into(),
        files: table.files,
        rows: table.rows,
        bytes: table.bytes,
        first: table.first.to_string(),
        last: table.last.to_string(),
    };
    StoreCounts {
        committed: summary.committed.0,
        events: summary.counts.events,
        tables: summary.tables.iter().map(table).collect(),
    }
}
