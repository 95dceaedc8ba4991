//! A manifest made anew from the files.
//!
//! What the files do not say is how far the store had read the log. It is said to have read nothing of the log that is still
//! there, so that all of it is read again: rows that are in files are known by their identity and collapse, rows of a flush that
//! was never committed too, and rows of files that cannot be read come back. So nothing is lost and nothing is there twice.
//!
//! A file of which each row is in one other file of its day is what a merge has left behind, and is passed over.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashSet;
use hearthline_core::{
    EntityRow, EventRow, Fs, QuarantineRow, Seq, SettledRow, StateRow, Timestamp, WeatherRow,
};

use crate::error::disk;
use crate::file::Source;
use crate::folder::Folder;
use crate::manifest::{self, Contents, Counts, FileEntry, Manifest};
use crate::receipt::{Outcome, Receipts};
use crate::record::Record;
use crate::scan::{FileRows, Filter};
use crate::{StoreError, Table};

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files that are whole and count.
    pub files: u64,
    /// Rows in them that are of events.
    pub rows: u64,
    /// Files that cannot be read, relative to the folder.
    pub unreadable: Vec<PathBuf>,
    /// Files that count for nothing: what a merge has left behind, older statements of what is known.
    pub leftover: Vec<PathBuf>,
    /// The manifests that are there, relative to the folder.
    pub manifests: Vec<PathBuf>,
    found: Vec<FileEntry>,
    quarantined: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Files that the manifest names.
    pub files: u64,
    /// Rows of events in them.
    pub rows: u64,
    /// The log is read again behind this record.
    pub seq: Seq,
}

/// Why the manifest of a folder cannot be used; none if it can, or if nothing is there at all.
///
/// # Errors
/// As the disk says.
pub fn damaged_manifest(fs: &Arc<dyn Fs>, dir: &Path) -> Result<Option<String>, StoreError> {
    let folder = Folder::new(Arc::clone(fs), dir.to_path_buf());
    let checked = manifest::read(&**fs, dir).and_then(|found| folder.check_manifest_belongs(found.is_some()));
    match checked {
        Ok(()) => Ok(None),
        Err(error @ StoreError::DamagedManifest { .. }) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Reads every file. Changes nothing; takes as long as the disk needs to read everything.
///
/// # Errors
/// As the disk says. A file that cannot be read is no error.
pub fn survey(fs: &Arc<dyn Fs>, dir: &Path) -> Result<Survey, StoreError> {
    let folder = Folder::new(Arc::clone(fs), dir.to_path_buf());
    let mut survey = Survey { manifests: manifests(&**fs, dir)?, ..Survey::default() };
    let mut days: BTreeMap<(Table, i64), Vec<Read>> = BTreeMap::new();
    for path in folder.finished()? {
        let name = path.strip_prefix(dir).unwrap_or(&path).to_path_buf();
        match named(&name).map(|(table, day, id)| read(&folder, table, day, id)) {
            Some(Ok(read)) => days.entry((read.entry.table, read.entry.day)).or_default().push(read),
            Some(Err(error @ StoreError::Disk { .. })) => return Err(error),
            Some(Err(_)) => survey.unreadable.push(name),
            None => {}
        }
    }
    for ((table, _), mut files) in days {
        files.sort_by_key(|file| file.entry.id);
        for (at, file) in files.iter().enumerate() {
            let others = files.iter().enumerate().filter(|(other, _)| *other != at);
            let left = if table == Table::Latest {
                true // found again in the files of states
            } else if table.is_by_day() {
                // Of two that have the same rows, the older one.
                others.clone().any(|(other, with)| {
                    file.identities.is_subset(&with.identities)
                        && (file.identities.len() < with.identities.len() || at < other)
                })
            } else {
                at + 1 < files.len()
            };
            if left {
                survey.leftover.push(file.entry.path("".as_ref()));
                continue;
            }
            survey.files += 1;
            if matches!(table, Table::States | Table::Events | Table::Quarantine) {
                survey.rows += file.entry.rows;
            }
            if table == Table::Quarantine {
                survey.quarantined += file.entry.rows;
            }
            survey.found.push(file.entry);
        }
    }
    Ok(survey)
}

/// Puts a manifest in place that names what the survey found. `log` is the record before the oldest of the log that is still
/// there, and how many events the log had through it; none where the log is empty. Files that it does not name are removed by the next open for
/// writing: whoever wants them has to have copied them.
///
/// # Errors
/// As the disk says.
pub fn rebuild(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    survey: &Survey,
    log: Option<(Seq, u64)>,
) -> Result<Rebuilt, StoreError> {
    let newest = || survey.found.iter().map(|file| file.through).max().unwrap_or_default();
    let (seq, events) = log.unwrap_or_else(|| (newest(), survey.rows));
    let receipts = Receipts { fs: &**fs, dir: dir.parent().unwrap_or(dir).join("receipts") };
    let dropped =
        receipts.all().unwrap_or_default().into_iter().filter(|drop| drop.outcome == Outcome::Dropped);
    let quarantined = survey.quarantined.min(events);
    // Behind the last states, of which there are none: these are found in the files.
    let least = seq.max(Seq(1));
    let contents = Contents {
        seq,
        counts: Counts { events, delivered: events - quarantined, collapsed: 0, quarantined },
        expired: dropped.map(|drop| drop.rows).sum(),
        next_id: survey.ids().max().map_or(0, |id| id + 1),
        files: survey
            .found
            .iter()
            .map(|file| FileEntry { through: file.through.max(least), ..*file })
            .collect(),
    };
    let number = survey.manifests.iter().filter_map(|name| manifest::number(name.to_str()?)).max();
    Manifest::replace(Arc::clone(fs), dir, number.unwrap_or(0), contents)?;
    Ok(Rebuilt { files: survey.files, rows: survey.rows, seq })
}

impl Survey {
    /// Of all files, also of those that do not count: a name is never used twice.
    fn ids(&self) -> impl Iterator<Item = u64> {
        let others = self.unreadable.iter().chain(&self.leftover).filter_map(|name| named(name));
        self.found.iter().map(|file| file.id).chain(others.map(|(_, _, id)| id))
    }
}

/// A file that was read.
struct Read {
    entry: FileEntry,
    /// A hash of each row's identity.
    identities: HashSet<u128>,
}

fn manifests(fs: &dyn Fs, dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs.read_dir(dir).map_err(disk("list", dir))?;
    let is_one = |name: &String| manifest::number(name).is_some();
    Ok(entries.into_iter().map(|entry| entry.name).filter(is_one).map(PathBuf::from).collect())
}

/// Table, day and number of a file by its name.
fn named(name: &Path) -> Option<(Table, i64, u64)> {
    let mut parts = name.iter().filter_map(|part| part.to_str());
    let folder = parts.next()?;
    let table = Table::ALL.into_iter().find(|table| table.as_str() == folder)?;
    let day = match table.is_by_day() {
        true => Timestamp::day_of_date(parts.next()?.strip_prefix("date=")?)?,
        false => 0,
    };
    let id = parts.next()?.strip_suffix(".parquet")?.parse().ok()?;
    parts.next().is_none().then_some((table, day, id))
}

fn read(folder: &Folder, table: Table, day: i64, id: u64) -> Result<Read, StoreError> {
    match table {
        Table::States | Table::Latest => rows::<StateRow>(folder, table, day, id),
        Table::Events => rows::<EventRow>(folder, table, day, id),
        Table::Quarantine => rows::<QuarantineRow>(folder, table, day, id),
        Table::Settled => rows::<SettledRow>(folder, table, day, id),
        Table::Weather => rows::<WeatherRow>(folder, table, day, id),
        Table::Entities => rows::<EntityRow>(folder, table, day, id),
    }
}

/// Reads every row with all its columns, so that one that cannot be read later is known now.
fn rows<R: Record>(folder: &Folder, table: Table, day: i64, id: u64) -> Result<Read, StoreError> {
    let (first, last) = (Timestamp(i64::MAX), Timestamp(i64::MIN));
    let mut entry = FileEntry { id, table, day, rows: 0, bytes: 0, crc: 0, first, last, through: Seq::ZERO };
    let path = entry.path(&folder.dir);
    let source = Source::new(&*folder.fs, &path).map_err(disk("open", &path))?;
    entry.bytes = source.bytes();
    entry.crc = source.checksum().map_err(disk("read", &path))?;
    let mut identities = HashSet::new();
    for row in FileRows::<R>::open(folder, &entry, &Filter::ALL, None)? {
        let row = row?;
        entry.rows += 1;
        (entry.first, entry.last) = (entry.first.min(row.ts()), entry.last.max(row.ts()));
        entry.through = entry.through.max(row.number());
        identities.insert(hash(&row.identity()));
    }
    Ok(Read { entry, identities })
}

/// Two hashes that begin differently: among the rows of a day no two identities share both.
fn hash(identity: &impl std::hash::Hash) -> u128 {
    let of = |begin: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        begin.hash(&mut hasher);
        identity.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    of(0) << 64 | of(1)
}
